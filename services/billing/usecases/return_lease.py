"""Takes back what a proxy does not need."""

from dataclasses import dataclass

from services.billing.domain.lease import Lease
from services.billing.usecases.close_expired_leases import lock_and_expire
from services.billing.usecases.ports import Begin
from services.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class ReturnLease:
    """Lowers what a lease grants."""

    begin: Begin

    async def __call__(self, lease_id: str, *, sequence: int, target: int) -> Lease:
        """Returns the lease. Raises NotFound, and Conflict below what was consumed."""
        async with self.begin() as books:
            found = (await books.leases.find([lease_id])).get(lease_id)
            if found is None:
                raise NotFound("lease", lease_id)
            await lock_and_expire(books, [found.account_id])
            # Read again: it may have changed before the account was locked.
            lease = (await books.leases.find([lease_id]))[lease_id]
            if not lease.is_open or sequence <= lease.sequence:
                return lease
            lowered = lease.lowered(target=target, sequence=sequence)
            change = lowered.reserved - lease.reserved
            await books.accounts.lend({lease.account_id: change})
            return await books.leases.keep(lowered)
