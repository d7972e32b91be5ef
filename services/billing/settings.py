"""The settings of billing."""

from dataclasses import dataclass

from services.chassis.settings import DatabaseSettings


@dataclass(frozen=True, kw_only=True)
class BillingSettings(DatabaseSettings):
    """What every service has, and how long money stays lent."""

    # How long a lease lasts after its last renewal. Must be longer than the longest request.
    lease_seconds: float = 1800.0
    # How often leases that expired are looked for.
    lease_sweep_seconds: float = 5.0
    # How many usage records are settled in one transaction at most.
    settle_records_max: int = 1000
