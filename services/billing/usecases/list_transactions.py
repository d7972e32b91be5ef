"""Lists what moved an account."""

from dataclasses import dataclass

from services.billing.domain.account import visible_user
from services.billing.domain.page import Page
from services.billing.domain.transaction import Transaction
from services.billing.usecases.ports import Begin
from services.kernel.caller import Caller


@dataclass(frozen=True, slots=True)
class ListTransactions:
    """Reads a page of transactions."""

    begin: Begin

    async def __call__(
        self, caller: Caller, user_id: str, *, before: int | None, limit: int
    ) -> Page[Transaction]:
        """Returns a user's transactions, newest first. Raises NotFound."""
        account_id = visible_user(caller, user_id)
        async with self.begin() as books:
            return await books.ledger.page(account_id, before=before, limit=limit)
