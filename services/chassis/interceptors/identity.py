"""Learns who calls, from what can be verified and nothing else."""

import hmac
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.chassis import tokens
from services.chassis.authenticator import Authenticator
from services.chassis.caller import acting_as
from services.chassis.channel import MESH_KEY
from services.chassis.interceptors.pipeline import Call
from services.kernel.api_key import PREFIX
from services.kernel.caller import ANONYMOUS, Caller, Kind
from services.kernel.errors import InvalidCredential

IDENTITY_KEY = "x-aggregator-identity"
BEARER = "bearer "


class Identity:
    """Takes the caller from the mesh secret, the edge's token or a credential sent directly."""

    def __init__(self, authenticator: Authenticator, *, mesh_secret: str) -> None:
        self._authenticator = authenticator
        self._mesh_secret = mesh_secret.encode()

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Runs the call on behalf of its caller."""
        with acting_as(await self._caller(call)):
            yield

    async def _caller(self, call: Call) -> Caller:
        secret = call.metadata.get(MESH_KEY)
        if secret is not None:
            if not hmac.compare_digest(secret.encode(), self._mesh_secret):
                raise InvalidCredential
            return Caller(Kind.SERVICE)
        token = call.metadata.get(IDENTITY_KEY)
        if token is not None:
            return await self._authenticator.token(token, kinds=(tokens.IDENTITY_TYPE,))
        authorization = call.metadata.get("authorization", "")
        if not authorization.lower().startswith(BEARER):
            return ANONYMOUS
        credential = authorization[len(BEARER) :].strip()
        if credential.startswith(PREFIX):
            return await self._authenticator.api_key(credential)
        return await self._authenticator.token(credential, kinds=(tokens.ACCESS_TYPE,))
