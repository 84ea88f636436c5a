"""The server as a user starts it, on a port of its own, and what runs because of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0


def children_of(pid: int) -> set[int]:
    """All processes that ``pid`` has started, and those that they have."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    found: set[int] = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Until ``condition`` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what}"
        time.sleep(0.02)


class Served:
    """A server that runs; ``address`` is what it tells."""

    def __init__(self, folder: Path, *words: str) -> None:
        environment = {**os.environ, "TUI_TRAINER_DATA": str(folder / "data"), "SSH_TTY": "/dev/pts/9"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui_trainer", "serve", "--port", "0", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment | {"PYTHONPATH": str(ROOT)},
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        told = re.fullmatch(r"The app is at (http://127\.0\.0\.1:\d+/[\w-]{32}/)\n", line)
        assert told is not None, line + self.process.stdout.read()
        self.address = told[1]
        self.advice = self.process.stdout.readline()
        self.started: set[int] = set()  # processes, as far as they were looked at

    def processes(self) -> set[int]:
        """Those that run because of it, at this moment."""
        found = children_of(self.process.pid)
        self.started |= found
        return found

    def end(self, number: signal.Signals = signal.SIGINT) -> str:
        """Send it a signal, and wait until it has ended; what else it said."""
        self.processes()
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=PATIENCE)
        return said

    def left(self) -> list[int]:
        """Processes of its that still run."""
        return [pid for pid in self.started if b"tui_trainer" in command_of(pid)]


def command_of(pid: int) -> bytes:
    """The command line of a process; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
