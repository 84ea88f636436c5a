"""The app on a real pseudo-terminal, for benchmarks and tests: what it writes, and when."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

TRAINING = """\
[dataset]
validation_split = 0.0
[[model.layers]]
units = 100
[training]
batch_size = 30
epochs = 10000000
learning_rate = 0.01
"""

ASKED = b"\x1b[6n"
PIECE = 256  # bytes at a time over a slow line


class PtyApp:
    """A command on a pseudo-terminal of ``columns`` x ``rows``, read without ever making it wait.

    ``variables`` of the environment are set, or left out where they are None. With a ``rate``, in bytes a second, it is
    read as over a slow line: what was written before has to come through first.
    """

    def __init__(
        self,
        command: Sequence[str],
        columns: int = 120,
        rows: int = 40,
        data_folder: Path | None = None,
        variables: Mapping[str, str | None] | None = None,
        rate: float | None = None,
    ) -> None:
        self._own = tempfile.TemporaryDirectory() if data_folder is None else None
        self.data_folder = Path(self._own.name) if self._own is not None else Path(str(data_folder))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed app is compiled once
        for name in ("COLUMNS", "LINES"):  # the terminal's own size counts
            environment.pop(name, None)
        environment["TUI_TRAINER_DATA"] = str(self.data_folder)
        for name, value in (variables or {}).items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        size = struct.pack("HHHH", rows, columns, 0, 0)
        self.rate = rate
        self._free_at = 0.0  # when a slow line has passed on what was read
        self.answers = True  # as a terminal does that is asked where its cursor is
        self._tail = b""
        self.status: int | None = None  # the exit code, once it has ended
        self.started = time.perf_counter()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execvpe(command[0], list(command), environment)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)

    def read(self, seconds: float) -> bytes:
        """All that is written within ``seconds``."""
        end = time.perf_counter() + seconds
        parts = []
        while (left := end - time.perf_counter()) > 0:
            if select.select([self._terminal], [], [], left)[0]:
                parts.append(self._chunk())
        return b"".join(parts)

    def read_some(self, seconds: float) -> bytes:
        """The next bytes written within ``seconds``; empty where there are none."""
        return self._chunk() if select.select([self._terminal], [], [], seconds)[0] else b""

    def read_until(self, wanted: bytes, seconds: float = 20.0) -> bytes:
        """All that is written up to ``wanted`` and a little past it; RuntimeError where it does not come."""
        seen = b""
        end = time.perf_counter() + seconds
        while wanted not in seen:
            if time.perf_counter() > end:
                raise RuntimeError(f"{wanted!r} did not appear within {seconds} s; the last bytes: {seen[-500:]!r}")
            if select.select([self._terminal], [], [], 0.05)[0]:
                seen += self._chunk()
        return seen

    def press(self, keys: bytes) -> None:
        """Type ``keys``."""
        os.write(self._terminal, keys)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, which the app is told of by a signal."""
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """Drop the line."""
        os.close(self._terminal)

    def wait(self, seconds: float = 5.0) -> int:
        """The exit code, as ``os.waitstatus_to_exitcode`` gives it; RuntimeError where it does not end."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                os.close(self._terminal)
                if self._own is not None:
                    self._own.cleanup()
                return self.status
        raise RuntimeError(f"still running {seconds} s after it should have ended")

    def end(self) -> None:
        """End it at once, if it has not ended."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()

    def close(self) -> None:
        """Quit, and end it where it does not."""
        self.press(b"\x11")  # ctrl+q
        try:
            self.wait()
        except RuntimeError:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()

    def _chunk(self) -> bytes:
        if self.rate is not None:
            time.sleep(max(0.0, self._free_at - time.perf_counter()))
        try:
            chunk = os.read(self._terminal, 1 << 16 if self.rate is None else PIECE)
        except OSError:  # the other side has closed
            time.sleep(0.01)
            return b""
        if self.rate is not None:
            self._free_at = max(self._free_at, time.perf_counter()) + len(chunk) / self.rate
            time.sleep(max(0.0, self._free_at - time.perf_counter()))
        asked = (self._tail + chunk).count(ASKED)
        self._tail = chunk[1 - len(ASKED) :]
        for _ in range(asked if self.answers else 0):
            os.write(self._terminal, b"\x1b[1;1R")
        return chunk


def open_app(experiment: str = TRAINING, columns: int = 120, rows: int = 40) -> PtyApp:
    """The app on an experiment, at its first step."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml", delete=False) as file:
        file.write(experiment)
    app = PtyApp([sys.executable, "-m", "tui_trainer", "--pace", "full", file.name], columns, rows)
    app.read_until(b"epoch")
    app.read(1.0)
    Path(file.name).unlink()
    return app
