"""What a sweep typed in the app comes to: the fields that are offered, the count in words, and what is wrong."""

from __future__ import annotations

import dataclasses
import math

import pytest
from msgspec.structs import replace
from sweep_cases import RATE, SMALL, UNITS, row

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, EarlyStoppingConfig, Experiment, ModelConfig, TrainingConfig
from tui_trainer.experiment.validation import label_of
from tui_trainer.sweep.fields import count_values, suggest_values, sweepable_fields
from tui_trainer.sweep.messages import Kept, Leader, PreviewSweep, SweepPreview, SweepProgress, SweepRequest
from tui_trainer.sweep.plan import read_axis
from tui_trainer.sweep.results import Leaderboard, Row, SweepResult
from tui_trainer.sweep.scheduler import cores
from tui_trainer.sweep.service import failed_event, finished_event, preview, progress_event, validate

SEED, ACTIVATION = "model.seed", "model.layers[0].activation"
STOPPING = replace(SMALL, training=TrainingConfig(batch_size="full", early_stopping=EarlyStoppingConfig()))
NAMED = replace(
    SMALL, dataset=DatasetConfig(path="a,b.csv", features=("RM", 'T "x", y'), target="x, y", seed=2**63 - 1)
)


def kept(one: Row) -> Row:
    """The row as one that is in the store."""
    return dataclasses.replace(one, run=10 + one.number)


def asked(experiment: Experiment = SMALL, *fields: tuple[str, str], **options: str) -> SweepPreview:
    return preview(PreviewSweep(SweepRequest(experiment, fields, **options), 7), validate)


def test_the_learning_rate_is_offered_first_and_around_its_value() -> None:
    assert [offer.label for offer in sweepable_fields(SMALL)[:4]] == [
        "learning rate",
        "seed",
        "batch size",
        "hidden layers",
    ]
    assert suggest_values(with_field(SMALL, RATE, 0.01234), RATE) == "0.0012, 0.0041, 0.01234, 0.037, 0.12"
    assert suggest_values(with_field(SMALL, RATE, 5e5), RATE) == "50000, 170000, 500000", "none above what it takes"


@pytest.mark.parametrize("experiment", [SMALL, STOPPING, NAMED], ids=["small", "stopping", "named"])
def test_all_that_is_suggested_is_taken(experiment: Experiment) -> None:
    paths = [offer.path for offer in sweepable_fields(experiment)]
    assert len(paths) == len(set(paths)) > 35
    assert ("training.early_stopping.patience" in paths) == (experiment is STOPPING)
    for path in paths:
        read_axis(experiment, path, suggest_values(experiment, path))


@pytest.mark.parametrize(
    ("experiment", "path", "values"),
    [
        (SMALL, SEED, "0, 1, 2"),
        (NAMED, "dataset.seed", str(2**63 - 1)),
        (SMALL, "model.layers", "2, 4, 8, 4-4"),
        (replace(SMALL, model=ModelConfig(layers=())), "model.layers", "none, 8"),
        (SMALL, "training.batch_size", "16, 32, 64"),
        (STOPPING, "training.batch_size", "16, 32, full"),
        (SMALL, UNITS, "2, 4, 8"),
        (with_field(SMALL, UNITS, 1), UNITS, "1, 2"),
        (with_field(SMALL, ACTIVATION, "gelu"), ACTIVATION, "gelu, relu, tanh, sigmoid"),
        (SMALL, "training.optimizer.name", "adagrad, adam, adamw, nadam, rmsprop, sgd"),
        (SMALL, "training.shuffle", "true, false"),
        (SMALL, "training.loss", "null"),
        (NAMED, "dataset.features", '"RM, ""T """"x"""", y"""'),
        (NAMED, "dataset.target", '"x, y"'),
    ],
)  # fmt: skip
def test_each_field_has_suggested_values(experiment: Experiment, path: str, values: str) -> None:
    assert suggest_values(experiment, path) == values


