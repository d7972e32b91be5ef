"""Turns a client's credential into the identity that services understand."""

from dataclasses import dataclass
from datetime import timedelta

from services.auth.usecases.ports import (
    Credential,
    EndedSessions,
    Identities,
    TokenMint,
    VerifyKey,
)
from services.kernel.api_key import PREFIX
from services.kernel.clock import Clock
from services.kernel.errors import InvalidCredential

IDENTITY_LIFE = timedelta(seconds=60)
# Signing is rare, and what a service receives is good for half a minute at least.
REUSE = timedelta(seconds=30)
CREDENTIAL_LENGTH_MAX = 4096


@dataclass(frozen=True, slots=True)
class Identify:
    """Verifies an API key or an access token, seldom twice in half a minute."""

    verify_key: VerifyKey
    mint: TokenMint
    identities: Identities
    ended_sessions: EndedSessions
    clock: Clock

    async def __call__(self, credential: str) -> str:
        """Returns an identity token. Raises InvalidCredential, Unavailable."""
        if len(credential) > CREDENTIAL_LENGTH_MAX:
            raise InvalidCredential
        known = self.identities.find(credential)
        if known is not None:
            return known
        generation = self.identities.generation
        verified = await self._verify(credential)
        now = self.clock.now()
        end = min(now + IDENTITY_LIFE, verified.expire_time or now + IDENTITY_LIFE)
        identity = self.mint.identity(verified.caller, expire_time=end)
        self.identities.keep(
            credential,
            identity,
            caller=verified.caller,
            until=min(now + REUSE, end),
            generation=generation,
        )
        return identity

    async def _verify(self, credential: str) -> Credential:
        if credential.startswith(PREFIX):
            key = await self.verify_key(credential)
            return Credential(key.caller, key.expire_time)
        verified = self.mint.verify_access(credential)
        if verified.caller.session_id in self.ended_sessions:
            raise InvalidCredential
        return verified
