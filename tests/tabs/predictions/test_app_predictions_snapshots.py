"""How the Predictions tab looks: read the pictures before accepting new ones."""

from __future__ import annotations

import pytest
from test_app_snapshots import BOSTON, IRIS, SIZES, Compare, after, settle, still, wait  # noqa: F401 (a fixture)
from textual.pilot import Pilot

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.screen import MainScreen
from tui_trainer.experiment.schema import Experiment


def compare(snap: Compare, experiment: Experiment, size: tuple[int, int], *keys: str) -> bool:
    """The tab after three epochs, which are always the same."""

    async def run_before(pilot: Pilot[None]) -> None:
        await after("e", "e", "e", then=_three_epochs)(pilot)
        await pilot.press(*keys)
        await wait(lambda: any(" rows " in strip.text for strip in pilot.app.screen._compositor.render_strips()))
        await settle(pilot)

    return snap(TrainerApp(experiment), terminal_size=size, run_before=run_before)


def _three_epochs(screen: MainScreen) -> bool:
    return screen.status.progress is not None and screen.status.progress.epoch == 3


@pytest.mark.parametrize("size", SIZES)
def test_classes(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The confusion matrix, the samples by their loss, one of them closely; and their curve where there is room."""
    assert compare(snap_compare, IRIS, size, "6", *(("m",) if size[0] > 100 else ()))


def test_numbers(snap_compare: Compare) -> None:
    """Predicted against true, the losses on their curve, the residuals, and the samples: without the setup."""
    assert compare(snap_compare, BOSTON, (120, 40), "6", "m")
