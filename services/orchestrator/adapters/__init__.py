"""Postgres, encryption and the feed of changes."""
