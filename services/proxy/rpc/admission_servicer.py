"""Envoy's questions at the door: `envoy.service.auth.v3.Authorization` on a unix socket.

It stands apart from the other servicers. No concern surrounds it, because it answers every
inference request, and the socket's folder lets nobody in but Envoy.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import orjson
from envoy.service.auth.v3 import external_auth_pb2

from services.chassis.logs import get_logger
from services.chassis.telemetry import SAMPLED_FLAG, extract, span
from services.kernel.errors import DomainError, InvalidField
from services.kernel.ids import new_id
from services.proxy.domain.admission import Hold
from services.proxy.rpc.check_response import CheckResponses, refused
from services.proxy.rpc.openai_errors import refusal_of
from services.proxy.usecases.admit import Admission, Admit, Ask

log = get_logger()
# xds-protos comes without types.
pb2: Any = external_auth_pb2
PINNED_PATH = re.compile(r"/proxy/([a-z][a-z0-9-]{0,39})/")
BEARER = "bearer "
IDENTITY_ENCODINGS = {"", "identity"}


class AdmissionServicer:
    """Answers Check, serialized to serialized. Implements the door's keeper."""

    def __init__(self, admit: Admit, *, encode_hold: Callable[[Hold], str]) -> None:
        self._admit = admit
        self._encode_hold = encode_hold
        self._responses = CheckResponses()

    def at_once(self, request: bytes) -> bytes | None:
        """Admits or refuses a request; None when auth or billing must be asked first."""
        http = pb2.CheckRequest.FromString(request).attributes.request.http
        try:
            with _traced(http.headers):
                admission = self._admit.at_once(_to_ask(http))
                return None if admission is None else self._admitted(admission)
        except Exception as error:  # noqa: BLE001 - Envoy must have an answer
            return _refused(error)

    async def later(self, request: bytes) -> bytes:
        """Admits or refuses a request after asking whom it takes."""
        http = pb2.CheckRequest.FromString(request).attributes.request.http
        try:
            with _traced(http.headers):
                return self._admitted(await self._admit(_to_ask(http)))
        except Exception as error:  # noqa: BLE001 - Envoy must have an answer
            return _refused(error)

    def _admitted(self, admission: Admission) -> bytes:
        return self._responses.admitted(admission, record=self._encode_hold(admission.hold))


def _refused(error: Exception) -> bytes:
    """Returns the answer that refuses a request for a reason, known or not."""
    if not isinstance(error, DomainError):
        error_id = new_id()
        log.error("admission.failed", error_id=error_id, exc_info=error)
        error = DomainError(f"The gateway failed unexpectedly (error {error_id}).")
    return refused(refusal_of(error))


def _traced(headers: Mapping[str, str]) -> AbstractContextManager[None]:
    """Returns a span of the request's trace, if that is recorded."""
    traceparent = headers.get("traceparent", "")
    if not traceparent.endswith(SAMPLED_FLAG):
        return nullcontext()
    return span("admission", parent=extract({"traceparent": traceparent}))


def _to_ask(http: Any) -> Ask:
    headers: Mapping[str, str] = http.headers
    resource = http.path.partition("?")[0]
    pinned = PINNED_PATH.match(resource)
    if headers.get("content-encoding", "") not in IDENTITY_ENCODINGS:
        raise InvalidField("content-encoding", "Compressed request bodies are not supported.")
    return Ask(
        secret=_credential(headers),
        resource=resource,
        provider_id=pinned[1] if pinned else "",
        body=http.raw_body,
        decode=_decode,
    )


def _credential(headers: Mapping[str, str]) -> str:
    authorization = headers.get("authorization", "")
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return headers.get("x-api-key", "")


def _decode(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except ValueError as error:
        message = "The body of your request is not valid JSON."
        raise InvalidField("body", f"{message} {str(error)[:120]}".strip()) from None
