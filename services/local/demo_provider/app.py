"""The provider's paths."""

from collections import deque
from typing import Any

import orjson
from aiohttp import web

from services.local.demo_provider.behaviour import BadSettingError, read_behaviour
from services.local.demo_provider.books import Books
from services.local.demo_provider.chat import Chat
from services.local.demo_provider.failures import error_answer
from services.local.demo_provider.question import BadQuestionError, read_question

BODY_BYTES_MAX = 64 * 1024 * 1024
REMEMBERED_REQUESTS = 100
RawHeaders = tuple[tuple[bytes, bytes], ...]
MODELS = ("demo-chat", "demo-backup-only")


class DemoProvider:
    """Any number of providers in one process, told apart by the first part of the path."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._defaults: dict[str, dict[str, Any]] = {}
        self._seen: deque[tuple[str, RawHeaders, bytes]] = deque(maxlen=REMEMBERED_REQUESTS)

    def application(self) -> web.Application:
        """Returns the paths."""
        application = web.Application(client_max_size=BODY_BYTES_MAX)
        application.router.add_routes(
            [
                web.post("/{provider}/v1/chat/completions", self.chat),
                web.get("/{provider}/v1/models", self.models),
                web.post("/control", self.control),
                web.delete("/control", self.clear_control),
                web.get("/served", self.served),
                web.get("/requests", self.requests),
                web.get("/health", self.health),
                web.route("*", "/{path:.*}", self.unknown),
            ]
        )
        return application

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answers a chat completion."""
        provider = request.match_info["provider"]
        body = await request.read()
        self._seen.append((provider, request.raw_headers, body))
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return error_answer(401, message="You didn't provide an API key.")
        try:
            question = read_question(
                body, provider=provider, defaults=self._defaults.get(provider, {})
            )
        except BadQuestionError as error:
            return error_answer(400, message=str(error), param=error.param)
        chat = Chat(request, provider=provider, question=question, books=self._books)
        return await chat.answer()

    async def models(self, request: web.Request) -> web.StreamResponse:
        """Lists the models in OpenAI's shape."""
        if "authorization" not in request.headers:
            return error_answer(401, message="You didn't provide an API key.")
        models = [
            {"id": name, "object": "model", "created": 1700000000, "owned_by": "demo"}
            for name in MODELS
        ]
        return _json({"object": "list", "data": models})

    async def control(self, request: web.Request) -> web.StreamResponse:
        """Sets what the named providers do until they are told otherwise."""
        try:
            given = orjson.loads(await request.read())
            for settings in given.values():
                read_behaviour(settings)
        except (orjson.JSONDecodeError, BadSettingError, AttributeError, TypeError) as error:
            return error_answer(400, message=f"The settings can't be used: {error}.")
        self._defaults.update(given)
        return _json(self._defaults)

    async def clear_control(self, request: web.Request) -> web.StreamResponse:
        """Forgets what `control` set."""
        del request
        self._defaults.clear()
        return _json({})

    async def served(self, request: web.Request) -> web.StreamResponse:
        """Shows the books; `?totals` without the records."""
        if "totals" in request.query:
            return _json({"totals": self._books.totals()})
        return web.Response(body=self._books.as_json(), content_type="application/json")

    async def requests(self, request: web.Request) -> web.StreamResponse:
        """Shows the newest requests as they arrived, oldest first."""
        del request
        seen = [
            {
                "provider": provider,
                "headers": [(name.decode(), value.decode("latin-1")) for name, value in headers],
                "body": body.decode(errors="replace"),
            }
            for provider, headers, body in self._seen
        ]
        return _json({"requests": seen})

    async def health(self, request: web.Request) -> web.StreamResponse:
        """Says that the provider runs."""
        del request
        return _json({"status": "ok"})

    async def unknown(self, request: web.Request) -> web.StreamResponse:
        """Answers for paths that OpenAI does not have."""
        message = f"Unknown request URL: {request.method} {request.path}."
        return error_answer(404, message=message)


def _json(content: Any) -> web.Response:
    return web.Response(body=orjson.dumps(content), content_type="application/json")
