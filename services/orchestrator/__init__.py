"""Orchestrator: providers, models and prices; where requests go; Envoy's control plane."""
