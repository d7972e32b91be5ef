"""Refusals at the edge, in the words and the shape that the client's library understands."""

import base64
import json
from dataclasses import dataclass
from enum import Enum, auto

import grpc
from google.protobuf.json_format import MessageToDict
from google.rpc import status_pb2

from services.chassis.status import DETAILS_KEY, status_of
from services.kernel.errors import DomainError


class Dialect(Enum):
    """How a client expects errors."""

    OPENAI = auto()
    GOOGLE = auto()
    GRPC = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the edge answers in a service's place."""

    http_status: int
    grpc_code: int
    headers: tuple[tuple[str, str], ...]
    body: str


UNAUTHENTICATED: int = grpc.StatusCode.UNAUTHENTICATED.value[0]


def refusal(error: DomainError, *, dialect: Dialect) -> Refusal:
    """Returns the answer to a request whose credential is bad or can't be verified now."""
    status = status_of(error)
    http_status = 401 if status.code == UNAUTHENTICATED else 503
    headers = [("content-type", "application/json")]
    if status.code == UNAUTHENTICATED:
        headers.append(("www-authenticate", "Bearer"))
    if error.retry_after_seconds is not None:
        headers.append(("retry-after", str(max(1, round(error.retry_after_seconds)))))
    if dialect is Dialect.GRPC:
        # Envoy turns body and HTTP status into grpc-message and grpc-status.
        details = base64.b64encode(status.SerializeToString()).decode().rstrip("=")
        return Refusal(
            http_status, status.code, (*headers[1:], (DETAILS_KEY, details)), error.message
        )
    body = _openai_body(error, status) if dialect is Dialect.OPENAI else MessageToDict(status)
    return Refusal(http_status, status.code, tuple(headers), json.dumps(body))


def _openai_body(error: DomainError, status: status_pb2.Status) -> dict[str, object]:
    kind, code = "api_error", "service_unavailable"
    if status.code == UNAUTHENTICATED:
        kind, code = "invalid_request_error", "invalid_api_key"
    return {"error": {"message": error.message, "type": kind, "param": None, "code": code}}
