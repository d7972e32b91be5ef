"""Creates an API key."""

from dataclasses import dataclass

from services.auth.domain.api_key import (
    ApiKey,
    KeyRequest,
    check_display_name,
    grant_scopes,
    repeated,
)
from services.auth.domain.event import Event, EventType
from services.auth.domain.key_text import new_key_text
from services.auth.usecases.ports import Begin, Macs
from services.kernel.caller import Caller
from services.kernel.clock import Clock
from services.kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class CreateApiKey:
    """Creates a key of the caller's."""

    begin: Begin
    macs: Macs
    clock: Clock

    async def __call__(self, request: KeyRequest, *, caller: Caller) -> tuple[ApiKey, str]:
        """Returns the key and its text, which is empty when the request repeats an earlier one.

        Raises PermissionDenied, RequestIdReused, InvalidField.
        """
        check_display_name(request.display_name)
        scopes = grant_scopes(request.scopes, to=caller)
        text = new_key_text()
        now = self.clock.now()
        key = ApiKey(
            text.key_id, caller.user_id, request.display_name, scopes, now, request.expire_time
        )
        async with self.begin() as tx:
            if await tx.api_keys.add(key, mac=self.macs.of(text), request=request):
                await tx.events.publish(Event(EventType.API_KEY_CREATED, caller.user_id, now))
                return key, text.text
            earlier = await tx.api_keys.find_by_request(caller.user_id, request.request_id)
        if earlier is None:
            raise Conflict("The key could not be created. Try again.")
        return repeated(earlier, request), ""
