"""Names of folders, from the names of runs: what a user writes is no path."""

from __future__ import annotations

import re
from pathlib import Path

LONGEST_NAME = 60
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # of Windows, where files may go


def safe_name(text: str) -> str:
    """A run's name as that of a folder: letters, digits, dots, dashes; never a path, hidden, or empty."""
    words = re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.")[:LONGEST_NAME].strip("-.")
    return f"run-{words}" if _RESERVED.fullmatch(words) else words or "run"


def free_folder(name: str, parent: Path) -> Path:
    """A folder in ``parent`` that is not there yet: ``name``, ``name-2``, ``name-3`` ..."""
    safe, number = safe_name(name), 1
    while (parent / (safe if number == 1 else f"{safe}-{number}")).exists():
        number += 1
    return parent / (safe if number == 1 else f"{safe}-{number}")
