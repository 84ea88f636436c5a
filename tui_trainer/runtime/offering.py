"""What a trainer tells at its start: a run to come back to, one that was cut off or goes on alone."""

from __future__ import annotations

import time

from .keeper import Keeper
from .protocol import AnyReport, Notice, Offer


def offers(keeper: Keeper, wanted: int | None) -> list[AnyReport]:
    """The run ``wanted`` or the newest that somebody should come back to, and a notice where that isn't the one."""
    told: list[AnyReport] = []
    stored = keeper.waiting(wanted)
    if stored is None and wanted is not None:
        told.append(Notice(0, f"Run {wanted} can't be gone on with: it is not there, or goes on elsewhere."))
    stored = stored or keeper.alone()
    if stored is not None:
        ago = max(0.0, time.time() - stored.updated)
        told.append(Offer(0, stored.id, stored.experiment, stored.epoch, stored.step, ago, stored.alive))
    return told
