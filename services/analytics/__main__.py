"""Runs analytics: `python -m services.analytics [migrate]`."""

from services.analytics.settings import AnalyticsSettings
from services.analytics.wiring import wire
from services.chassis.run import main

if __name__ == "__main__":
    main("analytics", AnalyticsSettings, wire)
