"""The servicers, and what Envoy is told."""
