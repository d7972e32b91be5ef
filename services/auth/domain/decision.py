"""What the edge is told about a request."""

from dataclasses import dataclass

from services.kernel.errors import DomainError


@dataclass(frozen=True, slots=True)
class Allowed:
    """The request may go on; services still decide what its caller may do."""

    # The token by which services know the caller; empty for nobody in particular.
    identity: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The request ends at the edge."""

    error: DomainError


Decision = Allowed | Refused
