"""A chat completion request: what admission needs to know of its body."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, cast

from services.kernel.errors import InvalidField

BYTES_PER_TOKEN = 4
# A hold must cover what a tokenizer may make of unusual text: more tokens than usual.
BYTES_PER_TOKEN_MIN = 2
TOKENS_PER_MESSAGE_MAX = 16
TOKENS_PER_ATTACHMENT_MAX = 2500
TOKENS_MAX = 100_000_000
CHOICES_MAX = 128
# A body of nothing but mistakes must not make an answer many times its size.
PROBLEMS_MAX = 100
# They travel through the edge as an edit of the body.
STREAM_OPTIONS_BYTES_MAX = 4096
OUTPUT_LIMITS = ("max_completion_tokens", "max_tokens")
# The members whose value decides something here. None may come twice.
DECISIVE = (
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "n",
)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """The parts of a request that decide where it goes and what it may cost."""

    model: str
    stream: bool
    # What the client sent as `stream_options`; None when absent or null.
    stream_options: dict[str, Any] | None
    # The most output tokens asked for, over all choices; None when the client set no limit.
    max_output_tokens: int | None
    choices: int
    # The input as far as it can be counted without a tokenizer: the estimate when usage is missing.
    estimated_input_tokens: int
    # The most input tokens that a provider could count.
    max_input_tokens: int

    @property
    def hides_usage(self) -> bool:
        """Says whether a usage event must be asked for that the client did not ask for."""
        options = self.stream_options or {}
        return self.stream and options.get("include_usage") is not True

    def output_limit(self, model_limit: int) -> int:
        """Returns the most output tokens that a provider with this limit can charge."""
        return (self.max_output_tokens or model_limit) * self.choices


def parse_chat_request(body: object) -> ChatRequest:
    """Reads a decoded body. Raises InvalidField for what is missing or of a wrong type."""
    members = _members(body)
    model = _model(members.get("model"))
    stream = _stream(members.get("stream"))
    text_bytes, fixed_tokens = _measure_messages(members.get("messages"))
    tools = members.get("tools") or members.get("functions")
    if tools is not None:
        text_bytes += _size(tools)
    estimated = max(1, -(-text_bytes // BYTES_PER_TOKEN))
    return ChatRequest(
        model=model,
        stream=stream,
        stream_options=_stream_options(members.get("stream_options")),
        max_output_tokens=_output_limit(members),
        choices=_whole(members, "n", maximum=CHOICES_MAX) or 1,
        estimated_input_tokens=estimated,
        max_input_tokens=-(-text_bytes // BYTES_PER_TOKEN_MIN) + fixed_tokens,
    )


def find_problems(body: object) -> tuple[InvalidField, ...]:
    """Returns all that parse_chat_request refuses in a decoded body, not only the first.

    None is found exactly when parse_chat_request takes the body; at most PROBLEMS_MAX are returned.
    """
    return tuple(islice(_problems(body), PROBLEMS_MAX))


def _problems(body: object) -> Iterator[InvalidField]:
    for check in _checks(body):
        try:
            check()
        except InvalidField as problem:
            yield problem


def _checks(body: object) -> Iterator[Callable[[], object]]:
    """Yields each rule of a body, ready to be called; those of the members if there are any."""
    yield partial(_members, body)
    if not isinstance(body, dict):
        return
    members = cast("dict[str, Any]", body)
    messages = members.get("messages")
    yield partial(_model, members.get("model"))
    yield partial(_stream, members.get("stream"))
    yield partial(_messages, messages)
    if isinstance(messages, list):
        for index, message in enumerate(cast("list[object]", messages)):
            yield partial(_check_message, message, index=index)
    yield partial(_stream_options, members.get("stream_options"))
    for name in OUTPUT_LIMITS:
        yield partial(_whole, members, name, maximum=TOKENS_MAX)
    yield partial(_whole, members, "n", maximum=CHOICES_MAX)


def _members(body: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise InvalidField("body", "The body must be a JSON object.")
    return cast("dict[str, Any]", body)


def _model(model: object) -> str:
    if not isinstance(model, str) or not model:
        raise InvalidField("model", "You must provide a model parameter, a non-empty string.")
    return model


def _stream(stream: object) -> bool:
    if stream not in (None, True, False) or (
        isinstance(stream, int | float) and not isinstance(stream, bool)
    ):
        raise InvalidField("stream", "'stream' must be a boolean.")
    return bool(stream)


def _stream_options(options: object) -> dict[str, Any] | None:
    if options is None:
        return None
    if not isinstance(options, dict):
        raise InvalidField("stream_options", "'stream_options' must be an object.")
    if _size(cast("object", options)) > STREAM_OPTIONS_BYTES_MAX:
        raise InvalidField("stream_options", "'stream_options' is too large.")
    return cast("dict[str, Any]", options)


def _output_limit(members: dict[str, Any]) -> int | None:
    limits = [_whole(members, name, maximum=TOKENS_MAX) for name in OUTPUT_LIMITS]
    return max((limit for limit in limits if limit is not None), default=None)


def _whole(members: dict[str, Any], name: str, *, maximum: int) -> int | None:
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= maximum:
        raise InvalidField(name, f"'{name}' must be a whole number from 1 to {maximum}.")
    return value


def _messages(messages: object) -> list[object]:
    if not isinstance(messages, list) or not messages:
        raise InvalidField("messages", "'messages' must be a non-empty array.")
    return cast("list[object]", messages)


def _check_message(message: object, *, index: int) -> None:
    if not isinstance(message, dict):
        raise _bad_message(index)


def _bad_message(index: int) -> InvalidField:
    return InvalidField(f"messages[{index}]", "Each message must be an object.")


def _measure_messages(messages: object) -> tuple[int, int]:
    """Returns the bytes of text in a conversation, and tokens to allow for besides."""
    text_bytes = fixed_tokens = 0
    for index, message in enumerate(_messages(messages)):
        if not isinstance(message, dict):
            raise _bad_message(index)
        members = cast("dict[str, Any]", message)
        fixed_tokens += TOKENS_PER_MESSAGE_MAX
        content = members.get("content")
        if isinstance(content, str):
            text_bytes += _utf8_length(content)
        elif isinstance(content, list):
            for part in cast("list[object]", content):
                text, fixed = _measure_part(part)
                text_bytes, fixed_tokens = text_bytes + text, fixed_tokens + fixed
        if members.get("tool_calls") is not None:
            text_bytes += _size(members["tool_calls"])
    return text_bytes, fixed_tokens


def _measure_part(part: object) -> tuple[int, int]:
    if isinstance(part, str):
        return _utf8_length(part), 0
    if isinstance(part, dict):
        text = cast("dict[str, Any]", part).get("text")
        if isinstance(text, str):
            return _utf8_length(text), 0
    # An image or a recording: its bytes say nothing about its tokens.
    return 0, TOKENS_PER_ATTACHMENT_MAX


def _utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _size(value: object) -> int:
    """Returns about how many bytes a JSON value takes, without writing it."""
    size = 0
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            size += _utf8_length(item) + 2
        elif isinstance(item, dict):
            for key, member in cast("dict[str, object]", item).items():
                size += len(key) + 3
                stack.append(member)
        elif isinstance(item, list):
            stack.extend(cast("list[object]", item))
        else:
            size += 4
    return size
