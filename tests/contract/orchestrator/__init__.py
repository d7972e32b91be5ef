"""Orchestrator over real gRPC, Postgres, NATS and Envoy."""
