"""What a trainer tells at its start: a run to come back to, one that was cut off or goes on alone."""

from __future__ import annotations

import time

from tui_trainer.protocol.reports import AnyReport, Notice, Offer
from tui_trainer.store.checkpointer import Keeper


def offers(keeper: Keeper, wanted: int | None) -> list[AnyReport]:
    """The run ``wanted``, with a notice where it can't be had; or the newest cut off, and then one that goes on."""
    told: list[AnyReport] = []
    stored = keeper.waiting(wanted)
    if stored is None and wanted is not None:
        told.append(Notice(0, f"Run {wanted} can't be gone on with: it is not there, or goes on elsewhere."))
    for run in (stored, keeper.alone() if wanted is None else None):
        if run is not None:
            ago = max(0.0, time.time() - run.updated)
            told.append(Offer(0, run.id, run.experiment, run.epoch, run.step, ago, run.owner if run.alive else ""))
    return told
