"""The command line: ``main`` chooses the command, and each command has a module."""

from __future__ import annotations

DEBUG = "--debug"  # an option of every command
