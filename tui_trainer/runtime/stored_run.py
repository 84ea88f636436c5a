"""A run as the store has it, and whether it waits for somebody to come back to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tui_trainer.experiment.schema import Experiment

UNFINISHED = ("running", "paused")


@dataclass(frozen=True, slots=True)
class StoredRun:
    """``pid`` and ``owner`` are the process and the session that trained it last, ``updated`` is in seconds.

    ``watched`` says whether a screen was there when it was saved last; ``alive`` whether the owner still runs.
    """

    id: int
    name: str
    experiment: Experiment
    state: str
    epoch: int
    step: int
    pid: int
    updated: float
    owner: str
    watched: bool
    alive: bool

    @property
    def is_cut_off(self) -> bool:
        """Not at its end, and nobody is training it."""
        return not self.alive and self.state in UNFINISHED

    @property
    def waits(self) -> bool:
        """Cut off, or ended while nobody looked."""
        return self.is_cut_off or (not self.alive and not self.watched)


def process_runs(pid: int) -> bool:
    """Whether a process runs; one that has ended counts as gone even if nobody has asked for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        pass  # gone, or a system without /proc
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's process
        return True
    return True
