"""Envoy's ext_authz messages <-> domain."""

from dataclasses import dataclass
from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.service.auth.v3 import external_auth_pb2
from envoy.type.v3 import http_status_pb2
from google.rpc import status_pb2

from services.auth.domain.decision import Allowed, Decision
from services.auth.rpc.refusals import Dialect, refusal
from services.chassis.channel import MESH_KEY
from services.chassis.interceptors.identity import BEARER, IDENTITY_KEY

# xDS comes without type stubs.
_core: Any = base_pb2
_auth: Any = external_auth_pb2
_http: Any = http_status_pb2
OPENAI_PATHS = ("/v1/",)
# Here nothing is public.
GUARDED_PATHS = ("/v1/",)
GRPC_TYPE = "application/grpc"
OVERWRITE = _core.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD


@dataclass(frozen=True, slots=True)
class Question:
    """What Envoy wants to know about a request."""

    # Empty when the request shows none.
    credential: str
    is_required: bool
    dialect: Dialect

    def __repr__(self) -> str:
        """Keeps the credential out of logs and tracebacks."""
        return f"Question(is_required={self.is_required}, dialect={self.dialect})"


def from_check(request: Any) -> Question:
    """Returns Envoy's question. Header names arrive in lower case."""
    http = request.attributes.request.http
    headers: dict[str, str] = dict(http.headers)
    path: str = http.path
    if headers.get("content-type", "").startswith(GRPC_TYPE):
        dialect = Dialect.GRPC
    else:
        dialect = Dialect.OPENAI if path.startswith(OPENAI_PATHS) else Dialect.GOOGLE
    return Question(_credential(headers), path.startswith(GUARDED_PATHS), dialect)


def to_answer(decision: Decision, *, dialect: Dialect) -> Any:
    """Returns the answer to Envoy."""
    if isinstance(decision, Allowed):
        return _allowed(decision.identity)
    found = refusal(decision.error, dialect=dialect)
    return _auth.CheckResponse(
        status=status_pb2.Status(code=found.grpc_code),
        denied_response=_auth.DeniedHttpResponse(
            status=_http.HttpStatus(code=found.http_status),
            headers=[_header(name, value) for name, value in found.headers],
            body=found.body,
        ),
    )


def _allowed(identity: str) -> Any:
    # The edge strips both from what clients send; should it ever forget, this does not.
    removed = [MESH_KEY] if identity else [MESH_KEY, IDENTITY_KEY]
    headers = [_header(IDENTITY_KEY, identity)] if identity else []
    allowed = _auth.OkHttpResponse(headers=headers, headers_to_remove=removed)
    return _auth.CheckResponse(status=status_pb2.Status(code=0), ok_response=allowed)


def _header(name: str, value: str) -> Any:
    pair = _core.HeaderValue(key=name, value=value)
    return _core.HeaderValueOption(header=pair, append_action=OVERWRITE)


def _credential(headers: dict[str, str]) -> str:
    authorization = headers.get("authorization", "")
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return headers.get("x-api-key", "").strip()
