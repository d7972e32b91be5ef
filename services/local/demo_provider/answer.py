"""The bytes of an answer, as OpenAI sends them.

One content chunk is one token. A chunk is put together from three precomputed pieces, because a
benchmark of the gateway must not measure this provider.
"""

import itertools
import time
from functools import lru_cache
from typing import Any

import orjson

from services.local.demo_provider.question import Question

FINGERPRINT = "fp_demo"
DONE = b"data: [DONE]\n\n"
_WORDS = (
    *("The", " answer", " of", " a", " demo", " provider", " is", " made", " of", " words"),
    *(" that", " mean", " nothing", " and", " cost", " little", "."),
)
_numbers = itertools.count(int(time.time() * 1000))


def new_id() -> str:
    """Returns an id that no other answer of this process has."""
    return f"chatcmpl-demo{next(_numbers):x}"


def usage(question: Question, *, completion_tokens: int) -> dict[str, Any]:
    """Returns the token counts of an answer of that length."""
    cached = min(question.behaviour.cached_tokens, question.prompt_tokens)
    reasoning = min(question.behaviour.reasoning_tokens, completion_tokens)
    return {
        "prompt_tokens": question.prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": question.prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def whole_answer(question: Question) -> bytes:
    """Returns the JSON of an answer that is not streamed."""
    message = {
        "role": "assistant",
        "content": _text(question.tokens),
        "refusal": None,
        "annotations": [],
    }
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": question.finish_reason,
    }
    answer = {
        "id": new_id(),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": question.model,
        "choices": [choice],
        "usage": usage(question, completion_tokens=question.tokens),
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }
    return orjson.dumps(answer)


class StreamedAnswer:
    """The events of one stream."""

    def __init__(self, question: Question) -> None:
        self._question = question
        head = {
            "id": new_id(),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": question.model,
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
        }
        self._head = b"data: " + orjson.dumps(head)[:-1] + b',"choices":'
        # With usage asked for, OpenAI says `"usage":null` in every event but the last.
        self._tail = b',"usage":null}\n\n' if question.include_usage else b"}\n\n"
        self._contents = _content_choices()

    def opening(self) -> bytes:
        """Returns the event that only names the role."""
        return self._event({"role": "assistant", "content": "", "refusal": None}, finish=None)

    def contents(self, first: int, *, count: int) -> bytes:
        """Returns so many content events, from that token on."""
        head, tail, choices = self._head, self._tail, self._contents
        size = len(choices)
        return b"".join(
            [head + choices[index % size] + tail for index in range(first, first + count)]
        )

    def closing(self) -> bytes:
        """Returns what follows the last content event."""
        finish = self._event({}, finish=self._question.finish_reason)
        if not self._question.include_usage:
            return finish + DONE
        counts = orjson.dumps(usage(self._question, completion_tokens=self._question.tokens))
        return finish + self._head + b'[],"usage":' + counts + b"}\n\n" + DONE

    def _event(self, delta: dict[str, Any], *, finish: str | None) -> bytes:
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        return self._head + orjson.dumps(choices) + self._tail


@lru_cache(maxsize=1)
def _content_choices() -> tuple[bytes, ...]:
    return tuple(
        orjson.dumps(
            [{"index": 0, "delta": {"content": word}, "logprobs": None, "finish_reason": None}]
        )
        for word in _WORDS
    )


@lru_cache(maxsize=256)
def _text(tokens: int) -> str:
    return "".join(itertools.islice(itertools.cycle(_WORDS), tokens))
