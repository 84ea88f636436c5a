"""A sweep from the app: asked for, wrong, done beside a run that trains, looked at, cancelled, and left."""

from __future__ import annotations

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from systems import ENDED_BY_KILL, KILL
from textual.widgets import Input, Static

from tui_trainer.app.dialogs.sweep_form import SweepFormDialog, SweepOption, SweepRow, initial_request
from tui_trainer.app.dialogs.sweep_progress import SweepLine, SweepProgressDialog, parts
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.store.store import Store
from tui_trainer.sweep.client import SweepClient
from tui_trainer.sweep.messages import Leader, SweepPreview, SweepProgress, SweepRequest
from tui_trainer.system.processes import how_it_ended
from tui_trainer.tabs.loss.view import LossView
from tui_trainer.tabs.runs.view import RunsView
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.fields import ChoiceField

if TYPE_CHECKING:
    from running_app import Flow, Start

RATE, SEED = "training.learning_rate", "model.seed"
SMALL = Experiment(model=ModelConfig((LayerConfig(4),)), training=TrainingConfig(epochs=3))


def form_of(flow: Flow) -> SweepFormDialog:
    screen = flow.pilot.app.screen
    assert isinstance(screen, SweepFormDialog)
    return screen


async def opened(flow: Flow) -> SweepFormDialog:
    """Open the form and wait until it has counted."""
    await flow.until(lambda: flow.screen.dialogs.is_free, "the last dialog has ended")
    await flow.press("M")
    await flow.until(lambda: isinstance(flow.pilot.app.screen, SweepFormDialog), "the form")
    await flow.until(lambda: form_of(flow).query(SweepRow), "its rows")
    await flow.until_shown(" runs")
    return form_of(flow)


async def choose(flow: Flow, letters: str) -> Input:
    """Choose one more field to vary by its first letters; its box."""
    row = list(form_of(flow).query(SweepRow))[-1]
    await flow.until(lambda: row.query(Dropdown), "its list")
    row.choice.focus()
    await flow.until(lambda: row.choice.has_focus)
    await flow.press("enter")
    await flow.until(lambda: row.choice.expanded, "the list")
    await flow.press(*letters, "enter")
    await flow.until(lambda: row.path is not None and row.input.has_focus, "the values of it")
    return row.input


def option(flow: Flow, name: str) -> Input:
    return next(one for one in form_of(flow).query(SweepOption) if one.path == name).input


def sweeping(flow: Flow) -> int | None:
    """The process that sweeps, by its id; None where there is none."""
    client = flow.screen.sweeps.client
    return None if client is None else client.pid


