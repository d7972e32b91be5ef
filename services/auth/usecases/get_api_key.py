"""Returns an API key."""

from dataclasses import dataclass

from services.auth.domain.api_key import ApiKey
from services.auth.domain.key_text import is_key_id
from services.auth.usecases.ports import Begin
from services.kernel.caller import Caller
from services.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class GetApiKey:
    """Returns a key of the caller's."""

    begin: Begin

    async def __call__(self, key_id: str, *, caller: Caller) -> ApiKey:
        """Returns the key. Raises NotFound when the caller has no such key."""
        if not is_key_id(key_id):
            raise NotFound("api_key", key_id)
        async with self.begin() as tx:
            key = await tx.api_keys.get(key_id, user_id=caller.user_id)
        if key is None:
            raise NotFound("api_key", key_id)
        return key
