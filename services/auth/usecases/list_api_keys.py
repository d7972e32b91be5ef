"""Lists API keys."""

from dataclasses import dataclass

from services.auth.domain.api_key import ApiKey
from services.auth.usecases.ports import Begin, Position
from services.kernel.caller import Caller


@dataclass(frozen=True, slots=True)
class ListApiKeys:
    """Lists the caller's keys, newest first."""

    begin: Begin

    async def __call__(self, caller: Caller, *, after: Position | None, limit: int) -> list[ApiKey]:
        """Returns at most `limit` keys that come after a position."""
        async with self.begin() as tx:
            return await tx.api_keys.list(caller.user_id, after=after, limit=limit)
