"""Looks for leases that expired, every few seconds."""

import asyncio
from dataclasses import dataclass

from services.billing.usecases.close_expired_leases import CloseExpiredLeases
from services.chassis.logs import get_logger

log = get_logger()


@dataclass(frozen=True, slots=True)
class LeaseSweeper:
    """Runs CloseExpiredLeases as long as the service runs."""

    close_expired: CloseExpiredLeases
    interval_seconds: float

    async def run(self) -> None:
        """Sweeps for ever; a database that is away is tried again at the next turn."""
        while True:
            try:
                closed = await self.close_expired()
            except Exception as error:  # noqa: BLE001 - drivers raise many kinds
                log.warning("lease.sweep_failed", error=type(error).__name__)
            else:
                if closed:
                    log.info("lease.expired", accounts=closed)
            await asyncio.sleep(self.interval_seconds)
