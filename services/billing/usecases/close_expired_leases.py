"""Frees what is set aside in leases whose time is over."""

from collections.abc import Collection
from dataclasses import dataclass

from services.billing.domain.account import Account
from services.billing.domain.lease import reserved_by_account
from services.billing.usecases.ports import Begin, Books

ACCOUNTS_MAX = 500


async def lock_and_expire(books: Books, account_ids: Collection[str]) -> dict[str, Account]:
    """Locks accounts, and closes those of their leases whose time is over."""
    accounts = await books.accounts.lock(account_ids)
    freed = reserved_by_account(await books.leases.close_expired(account_ids))
    changes = {account_id: -amount for account_id, amount in freed.items() if amount}
    await books.accounts.lend(changes)
    return {key: account.lent(changes.get(key, 0)) for key, account in accounts.items()}


@dataclass(frozen=True, slots=True)
class CloseExpiredLeases:
    """Closes the leases of proxies that stopped renewing them."""

    begin: Begin

    async def __call__(self) -> int:
        """Looks at some accounts; returns how many had such leases."""
        async with self.begin() as books:
            account_ids = await books.leases.accounts_with_expired(limit=ACCOUNTS_MAX)
            if account_ids:
                await lock_and_expire(books, account_ids)
            await books.leases.forget_closed()
        return len(account_ids)
