"""Plumbing of every service: grpc, NATS, SQL and telemetry meet here and nowhere else."""
