"""The one table from error kinds to gRPC codes, and the only maker of error details (AIP-193)."""

from collections.abc import Sequence

import grpc
from google.protobuf import any_pb2, duration_pb2, message
from google.rpc import error_details_pb2, status_pb2

from services.kernel import errors

DOMAIN = "aggregator"
DETAILS_KEY = "grpc-status-details-bin"

CODES: dict[type[errors.DomainError], grpc.StatusCode] = {
    errors.InvalidField: grpc.StatusCode.INVALID_ARGUMENT,
    errors.InvalidCredential: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.RequestIdReused: grpc.StatusCode.ALREADY_EXISTS,
    errors.InsufficientBalance: grpc.StatusCode.FAILED_PRECONDITION,
    errors.PaymentDeclined: grpc.StatusCode.FAILED_PRECONDITION,
    errors.RateLimited: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.ProviderFailed: grpc.StatusCode.UNAVAILABLE,
    errors.Conflict: grpc.StatusCode.ABORTED,
}
FieldViolation = error_details_pb2.BadRequest.FieldViolation


def code_of(error: errors.DomainError) -> grpc.StatusCode:
    """Returns the gRPC code of an error."""
    return CODES.get(type(error), grpc.StatusCode.INTERNAL)


def status_of(
    error: errors.DomainError, *, violations: Sequence[FieldViolation] = ()
) -> status_pb2.Status:
    """Returns the whole status of an error: code, message, ErrorInfo and what else helps."""
    details: list[message.Message] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata)
    ]
    if isinstance(error, errors.InvalidField) and not violations:
        violations = [FieldViolation(field=error.field, description=error.message)]
    if violations:
        details.append(error_details_pb2.BadRequest(field_violations=violations))
    if error.retry_after_seconds is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(int(error.retry_after_seconds * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    packed: list[any_pb2.Any] = []
    for detail in details:
        packed.append(any_pb2.Any())
        packed[-1].Pack(detail)
    code: int = code_of(error).value[0]
    return status_pb2.Status(code=code, message=error.message, details=packed)


def trailing_metadata(status: status_pb2.Status) -> tuple[tuple[str, str | bytes], ...]:
    """Returns the trailing metadata that carry a status's details and its `retry-after`."""
    metadata: list[tuple[str, str | bytes]] = [(DETAILS_KEY, status.SerializeToString())]
    for detail in status.details:
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(retry):
            metadata.append(("retry-after", str(max(1, retry.retry_delay.seconds))))
    return tuple(metadata)


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Returns the reason that a call to another service failed with; empty when it gave none."""
    info = error_info_of(error)
    return info.reason if info else ""


def error_info_of(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo | None:
    """Returns the ErrorInfo that a call to another service failed with."""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            info = error_details_pb2.ErrorInfo()
            for detail in status_pb2.Status.FromString(value).details:
                if detail.Unpack(info):
                    return info
    return None
