"""The schema of analytics' database, step by step."""
