"""Serves IdentityService."""

from dataclasses import dataclass
from typing import Any

from aggregator.auth.v1 import identity_service_pb2 as pb2

from services.auth.rpc.convert import to_tokens, to_user
from services.auth.usecases.get_user import GetUser
from services.auth.usecases.login import Login
from services.auth.usecases.refresh_tokens import RefreshTokens
from services.auth.usecases.register import Register
from services.chassis.caller import caller


@dataclass(frozen=True, slots=True)
class IdentityServicer:
    """Implements `aggregator.auth.v1.IdentityService`."""

    register: Register
    login: Login
    refresh_tokens: RefreshTokens
    get_user: GetUser

    async def Register(self, request: pb2.RegisterRequest, _context: Any) -> pb2.RegisterResponse:
        """Creates a user."""
        user = await self.register(request.email, password=request.password)
        return pb2.RegisterResponse(user=to_user(user))

    async def Login(self, request: pb2.LoginRequest, _context: Any) -> pb2.LoginResponse:
        """Signs a user in."""
        tokens, user = await self.login(request.email, password=request.password)
        return pb2.LoginResponse(tokens=to_tokens(tokens), user=to_user(user))

    async def RefreshToken(
        self, request: pb2.RefreshTokenRequest, _context: Any
    ) -> pb2.RefreshTokenResponse:
        """Exchanges a refresh token."""
        tokens = await self.refresh_tokens(request.refresh_token)
        return pb2.RefreshTokenResponse(tokens=to_tokens(tokens))

    async def GetMe(self, _request: pb2.GetMeRequest, _context: Any) -> pb2.GetMeResponse:
        """Returns the caller."""
        return pb2.GetMeResponse(user=to_user(await self.get_user(caller())))
