"""What does the app take of an SSH link, and how quick are keys on a slow one?

A real OpenSSH server on loopback; a proxy slows the link. Bytes are those on the link, ciphers included.

Usage: python benchmarks/slow_link.py
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from loopback_sshd import LoopbackSshd, trainer_command, why_not
from processor_time import children, shares
from pty_app import TRAINING, PtyApp
from throttled_link import ThrottledLink

FAST, SLOW = 10_000_000.0, 10_000.0  # bytes a second
MINUTE, PRESSES = 60.0, 40
MARK = 0.3  # seconds for a key, in the median


def training_app(server: LoopbackSshd, link: ThrottledLink, options: Sequence[str] = ()) -> PtyApp:
    """The app over the link, training."""
    folder = Path(tempfile.mkdtemp())
    (folder / "training.toml").write_text(TRAINING)
    words = trainer_command([str(folder / "training.toml")], folder)
    app = PtyApp(server.command(words, link.port, options), data_folder=folder)
    app.read_until(b"epoch")
    app.read(2.0)
    print(f"   the start takes {link.down:,} bytes")
    app.press(b" ")
    app.read_until(b"steps/s")
    app.read(1.0)
    return app


def remote_processes(server: LoopbackSshd) -> dict[str, int]:
    """The processes at the other end, by what they are."""
    (session,) = server.sessions()
    front = session
    while (below := children(front)) and b"worker" not in Path(f"/proc/{front}/cmdline").read_bytes():
        front = below[0]
    trainer = front
    app = next(pid for pid in _above(trainer, session))
    return {"sshd": session, "app": app, "trainer": trainer}


def _above(pid: int, top: int) -> list[int]:
    found = []
    while pid != top:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        found.append(pid)
    return found


def answer(app: PtyApp, key: bytes) -> float:
    """Seconds from a press to the sentence it brings."""
    pressed = time.perf_counter()
    app.press(key)
    app.read_until(b"Learning rate")
    return time.perf_counter() - pressed


def look(server: LoopbackSshd, rate: float, seconds: float, options: Sequence[str] = ()) -> list[float]:
    """Print bytes a second and processor time while training; returns the times of key presses after it."""
    link = ThrottledLink(server.port, rate)
    print(f"{rate / 1000:,.0f} KB/s{' with ' + ' '.join(options) if options else ''}")
    app = training_app(server, link, options)
    try:
        processes = remote_processes(server)
        before, started = link.down, time.perf_counter()
        parts = shares(list(processes.values()), lambda: app.read(seconds))
        sent = (link.down - before) / (time.perf_counter() - started)
        used = ", ".join(f"{name} {part:.1%}" for name, part in zip(processes, parts, strict=True))
        print(f"   training for {seconds:.0f} s: {sent:,.0f} bytes/s; of a core: {used}")
        waited = []
        for number in range(PRESSES):
            waited.append(answer(app, b"]["[number % 2 : number % 2 + 1]))
            app.read(0.3)
        paused = last = time.perf_counter()
        app.press(b" ")
        while time.perf_counter() - last < 2.0:
            if app.read_some(0.05):
                last = time.perf_counter()
        waited.sort()
        print(f"   a key: median {1e3 * statistics.median(waited):.0f} ms, slowest {1e3 * waited[-1]:.0f} ms")
        print(f"   silent {1e3 * (last - paused):.0f} ms after the pause", flush=True)
        return waited
    finally:
        app.close()
        link.close()


def main() -> None:
    """A fast link, the same with compression, and a minute on a slow one."""
    if reason := why_not():
        sys.exit(f"no server can be started: {reason}")
    server = LoopbackSshd()
    try:
        look(server, FAST, 10.0)
        look(server, FAST, 10.0, ("-C",))
        waited = look(server, SLOW, MINUTE)
        look(server, SLOW, 10.0, ("-C",))
    finally:
        server.stop()
    median = statistics.median(waited)
    print(f"on the slow link {1e3 * median:.0f} ms, {median / MARK:.2f} of the mark of {1e3 * MARK:.0f} ms")


if __name__ == "__main__":
    main()
