"""The app on Textual's driver for Windows: through a training, every tab and a lesson, by keys, looking at the screen.

Wine 8's console obeys no control sequences. So the keys come from a console of Wine's, on a pseudo-terminal, and what
the app writes goes through a pipe to a terminal emulator here. It ends with code 1 where something is never seen.
    usage: windows_screen.py WINDOWS-PYTHON EXPERIMENT (with the variables that ``.ci/windows`` has set)
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

import pyte

SIZE = (120, 40)
PATIENCE = 60.0  # seconds
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
    ("9", "0 of 32 done"),
    ("\r", "Predict first: A to C choose an answer."),
    ("a", "Noted."),
    (" ", "epoch 60/60"),
)


class Screen:
    """What the app has drawn."""

    def __init__(self, python: str, experiment: str) -> None:
        self.keys, console = pty.openpty()
        fcntl.ioctl(console, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        variables = {"COLUMNS": str(SIZE[0]), "LINES": str(SIZE[1]), "PYTHONIOENCODING": "utf-8"}
        self.process = subprocess.Popen(
            ["wine", python, "-u", "-c", CODE, experiment],
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

    def until(self, words: str) -> None:
        """Read until the words are seen."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.text():
            if time.monotonic() > deadline or self.process.poll() is not None:
                sys.exit(f"never seen: {words!r}\n{self.text()}")
            self.read()


def main(python: str, experiment: str) -> None:
    """Take the walk."""
    started = time.monotonic()
    screen = Screen(python, experiment)
    try:
        screen.until("epoch 0/200")
        print(f"ready after {time.monotonic() - started:.1f} s")
        for key, words in WALK:
            os.write(screen.keys, key.encode())
            screen.until(words)
        os.write(screen.keys, b"q")
        deadline = time.monotonic() + PATIENCE
        while screen.process.poll() is None and time.monotonic() < deadline:
            screen.read()
        if screen.process.poll() != 0:
            sys.exit(f"after q: code {screen.process.poll()}\n{screen.text()}")
        print(f"{len(WALK)} keys, each with what follows from it, and q after {time.monotonic() - started:.1f} s")
    finally:
        screen.process.kill()


main(*sys.argv[1:3])
