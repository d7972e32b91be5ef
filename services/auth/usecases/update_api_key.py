"""Changes an API key."""

from dataclasses import dataclass

from services.auth.domain.api_key import ApiKey
from services.auth.domain.key_change import KeyChange, apply_change
from services.auth.domain.key_text import is_key_id
from services.auth.domain.revocation import Revocation
from services.auth.usecases.ports import Begin
from services.kernel.caller import Caller
from services.kernel.clock import Clock
from services.kernel.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class UpdateApiKey:
    """Changes a key of the caller's, and tells whoever remembers how it was."""

    begin: Begin
    clock: Clock

    async def __call__(self, key_id: str, *, change: KeyChange, caller: Caller) -> ApiKey:
        """Returns the changed key. Raises NotFound, Conflict, InvalidField, PermissionDenied."""
        if not is_key_id(key_id):
            raise NotFound("api_key", key_id)
        now = self.clock.now()
        async with self.begin() as tx:
            key = await tx.api_keys.get_for_update(key_id, user_id=caller.user_id)
            if key is None:
                raise NotFound("api_key", key_id)
            if not key.is_in_force(now):
                raise Conflict("The key no longer works, so it can't be changed.")
            changed = apply_change(key, change, by=caller)
            if changed != key:
                await tx.api_keys.update(changed)
                # Last, because revocations wait for each other from here to the commit.
                await tx.revocations.append([Revocation(key_id=key_id, changed=True)], now=now)
        return changed
