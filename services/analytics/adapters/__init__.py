"""Postgres and NATS, as the use cases see them."""
