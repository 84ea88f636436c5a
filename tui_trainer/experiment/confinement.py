"""Where files may be that the user names: anywhere, or below one folder where a teacher has set one."""

from __future__ import annotations

import os
from pathlib import Path

from tui_trainer.errors import ExperimentError, quoted

VARIABLE = "TUI_TRAINER_ROOT"
_SHOWN = 200


def root() -> Path | None:
    """The folder that files are confined to, links in its own path resolved; None where there is none."""
    folder = os.environ.get(VARIABLE)
    return Path(os.path.realpath(folder)) if folder else None


def confined(path: str | os.PathLike[str], field: str = "") -> Path:
    """The path of a file that the user named, with ``~`` replaced.

    Where there is a root, ``~`` is the root and the result has its links resolved. ExperimentError for ``field``
    says so where it lies outside, or is hidden: hidden files steer other programs, and hold our own runs.
    """
    named = os.fspath(path)
    within = root()
    if within is None:
        return Path(os.path.expanduser(named))
    if named == "~" or named.startswith("~/"):
        named = os.path.join(within, named[2:])
    try:
        found = Path(os.path.realpath(named))
    except (OSError, ValueError):  # a NUL in it, or a name that is too long
        raise ExperimentError(field, f"{quoted(named, _SHOWN)} is not a path; give the path of a file") from None
    if not found.is_relative_to(within):
        where = quoted(str(within), _SHOWN)
        raise ExperimentError(field, f"{quoted(named, _SHOWN)} is outside of {where}; give a path inside that folder")
    if any(part.startswith(".") for part in found.relative_to(within).parts):
        raise ExperimentError(field, f"{quoted(named, _SHOWN)} is hidden; give a name that begins with no dot")
    return found
