"""The door speaks gRPC as a real gRPC client expects it."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest

from services.proxy.rpc.door import open_door

METHOD = "/envoy.service.auth.v3.Authorization/Check"


@dataclass
class Keeper:
    """Answers with the request turned round; what begins with `slow` waits for `go`."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue[bytes])
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def at_once(self, request: bytes) -> bytes | None:
        return None if request.startswith(b"slow") else request[::-1]

    async def later(self, request: bytes) -> bytes:
        self.asked.put_nowait(request)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return request[::-1]


@dataclass
class World:
    keeper: Keeper
    check: Any


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    keeper, socket = Keeper(), tmp_path / "door.sock"
    options = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    async with (
        open_door(keeper, socket),
        grpc.aio.insecure_channel(f"unix:{socket}", options=options) as channel,
    ):
        yield World(keeper, channel.unary_unary(METHOD))


async def test_a_request_is_answered_at_once(world: World):
    assert await world.check(b"abc", timeout=5) == b"cba"
    assert await world.check(b"", timeout=5) == b""


async def test_requests_overtake_one_that_waits(world: World):
    slow = asyncio.ensure_future(world.check(b"slow", timeout=10))
    await world.keeper.asked.get()
    assert await world.check(b"quick", timeout=5) == b"kciuq"
    world.keeper.go.set()
    assert await slow == b"wols"


async def test_five_hundred_at_a_time(world: World):
    messages = [os.urandom(200) for _ in range(500)]
    # What would wait must not be hit by chance.
    messages = [b"x" + message for message in messages]
    answers = await asyncio.gather(*(world.check(m, timeout=20) for m in messages))
    assert answers == [message[::-1] for message in messages]


async def test_bodies_of_every_size_and_answers_larger_than_a_frame(world: World):
    for size in (1, 16_379, 16_384, 40_000, 60_000):
        message = b"x" * size
        assert await world.check(message, timeout=5) == message


async def test_a_picture_of_thirty_megabytes_passes(world: World):
    world.keeper.go.set()
    answer = asyncio.ensure_future(world.check(b"slow" + b"x" * 30_000_000, timeout=20))
    assert len(await world.keeper.asked.get()) == 30_000_004
    # Its mirror image is more than an answer may be.
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await answer
    assert refused.value.code() is grpc.StatusCode.INTERNAL
    assert await world.check(b"still here", timeout=5) == b"ereh llits"


async def test_what_is_too_large_is_cut_off(world: World):
    with pytest.raises(grpc.aio.AioRpcError):
        await world.check(b"x" * 45_000_000, timeout=20)
    assert await world.check(b"ab", timeout=5) == b"ba"


async def test_a_cancelled_request_is_not_asked_for_any_more(world: World):
    slow = world.check(b"slow", timeout=10)
    waiting = asyncio.ensure_future(slow)
    await world.keeper.asked.get()
    slow.cancel()
    async with asyncio.timeout(5):
        await world.keeper.cancelled.wait()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_closing_answers_what_was_asked(tmp_path: Path):
    keeper, socket = Keeper(), tmp_path / "door.sock"
    async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
        async with open_door(keeper, socket):
            check: Any = channel.unary_unary(METHOD)
            slow = asyncio.ensure_future(check(b"slow", timeout=10))
            await keeper.asked.get()
            asyncio.get_running_loop().call_later(0.1, keeper.go.set)
        assert await slow == b"wols"


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x00\x01\x00\x00\x00\x01",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x7f\xff\xff",
    ],
)
async def test_garbage_hurts_nobody_else(tmp_path: Path, garbage: bytes):
    keeper, socket = Keeper(), tmp_path / "door.sock"
    async with open_door(keeper, socket):
        _, writer = await asyncio.open_unix_connection(str(socket))
        writer.write(garbage)
        await writer.drain()
        async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
            check: Any = channel.unary_unary(METHOD)
            assert await check(b"ab", timeout=5) == b"ba"
        writer.close()
