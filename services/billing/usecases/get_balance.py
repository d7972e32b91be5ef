"""Tells what an account holds."""

from dataclasses import dataclass

from services.billing.domain.account import Account, visible_user
from services.billing.usecases.ports import Begin
from services.kernel.caller import Caller
from services.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class GetBalance:
    """Reads an account."""

    begin: Begin

    async def __call__(self, caller: Caller, user_id: str) -> Account:
        """Returns the account; one's own is empty until money moved. Raises NotFound."""
        account_id = visible_user(caller, user_id)
        async with self.begin() as books:
            account = await books.accounts.find(account_id)
        if account:
            return account
        if account_id == caller.user_id:
            return Account(account_id)
        raise NotFound("user", account_id)
