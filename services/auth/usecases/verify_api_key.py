"""Says what an API key allows."""

from dataclasses import dataclass

from services.auth.domain.api_key import ApiKey
from services.auth.domain.key_text import parse_key_text
from services.auth.usecases.ports import Begin, Macs
from services.kernel.clock import Clock
from services.kernel.errors import InvalidCredential


@dataclass(frozen=True, slots=True)
class VerifyApiKey:
    """Looks a key up by its MAC: nothing that is stored can be shown as a key."""

    begin: Begin
    macs: Macs
    clock: Clock

    async def __call__(self, secret: str) -> ApiKey:
        """Returns the key. Raises InvalidCredential in the same words whatever is wrong."""
        text = parse_key_text(secret)
        async with self.begin() as tx:
            key = await tx.api_keys.find_by_mac(self.macs.candidates(text))
        if key is None or not key.is_in_force(self.clock.now()):
            raise InvalidCredential
        return key
