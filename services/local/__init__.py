"""The local stack: Postgres, NATS, Envoy, the services and a demo provider under one supervisor."""
