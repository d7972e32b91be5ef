"""The settings of analytics."""

from dataclasses import dataclass

from services.chassis.settings import DatabaseSettings


@dataclass(frozen=True, kw_only=True)
class AnalyticsSettings(DatabaseSettings):
    """What analytics can be told besides what every service is."""

    # How long the id of something counted is remembered. Longer than the streams keep messages,
    # which is 30 days, so that no replay counts twice.
    seen_days: int = 35
    # How often ids that are old enough are forgotten.
    sweep_seconds: float = 3600.0
