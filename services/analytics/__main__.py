"""Runs analytics: `python -m services.analytics [migrate]`."""

from services.analytics.settings import AnalyticsSettings
from services.analytics.wiring import wire
from services.chassis.run import main

main("analytics", AnalyticsSettings, wire)
