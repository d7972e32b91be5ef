"""Revokes an API key."""

from dataclasses import dataclass, replace

from services.auth.domain.api_key import ApiKey
from services.auth.domain.event import Event, EventType
from services.auth.domain.key_text import is_key_id
from services.auth.domain.revocation import Revocation
from services.auth.usecases.ports import Begin
from services.kernel.caller import Caller
from services.kernel.clock import Clock
from services.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class RevokeApiKey:
    """Revokes a key of the caller's; doing it again changes nothing."""

    begin: Begin
    clock: Clock

    async def __call__(self, key_id: str, *, caller: Caller) -> ApiKey:
        """Returns the revoked key. Raises NotFound when the caller has no such key."""
        if not is_key_id(key_id):
            raise NotFound("api_key", key_id)
        now = self.clock.now()
        async with self.begin() as tx:
            key = await tx.api_keys.get_for_update(key_id, user_id=caller.user_id)
            if key is None:
                raise NotFound("api_key", key_id)
            if key.revoke_time is not None:
                return key
            await tx.api_keys.set_revoked(key_id, now=now)
            await tx.events.publish(Event(EventType.API_KEY_REVOKED, caller.user_id, now))
            # Last, because revocations wait for each other from here to the commit.
            await tx.revocations.append([Revocation(key_id=key_id)], now=now)
        return replace(key, revoke_time=now)
