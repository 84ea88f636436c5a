"""The front end's reading of what a process of ours says, as it comes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import IO, Generic, TypeVar

import msgspec

from tui_trainer.protocol.framing import HEADER, MAX_BYTES, NO_MESSAGE

from .launch import Launch

Message = TypeVar("Message")
CHUNK = 1 << 16  # bytes
PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
ERRORS_KEPT = 2000  # bytes of a child's standard error that are looked at


class MessageReader(Generic[Message]):
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
            if size > MAX_BYTES:
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


def start_child(launch: Launch, line: int, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """A trainer whose client is at the other end of the socket ``line``."""
    return start_module("tui_trainer.runtime.worker", msgspec.json.encode(launch).decode(), line, errors)


def start_module(module: str, argument: str, line: int, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """A process of ours that runs ``module``, with the socket ``line`` in the place of input and output."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, argument],  # -P: the user's folder may hold a module named like ours
        stdin=line,
        stdout=line,
        stderr=errors,
        env=with_package(os.environ),
        start_new_session=True,  # so that Ctrl+C in the terminal is the app's to handle
    )


def with_package(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables, with this package found before any other of its name."""
    paths = [PACKAGE_PARENT, environment.get("PYTHONPATH", "")]
    return {**environment, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}


async def last_words(process: subprocess.Popen[bytes], errors: IO[bytes], called: str) -> str:
    """How a process ended, once it has, in the app's words for it, and the last line of what it had to say."""
    code = await asyncio.to_thread(process.wait)
    how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
    errors.seek(max(0, errors.seek(0, 2) - ERRORS_KEPT))
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return f"{called} {how}" + (f": {lines[-1]}" if lines else "")
