"""Hands that are quicker than the app: bursts of keys and clicks in every tab, lesson and dialog.

    python -m pytest -rP tests/monkey/test_hands.py -m slow --actions 100000 --seeds 20

does 100,000 actions from 20 seeds, 5,000 from each, and prints where they have been. ``--first-seed`` is the first one.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cage import cage
from hands import QUICKEST, SLOWEST, Hands, settle

ACTIONS = 1000  # of all seeds together, unless ``--actions`` says another number
SEEDS = 4
FEW = 75
REST = 1000  # actions until it is looked whether all still works


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each seed."""
    if "slow_seed" in metafunc.fixturenames:
        options = metafunc.config.option
        first, count = getattr(options, "first_seed", 1), getattr(options, "seeds", SEEDS)
        metafunc.parametrize("slow_seed", range(first, first + count))


async def do_no_harm(seed: int, actions: int, slowest: float = SLOWEST) -> None:
    """No exception, no dialog without a way out; the app answers and trains now and then, and at the end."""
    started = time.perf_counter()
    async with cage(seed) as one:
        hands = Hands(seed, slowest)
        while len(hands.done) < actions:
            await hands.let_loose(one, min(REST, actions - len(hands.done)))
            await settle(one)
            try:
                await one.still_works()
            except AssertionError as error:
                raise AssertionError(f"{error}; {hands.story()}") from error
    took, places = time.perf_counter() - started, sorted(hands.screens.items())
    print(f"seed {seed}: {len(hands.done):,} actions in {took:.0f} s; in {dict(places)}")


async def test_a_few_quick_actions(playground: Path) -> None:
    await do_no_harm(1, FEW, slowest=QUICKEST)  # whatever is slower takes too long here


@pytest.mark.slow
@pytest.mark.timeout(3600)  # 5,000 actions take several minutes at the pace of hands
async def test_many_quick_actions(slow_seed: int, playground: Path, request: pytest.FixtureRequest) -> None:
    options = request.config.option
    await do_no_harm(slow_seed, getattr(options, "actions", ACTIONS) // getattr(options, "seeds", SEEDS))
