"""Lists the terminal records of requests."""

from dataclasses import dataclass

from services.billing.domain.account import visible_user
from services.billing.domain.page import Page
from services.billing.usecases.ports import Begin
from services.kernel.caller import Caller


@dataclass(frozen=True, slots=True)
class ListUsage:
    """Reads a page of usage records."""

    begin: Begin

    async def __call__(
        self, caller: Caller, user_id: str, *, before: int | None, limit: int
    ) -> Page[bytes]:
        """Returns a user's records as they came, newest first. Raises NotFound."""
        visible = visible_user(caller, user_id)
        async with self.begin() as books:
            return await books.usage.page(visible, before=before, limit=limit)
