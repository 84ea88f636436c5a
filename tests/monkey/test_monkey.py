"""A monkey at the keyboard and the mouse.

    MONKEY_EVENTS=20000 MONKEY_SEEDS=8 python -m pytest -rP tests/monkey

lets eight of them do 20,000 things between them, and prints what each was like after its warm-up and at its end.
MONKEY_FIRST is the first seed. A few seconds of it are a part of every test run.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from cage import Health, cage

pytestmark = pytest.mark.slow

EVENTS = int(os.environ.get("MONKEY_EVENTS", "100"))  # of all seeds together
COUNT = int(os.environ.get("MONKEY_SEEDS", "2"))
FIRST = int(os.environ.get("MONKEY_FIRST", "1"))
WARM = 500  # events after which nearly all has been opened once
# At most: some fields, pages and scroll bars are made when they are first needed, and then stay.
GROWTH = Health(app_mb=40.0, trainer_mb=25.0, widgets=40, timers=20, tasks=60)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
async def test_no_harm_is_done(seed: int, playground: Path) -> None:
    """No exception, no dialog without a way out; at the end it answers, trains, and is no larger than before."""
    started, events = time.perf_counter(), EVENTS // COUNT
    async with cage(seed) as one:
        await one.let_loose(min(events, WARM))
        if events > WARM:
            before = await one.health()
            await one.let_loose(events - WARM)
            after = await one.health()
            print(f"  after {WARM}: {before}\n  at the end: {after}")
            grown = [part for part in Health.__slots__ if grew(before, after, part)]
            assert not grown, f"{grown} grew: {before}, {after}; {one.monkey.story()}"
        await one.still_works()
        await one.until_at_rest()
    done, took = len(one.monkey.done), time.perf_counter() - started
    print(f"seed {seed}: {done:,} events in {took:.0f} s; would have left {one.exits} times")


def grew(before: Health, after: Health, part: str) -> bool:
    """Whether it grew by more than it may."""
    return bool(getattr(after, part) - getattr(before, part) > getattr(GROWTH, part))
