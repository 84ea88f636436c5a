"""How a trainer is started: what the front end asks for, and how the child is told."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import msgspec

PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
LINGER = 60.0
ERRORS_KEPT = 2000  # bytes of a child's standard error that are looked at
NICENESS = 5  # the screen, and whoever else uses the machine, come first


class Launch(msgspec.Struct, frozen=True):
    """``stays`` lets a trainer go on when nobody looks any more; ``offer`` is a run of the store to offer at once.

    One that stays waits ``linger`` seconds after its run for somebody to look.
    With ``attach``, the name of a live session, no trainer is started: that one is called.
    """

    stays: bool = False
    niceness: int = NICENESS
    offer: int | None = None
    attach: str = ""
    linger: float = LINGER


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


def launched(arguments: list[str]) -> Launch:
    """What the child was told."""
    return msgspec.json.decode(arguments[0], type=Launch) if arguments else Launch()
