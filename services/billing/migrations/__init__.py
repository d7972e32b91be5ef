"""The schema of billing's database, step by step."""
