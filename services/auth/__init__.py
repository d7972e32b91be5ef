"""Owns identity and every verdict on it."""
