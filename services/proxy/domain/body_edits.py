"""Changes to a request's body as byte ranges, so that all other bytes stay as the client sent them.

Re-serialising would reorder keys and change big numbers; users notice. So the value of a top-level
member is found in the bytes and only it is replaced.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from services.kernel.errors import InvalidField
from services.proxy.domain.chat_request import DECISIVE, ChatRequest

_QUOTED = {name: f'"{name}"'.encode() for name in DECISIVE}
# A letter of a decisive name written as an escape: `\\u0041` to `\\u007a`.
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]', re.DOTALL)
_COLON = re.compile(rb"\s*:\s*")
_SCALAR = re.compile(rb"[^\s,}\]]+")
_ASK_FOR_USAGE = ',"stream_options":{"include_usage":true}'
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces the bytes from `start` up to `end` of the original body."""

    start: int
    end: int
    text: str

    def encode(self) -> str:
        """Returns the edit as the edge's Lua reads it: `start:end:length:text`."""
        return f"{self.start}:{self.end}:{len(self.text.encode())}:{self.text}"


@dataclass(frozen=True, slots=True)
class Spans:
    """Where the values of the members to be edited stand."""

    model: tuple[int, int]
    stream_options: tuple[int, int] | None


def find_spans(raw: bytes, request: ChatRequest) -> Spans:
    """Finds the members in a body that was decoded before. Raises InvalidField for a double."""
    counts = {name: raw.count(quoted) for name, quoted in _QUOTED.items()}
    if max(counts.values()) > 1 or _ESCAPED_LETTER.search(raw):
        return _scan(raw)
    # Each name stands once in the bytes and can't be spelled otherwise, so what the decoder found
    # at the top level is what stands here.
    if counts["stream_options"] and request.stream_options is None:
        return _scan(raw)
    model = _value_after(raw, raw.index(_QUOTED["model"]) + len(_QUOTED["model"]))
    if not counts["stream_options"]:
        return Spans(model, None)
    position = raw.index(_QUOTED["stream_options"]) + len(_QUOTED["stream_options"])
    return Spans(model, _value_after(raw, position))


def edits_for(spans: Spans, request: ChatRequest, upstream_model: str) -> str:
    """Returns the encoded edits for a provider: its name of the model, and usage asked for."""
    edits: list[Edit] = []
    if upstream_model != request.model:
        edits.append(Edit(*spans.model, _quoted_name(upstream_model)))
    if request.hides_usage:
        if spans.stream_options:
            options = {**(request.stream_options or {}), "include_usage": True}
            edits.append(Edit(*spans.stream_options, _to_json(options)))
        else:
            edits.append(Edit(spans.model[1], spans.model[1], _ASK_FOR_USAGE))
    return _encode(edits)


def _encode(edits: Iterable[Edit]) -> str:
    return "".join(edit.encode() for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)))


@lru_cache(maxsize=4096)
def _quoted_name(name: str) -> str:
    return _to_json(name)


def _scan(raw: bytes) -> Spans:
    """Walks the tokens of the whole body; slower, and right for every spelling."""
    found: dict[str, tuple[int, int]] = {}
    depth = 0
    position = 0
    while token := _TOKEN.search(raw, position):
        position = token.end()
        mark = token.group()[:1]
        if mark in b"{[":
            depth += 1
        elif mark in b"}]":
            depth -= 1
        elif depth == 1 and (colon := _COLON.match(raw, position)):
            name = json.loads(token.group())
            value = _value_after(raw, token.end())
            if name in DECISIVE:
                if name in found:
                    raise InvalidField(name, f"'{name}' appears more than once.")
                found[name] = value
            position = value[1] if raw[value[0] : value[0] + 1] not in b"{[" else colon.end()
    return Spans(found["model"], found.get("stream_options"))


def _value_after(raw: bytes, name_end: int) -> tuple[int, int]:
    """Returns the span of the value that follows a member's name."""
    colon = _COLON.match(raw, name_end)
    if colon is None:
        raise InvalidField("body", "The body is not a valid JSON object.")
    start = colon.end()
    first = raw[start : start + 1]
    if first in b"{[":
        return start, _end_of_container(raw, start)
    pattern = _TOKEN if first == b'"' else _SCALAR
    value = pattern.match(raw, start)
    if value is None:
        raise InvalidField("body", "The body is not a valid JSON object.")
    return start, value.end()


def _end_of_container(raw: bytes, start: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(raw, start):
        mark = token.group()[:1]
        if mark in b"{[":
            depth += 1
        elif mark in b"}]":
            depth -= 1
            if depth == 0:
                return token.end()
    raise InvalidField("body", "The body is not a valid JSON object.")
