"""Users and what they may do."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from services.kernel.caller import Caller, Kind


class Role(Enum):
    """What a user may do on the platform as a whole."""

    USER = "user"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class User:
    """A person who uses the platform."""

    user_id: str
    # In lower case.
    email: str
    role: Role
    create_time: datetime

    @property
    def caller(self) -> Caller:
        """The caller that a signed-in session of this user is."""
        kind = Kind.OPERATOR if self.role is Role.OPERATOR else Kind.USER
        return Caller(kind, self.user_id)


@dataclass(frozen=True, slots=True)
class Account:
    """A user together with the hash of the password."""

    user: User
    password_hash: str


def normalise_email(email: str) -> str:
    """Returns an address as it is stored: letter case does not tell users apart."""
    return email.lower()
