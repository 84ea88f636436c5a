"""How messages go through the pipe: each a length and a MessagePack map; arrays as little-endian doubles."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from .commands import AnyCommand
from .reports import AnyReport

HEADER = struct.Struct("<I")
MAX_BYTES = 1 << 27  # of one message; ours have a few megabytes at most
NO_MESSAGE = (msgspec.DecodeError, RecursionError)  # what a decoder raises
_encoder = msgspec.msgpack.Encoder()
command_decoder = msgspec.msgpack.Decoder(AnyCommand)
report_decoder = msgspec.msgpack.Decoder(AnyReport)


def frame(message: msgspec.Struct) -> bytes:
    """``message`` as it goes through the pipe."""
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next body, or None where the other side has gone, or announces more than any message has."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (size,) = HEADER.unpack(header)
    if size > MAX_BYTES:
        return None
    body = stream.read(size)
    return body if len(body) == size else None


def pack(values: NDArray[Any]) -> bytes:
    """An array (k,) as little-endian doubles."""
    return np.ascontiguousarray(values, "<f8").tobytes()


def unpack(data: bytes) -> NDArray[np.float64]:
    """The array (k,) that ``pack`` was given; read-only."""
    return np.frombuffer(data, "<f8")
