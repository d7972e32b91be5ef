"""Runs auth."""

from services.auth.settings import AuthSettings
from services.auth.wiring import wire
from services.chassis.run import main

if __name__ == "__main__":
    main("auth", AuthSettings, wire)
