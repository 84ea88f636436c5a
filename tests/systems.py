"""What tests need that systems do differently, and why some of them have nothing to test on Windows."""

from __future__ import annotations

import signal
import sys

import pytest

WINDOWS = sys.platform == "win32"
KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL  # os.kill ends a process at once there
ENDED_BY_KILL = KILL if sys.platform == "win32" else -KILL  # the exit code of a process after that
KILLED = 1 if sys.platform == "win32" else -KILL  # the same after ``subprocess.Popen.kill``

# Why a test has nothing to test on Windows.
MODES = "files have access lists in place of modes there"
LINKS = "to make a symbolic link is a right that few have there"
PIPES = "the file system there has no pipes and devices"
NAMES = "no name of a file holds control codes, quotes or such signs there"
SHELL = "there is no POSIX shell there"
TERM = "the console is asked for its colours there, not the environment"
CURRENT = "the folder that a process is in can't be removed there"

# Folders of which nothing is collected on Windows.
FOLDERS = {
    "ssh": "the server is OpenSSH's, and the app at its other end is on a pseudo-terminal",
    "terminals": "there are no pseudo-terminals",
    "fuzz": "a case's memory, files and processes are counted in /proc",
    "monkey": "the cage counts memory, files and processes in /proc",
}


def not_on_windows(reason: str) -> pytest.MarkDecorator:
    """Mark a test, or a module's tests as ``pytestmark``, that has nothing to test on Windows."""
    return pytest.mark.skipif(WINDOWS, reason=reason)
