"""The ledger in Postgres, usage from NATS, and the payment processor."""
