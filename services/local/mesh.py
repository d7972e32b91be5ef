"""The services of the mesh by name."""

WITH_DATABASE = ("auth", "orchestrator", "billing", "analytics")
SERVICES = (*WITH_DATABASE, "proxy")
