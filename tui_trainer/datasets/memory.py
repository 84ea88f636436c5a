"""Checks that a table will fit into this machine's memory before it is read."""

from __future__ import annotations

import os
from pathlib import Path

from .dataset import DatasetError

COPIES = 3  # of every number, at most: as read, standardized, and in the trainer


def check_memory(rows: float, columns: int, about: str = "") -> None:
    """Raise DatasetError if ``rows`` x ``columns`` numbers need more than the free memory."""
    needed, free = rows * columns * 8 * COPIES, free_bytes()
    if free is not None and needed > free:
        reason = (
            f"{about}{rows:,.0f} rows x {columns:,} columns x 8 bytes are {rows * columns * 8 / 1e9:.1f} GB, "
            f"and training takes {COPIES} times as much, but only {free / 1e9:.1f} GB are free; use a part of the file"
        )
        raise DatasetError("dataset.path", reason)


def free_bytes() -> int | None:
    """Return the memory that is available without swapping; None if the system does not say."""
    limits = [value for value in (_from_meminfo(), _from_cgroup()) if value is not None]
    if limits:
        return min(limits)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _from_meminfo() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def _from_cgroup() -> int | None:
    """Return what is left of a container's memory limit."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
        return None if limit == "max" else max(int(limit) - used, 0)
    except (OSError, ValueError):
        return None
