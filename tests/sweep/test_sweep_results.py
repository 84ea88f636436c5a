"""Which run is the best, how all are sorted, and what several seeds say together."""

from __future__ import annotations

import math

import pytest
from sweep_cases import RATE, SMALL, UNITS, row

from tui_trainer.cli.sweep import stretches
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.sweep import Row, SweepResult
from tui_trainer.sweep.plan import FOLD, SEED, Planned
from tui_trainer.sweep.results import choose_measure


def numbers(result: SweepResult) -> list[int]:
    return [one.number for one in result.rows]


@pytest.mark.parametrize(
    ("by", "order"),
    [
        ("loss", [2, 1, 3]),
        ("val_mae", [2, 1, 3]),
        ("accuracy", [3, 1, 2]),
        ("val_r2", [3, 1, 2]),
        ("recall[0]", [3, 1, 2]),
    ],
)
def test_the_kind_of_the_measure_decides_what_is_best(by: str, order: list[int]) -> None:
    result = SweepResult([row(1, {by: 0.5}), row(2, {by: 0.2}), row(3, {by: 0.9})], by)
    assert numbers(result) == order
    assert result.best is result.rows[0]


def test_runs_without_a_score_come_last_and_are_never_the_best() -> None:
    rows = [
        row(1, {}, state="failed"),
        row(2, {}, state="diverged"),
        row(3, {"loss": math.nan}),
        row(4, {"loss": 1e300}),
        row(5, {"loss": math.inf}, state="stopped early"),
    ]
    result = SweepResult(rows, "loss")
    assert numbers(result) == [4, 3, 5, 2, 1]
    assert result.best is not None and result.best.number == 4
    assert SweepResult(rows[:3], "loss").best is None
    assert SweepResult([], "loss").best is None


def seeds(first: int, rate: float, *values: float) -> list[Row]:
    """A row a seed; nan stands for one that diverged."""
    return [
        row(first + i, {}, {RATE: rate, SEED: i}, "diverged")
        if math.isnan(value)
        else row(first + i, {"loss": value}, {RATE: rate, SEED: i})
        for i, value in enumerate(values)
    ]


def test_several_seeds_are_told_together() -> None:
    rows = [*seeds(1, 0.1, 0.1, 0.9, 0.8), *seeds(4, 0.2, 0.4, 0.3, 0.2)]
    result = SweepResult(rows, "loss", repeat=3)
    first, second = result.groups()
    assert first.settings == {RATE: 0.2} and second.settings == {RATE: 0.1}
    assert (first.mean, first.deviation) == pytest.approx((0.3, 0.1))
    assert second.deviation == pytest.approx(math.sqrt((0.5**2 + 0.3**2 + 0.2**2) / 2))
    # the luckiest single run, the first one, is not the best: its settings are worse on average
    assert result.best is not None and result.best.number == 6
    assert numbers(result) == [4, 5, 6, 1, 2, 3], "the runs of a setting follow one another, those of the best first"
    assert [group.replicates for group in result.groups()] == ["3 seeds", "3 seeds"]


def test_folds_and_seeds_count_together() -> None:
    losses = {(1, "1/2"): 0.1, (1, "2/2"): 0.3, (2, "1/2"): 0.2, (2, "2/2"): math.nan}
    rows = [
        row(number, {"val_loss": loss}, {RATE: 0.1, SEED: seed, FOLD: fold})
        for number, ((seed, fold), loss) in enumerate(losses.items(), start=1)
    ]
    (group,) = SweepResult(rows, "val_loss", repeat=2, folds=2).groups()
    assert (group.settings, group.counted, group.replicates) == ({RATE: 0.1}, 3, "3 of 4 runs")
    assert (group.mean, group.deviation) == pytest.approx((0.2, 0.1))
    seeds = SweepResult(rows, "val_loss", folds=2).groups()
    assert [one.settings[SEED] for one in seeds] == [1, 2], "seeds that are varied by themselves are settings"
    assert [one.replicates for one in seeds] == ["2 folds", "1 of 2 folds"]


def test_settings_that_diverge_with_some_seed_stand_behind_those_that_do_not() -> None:
    rows = [*seeds(1, 0.1, 0.1, math.nan), *seeds(3, 0.2, 0.5, 0.6), *seeds(5, 0.3, math.nan, math.nan)]
    result = SweepResult(rows, "loss", repeat=2)
    assert [(group.settings[RATE], group.counted) for group in result.groups()] == [(0.2, 2), (0.1, 1), (0.3, 0)]
    assert result.best is not None and result.best.number == 3
    assert math.isnan(result.groups()[1].deviation) and math.isnan(result.groups()[2].mean)


def test_the_frame_has_a_line_for_each_run_in_order() -> None:
    result = SweepResult([row(1, {"loss": 0.5}), row(2, {"loss": 0.2}), row(3, {}, state="diverged")], "loss")
    frame = result.frame()
    assert list(frame["number"]) == [2, 1, 3] and list(frame[RATE]) == [0.2, 0.1, 0.3]
    assert frame["loss"].tolist()[:2] == [0.2, 0.5] and math.isnan(frame["loss"][2])
    assert frame["state"][2] == "diverged"


def planned(*splits: float) -> list[Planned]:
    experiments = [with_field(SMALL, "dataset.validation_split", split) for split in splits]
    return [Planned(number, {UNITS: 4}, one) for number, one in enumerate(experiments, start=1)]


def test_the_usual_measure_is_one_that_all_runs_have() -> None:
    assert choose_measure(None, planned(0.2, 0.3)) == "val_loss"
    assert choose_measure(None, planned(0.2, 0.0)) == "loss"
    assert choose_measure("val_accuracy", planned(0.2)) == "val_accuracy"


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("val_lss", "by: expected one of: loss, accuracy, balanced_accuracy, "),
        ("\x1b[2J", r"got '\x1b[2J'"),
        ("val_mae", "val_mae needs validation rows, but dataset.validation_split is 0 in run 2; raise it, or take mae"),
    ],
)  # fmt: skip
def test_a_wrong_measure_is_refused(by: str, told: str) -> None:
    with pytest.raises(UserError) as refused:
        choose_measure(by, planned(0.2, 0.0))
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([5, 6, 7], "5 to 7"),
        ([5, 6, 9], "5 to 6 and 9"),
        ([1, 3, 5, 6], "1, 3 and 5 to 6"),
        ([5, 7, 9, 44], "between 5 and 44"),
    ],
)
def test_only_the_numbers_of_its_own_runs_are_named(runs: list[int], words: str) -> None:
    assert stretches(runs) == words
