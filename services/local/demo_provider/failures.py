"""Errors in OpenAI's shape, and connections that break."""

import socket
import struct

import orjson
from aiohttp import web

_KINDS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    402: ("insufficient_quota", "insufficient_quota"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", None),
    429: ("requests", "rate_limit_exceeded"),
}
_SERVER_ERROR = ("server_error", None)
SERVER_ERRORS = 500


def error_answer(
    status: int, *, message: str, param: str | None = None, retry_after: int | None = None
) -> web.Response:
    """Returns an error as OpenAI words it."""
    unknown = _SERVER_ERROR if status >= SERVER_ERRORS else _KINDS[400]
    kind, code = _KINDS.get(status, unknown)
    error = {"message": message, "type": kind, "param": param, "code": code}
    response = web.Response(
        status=status, body=orjson.dumps({"error": error}), content_type="application/json"
    )
    if retry_after is not None:
        response.headers["retry-after"] = str(retry_after)
    return response


def break_connection(request: web.Request) -> None:
    """Ends the connection with a TCP reset rather than an orderly close."""
    transport = request.transport
    if transport is None:
        return
    opened = transport.get_extra_info("socket")
    if opened is not None:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
