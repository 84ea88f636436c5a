"""What comes over the app's line to trainer or sweep and is none of ours: an end, told; no crash, no orphan."""

from __future__ import annotations

import asyncio
import os
import queue
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems import KILLED, WINDOWS

from tui_trainer.protocol import (
    HEADER,
    MAX_BYTES,
    NO_MESSAGE,
    Crashed,
    Export,
    Notice,
    Update,
    Watch,
    command_decoder,
    frame,
)
from tui_trainer.runtime import Launch, client
from tui_trainer.runtime.client import MODULE as TRAINER
from tui_trainer.runtime.client import Client
from tui_trainer.runtime.connection import Connection
from tui_trainer.sweep.client import MODULE, SweepClient
from tui_trainer.sweep.messages import SweepCrashed
from tui_trainer.system.processes import start
from tui_trainer.tabs.view import decode_content

if TYPE_CHECKING:
    from tui_trainer.protocol import AnyCommand

PATIENCE = 90.0 if WINDOWS else 10.0  # seconds; Wine needs many of them to start a process on a busy machine
DEEP = b"\x81\xa1a" * 1_000_000 + b"\xc0"  # a map in a map in a map: deeper than any Python lets a decoder go
GARBAGE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"\xff\xff\xff\xff",  # four gigabytes are announced
    HEADER.pack(MAX_BYTES + 1) + b"x",
    HEADER.pack(1) + b"\xc1",
    HEADER.pack(0),
    HEADER.pack(5) + b"\xdd\xff\xff\xff\xff",  # a list of four billion
    HEADER.pack(6) + b"\xc9\xff\xff\xff\xff\x01",
    HEADER.pack(len(DEEP)) + DEEP,
    frame(Export("four")).replace(b"four", b"\xff\xfe\xfd\xfc"),  # a text that is none
    frame(Notice(0, "four")).replace(b"four", b"\xff\xfe\xfd\xfc"),
)


def told_of(sent: bytes) -> list[AnyCommand | None]:
    """What a trainer makes of bytes from a client that is gone then; it is always told of the end."""
    ours, theirs = socket.socketpair()
    received: queue.SimpleQueue[tuple[Connection, AnyCommand | None]] = queue.SimpleQueue()
    connection = Connection(theirs)
    connection.start(lambda *pair: received.put(pair))
    ours.sendall(sent)
    ours.shutdown(socket.SHUT_WR)
    commands: list[AnyCommand | None] = []
    while not commands or commands[-1] is not None:
        source, command = received.get(timeout=PATIENCE)
        assert source is connection
        commands.append(command)
    connection.close()
    ours.close()
    return commands


@pytest.mark.parametrize("sent", GARBAGE, ids=range(len(GARBAGE)))
def test_a_client_that_says_what_makes_no_sense(sent: bytes) -> None:
    tracemalloc.start()
    try:
        assert told_of(sent) == [None]
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_command_or_an_end(body: bytes) -> None:
    told = told_of(HEADER.pack(len(body)) + body)
    try:
        assert told == [command_decoder.decode(body), None]
    except ValueError:  # msgspec's error is one
        assert told == [None]


def speaking(file: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Starts a process that sends the bytes of a file, and then does nothing."""
    code = (
        "import sys, time; from tui_trainer.system.processes import given_connection;"
        "given_connection().sendall(open(sys.argv[1], 'rb').read()); time.sleep(1000)"
    )

    def start_it(module: str, argument: str, line: socket.socket, errors: IO[bytes]) -> subprocess.Popen[bytes]:
        return start([sys.executable, "-S", "-c", code, str(file)], line, errors, client.with_package(os.environ))

    return start_it


@pytest.mark.parametrize("sent", GARBAGE, ids=range(len(GARBAGE)))
async def test_a_trainer_or_a_sweep_that_says_what_makes_no_sense(
    sent: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is ended, and told of as one that crashed is."""
    (tmp_path / "said").write_bytes(sent)
    monkeypatch.setattr(client, "start_module", speaking(tmp_path / "said"))
    trainer, sweep = Client(), SweepClient(niceness=0)
    async with asyncio.timeout(PATIENCE):
        await trainer.start()
        assert [one async for one in trainer.reports()] == [Crashed(0, "The trainer sent an invalid message")]
        await trainer.close()
        await sweep.start()
        assert [one async for one in sweep.events()] == [SweepCrashed("The sweep's process sent an invalid message")]
        await sweep.close()
    for child in (trainer, sweep):
        assert child._process is not None and child._process.poll() == KILLED


@pytest.mark.parametrize(
    ("tab", "content"), [("nowhere", b"\xc0"), ("loss", b"\x01"), ("loss", DEEP), ("data", b"\x90")], ids=range(4)
)
def test_a_client_whose_request_is_none_of_the_tab(
    tab: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trainer ends without a word, as after any other message that makes no sense."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    ours, theirs = socket.socketpair()
    with theirs, (tmp_path / "said").open("w+b") as errors:
        process = client.start_module(TRAINER, Launch().as_argument(), theirs, errors)
        ours.sendall(frame(Watch(tab, msgspec.Raw(content))))
        assert process.wait(PATIENCE) == 0
        errors.seek(0)
        assert errors.read() == b""
    ours.close()


@pytest.mark.parametrize(
    ("tab", "content"),
    [("nowhere", b"\xc0"), ("data", b"\xc0"), ("loss", b"\xc0"), ("loss", DEEP), ("runs", b"\x80")],
    ids=range(5),
)
async def test_a_trainer_whose_update_is_none_of_the_tab(
    tab: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the screen can't decode ends the trainer as a frame does that nobody can."""
    update = Update(1, tab, 0, msgspec.Raw(content))
    with pytest.raises(NO_MESSAGE):
        decode_content(update)
    (tmp_path / "said").write_bytes(frame(Notice(0, "all is well")))
    monkeypatch.setattr(client, "start_module", speaking(tmp_path / "said"))
    trainer = Client()
    async with asyncio.timeout(PATIENCE):
        await trainer.start()
        reports = []
        async for report in trainer.reports():
            reports.append(report)
            trainer.reject()
        assert reports == [Notice(0, "all is well"), Crashed(0, "The trainer sent an invalid message")]
        await trainer.close()
    assert trainer._process is not None and trainer._process.poll() == KILLED


def test_a_sweep_whose_app_says_what_makes_no_sense(tmp_path: Path) -> None:
    """It ends without a word."""
    ours, theirs = socket.socketpair()
    with theirs, (tmp_path / "said").open("w+b") as errors:
        process = client.start_module(MODULE, "0", theirs, errors)
        ours.sendall(HEADER.pack(len(DEEP)) + DEEP)
        assert process.wait(PATIENCE) == 0
        errors.seek(0)
        assert errors.read() == b""
    ours.close()
