"""Replaces an API key."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.auth.domain.api_key import ApiKey, Rotation, check_scopes_held, repeated
from services.auth.domain.event import Event, EventType
from services.auth.domain.key_text import is_key_id, new_key_text
from services.auth.domain.revocation import Revocation
from services.auth.usecases.ports import Begin, Macs, Transaction
from services.kernel.caller import Caller
from services.kernel.clock import Clock
from services.kernel.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class RotatedKey:
    """A new key in another's place."""

    key: ApiKey
    # Empty when the request repeats an earlier one.
    text: str
    replaced: ApiKey


@dataclass(frozen=True, slots=True)
class RotateApiKey:
    """Makes a new key like one of the caller's, and ends the latter now or after a grace."""

    begin: Begin
    macs: Macs
    clock: Clock

    async def __call__(self, rotation: Rotation, *, caller: Caller) -> RotatedKey:
        """Returns both keys. Raises NotFound, Conflict, PermissionDenied, RequestIdReused."""
        if not is_key_id(rotation.key_id):
            raise NotFound("api_key", rotation.key_id)
        now = self.clock.now()
        async with self.begin() as tx:
            old = await tx.api_keys.get_for_update(rotation.key_id, user_id=caller.user_id)
            if old is None:
                raise NotFound("api_key", rotation.key_id)
            earlier = await tx.api_keys.find_by_request(caller.user_id, rotation.request_id)
            if earlier is not None:
                return RotatedKey(repeated(earlier, rotation), "", old)
            if not old.is_in_force(now):
                raise Conflict("The key no longer works, so it can't be rotated.")
            # Its successor's secret is handed out, so this is like creating it.
            check_scopes_held(old.scopes, by=caller)
            return await self._replace(tx, old, rotation=rotation, now=now)

    async def _replace(
        self, tx: Transaction, old: ApiKey, *, rotation: Rotation, now: datetime
    ) -> RotatedKey:
        text = new_key_text()
        key = replace(old, key_id=text.key_id, create_time=now)
        if not await tx.api_keys.add(key, mac=self.macs.of(text), request=rotation):
            raise Conflict("The key could not be rotated. Try again.")
        await tx.events.publish(Event(EventType.API_KEY_CREATED, old.user_id, now))
        if rotation.grace:
            ending = replace(old, expire_time=rotation.end_of(old, now=now))
            await tx.api_keys.update(ending)
        else:
            ending = replace(old, revoke_time=now)
            await tx.api_keys.set_revoked(old.key_id, now=now)
            await tx.events.publish(Event(EventType.API_KEY_REVOKED, old.user_id, now))
        # Last, because revocations wait for each other from here to the commit.
        notice = Revocation(key_id=old.key_id, changed=ending.revoke_time is None)
        await tx.revocations.append([notice], now=now)
        return RotatedKey(key, text.text, ending)
