"""What is in a folder, for whoever looks for a file of data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice

from tui_trainer.errors import ExperimentError, quoted
from tui_trainer.experiment.confinement import confined

SUFFIXES = (".csv", ".tsv", ".tab")
MOST = 20_000  # entries of a folder that are looked at
_UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder, or a file of data with its size in bytes."""

    name: str
    is_folder: bool
    size: int = 0

    @property
    def told(self) -> str:
        """The size in few characters; nothing for a folder."""
        return "" if self.is_folder else _in_units(self.size)


@dataclass(frozen=True, slots=True)
class Listing:
    """Folders first, each by the alphabet; ``others`` are the names of other files, ``problem`` says what failed."""

    folder: str
    entries: tuple[Entry, ...] = ()
    others: frozenset[str] = frozenset()
    problem: str = ""

    def matching(self, start: str) -> list[Entry]:
        """The entries whose names begin with ``start``, or else hold it; capitals do not matter."""
        wanted = start.lower()
        names = [(entry.name.lower(), entry) for entry in self.entries]
        begin = [entry for name, entry in names if name.startswith(wanted)]
        return begin or [entry for name, entry in names if wanted in name]


def list_folder(folder: str) -> Listing:
    """The folders and files of data in ``folder``, without hidden ones; it may take a while."""
    try:
        found = confined(folder or ".")
        with os.scandir(found) as scan:
            seen = [entry for entry in islice(scan, MOST) if not entry.name.startswith(".")]
        entries = [entry for entry in map(_entry, seen) if entry is not None]
    except ExperimentError as error:
        return Listing(folder, problem=error.reason)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        return Listing(folder, problem=f"{quoted(folder, 60)} can't be listed: {reason}")
    shown = sorted(entries, key=lambda entry: (not entry.is_folder, entry.name.lower(), entry.name))
    names = {entry.name for entry in shown}
    return Listing(folder, tuple(shown), frozenset(entry.name for entry in seen) - names)


def split_path(text: str) -> tuple[str, str]:
    """The folder in what was typed, and the beginning of a name in it: ``data/bo`` is ``data/`` and ``bo``."""
    folder, _, start = text.rpartition("/")
    return (f"{folder}/" if folder or text.startswith("/") else "", start)


def common_start(names: list[str]) -> str:
    """What all names begin with."""
    first, last = min(names), max(names)
    alike = (place for place, char in enumerate(first) if place >= len(last) or char != last[place])
    return first[: next(alike, len(first))]


def _entry(found: os.DirEntry[str]) -> Entry | None:
    """A folder or a file of data; None for what is neither, and for what can't be looked at."""
    try:
        if found.is_dir():
            return Entry(found.name, True)
        if found.name.lower().endswith(SUFFIXES) and found.is_file():
            return Entry(found.name, False, found.stat().st_size)
    except OSError:
        pass
    return None


def _in_units(size: float) -> str:
    for unit in _UNITS[:-1]:
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} {_UNITS[-1]}"
