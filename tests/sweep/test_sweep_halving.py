"""Successive halving: how long what is trained, what is cut, and that the runs are those of any other sweep."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sweep_cases import RATE, SMALL

from tui_trainer.cli.main import main
from tui_trainer.cli.sweep import sentences
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.share import share
from tui_trainer.store.store import Store, default_path
from tui_trainer.sweep import Row, SweepResult, scheduler, sweep
from tui_trainer.sweep.messages import PreviewSweep, SweepRequest
from tui_trainer.sweep.plan import Choices, Stage, SweepOptions, plan, plan_stages
from tui_trainer.sweep.results import halving_sentence
from tui_trainer.sweep.scheduler import prepare
from tui_trainer.sweep.service import finished_event, preview, progress_event, validate
from tui_trainer.training.session import Session

EIGHT = with_field(SMALL, "training.epochs", 8)
RATES = [1e-4, 1e-3, 0.1, 0.3]
SLOW, FAST = RATES[0], RATES[3]


@pytest.mark.parametrize(
    ("settings", "epochs", "stages"),
    [
        (4, 8, [(2, 4, 2), (4, 2, 1), (8, 1, 1)]),
        (5, 100, [(25, 5, 3), (50, 3, 2), (100, 2, 2)]),
        (100, 200, [(12, 100, 50), (25, 50, 25), (50, 25, 13), (100, 13, 7), (200, 7, 7)]),
        (9, 3, [(2, 9, 5), (3, 5, 5)]),
        (2, 2, [(1, 2, 1), (2, 1, 1)]),
    ],
)
def test_each_stage_has_twice_the_epochs_and_half_the_settings(
    settings: int, epochs: int, stages: list[tuple[int, int, int]]
) -> None:
    rates = Choices(RATE, tuple(range(1, settings + 1)))
    planned = plan(with_field(SMALL, "training.epochs", epochs), [rates], SweepOptions(repeat=3))
    assert plan_stages(planned, 3) == tuple(Stage(*stage) for stage in stages)


@pytest.mark.parametrize(
    ("fields", "epochs", "told"),
    [
        ({RATE: [0.1, 0.2]}, 1, "needs at least 2 epochs, one to look at and one to go on, got 1; train longer"),
        ({RATE: [0.1]}, 5, "needs at least two settings to compare; vary a field, or leave it out"),
        ({"training.epochs": [2, 4]}, 5, "decides how long each run is trained, so training.epochs can't be varied"),
    ],
)
def test_what_can_not_be_halved(fields: dict[str, list[object]], epochs: int, told: str) -> None:
    with pytest.raises(UserError) as refused:
        prepare(with_field(SMALL, "training.epochs", epochs), fields, SweepOptions(halving=True, repeat=2))
    assert refused.value.field == "halving" and told in refused.value.reason


def by_rate(result: SweepResult) -> dict[object, Row]:
    return {row.settings[RATE]: row for row in result.rows}


def test_the_best_are_trained_to_the_end_and_the_numbers_are_those_of_plain_runs() -> None:
    seen: list[tuple[object, int]] = []

    def note(row: Row) -> None:
        seen.append((row.settings[RATE], row.epochs))

    result = sweep(EIGHT, {RATE: RATES}, halving=True, jobs=1, on_row=note)
    assert seen == [*((rate, 2) for rate in RATES), (0.1, 4), (0.3, 4), (result.rows[0].settings[RATE], 8)]
    assert [row.cut_after for row in result.rows] == [None, 4, 2, 2]
    assert [row.state for row in result.rows] == ["finished", "paused", "paused", "paused"]
    assert result.rows[1].message == "Cut after 4 of 8 epochs."
    assert result.best is result.rows[0]
    said = "Halving cut 2 of 4 settings after 2 epochs, 1 after 4; 1 was trained for all 8."
    assert halving_sentence(result) == said and finished_event(result).sentence.endswith(said)
    for row in result.rows:
        alone = sweep(
            with_field(EIGHT, "training.epochs", row.epochs), {RATE: [row.settings[RATE]]}, jobs=1, keep=False
        )
        assert alone.rows[0].scores == row.scores
        assert row.experiment.training.epochs == 8, "the run is one that could go on"


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been() -> None:
    result = sweep(EIGHT, {RATE: RATES}, halving=True, jobs=1)
    row = by_rate(result)[SLOW]
    assert row.run is not None and sorted(one.run or 0 for one in result.rows) == [1, 2, 3, 4], "one run for all stages"
    whole, resumed = Session(), Session()
    whole.load(row.experiment)
    resumed.load(row.experiment)
    store = Store(default_path())
    stored = next(run for run in store.runs() if run.id == row.run)
    assert (stored.state, stored.epoch) == ("paused", 2)
    resumed.restore(*store.snapshot(row.run), stored.state)
    store.close()
    for session in (whole, resumed):
        session.train()
        session.advance_to_end()
    assert whole.state == resumed.state == "finished" and resumed.trainer.epochs == 8
    assert np.array_equal(whole.trainer.model.parameters.flat, resumed.trainer.model.parameters.flat)


def test_settings_are_cut_by_their_mean_with_all_their_folds() -> None:
    result = sweep(EIGHT, {RATE: [SLOW, FAST]}, halving=True, folds=2, repeat=2, jobs=1, keep=False)
    best, worst = result.groups()
    assert best.settings == {RATE: FAST} and (best.cut_after, worst.cut_after) == (None, 4)
    assert [row.epochs for row in result.rows] == [8] * 4 + [4] * 4


def test_what_diverges_or_stops_early_is_not_trained_again() -> None:
    stopping = with_field(EIGHT, "training.stop_at_loss", 1e9)
    seen: list[tuple[object, str]] = []

    def note(row: Row) -> None:
        seen.append((row.settings[RATE], row.state))

    result = sweep(stopping, {RATE: [0.1, 1e6]}, halving=True, by="loss", jobs=1, keep=False, on_row=note)
    assert seen == [(0.1, "stopped early"), (1e6, "diverged")] and result.best is result.rows[0]
    assert halving_sentence(result) == (
        "Halving cut none of 2 settings; 1 was trained for all 8, 1 ended without a score."
    )


def test_an_interrupt_leaves_the_runs_as_far_as_they_came() -> None:
    def interrupt(row: Row) -> None:
        if row.epochs == 4:
            raise KeyboardInterrupt

    result = sweep(EIGHT, {RATE: RATES}, halving=True, jobs=1, on_row=interrupt)
    assert result.interrupted and sorted(row.epochs for row in result.rows) == [2, 2, 4, 4]
    assert result.best is not None and result.best.epochs == 4
    assert "Halving" not in finished_event(result).sentence and "Interrupted: the runs are as far" in "\n".join(
        sentences(result)
    )
    assert "Halving" not in "".join(sentences(result))


def test_the_command_tells_what_was_cut_and_when(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["sweep", share(EIGHT), "--halving", f"--set={RATE}={','.join(map(str, RATES))}", "--jobs=1", "--no-store"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert out.count(" after 2 epochs\n") == 4 and out.count(" after 4 epochs\n") == 2
    assert out.count("  cut after epoch 2\n") == 2 and out.count("  cut after epoch 4\n") == 1
    assert "\nHalving cut 2 of 4 settings after 2 epochs, 1 after 4; 1 was trained for all 8.\nBest by " in out
    assert main([*words, "--json", "--repeat=2", f"--results={tmp_path / 'runs.csv'}"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["halving"][0] == {"epochs": 2, "settings": 4, "kept": 2}
    assert [run["epochs"] for run in result["runs"]] == [8, 8, 4, 4, 2, 2, 2, 2]
    lines = (tmp_path / "runs.csv").read_text().splitlines()
    assert len(lines) == 9 and "Cut after 2 of 8 epochs." in lines[-1]


def test_the_form_says_when_is_cut() -> None:
    request = SweepRequest(EIGHT, ((RATE, "0.1, 0.2, 0.3, 0.4"),), jobs="1", method="halving")
    said = preview(PreviewSweep(request, 1), validate).said
    assert said == "4 learning rates = 4 runs; the worse half is cut after 2, 4 of 8 epochs"
    board = validate(request).leaderboard()
    assert board.total == 7 and board.line() == "0/7 trainings"


def test_the_time_left_counts_the_longer_trainings_that_follow() -> None:
    board = scheduler.prepare(EIGHT, {RATE: RATES}, SweepOptions(halving=True)).leaderboard()
    assert board.total == 7 and board.seconds_left(1.0) is None  # 4 of 2 epochs, 2 of 4, and 1 of 8: 24 in all
    board.done = 4
    assert progress_event(board, 8.0).seconds_left == pytest.approx(16.0)
    board.done = 6
    assert progress_event(board, 16.0).seconds_left == pytest.approx(8.0)
    board.done = 7
    assert progress_event(board, 24.0).seconds_left == pytest.approx(0.0)


def test_without_halving_each_run_counts_the_same() -> None:
    assert scheduler.prepare(EIGHT, {RATE: RATES}, SweepOptions()).leaderboard().total == 4
