"""Streams: counted as they pass, cut by clients, cleaned of what the client did not ask for."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from .authorities import admits
from .conftest import World
from .edge_process import eventually
from .provider import replies, replies_with, streams

pytestmark = pytest.mark.asyncio(loop_scope="session")

USAGE = {
    "prompt_tokens": 7,
    "completion_tokens": 3,
    "prompt_tokens_details": {"cached_tokens": 5},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
METERED = {"prompt_tokens": 7, "completion_tokens": 3, "cached_tokens": 5, "reasoning_tokens": 2}


def chunk(delta: dict[str, Any], *, finish: str | None = None) -> str:
    """A chunk of an answer, with spaces after colons as some providers write them."""
    return json.dumps(
        {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": None}
    )


ROLE = chunk({"role": "assistant", "content": ""})
WORDS = [chunk({"content": word}) for word in ("He", 'said "content":"x"', "\n\n", "naïve ☃")]
TOOL = chunk({"tool_calls": [{"index": 0, "function": {"arguments": ""}}]})
THOUGHT = chunk({"content": None, "reasoning_content": "hm"})
LAST = chunk({}, finish="stop")
METER = json.dumps({"choices": [], "usage": USAGE}, separators=(",", ":"))
CONTENT_EVENTS = len(WORDS) + 2


def lines(end: str, *, usage: bool) -> bytes:
    """A whole stream, with a comment, and lines that end like this."""
    payloads = [ROLE, *WORDS, TOOL, THOUGHT, LAST, *([METER] if usage else []), "[DONE]"]
    events = ["" if not payload else f"data: {payload}{end}{end}" for payload in payloads]
    return (f": processing{end}{end}" + "".join(events)).encode()


def cut(stream: bytes, sizes: Iterable[int]) -> list[bytes]:
    """The stream in pieces of these sizes, and the rest."""
    pieces: list[bytes] = []
    for size in sizes:
        pieces.append(stream[:size])
        stream = stream[size:]
    return [piece for piece in [*pieces, stream] if piece]


async def journal_of(world: World, answer_headers: Any) -> dict[str, Any]:
    return await world.edge.line_of(answer_headers["x-request-id"])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_a_stream_passes_as_it_is_and_is_counted(world: World, end: str) -> None:
    stream = lines(end, usage=True)
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(streams([stream]))
    answer = await world.infer()
    assert answer.body == stream
    line = await journal_of(world, answer.headers)
    assert line["usage"] == METERED
    assert line["events"] == CONTENT_EVENTS
    assert line["bytes_sent"] == len(stream)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_hidden_usage_is_metered_and_not_shown_byte_by_byte(world: World, end: str) -> None:
    stream = lines(end, usage=True)
    world.admission.verdict = admits("provider-alpha", hide_usage=True)
    world.alpha.will(streams([stream[at : at + 1] for at in range(len(stream))]))
    answer = await world.infer()
    assert answer.body == lines(end, usage=False)
    line = await journal_of(world, answer.headers)
    assert (line["usage"], line["events"]) == (METERED, CONTENT_EVENTS)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_hidden_usage_is_not_shown_wherever_the_stream_is_cut(world: World, end: str) -> None:
    stream = lines(end, usage=True)
    world.admission.verdict = admits("provider-alpha", hide_usage=True)
    from_here = stream.index(METER.encode()) - 12
    for at in range(from_here, len(stream)):
        world.alpha.will(streams(cut(stream, [at])))
        answer = await world.infer()
        assert answer.body == lines(end, usage=False), at


@pytest.mark.parametrize("tail", [b"data: [DONE]", b"data: [DONE]\n", b'data: {"error":1}\r\n'])
async def test_nothing_is_lost_when_a_stream_ends_without_an_empty_line(
    world: World, tail: bytes
) -> None:
    for hide in (True, False):
        world.admission.verdict = admits("provider-alpha", hide_usage=hide)
        for pieces in ([tail], [tail[:3], tail[3:]], [b"data: 1\n\n" + tail]):
            world.alpha.will(streams(pieces))
            answer = await world.infer()
            assert answer.body == b"".join(pieces)


@pytest.mark.parametrize("payload", ["1", "null", '"x"', "[]", "{", '{"usage":1}', '{"usage":{}}'])
async def test_no_payload_of_a_provider_stops_the_edge(world: World, payload: str) -> None:
    event = f"data: {payload}\n\n".encode()
    world.admission.verdict = admits("provider-alpha", hide_usage=True)
    world.alpha.will(streams([event]))
    assert (await world.infer()).body == event
    world.alpha.will(replies_with(payload.encode()))
    assert (await world.infer()).body == payload.encode()


async def test_a_stream_with_a_length_is_cleaned_too(world: World) -> None:
    stream = lines("\n", usage=True)
    world.admission.verdict = admits("provider-alpha", hide_usage=True)
    world.alpha.will(replies_with(stream, content_type="text/event-stream"))
    assert (await world.infer()).body == lines("\n", usage=False)


async def test_a_stream_that_ends_with_its_connection_keeps_its_end(world: World) -> None:
    world.admission.verdict = admits("provider-alpha", hide_usage=True)

    async def answers(writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
        writer.write(head + b"data: [DONE]")
        await writer.drain()
        writer.close()

    world.alpha.will(answers)
    assert (await world.infer()).body == b"data: [DONE]"


async def test_events_count_what_passed_before_the_client_left(world: World) -> None:
    world.admission.verdict = admits("provider-alpha", hide_usage=True)
    never = asyncio.Event()
    world.alpha.will(streams([f"data: {word}\n\n".encode() for word in [ROLE, *WORDS]], then=never))
    url = world.edge.url + "/v1/chat/completions"
    async with world.client.post(url, json={"model": "m"}) as answer:
        seen = b""
        while seen.count(b"\n\n") < 1 + len(WORDS):
            seen += await answer.content.readany()
        answer.close()
    line = await journal_of(world, answer.headers)
    never.set()
    assert line["events"] == len(WORDS)
    assert line["usage"] is None
    assert line["flags"] == "DC"
    assert line["bytes_sent"] == len(seen)


async def test_a_large_event_passes(world: World) -> None:
    event = f"data: {chunk({'content': 'x' * 3_000_000})}\n\n".encode()
    stream = event + lines("\n", usage=False)
    world.admission.verdict = admits("provider-alpha", hide_usage=True)
    world.alpha.will(streams([event + lines("\n", usage=True)]))
    answer = await world.infer()
    assert answer.body == stream
    line = await journal_of(world, answer.headers)
    assert line["events"] >= CONTENT_EVENTS + 1


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
async def test_an_answer_in_json_is_metered(world: World, content_type: str) -> None:
    body = {"id": "1", "choices": [], "usage": USAGE}
    world.admission.verdict = admits("provider-alpha", record='{"account":"a\\"b","n":1}')
    world.alpha.will(replies(200, body, content_type=content_type))
    answer = await world.infer()
    assert answer.json() == body
    line = await journal_of(world, answer.headers)
    assert line["usage"] == METERED
    assert line["events"] is None
    assert line["record"] == '{"account":"a\\"b","n":1}'


async def test_a_large_answer_in_json_is_metered(world: World) -> None:
    body = {"choices": ["x" * 8_000_000], "usage": USAGE}
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(200, body))
    answer = await world.infer()
    assert answer.status == 200
    assert (await journal_of(world, answer.headers))["usage"] == METERED


async def test_each_admitted_request_has_one_line_and_no_other_request_has_one(
    world: World,
) -> None:
    before = len(world.edge.journal())
    world.admission.verdict = admits("provider-alpha", "provider-beta")
    world.alpha.will(replies(503, {}))
    world.beta.will(replies(200, {}))
    answers = await asyncio.gather(*(world.infer() for _ in range(50)))
    async with world.client.get(world.edge.url + "/health"):
        pass
    for answer in answers:
        await journal_of(world, answer.headers)
    lines_now = await eventually(
        lambda: found if len(found := world.edge.journal()) >= before + 50 else None
    )
    assert len(lines_now) == before + 50
    assert len({line["request"] for line in lines_now}) == len(lines_now)


def keys_of(line: dict[str, Any]) -> Sequence[str]:
    return list(line)


async def test_a_line_begins_with_the_attempts_and_has_the_keys_of_the_contract(
    world: World,
) -> None:
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(200, {}))
    answer = await world.infer(
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    )
    line = await journal_of(world, answer.headers)
    assert keys_of(line) == [
        *("attempts", "bytes_sent", "cluster", "code", "details", "duration_ms", "events"),
        *("first_byte_ms", "flags", "record", "request", "start", "traceparent", "usage"),
    ]
    assert (line["attempts"], line["cluster"], line["code"]) == (1, "provider-alpha", 200)
    assert line["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert len(line["traceparent"]) == 55
    assert float(line["start"]) > 1.7e9
