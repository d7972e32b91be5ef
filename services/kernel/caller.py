"""Who makes a call, as every use case sees it."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """Kinds of callers."""

    ANONYMOUS = "anonymous"
    USER = "user"
    OPERATOR = "operator"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller whose credential was verified.

    `scopes` is None for a signed-in session, which holds every scope over what is its user's, and a
    set for an API key, which holds only those. `session_id` is empty for everybody but a session.
    """

    kind: Kind
    user_id: str = ""
    key_id: str = ""
    scopes: frozenset[str] | None = None
    session_id: str = ""

    def holds(self, scope: str) -> bool:
        """Says whether the caller's credential includes a scope."""
        return self.scopes is None or scope in self.scopes

    @property
    def is_operator(self) -> bool:
        """Says whether the caller runs the platform; an API key never does."""
        return self.kind is Kind.OPERATOR and self.scopes is None

    def resolve(self, user_id: str) -> str:
        """Turns `me` into the caller's own id."""
        return self.user_id if user_id == "me" else user_id

    def may_see(self, user_id: str) -> bool:
        """Says whether the caller may see what belongs to a user."""
        return self.is_operator or (bool(user_id) and self.user_id == user_id)


ANONYMOUS = Caller(Kind.ANONYMOUS)
