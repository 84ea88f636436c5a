"""How the Runs tab looks, and the loss with chosen runs beside it: read the pictures before accepting new ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from test_app_snapshots import IRIS, Compare, after, settle, show_curves, wait
from test_runs_parts import ROW
from textual.pilot import Pilot
from textual.widgets import Input

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.screen import MainScreen
from tui_trainer.protocol import pack
from tui_trainer.tabs.loss.messages import Curve, OverlayCurve
from tui_trainer.tabs.loss.view import LossView
from tui_trainer.tabs.runs.messages import Difference, RunList, RunRow
from tui_trainer.tabs.runs.selection import SelectedRuns
from tui_trainer.tabs.runs.view import RunsView

NAMES = ("small rate", "usual", "large rate", "wide", "deep", "momentum", "adam", "no penalty", "book 2.1", "digits")
STATES = ("finished", "finished", "diverged", "stopped early", "paused", "cut off", "finished", "running")


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quick: None, forked_trainers: None) -> None:
    """A store of its own, no cursor that comes and goes, and colours on any terminal."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    monkeypatch.setattr(Input, "cursor_blink", False)
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")


def row(number: int) -> RunRow:
    """A run of the list, different from its neighbours."""
    name = NAMES[number % len(NAMES)]
    changes: dict[str, object] = {
        "loss": 0.9 / (number + 1),
        "val_loss": 1.1 / (number + 1),
        "rate": 10.0 ** -(number % 4),
    }
    changes |= {"pinned": number == 0, "here": number == 3, "elsewhere": number == 7, "seed": number}
    changes |= {"state": STATES[number % len(STATES)], "age": 100.0 * 2**number, "epoch": 25 * (number % 9)}
    return msgspec.structs.replace(ROW, run=60 - number, name=f"{name} {number}" if number > 9 else name, **changes)


def listed(view: RunsView) -> RunList:
    """The answer to what the view asks for, of a store with 60 runs."""
    rows = tuple(map(row, range(60)))
    wanted = view.request
    compared = tuple(one for one in rows if one.run in wanted.compared)
    differ = (
        Difference("model.layers[1]", ("", "16 relu", "")),
        Difference("training.optimizer.name", ("sgd", "sgd", "adam")),
        Difference("training.learning_rate", ("1", "0.1", "0.01")),
    )
    shown = rows[wanted.first : wanted.first + wanted.rows]
    answer = RunList(wanted.filter, wanted.sort, wanted.descending, 60, 75, wanted.first, shown)
    return msgspec.structs.replace(answer, compared=compared, differences=differ if len(compared) == 3 else ())


def shown(then: Callable[[RunsView], None], *keys: str) -> Callable[[Pilot[None]], object]:
    """Open the tab on a list that is always the same, press keys, and wait."""

    async def run_before(pilot: Pilot[None]) -> None:
        await after(*keys)(pilot)
        screen = next(one for one in pilot.app.screen_stack if isinstance(one, MainScreen))
        await wait(lambda: isinstance(screen.tabs.view, RunsView) and screen.tabs.view.listed is not None)
        view = screen.tabs.view
        assert isinstance(view, RunsView)
        answer = view.show_content
        view.show_content = lambda content: None  # type: ignore[method-assign] # the store is empty
        view.filter = "-homes"
        answer(listed(view))
        then(view)
        answered = None
        while answered != view.request:  # what was answered may need other room, and the view other rows then
            answered = view.request
            answer(listed(view))
            await settle(pilot)

    return run_before


def choose(view: RunsView) -> None:
    """Three runs, and what they differ in."""
    for place in (1, 4, 6):
        view.go(place)
        view.action_choose_run()
    view.go(7)
    view.action_differ()


def test_runs_wide(snap_compare: Compare) -> None:
    """The list over all the width with three runs chosen, and the fields in which they differ."""
    assert snap_compare(TrainerApp(IRIS), terminal_size=(120, 40), run_before=shown(choose, "m", "8"))


def test_runs_narrow(snap_compare: Compare) -> None:
    """The first columns, further down in a long list."""
    down = shown(lambda view: view.go(30), "8")
    assert snap_compare(TrainerApp(IRIS), terminal_size=(80, 24), run_before=down)


def test_loss_beside_others(snap_compare: Compare) -> None:
    """The run's own lines over those of two others, which have letters; the values at the cursor."""

    def lay_beside(screen: MainScreen) -> bool:
        if not show_curves(screen):
            return False
        view, choices, epochs = screen.query_one(LossView), SelectedRuns(), np.arange(1.0, 81.0)
        for run, name in ((1, "small rate"), (2, "adam")):
            choices.toggle(run, name)
        view.show_selected_runs(choices.drawn)
        curves = (np.exp(-epochs / 40) + 0.05, np.exp(-epochs / 7) + 0.2)
        told = (Curve("val_loss", pack(epochs), pack(values), float(values[39])) for values in curves)
        overlays = tuple(OverlayCurve(run, one) for run, one in enumerate(told, start=1))
        LossView.show_content(view, msgspec.structs.replace(view._content, overlays=overlays, last=80))
        view.action_inspect_end(-1)
        view.action_inspect(38)
        return True

    assert snap_compare(TrainerApp(IRIS), terminal_size=(120, 40), run_before=after("m", "0", then=lay_beside))
