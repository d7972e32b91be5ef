"""What the use cases need from outside."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from services.auth.domain.api_key import ApiKey, KeyRequest, Mac, Rotation
from services.auth.domain.event import Event
from services.auth.domain.key_text import KeyText
from services.auth.domain.login_backoff import Failures
from services.auth.domain.revocation import Revocation, Revocations
from services.auth.domain.session import RefreshToken, Session
from services.auth.domain.user import Account, User
from services.kernel.caller import Caller


class Users(Protocol):
    """Users and their password hashes."""

    async def add(self, user: User, *, password_hash: str) -> bool:
        """Adds a user; False when the e-mail address is taken."""
        ...

    async def get(self, user_id: str) -> User | None:
        """Returns a user."""
        ...

    async def find(self, email: str) -> Account | None:
        """Returns the account of an e-mail address."""
        ...

    async def lock(self, user_id: str) -> Account | None:
        """Returns an account and keeps others from it until this transaction ends."""
        ...

    async def set_password_hash(self, user_id: str, *, password_hash: str) -> None:
        """Replaces a password's hash."""
        ...

    async def has_operator(self) -> bool:
        """Says whether there is an operator; nobody can add one until the transaction ends."""
        ...


class FailedLogins(Protocol):
    """Failed logins by e-mail address."""

    async def get(self, email: str) -> Failures | None:
        """Returns the failures of an address."""
        ...

    async def add(self, email: str, *, now: datetime, window: timedelta) -> None:
        """Counts a failure; those before the window are forgotten."""
        ...

    async def clear(self, email: str) -> None:
        """Forgets the failures of an address."""
        ...


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: after this key or session."""

    create_time: datetime
    identifier: str


class Sessions(Protocol):
    """Sessions and their refresh tokens."""

    async def add(self, session: Session) -> None:
        """Adds a session, and forgets those of its user that have ended by themselves."""
        ...

    async def add_token(self, token_hash: bytes, *, session: Session, now: datetime) -> None:
        """Adds a refresh token to a session."""
        ...

    async def find_token(self, token_hash: bytes) -> RefreshToken | None:
        """Returns a refresh token and keeps others from it until this transaction ends."""
        ...

    async def mark_used(self, token_hash: bytes, *, now: datetime) -> None:
        """Says that a refresh token has bought its successor."""
        ...

    async def get_for_update(self, session_id: str, *, user_id: str) -> Session | None:
        """Returns a session of a user and keeps others from it until this transaction ends."""
        ...

    async def end(self, session_id: str, *, now: datetime) -> None:
        """Ends a session with all its tokens."""
        ...

    async def end_all(self, user_id: str, *, but: str, now: datetime) -> list[str]:
        """Ends a user's sessions, but for one if it is named; returns the ids of those ended."""
        ...

    async def list(
        self, user_id: str, *, now: datetime, after: Position | None, limit: int
    ) -> list[Session]:
        """Returns sessions of a user that have not ended, newest first."""
        ...


class ApiKeys(Protocol):
    """API keys."""

    async def add(self, key: ApiKey, *, mac: Mac, request: KeyRequest | Rotation) -> bool:
        """Adds a key; False when its owner's request id was used before."""
        ...

    async def find_by_request(self, user_id: str, request_id: str) -> tuple[ApiKey, bytes] | None:
        """Returns the key that a request made, and the digest of that request."""
        ...

    async def find_by_mac(self, macs: tuple[Mac, ...]) -> ApiKey | None:
        """Returns the key that has one of the MACs."""
        ...

    async def get(self, key_id: str, *, user_id: str) -> ApiKey | None:
        """Returns a key of a user."""
        ...

    async def get_for_update(self, key_id: str, *, user_id: str) -> ApiKey | None:
        """Returns a key of a user and keeps others from it until this transaction ends."""
        ...

    async def list(self, user_id: str, *, after: Position | None, limit: int) -> list[ApiKey]:
        """Returns keys of a user, newest first."""
        ...

    async def update(self, key: ApiKey) -> None:
        """Stores what may change about a key: name, scopes and end."""
        ...

    async def set_revoked(self, key_id: str, *, now: datetime) -> None:
        """Says that a key no longer works."""
        ...


