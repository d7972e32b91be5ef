"""Runs billing."""

from services.billing.settings import BillingSettings
from services.billing.wiring import wire
from services.chassis.run import main

if __name__ == "__main__":
    main("billing", BillingSettings, wire)
