"""How a service learns who calls it."""

import time
from collections import OrderedDict
from typing import Protocol

import grpc
from aggregator.auth.v1 import verification_service_pb2 as auth_pb2
from aggregator.auth.v1.verification_service_pb2_grpc import VerificationServiceStub
from joserfc.jwk import KeySet, OKPKey

from services.chassis import tokens
from services.kernel.caller import Caller, Kind
from services.kernel.errors import InvalidCredential, Unavailable

KEYS_LIFE_SECONDS = 300.0
KEYS_REFRESH_SECONDS_MIN = 2.0
CACHE_ENTRIES_MAX = 10_000


class Authenticator(Protocol):
    """Turns credentials into callers. Both raise InvalidCredential."""

    async def token(self, token: str, *, kinds: tuple[str, ...]) -> Caller:
        """Returns who holds one of the platform's JWTs."""
        ...

    async def api_key(self, secret: str) -> Caller:
        """Returns who holds an API key."""
        ...


class RemoteAuthenticator:
    """Asks auth: for its public keys now and then, for API keys each time.

    API keys come this way only when a service is called directly; the edge turns them into tokens.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._auth = VerificationServiceStub(channel)
        self._keys = KeySet([])
        self._fetched_at = float("-inf")
        self._verified: OrderedDict[tuple[str, ...], tokens.Claims] = OrderedDict()

    async def token(self, token: str, *, kinds: tuple[str, ...]) -> Caller:
        """Returns who holds one of the platform's JWTs."""
        now = int(time.time())
        known = self._verified.get((token, *kinds))
        if known and known.expires_at > now:
            return known.caller
        claims = await self._verify(token, kinds, now)
        self._verified[(token, *kinds)] = claims
        if len(self._verified) > CACHE_ENTRIES_MAX:
            self._verified.popitem(last=False)
        return claims.caller

    async def api_key(self, secret: str) -> Caller:
        """Returns who holds an API key."""
        try:
            answer = await self._auth.VerifyApiKey(auth_pb2.VerifyApiKeyRequest(secret=secret))
        except grpc.aio.AioRpcError as error:
            if error.code() in {
                grpc.StatusCode.UNAUTHENTICATED,
                grpc.StatusCode.INVALID_ARGUMENT,
            }:
                raise InvalidCredential from None
            raise Unavailable("auth") from None
        verdict = answer.verdict
        return Caller(Kind.USER, verdict.user_id, verdict.key_id, frozenset(verdict.scopes))

    async def _verify(self, token: str, kinds: tuple[str, ...], now: int) -> tokens.Claims:
        if time.monotonic() - self._fetched_at > KEYS_LIFE_SECONDS:
            await self._fetch()
        try:
            return tokens.verify(token, self._keys, kinds=kinds, now=now)
        except InvalidCredential:
            # The signing key may be newer than our copy; forgers can't make us ask often.
            if time.monotonic() - self._fetched_at < KEYS_REFRESH_SECONDS_MIN:
                raise
        await self._fetch()
        return tokens.verify(token, self._keys, kinds=kinds, now=now)

    async def _fetch(self) -> None:
        try:
            answer = await self._auth.GetJwks(auth_pb2.GetJwksRequest())
        except grpc.aio.AioRpcError:
            if self._keys.keys:
                return
            raise Unavailable("auth") from None
        self._keys = KeySet(
            [
                OKPKey.import_key({"kty": k.kty, "crv": k.crv, "x": k.x, "kid": k.kid})
                for k in answer.keys
            ]
        )
        self._fetched_at = time.monotonic()
