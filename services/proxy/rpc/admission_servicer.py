"""Envoy's questions at the door: `envoy.service.auth.v3.Authorization` on a unix socket.

It stands apart from the other servicers. No concern surrounds it, because it answers every
inference request, and the socket's folder lets nobody in but Envoy.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import grpc
import orjson
from envoy.service.auth.v3 import external_auth_pb2

from services.chassis.logs import get_logger
from services.chassis.telemetry import SAMPLED_FLAG, extract, span
from services.kernel.errors import DomainError, InvalidField
from services.kernel.ids import new_id
from services.proxy.domain.admission import Hold
from services.proxy.rpc.check_response import CheckResponses, refused
from services.proxy.rpc.openai_errors import refusal_of
from services.proxy.usecases.admit import Admit, Ask

log = get_logger()
# xds-protos comes without types.
pb2: Any = external_auth_pb2
SERVICE = "envoy.service.auth.v3.Authorization"
PINNED_PATH = re.compile(r"/proxy/([a-z][a-z0-9-]{0,39})/")
BEARER = "bearer "
IDENTITY_ENCODINGS = {"", "identity"}


class AdmissionServicer:
    """Answers Check; its answers are serialized already."""

    def __init__(self, admit: Admit, *, encode_hold: Callable[[Hold], str]) -> None:
        self._admit = admit
        self._encode_hold = encode_hold
        self._responses = CheckResponses()

    async def check(self, request: Any, _context: Any) -> bytes:
        """Admits or refuses a request."""
        http = request.attributes.request.http
        traceparent = http.headers.get("traceparent", "")
        if traceparent.endswith(SAMPLED_FLAG):
            with span("admission", parent=extract({"traceparent": traceparent})):
                return await self._answer(http.headers, http.path, http.raw_body)
        return await self._answer(http.headers, http.path, http.raw_body)

    async def _answer(self, headers: Mapping[str, str], path: str, body: bytes) -> bytes:
        try:
            ask = _to_ask(headers, path, body)
            admission = await self._admit(ask)
            return self._responses.admitted(admission, record=self._encode_hold(admission.hold))
        except DomainError as error:
            return refused(refusal_of(error))
        except Exception:
            error_id = new_id()
            log.exception("admission.failed", error_id=error_id)
            message = f"The gateway failed unexpectedly (error {error_id})."
            return refused(refusal_of(DomainError(message)))

    def register(self, server: grpc.aio.Server) -> None:
        """Adds the service to a server."""
        handler = grpc.unary_unary_rpc_method_handler(
            self.check,
            request_deserializer=pb2.CheckRequest.FromString,
            response_serializer=None,
        )
        generic = grpc.method_handlers_generic_handler(SERVICE, {"Check": handler})
        server.add_generic_rpc_handlers((generic,))


def _to_ask(headers: Mapping[str, str], path: str, body: bytes) -> Ask:
    resource = path.partition("?")[0]
    pinned = PINNED_PATH.match(resource)
    if headers.get("content-encoding", "") not in IDENTITY_ENCODINGS:
        raise InvalidField("content-encoding", "Compressed request bodies are not supported.")
    return Ask(
        secret=_credential(headers),
        resource=resource,
        provider_id=pinned[1] if pinned else "",
        body=body,
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
