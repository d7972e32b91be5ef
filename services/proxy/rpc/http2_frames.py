"""As much of HTTP/2 (RFC 9113) as one unary gRPC method between Envoy and us needs.

Header blocks are never decoded: the socket serves one method, so what they say is known. That also
makes HPACK's shared state, and its attacks, no concern of ours.
"""

import struct
from typing import NamedTuple

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_HEAD_BYTES = 9
FRAME_BYTES_MAX = 16_384
WINDOW_BYTES_DEFAULT = 65_535
WINDOW_BYTES_MAX = 2**31 - 1

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS, PADDED = 0x1, 0x1, 0x4, 0x8
SETTING_HEADER_TABLE_SIZE, SETTING_INITIAL_WINDOW_SIZE = 0x1, 0x4
ENHANCE_YOUR_CALM = 0xB

# `:status: 200` and `content-type: application/grpc`, literal, never indexed (RFC 7541).
_ANSWER_BLOCK = b"\x88\x0f\x10\x10application/grpc"
_OK_BLOCK = b"\x00\x0bgrpc-status\x010"
_FAILED_BLOCK = b"\x88\x0f\x10\x10application/grpc\x00\x0bgrpc-status\x0213"
_HEAD = struct.Struct(">BHBBI")
_GRPC_HEAD = struct.Struct(">BI")
GRPC_HEAD_BYTES = _GRPC_HEAD.size


class FrameTooLargeError(Exception):
    """The peer does not keep to the largest frame (RFC 9113 section 4.2)."""


class Frame(NamedTuple):
    """One frame as it came."""

    kind: int
    flags: int
    stream: int
    payload: bytes


def read_frame(received: bytearray, start: int) -> Frame | None:
    """Returns the frame at a position; None when it is not complete yet.

    Raises FrameTooLargeError for one that is larger than we said we take.
    """
    if len(received) - start < FRAME_HEAD_BYTES:
        return None
    high, low, kind, flags, stream = _HEAD.unpack_from(received, start)
    length = high << 16 | low
    if length > FRAME_BYTES_MAX:
        raise FrameTooLargeError
    end = start + FRAME_HEAD_BYTES + length
    if len(received) < end:
        return None
    payload = bytes(received[start + FRAME_HEAD_BYTES : end])
    return Frame(kind, flags, stream & 0x7FFFFFFF, payload)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Returns the bytes of a frame."""
    length = len(payload)
    return _HEAD.pack(length >> 16, length & 0xFFFF, kind, flags, stream) + payload


def opening() -> bytes:
    """Returns what a server says first: no header table, and windows that never close."""
    settings = struct.pack(
        ">HIHI", SETTING_HEADER_TABLE_SIZE, 0, SETTING_INITIAL_WINDOW_SIZE, WINDOW_BYTES_MAX
    )
    return frame(SETTINGS, 0, 0, settings) + window_update(WINDOW_BYTES_MAX - WINDOW_BYTES_DEFAULT)


def window_update(increment: int) -> bytes:
    """Returns the frame that lets the peer send so much more on the connection."""
    return frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", increment))


def reset(stream: int, code: int) -> bytes:
    """Returns the frame that ends a stream at once."""
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def goaway(last_stream: int) -> bytes:
    """Returns the frame that asks the peer to open no more streams."""
    return frame(GOAWAY, 0, 0, struct.pack(">II", last_stream, 0))


def answer(stream: int, message: bytes) -> bytes:
    """Returns a successful unary answer: headers, message, trailers."""
    body = _GRPC_HEAD.pack(0, len(message)) + message
    pieces = [frame(HEADERS, END_HEADERS, stream, _ANSWER_BLOCK)]
    pieces += [
        frame(DATA, 0, stream, body[start : start + FRAME_BYTES_MAX])
        for start in range(0, len(body), FRAME_BYTES_MAX)
    ]
    pieces.append(frame(HEADERS, END_HEADERS | END_STREAM, stream, _OK_BLOCK))
    return b"".join(pieces)


def failure(stream: int) -> bytes:
    """Returns the answer to a call that could not be served (gRPC's INTERNAL)."""
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, _FAILED_BLOCK)


def grpc_message(body: bytes) -> bytes | None:
    """Returns the one uncompressed message of a call's body; None when it is not that."""
    if len(body) < GRPC_HEAD_BYTES:
        return None
    compressed, length = _GRPC_HEAD.unpack_from(body)
    if compressed or len(body) != GRPC_HEAD_BYTES + length:
        return None
    return body[GRPC_HEAD_BYTES:]


def without_padding(each: Frame) -> bytes:
    """Returns the content of a DATA frame."""
    if each.flags & PADDED and each.payload:
        return each.payload[1 : len(each.payload) - each.payload[0]]
    return each.payload


def initial_window(settings: bytes) -> int | None:
    """Returns the window that a peer's SETTINGS give each of our streams, if they do."""
    for start in range(0, len(settings) - 5, 6):
        name, value = struct.unpack_from(">HI", settings, start)
        if name == SETTING_INITIAL_WINDOW_SIZE:
            return int(value)
    return None
