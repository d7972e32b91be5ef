"""The schema of auth's database."""
