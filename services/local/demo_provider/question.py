"""Reads a chat completion request as OpenAI would."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from services.local.demo_provider.behaviour import BadSettingError, Behaviour, read_behaviour

BYTES_PER_TOKEN = 4


class BadQuestionError(Exception):
    """The request is none that OpenAI would take; `param` names the field."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True)
class Question:
    """What was asked for."""

    model: str
    stream: bool
    include_usage: bool
    prompt_tokens: int
    tokens: int
    finish_reason: str
    behaviour: Behaviour


def read_question(body: bytes, *, provider: str, defaults: Mapping[str, Any]) -> Question:
    """Parses the body; `defaults` are the settings that `/control` gave the provider."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadQuestionError("We could not parse the JSON body of your request.") from error
    if not isinstance(asked, dict):
        raise BadQuestionError("The body must be a JSON object.")
    model, messages = asked.get("model"), asked.get("messages")
    if not isinstance(model, str) or not model:
        raise BadQuestionError("you must provide a model parameter", param="model")
    if not isinstance(messages, list) or not messages:
        raise BadQuestionError("Missing required parameter: 'messages'.", param="messages")
    own = asked.get("demo") or {}
    try:
        behaviour = read_behaviour({**defaults, **own}).applied_to(provider)
    except (BadSettingError, TypeError) as error:
        raise BadQuestionError(f"demo: {error}.", param="demo") from error
    limit = _limit(asked, otherwise=behaviour.tokens)
    options = asked.get("stream_options") or {}
    return Question(
        model=model,
        stream=bool(asked.get("stream")),
        include_usage=bool(options.get("include_usage")),
        prompt_tokens=prompt_tokens(messages),
        tokens=min(behaviour.tokens, limit),
        finish_reason="length" if limit < behaviour.tokens else "stop",
        behaviour=behaviour,
    )


def _limit(asked: Mapping[str, Any], *, otherwise: int) -> int:
    """Returns how long the answer may be."""
    for name in ("max_completion_tokens", "max_tokens"):
        value = asked.get(name)
        if value is not None:
            if not isinstance(value, int) or value < 1:
                raise BadQuestionError(f"Invalid value for '{name}'.", param=name)
            return value
    return otherwise


def prompt_tokens(messages: list[Any]) -> int:
    """Counts a token per four bytes of text, rounded up, and one at least.

    It is the rule by which the gateway estimates, so that its estimates can be checked exactly.
    """
    size = sum(len(text.encode()) for message in messages for text in _texts(message))
    return max(1, -(-size // BYTES_PER_TOKEN))


def _texts(message: Any) -> Iterator[str]:
    """Yields the texts of a message: its content, or the text parts of it."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield part["text"]
