"""Serves IdentityService."""

from dataclasses import dataclass
from typing import Any

from aggregator.auth.v1 import identity_service_pb2 as pb2

from services.auth.rpc.convert import (
    from_page_token,
    to_session,
    to_session_page,
    to_tokens,
    to_user,
)
from services.auth.usecases.change_password import ChangePassword
from services.auth.usecases.get_user import GetUser
from services.auth.usecases.list_sessions import ListSessions
from services.auth.usecases.login import Login
from services.auth.usecases.refresh_tokens import RefreshTokens
from services.auth.usecases.register import Register
from services.auth.usecases.revoke_all_sessions import RevokeAllSessions
from services.auth.usecases.revoke_session import RevokeSession
from services.chassis.caller import caller
from services.chassis.page_token import page_size
from services.kernel.ids import is_id

PAGE_SIZE_DEFAULT = 50
PAGE_SIZE_MAX = 200


@dataclass(frozen=True, slots=True)
class IdentityServicer:
    """Implements `aggregator.auth.v1.IdentityService`."""

    register: Register
    login: Login
    refresh_tokens: RefreshTokens
    get_user: GetUser
    list_sessions: ListSessions
    revoke_session: RevokeSession
    revoke_all_sessions: RevokeAllSessions
    change_password: ChangePassword

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

    async def Logout(self, _request: pb2.LogoutRequest, _context: Any) -> pb2.LogoutResponse:
        """Ends the session of the call."""
        await self.revoke_session(caller().session_id, caller=caller())
        return pb2.LogoutResponse()

    async def ListSessions(
        self, request: pb2.ListSessionsRequest, _context: Any
    ) -> pb2.ListSessionsResponse:
        """Lists the caller's sessions."""
        size = page_size(request.page_size, default=PAGE_SIZE_DEFAULT, maximum=PAGE_SIZE_MAX)
        after = from_page_token(request.page_token, is_known=is_id)
        sessions = await self.list_sessions(caller(), after=after, limit=size + 1)
        return to_session_page(sessions, size=size, current=caller().session_id)

    async def RevokeSession(
        self, request: pb2.RevokeSessionRequest, _context: Any
    ) -> pb2.RevokeSessionResponse:
        """Ends a session."""
        session = await self.revoke_session(request.session_id, caller=caller())
        shown = to_session(session, current=caller().session_id)
        return pb2.RevokeSessionResponse(session=shown)

    async def RevokeAllSessions(
        self, _request: pb2.RevokeAllSessionsRequest, _context: Any
    ) -> pb2.RevokeAllSessionsResponse:
        """Signs the caller out everywhere."""
        ended = await self.revoke_all_sessions(caller())
        return pb2.RevokeAllSessionsResponse(ended_sessions=ended)

    async def ChangePassword(
        self, request: pb2.ChangePasswordRequest, _context: Any
    ) -> pb2.ChangePasswordResponse:
        """Replaces the caller's password."""
        ended = await self.change_password(
            caller(), current=request.current_password, new=request.new_password
        )
        return pb2.ChangePasswordResponse(ended_sessions=ended)
