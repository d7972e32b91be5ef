"""How auth learns who calls it: it asks itself."""

from dataclasses import dataclass

from services.auth.adapters.token_mint import JwtMint
from services.auth.usecases.ports import VerifyKey
from services.kernel.caller import Caller


@dataclass(frozen=True, slots=True)
class LocalAuthenticator:
    """Implements the chassis' Authenticator."""

    mint: JwtMint
    verify_key: VerifyKey

    async def token(self, token: str, *, kinds: tuple[str, ...]) -> Caller:
        """Returns who holds one of the platform's JWTs."""
        return self.mint.verify(token, kinds=kinds).caller

    async def api_key(self, secret: str) -> Caller:
        """Returns who holds an API key."""
        return (await self.verify_key(secret)).caller
