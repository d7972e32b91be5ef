"""The composition root of auth."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aggregator.auth.v1.api_key_service_pb2_grpc import add_ApiKeyServiceServicer_to_server
from aggregator.auth.v1.identity_service_pb2_grpc import add_IdentityServiceServicer_to_server
from aggregator.auth.v1.verification_service_pb2_grpc import (
    add_VerificationServiceServicer_to_server,
)
from envoy.service.auth.v3.external_auth_pb2_grpc import add_AuthorizationServicer_to_server

from services.auth.adapters.common_passwords import common_passwords
from services.auth.adapters.ended_sessions import RecentlyEndedSessions
from services.auth.adapters.identity_cache import IdentityCache
from services.auth.adapters.key_directory import Keys, open_keys
from services.auth.adapters.local_authenticator import LocalAuthenticator
from services.auth.adapters.macs import PepperedMacs
from services.auth.adapters.passwords import Argon2Passwords
from services.auth.adapters.revocation_bell import RevocationBell
from services.auth.adapters.tables import OUTBOX
from services.auth.adapters.token_mint import JwtMint
from services.auth.adapters.transactions import transactions
from services.auth.rpc.api_key_servicer import ApiKeyServicer
from services.auth.rpc.authorization_servicer import AuthorizationServicer
from services.auth.rpc.convert import to_jwk
from services.auth.rpc.identity_servicer import IdentityServicer
from services.auth.rpc.verification_servicer import VerificationServicer
from services.auth.settings import AuthSettings
from services.auth.usecases.authorize import Authorize
from services.auth.usecases.change_password import ChangePassword
from services.auth.usecases.create_api_key import CreateApiKey
from services.auth.usecases.create_first_operator import CreateFirstOperator, FirstOperator
from services.auth.usecases.follow_revocations import FollowRevocations
from services.auth.usecases.get_api_key import GetApiKey
from services.auth.usecases.get_user import GetUser
from services.auth.usecases.identify import Identify
from services.auth.usecases.issue_tokens import IssueTokens
from services.auth.usecases.list_api_keys import ListApiKeys
from services.auth.usecases.list_sessions import ListSessions
from services.auth.usecases.login import Login
from services.auth.usecases.ports import Begin
from services.auth.usecases.read_revocations import ReadRevocations
from services.auth.usecases.refresh_tokens import RefreshTokens
from services.auth.usecases.register import Register
from services.auth.usecases.revoke_all_sessions import RevokeAllSessions
from services.auth.usecases.revoke_api_key import RevokeApiKey
from services.auth.usecases.revoke_session import RevokeSession
from services.auth.usecases.rotate_api_key import RotateApiKey
from services.auth.usecases.update_api_key import UpdateApiKey
from services.auth.usecases.verify_api_key import VerifyApiKey
from services.auth.usecases.watch_revocations import WatchRevocations
from services.chassis.app import App, Servicer
from services.chassis.bus import open_bus
from services.chassis.logs import get_logger
from services.chassis.outbox import OutboxRelay
from services.chassis.postgres import open_database
from services.kernel.clock import SystemClock
from services.kernel.errors import Unavailable

log = get_logger()
RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the use cases are made from."""

    begin: Begin
    passwords: Argon2Passwords
    keys: Keys
    bell: RevocationBell
    clock: SystemClock

    @property
    def verify_key(self) -> VerifyApiKey:
        return VerifyApiKey(self.begin, PepperedMacs(self.keys.peppers), self.clock)

    @property
    def read_revocations(self) -> ReadRevocations:
        return ReadRevocations(self.begin, self.clock)

    @property
    def mint(self) -> JwtMint:
        return JwtMint(self.keys.signing)


@asynccontextmanager
async def wire(settings: AuthSettings) -> AsyncGenerator[App]:
    """Opens what auth needs and yields the app."""
    password = settings.operator_password()
    async with (
        open_database(settings.database_url) as database,
        open_bus(settings.nats_url, name="auth") as bus,
    ):
        relay = OutboxRelay(database, OUTBOX, bus)
        bell = RevocationBell(database)
        passwords = Argon2Passwords()
        clock = SystemClock()
        begin = transactions(database, relay)
        parts = _Parts(begin, passwords, open_keys(settings.keys_directory), bell, clock)
        identities, ended = IdentityCache(clock), RecentlyEndedSessions()
        follow = FollowRevocations(parts.read_revocations, bell.listen, identities, ended)

        async def start() -> None:
            await _until_reachable(lambda: _first_operator(parts, settings, password))
            # Only who knows which sessions have ended can refuse their access tokens.
            await follow.caught_up.wait()

        try:
            yield App(
                authenticator=LocalAuthenticator(parts.mint, parts.verify_key, ended),
                servicers=(
                    _identity(parts),
                    _api_keys(parts),
                    _verification(parts),
                    _authorization(parts, identities, ended),
                ),
                background=(relay.run, bell.run, follow),
                ready=(start,),
            )
        finally:
            passwords.close()


def _identity(parts: _Parts) -> Servicer:
    begin, clock, issue = parts.begin, parts.clock, IssueTokens(parts.mint)
    servicer = IdentityServicer(
        Register(begin, parts.passwords, common_passwords(), clock),
        Login(begin, parts.passwords, issue, clock),
        RefreshTokens(begin, issue, clock),
        GetUser(begin),
        ListSessions(begin, clock),
        RevokeSession(begin, clock),
        RevokeAllSessions(begin, clock),
        ChangePassword(begin, parts.passwords, common_passwords(), clock),
    )
    name = "aggregator.auth.v1.IdentityService"
    return Servicer(name, servicer, add_IdentityServiceServicer_to_server)


def _api_keys(parts: _Parts) -> Servicer:
    begin, clock, macs = parts.begin, parts.clock, PepperedMacs(parts.keys.peppers)
    servicer = ApiKeyServicer(
        CreateApiKey(begin, macs, clock),
        ListApiKeys(begin),
        RevokeApiKey(begin, clock),
        GetApiKey(begin),
        UpdateApiKey(begin, clock),
        RotateApiKey(begin, macs, clock),
    )
    name = "aggregator.auth.v1.ApiKeyService"
    return Servicer(name, servicer, add_ApiKeyServiceServicer_to_server)


def _verification(parts: _Parts) -> Servicer:
    servicer = VerificationServicer(
        parts.verify_key,
        WatchRevocations(parts.read_revocations, parts.bell.listen),
        tuple(to_jwk(key) for key in parts.mint.public_keys()),
    )
    name = "aggregator.auth.v1.VerificationService"
    return Servicer(name, servicer, add_VerificationServiceServicer_to_server)


def _authorization(
    parts: _Parts, identities: IdentityCache, ended: RecentlyEndedSessions
) -> Servicer:
    identify = Identify(parts.verify_key, parts.mint, identities, ended, parts.clock)
    servicer = AuthorizationServicer(Authorize(identify))
    name = "envoy.service.auth.v3.Authorization"
    return Servicer(name, servicer, add_AuthorizationServicer_to_server)


async def _first_operator(parts: _Parts, settings: AuthSettings, password: str) -> None:
    if not settings.operator_email:
        # Readiness still means that the database answers.
        await parts.read_revocations(0)
        return
    create = CreateFirstOperator(parts.begin, parts.passwords, parts.clock)
    outcome = await create(settings.operator_email, password=password)
    if outcome is FirstOperator.EMAIL_TAKEN:
        log.error("operator.email_taken")
    elif outcome is FirstOperator.CREATED:
        log.info("operator.created")


async def _until_reachable(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Unavailable:
            log.warning("start.waiting_for_database")
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return
