"""Rules of orchestrator."""