class RevocationLog(Protocol):
    """The revocations that caches have to hear of."""

    async def append(self, entries: Sequence[Revocation], *, now: datetime) -> None:
        """Adds revocations. Sequences become visible in their order, without gaps to be filled."""
        ...

    async def read(self, after: int, *, since: datetime | None, limit: int) -> Revocations:
        """Returns the revocations after a sequence, and since a time if one is given."""
        ...


class Events(Protocol):
    """What the rest of the platform is told."""

    async def publish(self, event: Event) -> None:
        """Announces an event once the transaction has committed."""
        ...


class Transaction(Protocol):
    """The stores, within one transaction."""

    @property
    def users(self) -> Users: ...  # noqa: D102
    @property
    def failed_logins(self) -> FailedLogins: ...  # noqa: D102
    @property
    def sessions(self) -> Sessions: ...  # noqa: D102
    @property
    def api_keys(self) -> ApiKeys: ...  # noqa: D102
    @property
    def revocations(self) -> RevocationLog: ...  # noqa: D102
    @property
    def events(self) -> Events: ...  # noqa: D102


# Commits at a clean exit. Raises Unavailable when the database can't be reached.
Begin = Callable[[], AbstractAsyncContextManager[Transaction]]


class Passwords(Protocol):
    """Slow hashes. Both raise RateLimited when too many are under way."""

    async def hash(self, password: str) -> str:
        """Returns the hash of a password."""
        ...

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        """Compares a password; None stands for an unknown user, takes as long and is False."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Says whether a hash is weaker than those that are made today."""
        ...


class Macs(Protocol):
    """MACs of API keys under secret peppers."""

    def of(self, key: KeyText) -> Mac:
        """Returns the MAC to store."""
        ...

    def candidates(self, key: KeyText) -> tuple[Mac, ...]:
        """Returns the MACs under which the key may be stored."""
        ...


@dataclass(frozen=True, slots=True)
class Credential:
    """A verified credential."""

    caller: Caller
    # None when it does not end by itself.
    expire_time: datetime | None


class TokenMint(Protocol):
    """Makes and verifies the platform's own tokens."""

    def access(self, caller: Caller, *, expire_time: datetime) -> str:
        """Returns an access token, which a client holds."""
        ...

    def identity(self, caller: Caller, *, expire_time: datetime) -> str:
        """Returns an identity token, which the edge hands to services."""
        ...

    def verify_access(self, token: str) -> Credential:
        """Returns what an access token says. Raises InvalidCredential."""
        ...


VerifyKey = Callable[[str], Awaitable[ApiKey]]


class Identities(Protocol):
    """Identity tokens that were made a moment ago, and whether revocations are being heard."""

    @property
    def generation(self) -> int:
        """Changes whenever a revocation is heard."""
        ...

    def find(self, credential: str) -> str | None:
        """Returns the identity of a credential that was verified a moment ago."""
        ...

    def keep(
        self, credential: str, identity: str, *, caller: Caller, until: datetime, generation: int
    ) -> None:
        """Remembers an identity unless a revocation was heard since `generation`."""
        ...

    def hear(self, revocations: Revocations) -> None:
        """Forgets the identities of keys and sessions."""
        ...

    def is_current_as_of(self, monotonic_seconds: float) -> None:
        """Says that every revocation up to a moment was heard."""
        ...


class EndedSessions(Protocol):
    """Sessions that were ended so recently that their access tokens may still be about."""

    def hear(self, revocations: Revocations) -> None:
        """Remembers the sessions among the revocations."""
        ...

    def __contains__(self, session_id: str, /) -> bool:
        """Says whether a session has ended."""
        ...


class Ring(Protocol):
    """Hears a bell; a ring while nobody waits is not lost."""

    async def wait(self, *, timeout_seconds: float) -> None:
        """Returns at the next ring, or when the time is up."""
        ...


# Returns an ear for the bell that rings when something is revoked.
Listen = Callable[[], Ring]
