"""What the command ends with, besides 0: the same codes for all commands."""

from __future__ import annotations

DIVERGED = 1  # or, of a sweep, that runs are missing
BAD_INPUT = 2
INTERRUPTED = 130  # as a shell says of a program that Ctrl+C has ended
