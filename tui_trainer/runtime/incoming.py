"""The front end's reading of what a process of ours says, as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Generic, TypeVar

import msgspec

from tui_trainer.protocol.framing import HEADER, MOST_BYTES, NO_MESSAGE

Message = TypeVar("Message")
CHUNK = 1 << 16  # bytes


class Incoming(Generic[Message]):
    """Whole messages from ``reader``. ``garbled`` once something came that is none; nothing is read after it."""

    def __init__(self, reader: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[Message]) -> None:
        self._reader, self._decoder = reader, decoder
        self._received = bytearray()
        self.garbled = False

    async def batches(self) -> AsyncIterator[list[Message]]:
        """Messages that have come together, until the other side has gone."""
        while not self.garbled and (chunk := await self._read()):
            self._received += chunk
            yield list(self._decoded())

    async def drain(self) -> None:
        """Read on until the other side has gone; nobody wants to know any more."""
        while await self._read():
            pass

    async def _read(self) -> bytes:
        """The next bytes; none where the other side has gone."""
        try:
            return await self._reader.read(CHUNK)
        except ConnectionError:
            return b""

    def _decoded(self) -> Iterator[Message]:
        """All whole messages so far, taken out, up to what is none."""
        while len(self._received) >= HEADER.size:
            size = HEADER.unpack_from(self._received)[0]
            if size > MOST_BYTES:
                self.garbled = True
                return
            end = HEADER.size + size
            if len(self._received) < end:
                return
            try:
                yield self._decoder.decode(self._received[HEADER.size : end])
            except NO_MESSAGE:
                self.garbled = True
                return
            del self._received[:end]
