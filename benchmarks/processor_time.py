"""How much of a core a process takes, from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def seconds_used(pid: int) -> float:
    """Processor time of a process so far, its own and the system's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def shares(pids: Sequence[int], wait: Callable[[], object]) -> list[float]:
    """Parts of a core that each process takes while ``wait`` goes on."""
    before, started = [seconds_used(pid) for pid in pids], time.perf_counter()
    wait()
    took = time.perf_counter() - started
    return [(seconds_used(pid) - used) / took for pid, used in zip(pids, before, strict=True)]