def test_names_and_counts_of_fields() -> None:
    labels = ["model.layers[1].units", "model.output.activation", "dataset.seed", "training.optimizer.beta_1"]
    assert list(map(label_of, labels)) == ["layer 2 units", "output activation", "data seed", "beta 1"]
    told = [
        count_values(count, path) for count, path in ((3, RATE), (1, SEED), (2, "training.loss"), (2, "training.l2"))
    ]
    assert told == ["3 learning rates", "1 seed", "2 losses", "2 values of penalty L2"]
    assert count_values(2, ACTIVATION) == "2 values of layer 1 activation"


def test_what_a_wish_comes_to() -> None:
    rates = (RATE, "0.01, 0.1, 1,")
    assert asked(SMALL, rates, (SEED, "0,1"), jobs="1") == SweepPreview(
        7, "3 learning rates × 2 seeds = 6 runs", "val_loss"
    )
    assert asked(SMALL, rates, repeat="4", jobs="1", by="accuracy").said == "3 learning rates × 4 seeds = 12 runs"
    assert asked(SMALL, (RATE, "log:1e-3..1"), random=" 20 ", jobs="1").said == "20 random draws = 20 runs"
    assert asked(SMALL, rates, random="2", repeat="3", jobs="1").said == "2 random draws × 3 seeds = 6 runs"
    assert asked(SMALL, rates, folds="5", repeat="2", jobs="1").said == "3 learning rates × 2 seeds × 5 folds = 30 runs"
    assert asked(SMALL, folds="5", jobs="1") == SweepPreview(7, "5 folds = 5 runs", "val_loss")
    assert asked(SMALL, rates, random="2", folds="4", jobs="1").said == "2 random draws × 4 folds = 8 runs"
    held_back = with_field(SMALL, "dataset.validation_split", 0)
    assert asked(held_back, folds="5").by == "val_loss", "the folds are validation parts"
    assert asked(SMALL, (RATE, "1"), jobs="1").said == "1 run"
    processes = f", in up to {min(cores(), 3, 8)} processes" if cores() > 1 else ""
    assert asked(SMALL, rates).said == f"3 learning rates = 3 runs{processes}"


