"""Keeps enough lent money at hand for each account."""

import asyncio
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from services.kernel.clock import Clock
from services.kernel.errors import DomainError, InsufficientBalance
from services.proxy.domain.lease import RENEW_SECONDS, Lease
from services.proxy.domain.lease_book import LeaseBook
from services.proxy.usecases.ports import Lender, Log

REFILLS_WAITING_MAX = 10_000
SWEEP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class FundAccount:
    """Asks billing for leases: at once when a request must wait, in the background otherwise."""

    book: LeaseBook
    lender: Lender
    log: Log
    clock: Clock
    # The longest that a request can last; a lease must outlive the requests held from it.
    request_seconds_max: float
    _locks: "WeakValueDictionary[str, asyncio.Lock]" = field(default_factory=WeakValueDictionary)
    _refills: "asyncio.Queue[tuple[str, int]]" = field(
        default_factory=lambda: asyncio.Queue(REFILLS_WAITING_MAX)
    )
    _waiting: set[str] = field(default_factory=set[str])

    def usable_lease(self, account_id: str, amount: int) -> Lease | None:
        """Returns the account's lease if a hold of this amount can be taken from it now."""
        lease = self.book.lease_of(account_id)
        if lease is None or lease.free < amount:
            return None
        return lease if lease.lasts(self._now() + self.request_seconds_max) else None

    async def __call__(self, account_id: str, amount: int) -> Lease:
        """Returns a lease with room for a hold, asking billing if need be.

        Raises InsufficientBalance or Unavailable.
        """
        async with self._lock(account_id):
            # Whoever held the lock before may have fetched enough for all who wait.
            return self.usable_lease(account_id, amount) or await self._raise(account_id, amount)

    def refill_soon(self, lease: Lease, amount: int) -> None:
        """Has a lease that runs low raised in the background."""
        account_id = lease.account_id
        if account_id not in self._waiting and lease.is_low(amount) and not self._refills.full():
            self._waiting.add(account_id)
            self._refills.put_nowait((account_id, amount))

    async def refill(self) -> None:
        """Raises leases that run low, for ever."""
        while True:
            account_id, amount = await self._refills.get()
            try:
                async with self._lock(account_id):
                    await self._raise(account_id, 0, cover=amount)
            except DomainError:
                # Billing is away, or nothing is left: the lease in hand serves as long as it can.
                await asyncio.sleep(0.2)
            finally:
                self._waiting.discard(account_id)

    async def tidy(self) -> None:
        """Gives back what idle accounts don't need, and renews what would end, for ever."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for lease in self.book.leases():
                try:
                    await self._tidy(lease)
                except DomainError:
                    break

    async def _tidy(self, lease: Lease) -> None:
        async with self._lock(lease.account_id):
            if self.book.lease_of(lease.account_id) is not lease:
                return
            now = self._now()
            if lease.is_idle(now):
                await self._give_back(lease)
            elif not lease.lasts(now + self.request_seconds_max + RENEW_SECONDS):
                await self._raise(lease.account_id, 0)

    async def _give_back(self, lease: Lease) -> None:
        grant = await self.lender.give_back(lease.lease_id, target=lease.committed)
        lease.granted, lease.expires_at = grant.granted, grant.expires_at
        self.log.granted(lease)

    async def _raise(self, account_id: str, amount: int, *, cover: int | None = None) -> Lease:
        lease = self.book.lease_of(account_id)
        covered = amount if cover is None else cover
        try:
            grant = await self.lender.acquire(
                account_id,
                lease_id=lease.lease_id if lease else "",
                target=lease.target(covered) if lease else Lease.first_target(covered),
                minimum=(lease.committed if lease else 0) + amount,
            )
        except InsufficientBalance as error:
            raise _explained(error, lease) from None
        funded = self.book.grant(grant, account_id=account_id)
        self.log.granted(funded)
        if funded.free < amount:
            # The lease that was asked for had ended, and a new one grants less than hoped.
            raise InsufficientBalance("The available balance does not cover this request.")
        return funded

    def _lock(self, account_id: str) -> asyncio.Lock:
        lock = self._locks.get(account_id)
        if lock is None:
            lock = self._locks[account_id] = asyncio.Lock()
        return lock

    def _now(self) -> float:
        return self.clock.now().timestamp()


def _explained(error: InsufficientBalance, lease: Lease | None) -> InsufficientBalance:
    """Tells an empty balance from one that requests under way hold."""
    running = lease.open_holds if lease else 0
    metadata = {**error.metadata, "running_requests": str(running)}
    if running:
        message = (
            f"Your balance is held by {running} running requests. "
            "Try again when some have ended, or top up."
        )
    else:
        message = "Your balance does not cover this request. Top up to go on."
    return InsufficientBalance(message, metadata=metadata)
