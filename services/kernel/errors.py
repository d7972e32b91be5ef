"""The errors that rules raise.

    DomainError
    ├── InvalidField        a field breaks a rule
    ├── InvalidCredential   nobody, or nobody we know
    ├── PermissionDenied    known, but not allowed
    ├── NotFound            absent, or not the caller's to know of
    ├── AlreadyExists       the name is taken
    ├── RequestIdReused     the same request id with another request
    ├── InsufficientBalance not enough money
    ├── PaymentDeclined     the payment processor said no
    ├── RateLimited         too much, too fast
    ├── Unavailable         something we need is away
    ├── ProviderFailed      the AI provider refused or failed
    └── Conflict            the state does not allow it

Each carries the reason of `errors.v1.ErrorReason` and the dynamic parts of its message as metadata.
`chassis/status.py` alone knows which status a kind becomes.
"""

from collections.abc import Mapping


class DomainError(Exception):
    """A rule was broken in a way the caller should know about."""

    reason = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.metadata = dict(metadata or {})
        self.retry_after_seconds = retry_after_seconds


class InvalidField(DomainError):
    """A field breaks a rule that the contract's own rules can't express."""

    reason = "INVALID_FIELD"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, metadata={"field": field})
        self.field = field


class InvalidCredential(DomainError):
    """No credential, or none that works."""

    reason = "INVALID_CREDENTIAL"

    def __init__(self, message: str = "The credential is missing, malformed or not valid.") -> None:
        super().__init__(message)


class PermissionDenied(DomainError):
    """The credential does not allow the call."""

    reason = "PERMISSION_DENIED"


class NotFound(DomainError):
    """The resource is absent, or not the caller's to know of: both look the same."""

    reason = "RESOURCE_NOT_FOUND"

    def __init__(self, resource: str, identifier: str) -> None:
        super().__init__(
            f"There is no {resource.replace('_', ' ')} {identifier!r}.",
            metadata={"resource": resource, "id": identifier},
        )


class AlreadyExists(DomainError):
    """The name is taken."""

    reason = "RESOURCE_EXISTS"

    def __init__(self, resource: str, message: str) -> None:
        super().__init__(message, metadata={"resource": resource})


class RequestIdReused(DomainError):
    """The same request id came with another request before."""

    reason = "REQUEST_ID_REUSED"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            "This request_id was used before with another request.",
            metadata={"request_id": request_id},
        )


class InsufficientBalance(DomainError):
    """The account has not enough available balance."""

    reason = "INSUFFICIENT_BALANCE"


class PaymentDeclined(DomainError):
    """The payment processor declined."""

    reason = "PAYMENT_DECLINED"


class RateLimited(DomainError):
    """Too many attempts in a short time."""

    reason = "RATE_LIMITED"


class Unavailable(DomainError):
    """A service or store that the call needs can't be reached."""

    reason = "DEPENDENCY_UNAVAILABLE"

    def __init__(self, dependency: str, *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(
            f"{dependency} can't be reached at the moment.",
            metadata={"dependency": dependency},
            retry_after_seconds=retry_after_seconds,
        )


class ProviderFailed(DomainError):
    """The AI provider refused or failed the request."""

    reason = "PROVIDER_ERROR"


class Conflict(DomainError):
    """The resource changed in the meantime, or its state does not allow the call."""

    reason = "CONFLICT"