async def test_the_form_opens_again_while_the_process_of_the_last_one_ends(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, clients = SweepClient.close, []

    async def never_close(client: SweepClient) -> None:
        clients.append(client)
        await asyncio.Event().wait()

    async with start(SMALL) as flow:
        await opened(flow)
        monkeypatch.setattr(SweepClient, "close", never_close)
        await flow.press("escape")
        await opened(flow)
        monkeypatch.setattr(SweepClient, "close", close)
        for client in clients:
            await client.close()


async def test_a_preview_may_come_while_a_row_is_being_added(start: Start) -> None:
    async with start(SMALL) as flow:
        form = await opened(flow)
        await flow.until(lambda: form._preview is not None, "the preview of what the form opens with")
        mounting = form.rows.mount(form._row())
        for reason in ("", "expected a finite number"):
            form.show(SweepPreview(form._number, "1 run", field=RATE, reason=reason))
        first, *_, last = form.query(SweepRow)
        assert first.has_class("-invalid") and not last.has_class("-invalid")
        await mounting
        await flow.press("escape")


async def test_a_cross_validation_and_one_of_its_runs(start: Start) -> None:
    async with start(with_field(SMALL, "dataset.validation_split", 0.0)) as flow:
        form = await opened(flow)
        form.query(SweepRow).first().input.value = "0.05"
        layers = await choose(flow, "hid")
        assert layers.value == "2, 4, 8, 4-4"
        layers.value = "none, 4-4"
        option(flow, "folds").value = "1"
        await flow.until_shown("folds: expected a whole number from 2 to 10,000, got 1")
        option(flow, "folds").value = "2"
        option(flow, "repeat").value = "2"
        option(flow, "jobs").value = "1"
        await flow.until_shown("2 values of hidden layers × 2 seeds × 2 folds = 8 runs")
        await flow.until_shown("auto: val_loss")
        choices = {field.path: field.query_one(Dropdown) for field in form.query(ChoiceField)}
        measures = [value for _, value in choices["by"].options]
        assert "val_accuracy" in measures, "each fold is a validation part"
        choices["method"].focus()
        await flow.until(lambda: choices["method"].has_focus)
        await flow.press("enter")
        await flow.until(lambda: choices["method"].expanded, "the list")
        await flow.press("h", "enter")
        told = form.query_one(".status", Static)
        await flow.until(lambda: "the worse half is cut after 2 of 3 epochs" in str(told.content), "what is cut")
        layers.focus()
        await flow.until(lambda: layers.has_focus)
        await flow.press("enter")
        await flow.until_said("on average over 4 runs: learning_rate = 0.05, layers = ")
        await flow.until_said("Halving cut 1 of 2 settings after 2 epochs; 1 was trained for all 3.")
        await flow.press("8")
        await flow.until_shown("4 chosen")
        view = flow.screen.tabs.view
        assert isinstance(view, RunsView)
        await flow.until(lambda: view.place.row is not None and "fold = " in view.place.row.name, "the best run")
        await flow.until_shown("by val loss settings together")
        assert view.listed is not None and [row.group for row in view.listed.rows] == [1] * 4 + [2] * 4
        await flow.press("0")
        await flow.until_shown("4 runs: median, quartiles")
        await flow.press("8")
        await flow.until_shown("mean ± deviation, of")
        await flow.press("G")
        await flow.until(lambda: view.listed is not None and not view.listed.grouped, "one by one")
        await flow.press("G")
        await flow.until(lambda: view.listed is not None and view.listed.grouped, "together again")
        await flow.press("enter")
        await flow.until(lambda: flow.screen.experiment.dataset.fold is not None, "a run of a fold is open")
        fold = flow.screen.experiment.dataset.fold
        await flow.until(lambda: flow.field("dataset.fold").display, "its fold in place of the share")
        assert fold in ("1/2", "2/2") and not flow.field("dataset.validation_split").display
        await flow.until_shown("75 + 75 rows")


async def test_a_search_has_trials_in_place_of_draws(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trainer.app.dialogs.sweep_form.is_installed", lambda: False)
    async with start(SMALL) as flow:
        form = await opened(flow)
        method = next(field for field in form.query(ChoiceField) if field.path == "method").query_one(Dropdown)
        random, trials = option(flow, "random"), option(flow, "trials")
        assert [text for text, _ in method.options][2] == "search: not installed"
        assert random.parent.display and not trials.parent.display
        method.focus()
        await flow.until(lambda: method.has_focus)
        await flow.press("right", "right")
        await flow.until(lambda: method.value == "search" and trials.parent.display, "the trials")
        assert not random.parent.display
        trials.value = "many"
        form.query(SweepRow).first().input.value = "1e-4..1"
        missing = find_spec("optuna") is None
        await flow.until_shown("needs Optuna, which" if missing else "trials: expected a whole number")
        if missing:
            await flow.press("enter")
            assert form_of(flow) is form, "nothing begins"
            return
        trials.value = "9"
        await flow.until_shown("9 trials = 9 runs")
        form.query(SweepRow).first().input.focus()
        await flow.press("enter")
        await flow.until_said("Sweep done, 9 runs in ")


@pytest.mark.slow  # five seconds of processes; without the app: tests/sweep, and in it, in short, the tests above
async def test_a_sweep_of_four_runs_goes_on_beside_training(start: Start, tmp_path: Path) -> None:
    async with start(SMALL) as flow:
        form = await opened(flow)
        box = form.query(SweepRow).first().input
        assert box.value == "0.005, 0.017, 0.05, 0.15, 0.5" and box.has_focus
        await flow.until_shown("5 learning rates = 5 runs")

        box.value = "0.05, fast"
        await flow.press("enter")
        await flow.until_shown("got 'fast'")
        assert box.value == "0.05, fast" and form_of(flow) is form, "what was typed stays, and nothing begins"
        box.value = "0.05,0.5"
        seeds = await choose(flow, "see")
        assert seeds.value == "0, 1, 2"
        await flow.until_shown("2 learning rates × 3 seeds = 6 runs")
        seeds.value = "0,1,"
        await flow.until_shown("= 4 runs")
        option(flow, "jobs").value = "1000"
        await flow.until_shown("processes: expected a whole number from 1 to")
        option(flow, "jobs").value = "1"
        await flow.until_shown("2 learning rates × 2 seeds = 4 runs")
        await flow.press("escape")
        await flow.until(lambda: flow.pilot.app.screen is flow.screen and sweeping(flow) is None, "nothing is left")

        form = await opened(flow)
        assert [row.values for row in form.query(SweepRow)] == ["0.05,0.5", "0,1,", ""], "it is there again"
        assert option(flow, "jobs").value == "1"
        await flow.press("enter")
        begun = "the line that tells of it, or that it is done"
        await flow.until(lambda: flow.screen.query(SweepLine) or "Sweep done" in flow.message, begun)
        await flow.press("e")
        await flow.until_said("Sweep done, 4 runs in")
        assert "Best val_loss" in flow.message and "8 and enter open it; 0 shows all curves." in flow.message
        assert not flow.screen.query(SweepLine) and sweeping(flow) is None
        await flow.until(lambda: flow.progress.epoch == 1, "the run under work goes on meanwhile")
        loss = flow.screen.query_one(LossView)
        await flow.until(lambda: len(loss.overlays) == 4, "its curves are laid over the run's")
        assert [one.curve is not None for one in loss.overlays] == [True] * 4

        await flow.press("8")
        await flow.until_shown("by val loss 4 chosen")
        view = flow.screen.tabs.view
        assert isinstance(view, RunsView) and view.listed is not None and view.filter.startswith("tag=sweep-")
        best = min(view.listed.rows, key=lambda row: row.val_loss or 0.0)
        await flow.until(lambda: view.place.row == best, "the best one under the cursor")
        choice = view.choices.get(best.run)
        assert choice is not None and choice.letter == "A" and f": {best.name}. " in flow.message
        await flow.press("enter")
        await flow.until(lambda: flow.screen.experiment.training.learning_rate == best.rate, "it is open")
    store = Store(tmp_path / "store" / "runs.sqlite")
    assert len(store.runs()) == 5
    store.close()


@pytest.mark.slow  # its processes are killed; in a moment: tests/sweep/test_sweep_service.py
async def test_looked_at_cancelled_lost_and_left(start: Start) -> None:
    async with start(SMALL, size=(60, 16)) as flow:
        app = flow.pilot.app
        form = await opened(flow)
        form.query(SweepRow).first().input.value = "0.05"
        epochs = await choose(flow, "ep")
        epochs.value = "2,9000000"
        option(flow, "jobs").value = "1"
        await flow.until_shown("2 values of epochs = 2 runs")
        await flow.press("enter")
        await flow.until_shown("best val_loss")
        await flow.press("M")
        await flow.until(lambda: isinstance(app.screen, SweepProgressDialog), "how it stands")
        assert app.screen.styles.background.a < 1, "the screen below stays in sight"
        await flow.until_shown("1 of 2 runs done, about")
        await flow.until_shown("learning_rate = 0.05, epochs = 2")
        await flow.press("c")
        await flow.until_said("Sweep ended, 1 of 2 runs. Best val_loss")

        await opened(flow)
        await flow.press("enter")
        await flow.until_shown("best val_loss")
        pid = sweeping(flow)
        assert pid is not None
        os.kill(pid, KILL)
        await flow.until_said(f"The sweep's process {how_it_ended(ENDED_BY_KILL)}. Finished runs are kept.")

        await opened(flow)
        await flow.press("enter")
        await flow.until_shown("best val_loss")
        await flow.press("q")
        await flow.until_shown("Quitting ends it; finished runs are kept.")
        await flow.press("escape")
        await flow.until(lambda: app.screen is flow.screen, "the app stays")
        client = flow.screen.sweeps.client
        assert client is not None and client.pid is not None
        await flow.press("q")
        await flow.until(lambda: isinstance(app.screen, SweepProgressDialog), "the question")
        await flow.press("q")
        await flow.until(lambda: app._exit, "the end")
        with pytest.raises(ProcessLookupError):
            os.kill(client.pid, 0)


def test_the_line_of_a_sweep() -> None:
    told = SweepProgress(3, 12, 1, "loss", (Leader("units = 8\x1b", "0.25"), Leader("units = 4", "0.5")), 75.0)
    assert parts(told) == ["Sweep ━━━───────── 3/12", "1:15 left", "best loss 0.25: units = 8\ufffd"]
    assert parts(SweepProgress(12, 12, 12, "loss")) == ["Sweep ━━━━━━━━━━━━ 12/12"]


def test_what_the_form_begins_with() -> None:
    hidden = Experiment(hide=("training",))
    assert initial_request(hidden, None) == SweepRequest(hidden)
    typed = SweepRequest(
        SMALL, ((RATE, "0.005, 0.017, 0.05, 0.15, 0.5"), (SEED, "7"), ("model.layers[0].units", "2")), jobs="1"
    )
    faster = Experiment(model=ModelConfig(()), training=TrainingConfig(learning_rate=1.0))
    again = initial_request(faster, typed)
    assert again == SweepRequest(faster, ((RATE, "0.1, 0.33, 1, 3, 10"), (SEED, "7")), jobs="1")
