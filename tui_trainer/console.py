"""What commands write: whether a file can be written, and values as JSON takes them."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import Any

from .errors import ExperimentError


def check_writable(path: Path, option: str) -> None:
    """ExperimentError, which names ``option``, where ``path`` can't be written: said before the work, not after it."""
    try:
        with path.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise not_writable(path, option, error) from error


def not_writable(path: Path, option: str, error: OSError) -> ExperimentError:
    """The error for a file that can't be written."""
    return ExperimentError(option, f"cannot write {str(path)!r}: {error.strerror or error}; give another path")


def fall_silent() -> None:
    """Let what is printed from now on go nowhere, and what could not be printed with it."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def finite(value: Any) -> Any:
    """``value``, with what is in it, for JSON, which has no nan and no inf: they become null."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
