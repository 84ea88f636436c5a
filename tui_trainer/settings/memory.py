"""What the app remembers of the user's choices, in a small JSON file of its own."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from tui_trainer.files import read_plain, replace_file

from .schema import Markers

MAX_BYTES = 10_000


class Choices(msgspec.Struct, omit_defaults=True):
    """What was chosen last; None where nothing was."""

    theme: str | None = None
    markers: Markers | None = None


class Memory:
    """The file at ``path``. Missing, damaged or not to be written is no error: then nothing is remembered."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self) -> Choices:
        """What was chosen last."""
        try:
            return msgspec.json.decode(read_plain(self._path, MAX_BYTES), type=Choices)
        except (OSError, ValueError, RecursionError):
            return Choices()

    def keep_theme(self, name: str) -> None:
        """Remember a theme."""
        self._write(msgspec.structs.replace(self.recall(), theme=name))

    def keep_markers(self, markers: Markers) -> None:
        """Remember what plots are drawn with."""
        self._write(msgspec.structs.replace(self.recall(), markers=markers))

    def _write(self, choices: Choices) -> None:
        """Whole or not at all; what another window has chosen of the other kind is kept, as it was read just now."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, msgspec.json.encode(choices))
