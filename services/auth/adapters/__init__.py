"""Implements the ports: SQL, keys on disk, password hashing, tokens."""
