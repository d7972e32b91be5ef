"""The edge's own inference route, for typed calls: one way to a provider, one meter, one bill."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from services.chassis.telemetry import outgoing_headers
from services.kernel import errors
from services.kernel.errors import Unavailable

PATH = "/v1/chat/completions"
IDLE_SECONDS = 150.0
EVENT_BYTES_MAX = 4 * 1024 * 1024
DATA = b"data:"
DONE = b"[DONE]"
RATE_LIMITED = 429
KINDS: dict[int, Callable[[str], errors.DomainError]] = {
    401: errors.InvalidCredential,
    402: errors.InsufficientBalance,
    403: errors.PermissionDenied,
}


class OpenAiEdge:
    """Calls the edge with the caller's own credential."""

    def __init__(self, session: aiohttp.ClientSession, *, edge_url: str) -> None:
        self._session = session
        self._url = edge_url.rstrip("/") + PATH

    async def complete(self, body: dict[str, Any], *, authorization: str) -> dict[str, Any]:
        """Returns a whole completion. Raises the DomainError that the answer stands for."""
        async with self._send(body, authorization) as answer:
            try:
                return orjson.loads(await answer.read())
            except (ValueError, aiohttp.ClientError):
                raise Unavailable("The provider") from None

    async def stream(
        self, body: dict[str, Any], *, authorization: str
    ) -> AsyncGenerator[dict[str, Any]]:
        """Yields the events of a stream. Raises the DomainError that the answer stands for."""
        async with self._send(body, authorization) as answer:
            unread = b""
            try:
                async for piece in answer.content.iter_any():
                    *lines, unread = (unread + piece).split(b"\n")
                    for line in lines:
                        text = line.strip()
                        if text.startswith(DATA) and (data := text[len(DATA) :].strip()) != DONE:
                            yield _event(data)
                    if len(unread) > EVENT_BYTES_MAX:
                        raise Unavailable("The provider")
            except (aiohttp.ClientError, ValueError, TimeoutError):
                raise Unavailable("The provider") from None

    @asynccontextmanager
    async def _send(
        self, body: dict[str, Any], authorization: str
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        headers = {
            "authorization": authorization,
            "content-type": "application/json",
            **outgoing_headers(),
        }
        try:
            answer = await self._session.post(self._url, data=orjson.dumps(body), headers=headers)
        except (aiohttp.ClientError, TimeoutError):
            raise Unavailable("The edge") from None
        async with answer:
            if answer.status != 200:  # noqa: PLR2004 - HTTP's OK
                raise await _refusal(answer)
            yield answer


def _event(data: bytes) -> dict[str, Any]:
    event = orjson.loads(data)
    if "error" in event:
        raise _to_error(502, event, retry_after="")
    return event


async def _refusal(answer: aiohttp.ClientResponse) -> errors.DomainError:
    try:
        body = orjson.loads(await answer.read())
    except (ValueError, aiohttp.ClientError):
        body = {}
    return _to_error(answer.status, body, retry_after=answer.headers.get("retry-after", ""))


def _to_error(status: int, body: Any, *, retry_after: str) -> errors.DomainError:
    """Returns the error that a refusal of the edge, or of a provider, stands for."""
    error: Any = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else {}
    message = str(error.get("message") or "The request failed.")
    code = str(error.get("code") or "")
    delay = float(retry_after) if retry_after.isdigit() else None
    if code == "model_not_found":
        return errors.NotFound("model", message.split("'")[1] if "'" in message else "")
    if status in {400, 413, 422}:
        return errors.InvalidField(str(error.get("param") or "input"), message)
    if status in KINDS:
        return KINDS[status](message)
    metadata = {"http_status": str(status), "code": code}
    kind = errors.RateLimited if status == RATE_LIMITED else errors.ProviderFailed
    return kind(message, metadata=metadata, retry_after_seconds=delay)


@asynccontextmanager
async def open_edge(edge_url: str) -> AsyncGenerator[OpenAiEdge]:
    """Opens a pool of connections to the edge."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=3, sock_read=IDLE_SECONDS)
    connector = aiohttp.TCPConnector(limit=1000)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        yield OpenAiEdge(session, edge_url=edge_url)
