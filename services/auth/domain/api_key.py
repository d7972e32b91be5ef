"""API keys and what they may do."""

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.kernel.caller import Caller, Kind
from services.kernel.errors import InvalidField, PermissionDenied, RequestIdReused

DEFAULT_SCOPES = ("inference", "models.read", "billing.read", "analytics.read", "profile.read")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is stored, without its secret."""

    key_id: str
    user_id: str
    display_name: str
    scopes: tuple[str, ...]
    create_time: datetime
    expire_time: datetime | None = None
    revoke_time: datetime | None = None

    def is_in_force(self, now: datetime) -> bool:
        """Says whether the key works at a moment."""
        expired = self.expire_time is not None and self.expire_time <= now
        return self.revoke_time is None and not expired

    @property
    def caller(self) -> Caller:
        """The caller that a holder of this key is: never an operator."""
        return Caller(Kind.USER, self.user_id, self.key_id, frozenset(self.scopes))


@dataclass(frozen=True, slots=True)
class Mac:
    """What is stored in a secret's place: its MAC, and the pepper that made it."""

    pepper_id: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What somebody asks a new key to be."""

    display_name: str
    # Empty means the default ones.
    scopes: tuple[str, ...]
    expire_time: datetime | None
    # Empty when the caller does not care for repetitions.
    request_id: str

    def digest(self) -> bytes:
        """Returns a fingerprint of what was asked, to tell a repetition from another request."""
        expire = self.expire_time.isoformat() if self.expire_time else None
        content = json.dumps([self.display_name, sorted(self.scopes), expire])
        return hashlib.sha256(content.encode()).digest()


@dataclass(frozen=True, slots=True)
class Rotation:
    """What somebody asks to happen to a key that is to be replaced."""

    key_id: str
    # How long the replaced key goes on; zero revokes it at once.
    grace: timedelta
    # Empty when the caller does not care for repetitions.
    request_id: str

    def digest(self) -> bytes:
        """Returns a fingerprint of what was asked, to tell a repetition from another request."""
        content = json.dumps(["rotate", self.key_id, self.grace.total_seconds()])
        return hashlib.sha256(content.encode()).digest()

    def end_of(self, key: ApiKey, *, now: datetime) -> datetime:
        """Returns when the replaced key stops working: the grace does not prolong its life."""
        end = now + self.grace
        return end if key.expire_time is None else min(end, key.expire_time)


def repeated(earlier: tuple[ApiKey, bytes], request: KeyRequest | Rotation) -> ApiKey:
    """Returns the key that a request made before. Raises RequestIdReused if another one did."""
    key, digest = earlier
    if digest != request.digest():
        raise RequestIdReused(request.request_id)
    return key


def check_display_name(name: str) -> None:
    """Raises InvalidField for a name with control characters, which no store or screen likes."""
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise InvalidField("display_name", "display_name must not contain control characters.")


def grant_scopes(asked: Sequence[str], *, to: Caller) -> tuple[str, ...]:
    """Returns the scopes of a new key. Raises PermissionDenied for one that its maker lacks."""
    scopes = tuple(asked) or DEFAULT_SCOPES
    check_scopes_held(scopes, by=to)
    return scopes


def check_scopes_held(scopes: Sequence[str], *, by: Caller) -> None:
    """Raises PermissionDenied for a scope that is to be handed on by somebody who lacks it."""
    for scope in scopes:
        if not by.holds(scope):
            raise PermissionDenied(
                f"An API key can't give a key the scope {scope!r}, which it lacks itself.",
                metadata={"scope": scope},
            )
