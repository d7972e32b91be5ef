"""`python -m services.orchestrator` serves; with the word `migrate` it migrates."""

from services.chassis.run import main
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.wiring import wire

if __name__ == "__main__":
    main("orchestrator", OrchestratorSettings, wire)
