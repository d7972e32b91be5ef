"""Calls auth as users, services and Envoy do."""

from dataclasses import dataclass
from typing import Any

import grpc
from aggregator.auth.v1 import api_key_service_pb2 as keys_pb2
from aggregator.auth.v1 import identity_service_pb2 as identity_pb2
from aggregator.auth.v1 import verification_service_pb2 as verification_pb2
from aggregator.auth.v1.api_key_service_pb2_grpc import ApiKeyServiceStub
from aggregator.auth.v1.identity_service_pb2_grpc import IdentityServiceStub
from aggregator.auth.v1.verification_service_pb2_grpc import VerificationServiceStub
from envoy.service.auth.v3 import external_auth_pb2
from envoy.service.auth.v3.external_auth_pb2_grpc import AuthorizationStub
from joserfc.jwk import KeySet, OKPKey

from services.chassis.interceptors.identity import IDENTITY_KEY
from services.kernel.ids import new_id
from tests.contract.running_service import RunningService

PASSWORD = "correct horse battery staple"
Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Person:
    """A registered user who is signed in."""

    user_id: str
    email: str
    tokens: identity_pb2.Tokens

    @property
    def metadata(self) -> Metadata:
        return bearer(self.tokens.access_token)


class AuthClient:
    """Every rpc of auth."""

    def __init__(self, service: RunningService) -> None:
        self.identity: Any = IdentityServiceStub(service.anonymous)
        self.keys: Any = ApiKeyServiceStub(service.anonymous)
        self.open: Any = VerificationServiceStub(service.anonymous)
        self.mesh: Any = VerificationServiceStub(service.mesh)
        self.envoy: Any = AuthorizationStub(service.mesh)
        self.not_envoy: Any = AuthorizationStub(service.anonymous)

    async def person(self) -> Person:
        """Registers somebody new and signs them in."""
        email = f"{new_id()}@example.org"
        request = identity_pb2.RegisterRequest(email=email, password=PASSWORD)
        user = (await self.identity.Register(request)).user
        return Person(user.user_id, email, (await self.login(email)).tokens)

    async def login(self, email: str, password: str = PASSWORD) -> identity_pb2.LoginResponse:
        request = identity_pb2.LoginRequest(email=email, password=password)
        return await self.identity.Login(request)

    async def refresh(self, refresh_token: str) -> identity_pb2.Tokens:
        request = identity_pb2.RefreshTokenRequest(refresh_token=refresh_token)
        return (await self.identity.RefreshToken(request)).tokens

    async def me(self, metadata: Metadata) -> identity_pb2.User:
        return (await self.identity.GetMe(identity_pb2.GetMeRequest(), metadata=metadata)).user

    async def create_key(self, metadata: Metadata, **fields: Any) -> keys_pb2.CreateApiKeyResponse:
        request = keys_pb2.CreateApiKeyRequest(**fields)
        return await self.keys.CreateApiKey(request, metadata=metadata)

    async def revoke(self, key_id: str, metadata: Metadata) -> keys_pb2.ApiKey:
        request = keys_pb2.RevokeApiKeyRequest(key_id=key_id)
        return (await self.keys.RevokeApiKey(request, metadata=metadata)).api_key

    async def verify(self, secret: str) -> verification_pb2.Verdict:
        request = verification_pb2.VerifyApiKeyRequest(secret=secret)
        return (await self.mesh.VerifyApiKey(request)).verdict

    def watch(self, after: int = 0) -> Any:
        request = verification_pb2.WatchRevocationsRequest(after_sequence=after)
        return self.mesh.WatchRevocations(request)

    async def check(self, path: str, **headers: str) -> Any:
        """Asks as Envoy does; `x_api_key` stands for `x-api-key`."""
        request = new_check()
        http = request.attributes.request.http
        http.path, http.method = path, "GET"
        for name, value in headers.items():
            http.headers[name.replace("_", "-")] = value
        return await self.envoy.Check(request)

    async def public_keys(self) -> KeySet:
        answer = await self.open.GetJwks(verification_pb2.GetJwksRequest())
        parts = [{"kty": k.kty, "crv": k.crv, "x": k.x, "kid": k.kid} for k in answer.keys]
        return KeySet([OKPKey.import_key(part) for part in parts])


def new_check() -> Any:
    """Returns Envoy's question about a request without headers."""
    untyped: Any = external_auth_pb2
    return untyped.CheckRequest()


def bearer(credential: str) -> Metadata:
    """Returns the metadata of a call with a credential."""
    return (("authorization", f"Bearer {credential}"),)


def identity_of(answer: Any) -> str:
    """Returns the identity that a positive answer gives to services; empty when none."""
    assert answer.HasField("ok_response"), answer
    for option in answer.ok_response.headers:
        if option.header.key == IDENTITY_KEY:
            return option.header.value
    return ""


async def code_of(call: Any) -> grpc.StatusCode:
    """Returns the code that a call fails with."""
    return (await failure_of(call)).code()


async def failure_of(call: Any) -> grpc.aio.AioRpcError:
    """Returns the error that a call fails with."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error
    raise AssertionError("the call succeeded")
