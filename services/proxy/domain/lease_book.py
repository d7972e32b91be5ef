"""Every lease and every open hold of this proxy: its whole state.

The book changes only by the events in its methods; the write-ahead log records them, and replaying
them after a crash makes the same book.
"""

from collections.abc import Iterator

from services.proxy.domain.admission import Hold
from services.proxy.domain.lease import Grant, Lease


class LeaseBook:
    """Finds leases by account and by id, and holds by request."""

    def __init__(self) -> None:
        self._leases: dict[str, Lease] = {}
        self._current: dict[str, str] = {}
        self._holds: dict[str, Hold] = {}

    def lease_of(self, account_id: str) -> Lease | None:
        """Returns the lease that new holds of an account are taken from."""
        lease_id = self._current.get(account_id)
        return self._leases[lease_id] if lease_id else None

    def leases(self) -> Iterator[Lease]:
        """Returns every lease that is in use or has open holds."""
        return iter(tuple(self._leases.values()))

    def holds(self) -> Iterator[Hold]:
        """Returns every open hold, oldest first."""
        return iter(tuple(self._holds.values()))

    def grant(self, grant: Grant, *, account_id: str) -> Lease:
        """Takes note of what billing granted. A new lease id replaces the account's lease."""
        lease_id = grant.lease_id
        lease = self._leases.get(lease_id)
        if lease is None:
            lease = Lease(lease_id, account_id, grant.granted, grant.expires_at)
            # A lease from before this book began was charged for requests unknown to it.
            lease.settled = grant.consumed
            self._leases[lease_id] = lease
            replaced = self._current.get(account_id)
            self._current[account_id] = lease_id
            if replaced:
                self._forget_if_done(replaced)
        lease.granted, lease.expires_at = grant.granted, grant.expires_at
        return lease

    def open(self, hold: Hold) -> None:
        """Takes note of a hold that its lease has granted already."""
        self._holds[hold.request_id] = hold

    def restore(self, hold: Hold) -> None:
        """Takes a hold again that was granted before a restart."""
        self.open(hold)
        lease = self._leases.get(hold.lease_id)
        if lease:
            lease.restore_hold(hold.amount)

    def settle(self, request_id: str, *, amount: int, now: float) -> bool:
        """Ends a hold; says whether it was open."""
        hold = self._holds.pop(request_id, None)
        if hold is None:
            return False
        lease = self._leases.get(hold.lease_id)
        if lease:
            lease.settle(hold.amount, amount=amount, now=now)
            self._forget_if_done(lease.lease_id)
        return True

    def _forget_if_done(self, lease_id: str) -> None:
        lease = self._leases.get(lease_id)
        if lease and not lease.open_holds and self._current.get(lease.account_id) != lease_id:
            del self._leases[lease_id]
