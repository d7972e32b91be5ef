"""How auth learns who calls it: it asks itself."""

from dataclasses import dataclass

from services.auth.adapters.token_mint import JwtMint
from services.auth.usecases.ports import EndedSessions, VerifyKey
from services.kernel.caller import Caller
from services.kernel.errors import InvalidCredential


@dataclass(frozen=True, slots=True)
class LocalAuthenticator:
    """Implements the chassis' Authenticator."""

    mint: JwtMint
    verify_key: VerifyKey
    ended_sessions: EndedSessions

    async def token(self, token: str, *, kinds: tuple[str, ...]) -> Caller:
        """Returns who holds one of the platform's JWTs."""
        caller = self.mint.verify(token, kinds=kinds).caller
        if caller.session_id in self.ended_sessions:
            raise InvalidCredential
        return caller

    async def api_key(self, secret: str) -> Caller:
        """Returns who holds an API key."""
        return (await self.verify_key(secret)).caller
