"""Returns a caller's own user."""

from dataclasses import dataclass

from services.auth.domain.user import User
from services.auth.usecases.ports import Begin
from services.kernel.caller import Caller
from services.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class GetUser:
    """Returns who a caller is."""

    begin: Begin

    async def __call__(self, caller: Caller) -> User:
        """Returns the caller's user. Raises NotFound when it is gone."""
        async with self.begin() as tx:
            user = await tx.users.get(caller.user_id)
        if user is None:
            raise NotFound("user", caller.user_id)
        return user
