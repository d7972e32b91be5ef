"""Takes back what a proxy does not need."""

from dataclasses import dataclass

from services.billing.domain.lease import Lease, below_consumption
from services.billing.usecases.close_expired_leases import lock_and_expire
from services.billing.usecases.ports import Begin, Books
from services.kernel.errors import DomainError, NotFound


@dataclass(frozen=True, slots=True)
class ReturnLease:
    """Lowers what a lease grants."""

    begin: Begin

    async def __call__(self, lease_id: str, *, sequence: int, target: int) -> Lease:
        """Returns the lease. Raises NotFound, and Conflict below what was consumed."""
        async with self.begin() as books:
            answer = await _answer(books, lease_id, sequence=sequence, target=target)
        # Raised only now: a refusal, too, commits what had expired.
        if isinstance(answer, DomainError):
            raise answer
        return answer


async def _answer(
    books: Books, lease_id: str, *, sequence: int, target: int
) -> Lease | DomainError:
    found = (await books.leases.find([lease_id])).get(lease_id)
    if found is None:
        return NotFound("lease", lease_id)
    await lock_and_expire(books, [found.account_id])
    # Read again: it may have changed before the account was locked.
    lease = (await books.leases.find([lease_id]))[lease_id]
    if not lease.is_open or sequence <= lease.sequence:
        return lease
    if target < lease.consumed:
        return below_consumption(lease)
    lowered = lease.lowered(target=target, sequence=sequence)
    await books.accounts.lend({lease.account_id: lowered.reserved - lease.reserved})
    return await books.leases.keep(lowered)
