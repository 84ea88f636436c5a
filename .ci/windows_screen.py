"""The app on Textual's driver for Windows, by keys, looking at the screen.

It goes through a training, every tab and a lesson. Then its trainer is killed, and is back at the run; and both are
killed, and the run is resumed. Wine 8's console obeys no control sequences. So the keys come from a console of Wine's,
on a pseudo-terminal, and what the app writes goes through a pipe to a terminal emulator here. It ends with code 1 where
something is never seen.
    usage: windows_screen.py WINDOWS-PYTHON EXPERIMENT (with the variables that ``.ci/windows`` has set)
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pyte

SIZE = (120, 40)
PATIENCE = 120.0  # seconds
CODE = "import sys; from tui_trainer.cli.app import open_app; sys.exit(open_app(sys.argv[1:], in_browser=True))"
# Not of the emulator's own parser: it would print the end of a sequence whose beginning it does not know.
UNKNOWN = re.compile(rb"\x1b\[[<>=?][0-9;]*[a-zA-Z]|\x1b\][^\x07]*\x07|\x1b\[[0-9;]*t")
# Keys, and what is seen after each: a training, all tabs, and a lesson.
WALK = (
    (" ", "Finished 200 epochs"),
    ("2", "Iris, three species: target, 3 classes"),
    ("3", "Epoch 200 measured its loss"),
    ("4", "Output (softmax): the likeliest class"),
    ("5", "sample 1 of 105"),
    ("6", "precision %"),
    ("7", "Total params: 243"),
    ("8", "newest first"),
    ("0", "━ train  ○ validation"),
    ("1", "What each neuron sees"),
    ("9", "0 of 46 done"),
    ("\r", "Predict first: A to C choose an answer."),
    ("a", "Noted."),
    (" ", "epoch 60/60"),
)
LONG = ("--set", "training.epochs=1000000")
SOME_EPOCHS = re.compile(r"epoch ([2-9]|\d[\d,]+)/1,000,000")
BACK = re.compile(r"Back at epoch ([\d,]+)")
WORKER = b"tui_trainer.runtime.worker"


class Screen:
    """What the app has drawn."""

    def __init__(self, python: str, *arguments: str) -> None:
        self.keys, console = pty.openpty()
        fcntl.ioctl(console, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        variables = {"COLUMNS": str(SIZE[0]), "LINES": str(SIZE[1]), "PYTHONIOENCODING": "utf-8"}
        self.process = subprocess.Popen(
            ["wine", python, "-u", "-c", CODE, *arguments],
            stdin=console,
            stdout=subprocess.PIPE,
            stderr=console,
            env=os.environ | variables,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(console)
        assert self.process.stdout is not None
        self._output = self.process.stdout.fileno()
        self._screen = pyte.Screen(*SIZE)
        self._stream = pyte.ByteStream(self._screen)
        self._kept = b""

    def text(self) -> str:
        """The screen as text."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def read(self) -> None:
        """Read what has come within a moment."""
        for source in select.select([self._output, self.keys], [], [], 0.2)[0]:
            try:
                chunk = os.read(source, 65536)
            except OSError:  # the other end is closed
                chunk = b""
            if source == self._output:
                whole, escape, rest = (self._kept + chunk).rpartition(b"\x1b")
                self._stream.feed(UNKNOWN.sub(b"", whole))
                self._kept = escape + rest
                if len(rest) > 40:
                    self._stream.feed(UNKNOWN.sub(b"", self._kept))
                    self._kept = b""

    def until(self, words: str | re.Pattern[str]) -> re.Match[str]:
        """Read until the words are seen; return where."""
        deadline = time.monotonic() + PATIENCE
        pattern = words if isinstance(words, re.Pattern) else re.compile(re.escape(words))
        while not (match := pattern.search(self.text())):
            if time.monotonic() > deadline or self.process.poll() is not None:
                sys.exit(f"never seen: {pattern.pattern!r}\n{self.text()}")
            self.read()
        return match

    def press(self, key: str, words: str | re.Pattern[str]) -> re.Match[str]:
        """Press a key, and read until the words are seen; return where."""
        os.write(self.keys, key.encode())
        return self.until(words)

    def leave(self) -> None:
        """Press q, and wait for the end."""
        os.write(self.keys, b"q")
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read()
        if self.process.poll() != 0:
            sys.exit(f"after q: code {self.process.poll()}\n{self.text()}")

    def kill(self) -> None:
        """Kill the app where it has not ended."""
        self.process.kill()
        self.process.wait()


def trainers() -> set[int]:
    """Return the trainers of the app that are running."""
    data = f"TUI_TRAINER_DATA={os.environ['TUI_TRAINER_DATA']}".encode()
    found = set()
    for process in Path("/proc").iterdir():
        try:
            if WORKER in (process / "cmdline").read_bytes() and data in (process / "environ").read_bytes().split(b"\0"):
                found.add(int(process.name))
        except (OSError, ValueError):  # it has ended, or is somebody else's, or no process
            pass
    return found


def take_the_walk(python: str, experiment: str) -> None:
    """Go through a training, every tab and a lesson."""
    started = time.monotonic()
    screen = Screen(python, experiment)
    try:
        screen.until("epoch 0/200")
        print(f"ready after {time.monotonic() - started:.1f} s")
        for key, words in WALK:
            screen.press(key, words)
        screen.leave()
    finally:
        screen.kill()
    print(f"{len(WALK)} keys, each with what follows from it, and q after {time.monotonic() - started:.1f} s")


def kill_and_resume(python: str, experiment: str) -> None:
    """Kill the trainer of a run, and the app that is back at it; then resume the run in another app."""
    screen = Screen(python, experiment, *LONG)
    try:
        screen.until("epoch 0/1,000,000")
        screen.press(" ", SOME_EPOCHS)
        for trainer in trainers():
            os.kill(trainer, signal.SIGKILL)
        print(f"the trainer was killed: {screen.until(BACK)[0]} in another one")
        screen.press(" ", re.compile("space +pause"))
    finally:
        screen.kill()
    deadline = time.monotonic() + PATIENCE
    while trainers():
        if time.monotonic() > deadline:
            sys.exit("the trainer has outlived its app")
        time.sleep(0.1)
    screen = Screen(python, "--resume")
    try:
        print(f"both were killed: {screen.until(BACK)[0]} by --resume")
        screen.press(" ", SOME_EPOCHS)
        screen.leave()
    finally:
        screen.kill()


take_the_walk(*sys.argv[1:3])
kill_and_resume(*sys.argv[1:3])
