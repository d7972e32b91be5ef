"""Sessions: a family of refresh tokens of which only the newest works, once (RFC 9700, 4.14.2)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

# However often it is refreshed, a session ends so long after the login.
SESSION_LIFE = timedelta(days=30)
ACCESS_LIFE = timedelta(minutes=10)
_REFRESH_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in user on some device."""

    session_id: str
    user_id: str
    create_time: datetime
    expire_time: datetime
    # When it was ended before its time.
    end_time: datetime | None = None
    # When its tokens were last exchanged.
    refresh_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as it is stored."""

    session: Session
    # When it bought its successor.
    use_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client holds of a session."""

    access_token: str
    refresh_token: str
    access_expire_time: datetime
    refresh_expire_time: datetime


class Judgement(Enum):
    """What to do about a refresh token that somebody shows."""

    ROTATE = auto()
    # It was used before: either its owner or a thief shows it, and nobody can tell which.
    END_SESSION = auto()
    REFUSE = auto()


def judge(token: RefreshToken | None, *, now: datetime) -> Judgement:
    """Decides about a refresh token; None stands for one that nobody knows."""
    if token is None:
        return Judgement.REFUSE
    if token.session.end_time is not None or token.session.expire_time <= now:
        return Judgement.REFUSE
    return Judgement.ROTATE if token.use_time is None else Judgement.END_SESSION


def new_refresh_token() -> str:
    """Returns a new random refresh token."""
    return secrets.token_urlsafe(_REFRESH_TOKEN_BYTES)


def hash_refresh_token(token: str) -> bytes:
    """Returns what is stored of a refresh token: 256 random bits need neither salt nor stretch."""
    return hashlib.sha256(token.encode()).digest()