@pytest.mark.parametrize(
    ("fields", "options", "field", "reason"),
    [
        ((), {}, "", "choose a field to vary"),
        (((RATE, ""),), {}, RATE, "expected a finite number greater than 0 and at most 1000000, got ''"),
        (((RATE, "1,1"),), {}, RATE, "the value 1.0 is given twice; give each once"),
        (((RATE, "1"), (RATE, "2")), {}, RATE, "is there twice; give all its values at once"),
        (
            ((RATE, "1e-3..1"),),
            {},
            RATE,
            "a range needs random N to draw N runs from it, "
            "or method: search to look for good ones; or list its values",
        ),
        (((RATE, "1,2"),), {"random": "3"}, "random", "expected at most 2 runs, which are all combinations"),
        (((RATE, "1,2"),), {"random": "-3"}, "random", "expected a whole number, or nothing, got '-3'"),
        (((RATE, "1,2"),), {"repeat": "0"}, "repeat", "expected a whole number from 1 to 10,000, got 0"),
        (
            ((RATE, "1,2"),),
            {"folds": "1"},
            "folds",
            "expected a whole number from 2 to 10,000, got 1; one part can't be",
        ),
        ((("dataset.fold", "1/5,2/5"),), {"folds": "2"}, "folds", "hold back every row once, so dataset.fold can't be"),
        (((SEED, "1,2"),), {"repeat": "2"}, "repeat", "gives every run seeds of its own"),
        (((RATE, "1,2"),), {"jobs": "9999"}, "jobs", "expected a whole number from 1 to "),
        (((RATE, "1,2"),), {"by": "speed"}, "by", "expected one of: loss"),
        ((("model.layers[3].units", "2"),), {}, "model.layers", "there is no entry 3"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(
    fields: tuple[tuple[str, str], ...], options: dict[str, str], field: str, reason: str
) -> None:
    found = asked(SMALL, *fields, **options)
    assert (found.field, found.said) == (field, "") and found.reason.startswith(reason)


def test_how_a_sweep_stands() -> None:
    tally = Leaderboard("loss", 5)
    assert (
        tally.leaders(1) == []
        and tally.line() == "0/5 runs"
        and progress_event(tally, 0.0) == SweepProgress(0, 5, 0, "loss")
    )
    for one in (
        row(1, {"loss": 0.5}),
        row(2, {}, state="diverged"),
        row(3, {"loss": 0.25}),
        row(4, {"loss": math.nan}),
    ):
        tally.add(one)
    assert tally.leaders(1) == [({RATE: 0.3}, 0.25)]
    assert tally.line() == "4/5 runs  best loss 0.25: learning_rate = 0.3"
    leaders = (Leader("learning_rate = 0.3", "0.25"), Leader("learning_rate = 0.1", "0.5"))
    assert progress_event(tally, 8.0) == SweepProgress(4, 5, 2, "loss", leaders, 2.0)


def test_settings_lead_by_their_mean_so_far() -> None:
    tally = Leaderboard("loss", 6, [SEED])
    for number, (rate, loss) in enumerate([(0.1, 0.1), (0.2, 0.3), (0.3, math.nan), (0.1, 0.9), (0.2, 0.5)], start=1):
        tally.add(row(number, {"loss": loss}, {RATE: rate, SEED: number}))
    leaders = (Leader("learning_rate = 0.2", "0.4"), Leader("learning_rate = 0.1", "0.5"))
    assert progress_event(tally, 5.0) == SweepProgress(5, 6, 1, "loss", leaders, 1.0)
    assert tally.line() == "5/6 runs  best loss 0.4: learning_rate = 0.2"


def test_how_a_sweep_ends() -> None:
    rows = [kept(row(number, {"accuracy": number / 10})) for number in (1, 2)]
    done = finished_event(SweepResult(rows, "accuracy", planned=2, seconds=75.2, tag="sweep-1"))
    assert done.sentence == "Sweep done, 2 runs in 1:15 min. Best accuracy 0.2: learning_rate = 0.2." and done.good
    assert done.tag == "sweep-1"
    assert done.kept == (Kept(12, "learning_rate = 0.2"), Kept(11, "learning_rate = 0.1"))

    cut = finished_event(SweepResult(rows[:1], "accuracy", planned=2, interrupted=True, complaint="The store is full."))
    assert cut.sentence == "Sweep ended, 1 of 2 runs. Best accuracy 0.1: learning_rate = 0.1. The store is full."
    assert not cut.good
    assert finished_event(SweepResult([], "loss", planned=2, interrupted=True)).sentence == "Sweep ended, 0 of 2 runs."
    lost = finished_event(SweepResult([row(1, {}, state="diverged")], "loss", planned=1, seconds=1.0))
    assert "1 run in 1.0 s. No run finished with a score" in lost.sentence and not lost.good and lost.kept == ()
    assert failed_event("a range needs --random N\x1b").sentence == "The sweep has failed: a range needs random N\ufffd"


def test_the_best_settings_of_several_seeds_come_first() -> None:
    settings = [(0.1, 0, 0.3), (0.1, 1, 0.3), (0.2, 0, 0.1), (0.2, 1, 0.9)]
    rows = [
        kept(row(number, {"loss": loss}, {RATE: rate, SEED: seed}))
        for number, (rate, seed, loss) in enumerate(settings, start=1)
    ]
    done = finished_event(SweepResult(rows, "loss", repeat=2, planned=4, seconds=1.0))
    assert "Best loss 0.3 ± 0 on average over 2 seeds: learning_rate = 0.1." in done.sentence
    assert [one.run for one in done.kept] == [11, 12, 13, 14], "the runs of the best settings come first"
    rows += [kept(row(number, {"loss": 0.3}, {RATE: 0.1, SEED: number})) for number in range(5, 15)]
    done = finished_event(SweepResult(rows, "loss", repeat=12, planned=14, seconds=1.0))
    assert [one.run for one in done.kept] == [11, 12, *range(15, 25)], "all of the best settings, which have a band"
