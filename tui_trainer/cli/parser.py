"""The parser of the command line's words that all commands share."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from tui_trainer.errors import escaped

from . import DEBUG


class Parser(argparse.ArgumentParser):
    """An ArgumentParser with the option ``--debug``, whose errors are safe to print in a terminal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        details = "write the details of an error to a file, and print its name"
        self.add_argument(DEBUG, action="store_true", help=details)

    def print_help(self, file: Any = None) -> None:
        """Print the help; OSError if that fails, which argparse would not tell."""
        (file or sys.stdout).write(self.format_help())

    def error(self, message: str) -> NoReturn:
        """Print the usage and ``message``, and exit with code 2."""
        super().error(escaped(message))
