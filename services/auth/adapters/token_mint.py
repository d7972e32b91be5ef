"""Signs and verifies the platform's tokens with auth's own keys."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from joserfc.jwk import KeySet, OKPKey

from services.auth.usecases.ports import Credential
from services.chassis import tokens
from services.kernel.caller import Caller


class JwtMint:
    """Implements the port TokenMint."""

    def __init__(self, keys: Sequence[OKPKey]) -> None:
        # The newest first.
        self._signing = keys[0]
        self._keys = KeySet(list(keys))

    def access(self, caller: Caller, *, expire_time: datetime) -> str:
        """Returns an access token, which a client holds."""
        return self._sign(caller, expire_time, kind=tokens.ACCESS_TYPE)

    def identity(self, caller: Caller, *, expire_time: datetime) -> str:
        """Returns an identity token, which the edge hands to services."""
        return self._sign(caller, expire_time, kind=tokens.IDENTITY_TYPE)

    def verify_access(self, token: str) -> Credential:
        """Returns what an access token says. Raises InvalidCredential."""
        claims = self.verify(token, kinds=(tokens.ACCESS_TYPE,))
        return Credential(claims.caller, datetime.fromtimestamp(claims.expires_at, UTC))

    def verify(self, token: str, *, kinds: tuple[str, ...]) -> tokens.Claims:
        """Returns what a token of one of the kinds says. Raises InvalidCredential."""
        return tokens.verify(token, self._keys, kinds=kinds, now=int(time.time()))

    def public_keys(self) -> list[dict[str, str]]:
        """Returns the public keys as JWKs, the signing one first."""
        jwks = [key.as_dict(private=False) for key in self._keys.keys]
        return [{name: str(value) for name, value in jwk.items()} for jwk in jwks]

    def _sign(self, caller: Caller, expire_time: datetime, *, kind: str) -> str:
        claims = tokens.Claims(caller, int(expire_time.timestamp()))
        return tokens.sign(self._signing, claims, kind=kind, now=int(time.time()))
