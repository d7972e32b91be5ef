"""Lends a part of an account's balance to a proxy."""

from dataclasses import dataclass

from services.billing.domain.account import Account, insufficient, is_user_account
from services.billing.domain.lease import Grant, Lease, LeaseAsk
from services.billing.usecases.close_expired_leases import lock_and_expire
from services.billing.usecases.ports import Begin, Books
from services.kernel.errors import Conflict, DomainError, NotFound
from services.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class AcquireLease:
    """Raises what a lease grants, or opens one."""

    begin: Begin

    async def __call__(self, ask: LeaseAsk) -> Grant:
        """Returns the lease. Raises InsufficientBalance, and Conflict when the call is too late."""
        if not is_user_account(ask.account_id):
            raise NotFound("account", ask.account_id)
        async with self.begin() as books:
            answer = await _answer(books, ask)
        # Raised only now: a refusal, too, commits what it renewed and what had expired.
        if isinstance(answer, DomainError):
            raise answer
        return answer


async def _answer(books: Books, ask: LeaseAsk) -> Grant | DomainError:
    account = (await lock_and_expire(books, [ask.account_id]))[ask.account_id]
    last = await books.leases.last(ask.account_id, instance=ask.instance)
    if last and ask.sequence <= last.sequence:
        return _repeated(last, account)
    lease = last if last and last.is_open else Lease(new_id(), ask.account_id, ask.instance)
    target, minimum = ask.counted_from(lease, named=await _named(books, ask, last))
    raised = lease.raised(target=target, minimum=minimum, sequence=ask.sequence, account=account)
    if raised.granted < minimum:
        if lease is last:
            await books.leases.keep(lease)
        return insufficient(account)
    change = raised.reserved - lease.reserved
    await books.accounts.lend({account.account_id: change})
    return Grant(await books.leases.keep(raised), account.lent(change))


def _repeated(last: Lease, account: Account) -> Grant | DomainError:
    if last.is_open:
        return Grant(last, account)
    return Conflict(
        "The sequence must grow with each call of a proxy for an account.",
        metadata={"resource": "lease", "sequence": str(last.sequence)},
    )


async def _named(books: Books, ask: LeaseAsk, last: Lease | None) -> Lease | None:
    if not ask.lease_id or (last and last.lease_id == ask.lease_id):
        return last if ask.lease_id else None
    named = (await books.leases.find([ask.lease_id])).get(ask.lease_id)
    owner = (named.account_id, named.instance) if named else None
    return named if owner == (ask.account_id, ask.instance) else None
