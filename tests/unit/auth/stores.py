"""The stores of auth in memory, for use cases."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from services.auth.domain.api_key import ApiKey, KeyRequest, Mac, Rotation
from services.auth.domain.event import Event
from services.auth.domain.key_text import KeyText
from services.auth.domain.login_backoff import Failures
from services.auth.domain.revocation import Revocation, Revocations
from services.auth.domain.session import RefreshToken, Session
from services.auth.domain.user import Account, Role, User
from services.auth.usecases.ports import Credential, Position, Transaction
from services.kernel.caller import Caller
from services.kernel.errors import InvalidCredential

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class FakeClock:
    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    def advance(self, duration: timedelta) -> None:
        self.time += duration


class FakePasswords:
    """Hashes by writing the password backwards; what begins with "old:" is outdated."""

    async def hash(self, password: str) -> str:
        return password[::-1]

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        if password_hash is None:
            return False
        return password_hash.removeprefix("old:") == password[::-1]

    def is_outdated(self, password_hash: str) -> bool:
        return password_hash.startswith("old:")


class FakeMacs:
    def of(self, key: KeyText) -> Mac:
        return Mac(1, key.text.encode())

    def candidates(self, key: KeyText) -> tuple[Mac, ...]:
        return (self.of(key),)


@dataclass
class FakeMint:
    """Signs nothing: its access tokens are those that it remembers."""

    valid: dict[str, Credential] = field(default_factory=dict[str, Credential])
    identities_made: int = 0

    def access(self, caller: Caller, *, expire_time: datetime) -> str:
        self.valid[f"access:{caller.session_id}"] = Credential(caller, expire_time)
        return f"access:{caller.session_id}"

    def identity(self, caller: Caller, *, expire_time: datetime) -> str:
        self.identities_made += 1
        return f"identity:{caller.user_id}:{expire_time:%H:%M:%S}:{self.identities_made}"

    def verify_access(self, token: str) -> Credential:
        if token not in self.valid:
            raise InvalidCredential
        return self.valid[token]


class FakeUsers:
    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}

    async def add(self, user: User, *, password_hash: str) -> bool:
        if user.email in self.accounts:
            return False
        self.accounts[user.email] = Account(user, password_hash)
        return True

    async def get(self, user_id: str) -> User | None:
        users = (account.user for account in self.accounts.values())
        return next((user for user in users if user.user_id == user_id), None)

    async def find(self, email: str) -> Account | None:
        return self.accounts.get(email)

    async def lock(self, user_id: str) -> Account | None:
        found = (each for each in self.accounts.values() if each.user.user_id == user_id)
        return next(found, None)

    async def set_password_hash(self, user_id: str, *, password_hash: str) -> None:
        user = await self.get(user_id)
        assert user
        self.accounts[user.email] = Account(user, password_hash)

    async def has_operator(self) -> bool:
        return any(account.user.role is Role.OPERATOR for account in self.accounts.values())


class FakeFailedLogins:
    def __init__(self) -> None:
        self.failures: dict[str, Failures] = {}

    async def get(self, email: str) -> Failures | None:
        return self.failures.get(email)

    async def add(self, email: str, *, now: datetime, window: timedelta) -> None:
        known = self.failures.get(email)
        count = known.count if known and known.last_time > now - window else 0
        self.failures[email] = Failures(count + 1, now)

    async def clear(self, email: str) -> None:
        self.failures.pop(email, None)


class FakeSessions:
    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.tokens: dict[bytes, tuple[str, datetime | None]] = {}

    async def add(self, session: Session) -> None:
        self.sessions[session.session_id] = session

    async def add_token(self, token_hash: bytes, *, session: Session, now: datetime) -> None:
        self.tokens[token_hash] = (session.session_id, None)

    async def find_token(self, token_hash: bytes) -> RefreshToken | None:
        if token_hash not in self.tokens:
            return None
        session_id, use_time = self.tokens[token_hash]
        return RefreshToken(self.sessions[session_id], use_time)

    async def mark_used(self, token_hash: bytes, *, now: datetime) -> None:
        session_id = self.tokens[token_hash][0]
        self.tokens[token_hash] = (session_id, now)
        self.sessions[session_id] = replace(self.sessions[session_id], refresh_time=now)

    async def get_for_update(self, session_id: str, *, user_id: str) -> Session | None:
        session = self.sessions.get(session_id)
        return session if session and session.user_id == user_id else None

    async def end(self, session_id: str, *, now: datetime) -> None:
        self.sessions[session_id] = replace(self.sessions[session_id], end_time=now)

    async def end_all(self, user_id: str, *, but: str, now: datetime) -> list[str]:
        ended = [each.session_id for each in self._lasting(user_id, now) if each.session_id != but]
        for session_id in ended:
            await self.end(session_id, now=now)
        return ended

    def _lasting(self, user_id: str, now: datetime) -> list[Session]:
        mine = (each for each in self.sessions.values() if each.user_id == user_id)
        return [each for each in mine if each.end_time is None and each.expire_time > now]

    async def list(
        self, user_id: str, *, now: datetime, after: Position | None, limit: int
    ) -> list[Session]:
        return self._lasting(user_id, now)[:limit]


class FakeApiKeys:
    def __init__(self) -> None:
        self.keys: dict[str, ApiKey] = {}
        self.by_mac: dict[bytes, str] = {}
        self.requests: dict[tuple[str, str], tuple[str, bytes]] = {}

    async def add(self, key: ApiKey, *, mac: Mac, request: KeyRequest | Rotation) -> bool:
        name = (key.user_id, request.request_id)
        if request.request_id and name in self.requests:
            return False
        self.keys[key.key_id] = key
        self.by_mac[mac.digest] = key.key_id
        self.requests[name] = (key.key_id, request.digest())
        return True

    async def find_by_request(self, user_id: str, request_id: str) -> tuple[ApiKey, bytes] | None:
        if not request_id or (user_id, request_id) not in self.requests:
            return None
        key_id, digest = self.requests[user_id, request_id]
        return self.keys[key_id], digest

    async def find_by_mac(self, macs: tuple[Mac, ...]) -> ApiKey | None:
        found = [self.by_mac[mac.digest] for mac in macs if mac.digest in self.by_mac]
        return self.keys[found[0]] if found else None

    async def get(self, key_id: str, *, user_id: str) -> ApiKey | None:
        return await self.get_for_update(key_id, user_id=user_id)

    async def get_for_update(self, key_id: str, *, user_id: str) -> ApiKey | None:
        key = self.keys.get(key_id)
        return key if key and key.user_id == user_id else None

    async def list(self, user_id: str, *, after: Position | None, limit: int) -> list[ApiKey]:
        return [key for key in self.keys.values() if key.user_id == user_id][:limit]

    async def update(self, key: ApiKey) -> None:
        self.keys[key.key_id] = key

    async def set_revoked(self, key_id: str, *, now: datetime) -> None:
        self.keys[key_id] = replace(self.keys[key_id], revoke_time=now)


class FakeRevocationLog:
    def __init__(self) -> None:
        self.entries: list[Revocation] = []

    async def append(self, entries: Sequence[Revocation], *, now: datetime) -> None:
        self.entries += entries

    async def read(self, after: int, *, since: datetime | None, limit: int) -> Revocations:
        found = tuple(self.entries[after : after + limit])
        return Revocations(found, after + len(found))


class FakeEvents:
    def __init__(self) -> None:
        self.published: list[Event] = []

    async def publish(self, event: Event) -> None:
        self.published.append(event)


@dataclass
class Stores:
    """Every store. It can't roll back: use cases that raise inside show what they left."""

    users: FakeUsers = field(default_factory=FakeUsers)
    failed_logins: FakeFailedLogins = field(default_factory=FakeFailedLogins)
    sessions: FakeSessions = field(default_factory=FakeSessions)
    api_keys: FakeApiKeys = field(default_factory=FakeApiKeys)
    revocations: FakeRevocationLog = field(default_factory=FakeRevocationLog)
    events: FakeEvents = field(default_factory=FakeEvents)
    transactions_begun: int = 0
    rolled_back: bool = False

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[Transaction]:
        self.transactions_begun += 1
        try:
            yield self
        except BaseException:
            self.rolled_back = True
            raise
