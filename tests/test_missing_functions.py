"""What macOS and the BSDs lack, or do otherwise: the functions of Linux are made to behave so."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from threadpoolctl import ThreadpoolController

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment, LayerConfig, ModelConfig
from tui_trainer.files import replace_file
from tui_trainer.protocol import Load, Loaded, Train, Update, Watch, encode
from tui_trainer.runtime.client import Client
from tui_trainer.store.store import Store
from tui_trainer.system import memory, processes, sockets
from tui_trainer.tabs.boundary.messages import WatchBoundary
from tui_trainer.tabs.view import decode_content
from tui_trainer.training import builder, session
from tui_trainer.training.session import Session
from tui_trainer.ui.terminal import default_markers, detect_terminal, prepare

fcntl = pytest.importorskip("fcntl", reason="these are differences between Linux and systems like it")
resource = pytest.importorskip("resource")

TERMINAL_APP = {"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal", "LC_CTYPE": "UTF-8"}
PATIENCE = 20.0
SMALL = 4096  # bytes; macOS has 8,192


@pytest.fixture
def no_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is no /proc."""
    monkeypatch.setattr(memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(processes, "PROC", tmp_path / "proc")


def with_functions(monkeypatch: pytest.MonkeyPatch, **functions: Callable[..., int]) -> None:
    """Let the libraries of the system have these functions alone."""
    monkeypatch.setattr(memory, "_function", lambda name, library=None: functions.get(name))


def kernel(**numbers: tuple[int, int]) -> Callable[..., int]:
    """``sysctlbyname`` with these numbers, each with its size; ``_`` stands for a dot."""

    def sysctlbyname(name: bytes, value: Any, length: Any, new: None, new_length: ctypes.c_size_t) -> int:
        number, size = numbers.get(name.decode().replace(".", "_"), (0, 0))
        if not size or length._obj.value < size:
            return -1
        value.raw = number.to_bytes(size, sys.byteorder).ljust(len(value), b"\0")
        length._obj.value = size
        assert new is None and new_length.value == 0, "nothing is set"
        return 0

    return sysctlbyname


def test_free_memory_is_a_share_of_all(no_proc: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_from_cgroup", lambda: None)
    gigabytes = kernel(kern_memorystatus_level=(40, 4), hw_memsize=(16_000_000_000, 8))
    with_functions(monkeypatch, sysctlbyname=gigabytes)
    assert memory.free_bytes() == 6_400_000_000
    with_functions(monkeypatch, sysctlbyname=kernel(kern_memorystatus_level=(1, 4), hw_memsize=(30_000_000, 8)))
    with pytest.raises(ValueError, match=r"but 0\.3 MB are free"):
        Session().load(Experiment(model=ModelConfig(layers=(LayerConfig(700), LayerConfig(700)))))


@pytest.mark.parametrize(
    "functions",
    [
        {},
        {"sysctlbyname": kernel()},
        {"sysctlbyname": kernel(kern_memorystatus_level=(40, 4))},
        {"sysctlbyname": kernel(kern_memorystatus_level=(40, 2), hw_memsize=(16_000_000_000, 8))},
    ],
)
def test_where_nothing_is_said_of_free_memory_all_counts(
    functions: dict[str, Callable[..., int]], no_proc: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_from_cgroup", lambda: None)
    with_functions(monkeypatch, **functions)
    assert memory.free_bytes() == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    monkeypatch.setattr(os, "sysconf", lambda name: int(name))  # ValueError, as for a name that is unknown
    assert memory.free_bytes() is None and builder.available_bytes() is None
    Session().load(Experiment())


def test_limits_of_a_process(no_proc: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without /proc all of the limit is left; OpenBSD has no such limit."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (5_000_000, resource.RLIM_INFINITY))
    assert memory.left_of_limit() == 5_000_000
    monkeypatch.delattr(resource, "RLIMIT_AS")
    assert memory.left_of_limit() is None


def test_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert memory.usable_cores() == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert memory.usable_cores() == 1


def test_a_heap_that_takes_no_options(monkeypatch: pytest.MonkeyPatch) -> None:
    with_functions(monkeypatch)
    with memory.one_heap():
        pass


def test_accelerate_is_limited_though_threadpoolctl_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread for a small network, all for a large one, one again in a sweep."""
    chosen: list[int] = []
    with_functions(monkeypatch, BLASSetThreading=lambda how: chosen.append(how) or 0)
    monkeypatch.setattr(session, "linear_algebra", lambda: ThreadpoolController().select(internal_api="none such"))
    monkeypatch.setattr(session, "usable_cores", lambda: 8)
    session._all_threads.cache_clear()
    large = Experiment(model=ModelConfig(layers=(LayerConfig(1500), LayerConfig(1500))))
    usual = Session()
    for experiment in (Experiment(), large, Experiment()):
        usual.load(experiment)
    Session(max_threads=1).load(large)
    session._all_threads.cache_clear()
    assert chosen == [1, 0, 1, 1]  # 1 is BLAS_THREADING_SINGLE_THREADED


def test_without_accelerate_nothing_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    with_functions(monkeypatch)
    assert memory.limit_accelerate(to_one_thread=True) is False
    with_functions(monkeypatch, BLASSetThreading=lambda _: -1)
    assert memory.limit_accelerate(to_one_thread=True) is False


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="macOS has no waitid before Python 3.13")
def test_whether_a_process_runs_without_proc(no_proc: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that has ended does not, even before its exit code is read; without waitid it does so long."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert processes.is_running(child.pid) and processes.is_running(os.getpid())
    assert child.stdin is not None
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.is_running(child.pid)
    monkeypatch.delattr(os, "waitid")
    assert processes.is_running(child.pid)
    child.wait()
    assert not processes.is_running(child.pid) and not processes.is_running(1 << 40)


def test_a_file_reaches_the_disk_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F_FULLFSYNC where there is one; fsync where there is none, or the file system does not have it."""
    called: list[str] = []
    refused = False  # by the file system

    def control(number: int, command: int) -> int:
        called.append(f"fcntl {command}")
        if refused:
            raise OSError(45, "Operation not supported")
        return 0

    monkeypatch.setattr(os, "fsync", lambda _: called.append("fsync"))
    for has, refuses, expected in (
        (False, False, ["fsync"]),
        (True, False, ["fcntl 51"]),
        (True, True, ["fcntl 51", "fsync"]),
    ):
        refused = refuses
        with monkeypatch.context() as system:
            system.setattr(fcntl, "fcntl", control)
            if has:
                system.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
            else:
                system.delattr(fcntl, "F_FULLFSYNC", raising=False)
            called.clear()
            replace_file(tmp_path / "a", b"text")
            assert called == expected and (tmp_path / "a").read_bytes() == b"text"


def test_the_store_asks_for_the_same(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs.sqlite")
    assert store._pragma("checkpoint_fullfsync") == 1
    store.close()


def narrow() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets with little room."""
    both = NARROW()
    for one in both:
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            one.setsockopt(socket.SOL_SOCKET, option, SMALL)
    return both


NARROW = socket.socketpair


def test_a_connection_is_given_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socketpair", narrow)
    for one in sockets.pair():
        with one:
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                assert one.getsockopt(socket.SOL_SOCKET, option) >= sockets.ROOM


async def test_a_trainer_needs_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture comes whole through a connection that takes an eighth of it at a time."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    monkeypatch.setattr(socket, "socketpair", narrow)
    monkeypatch.setattr(sockets, "_widen", lambda _: None)
    client = Client()
    client.send(Load(with_field(with_field(Experiment(), "dataset.name", "moons"), "training.epochs", 3), 1))
    client.send(Watch("boundary", encode(WatchBoundary(columns=150, rows=150))))
    client.send(Train())
    await client.start()
    seen = []
    async with asyncio.timeout(PATIENCE):
        async for report in client.reports():
            seen.append(type(report))
            if isinstance(report, Update) and len(report.content) > 8 * SMALL:
                break
    assert Loaded in seen and decode_content(report)
    await client.close()


class Caller:
    """A connection whose other end is another user, as macOS and FreeBSD tell it."""

    def __init__(self, user: int) -> None:
        self._user = user

    def getsockopt(self, level: int, option: int, size: int = 0) -> Any:
        if size == 0:
            return sockets.ROOM
        assert (level, option) == (0, 1)
        return np.array([0, self._user, 1], "<u4").tobytes()[:-2] + bytes(66)

    def setsockopt(self, *_: int) -> None:
        raise AssertionError("it has room")


def test_who_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_PEERCRED", raising=False)
    monkeypatch.setattr(socket, "LOCAL_PEERCRED", 1, raising=False)
    assert sockets.is_own(Caller(os.geteuid()))  # type: ignore[arg-type]
    assert not sockets.is_own(Caller(os.geteuid() + 1))  # type: ignore[arg-type]
    monkeypatch.delattr(socket, "LOCAL_PEERCRED")
    assert sockets.is_own(Caller(12345)), "the folder is private"  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [80, 99, 103, 104, 107, 108, 200])
def test_no_path_of_a_socket_is_too_long(length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """103 bytes are the most on macOS, whose data folder lies deep and has a blank in its name."""
    monkeypatch.setattr(sockets, "SHORT", tmp_path)
    folder = Path("/" + "a" * (length - len("/") - len("/12345-abcdef.sock")))
    path = sockets.address(folder, "12345-abcdef")
    assert len(os.fsencode(path)) <= 103 or path.parent.parent == tmp_path
    assert (path.parent == folder) == (length <= sockets.LONGEST)


def test_terminal_app_has_256_colours() -> None:
    """Until macOS 26 it has no more, and says so by leaving out COLORTERM; after that it sets it."""
    for more, colors in (({}, "256"), ({"COLORTERM": "truecolor"}, "truecolor")):
        environment = {**TERMINAL_APP, **more}
        prepare(environment)
        assert Console(_environ=environment, force_terminal=True).color_system == colors
        assert detect_terminal(environment).charset == "" and default_markers(environment) is None
