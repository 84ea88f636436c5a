"""Messages out of bytes as they come: whole ones, in order, and none behind what is no message."""

from __future__ import annotations

import asyncio

import pytest

from tui_trainer.protocol import HEADER, SetWeight, Step, Train, command_decoder, frame
from tui_trainer.runtime.client import MessageReader

SENT = (Train(), Step(), SetWeight(3, 0.25), Train())
GARBAGE = HEADER.pack(1) + b"\xc1" + frame(Train())


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
@pytest.mark.parametrize(
    ("end", "garbled"), [(b"", False), (b"\x05\x00", False), (GARBAGE, True)], ids=["whole", "cut", "garbled"]
)
async def test_messages_come_whole_however_their_bytes_do(size: int, end: bytes, garbled: bool) -> None:
    data = b"".join(map(frame, SENT)) + end
    reader = asyncio.StreamReader()
    incoming = MessageReader(reader, command_decoder)

    async def feed() -> None:
        for start in range(0, len(data), size):
            reader.feed_data(data[start : start + size])
            await asyncio.sleep(0)  # the reader's turn
        reader.feed_eof()

    feeding = asyncio.create_task(feed())
    assert [message async for batch in incoming.batches() for message in batch] == list(SENT)
    assert incoming.garbled is garbled
    await feeding
