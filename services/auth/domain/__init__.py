"""Rules about users, credentials and sessions. Pure."""
