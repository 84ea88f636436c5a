"""Model-based search: what is searched, what it refuses, and that it goes on from the runs in the store.

What Optuna itself proposes is tested where it is installed; a stand-in that draws at random shows the rest everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_cases import RATE, SMALL, UNITS

from tui_trainer.cli.main import main
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.share import share
from tui_trainer.sweep import Row, SweepResult, search, sweep
from tui_trainer.sweep.messages import PreviewSweep, SweepRequest
from tui_trainer.sweep.plan import Choices, Range, SweepOptions, read_axis
from tui_trainer.sweep.scheduler import prepare
from tui_trainer.sweep.search import BATCH, DEFAULT_TRIALS, Search, Trial
from tui_trainer.sweep.service import finished_event, preview, validate

LAYERS = "model.layers"
FIELDS = {RATE: "1e-4..1", LAYERS: "none,4,8-8", UNITS.replace("units", "dropout"): "0..0.5"}
SPACE = {RATE: "1e-4..1", LAYERS: "none,4,8-8"}
needs_optuna = pytest.mark.skipif(find_spec("optuna") is None, reason="Optuna is an extra: 'tui-trainer[search]'")


class _State:
    FAIL = "fail"


class _Study:
    """Takes the place of Optuna's: proposes at random, and notes what it is told."""

    def __init__(self, seed: int, direction: str) -> None:
        self.rng, self.direction = np.random.default_rng(seed), direction
        self.trials: list[dict[str, Any]] = []

    def ask(self, distributions: dict[str, Callable[[np.random.Generator], object]]) -> Any:
        return _Proposal({path: draw(self.rng) for path, draw in distributions.items()})

    def tell(self, trial: Any, state: str) -> None:
        assert state == _State.FAIL

    def add_trial(self, trial: dict[str, Any]) -> None:
        self.trials.append(trial)


class _Proposal:
    def __init__(self, params: dict[str, object]) -> None:
        self.params = params


class StandIn:
    """As much of Optuna as the search uses; ``studies`` are all that were made."""

    def __init__(self) -> None:
        self.studies: list[_Study] = []
        self.logging, self.samplers, self.trial, self.distributions = self, self, self, self
        self.CRITICAL, self.TrialState = 50, _State

    def get_verbosity(self) -> int:
        return 20

    def set_verbosity(self, level: int) -> None: ...

    def TPESampler(self, seed: int, constant_liar: bool) -> int:
        assert constant_liar
        return seed

    def create_study(self, direction: str, sampler: int) -> _Study:
        self.studies.append(_Study(sampler, direction))
        return self.studies[-1]

    def create_trial(self, params: dict[str, object], distributions: object, value: float) -> dict[str, Any]:
        return {**params, "value": value}

    def CategoricalDistribution(self, choices: tuple[int, ...]) -> Any:
        return lambda rng: int(rng.integers(len(choices)))

    def IntDistribution(self, low: int, high: int, log: bool) -> Any:
        return lambda rng: int(rng.integers(low, high, endpoint=True))

    def FloatDistribution(self, low: float, high: float, log: bool) -> Any:
        return lambda rng: math.exp(rng.uniform(math.log(low), math.log(high))) if log else rng.uniform(low, high)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A library that proposes at random."""
    library = StandIn()
    monkeypatch.setattr(search, "_optuna", lambda: library)
    monkeypatch.setattr(search, "is_installed", lambda: True)
    return library


def tried(result: SweepResult) -> list[dict[str, object]]:
    """The settings of the runs, by their numbers."""
    return [row.settings for row in sorted(result.rows, key=lambda row: row.number)]


def as_set(result: SweepResult) -> set[str]:
    return {repr(row.settings) for row in result.rows}


@pytest.mark.parametrize(
    ("fields", "options", "field", "told"),
    [
        ({RATE: "1..1e-4"}, {}, RATE, "expected a range from a smaller to a larger number, got '1..1e-4'"),
        ({RATE: "0.1..0.1"}, {}, RATE, "expected a range from a smaller to a larger number"),
        ({RATE: ".."}, {}, RATE, "expected a number at both ends of a range, such as 1..100, got '..'"),
        ({RATE: "log: .."}, {}, RATE, "expected a number at both ends of a range"),
        ({"training.l2": "log:0..1"}, {}, "training.l2", "expected a range that begins above 0 for log:"),
        ({RATE: "1e-4..many"}, {}, RATE, "got 'many'"),
        ({RATE: "1e-4..1"}, {"search": None}, RATE, "a range needs --random N to draw N runs from it, or --search tpe"),
        ({RATE: "1e-4..1"}, {"search": "gp"}, "search", "expected tpe, got 'gp'"),
        ({}, {}, "search", "needs a field to vary, such as --set training.learning_rate=1e-4..1"),
        ({RATE: "1e-4..1"}, {"halving": True}, "search", "trains each combination to its end; leave it or --halving"),
        ({RATE: "1e-4..1"}, {"random": 3}, "search", "chooses the combinations itself; leave --random out"),
        ({RATE: "0.1,0.2"}, {"search": None, "trials": 3}, "trials", "is how many combinations a search tries; add"),
        ({RATE: "1e-4..1"}, {"trials": 0}, "trials", "expected a whole number from 1 to 1,000, got 0"),
        ({RATE: "0.1,0.2"}, {"trials": 3}, "trials", "expected at most 2 trials, which are all combinations"),
        ({UNITS: "1..4"}, {"trials": 5}, "trials", "expected at most 4 trials, which are all combinations"),
        (
            {RATE: "1e-4..1"},
            {"trials": 900, "folds": 12},
            "trials",
            "expected at most 10,000 runs, got 10,800; ask for",
        ),
        ({RATE: "1e-4..1"}, {"resume": "sweep-9"}, "resume", "there is no sweep 'sweep-9' in the store; give its tag"),
    ],
)
def test_what_a_search_refuses(
    fields: dict[str, str], options: dict[str, Any], field: str, told: str, stand_in: StandIn
) -> None:
    with pytest.raises(UserError) as refused:
        prepare(SMALL, fields, SweepOptions(**{"search": "tpe", **options}))
    assert refused.value.field == field and told in refused.value.reason


def test_without_optuna_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(search, "find_spec", lambda name: None)
    assert main(["sweep", share(SMALL), "--search=tpe", f"--set={RATE}=1e-4..1"]) == 2
    assert capsys.readouterr().err == (
        "tui-trainer: --search: Optuna is not installed; get it with python -m pip install 'tui-trainer[search]'\n"
    )


def test_the_form_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "find_spec", lambda name: None)
    monkeypatch.setattr("tui_trainer.sweep.service.is_installed", search.is_installed)
    told = preview(PreviewSweep(SweepRequest(SMALL, ((RATE, "1e-4..1"),), method="search"), 1), validate)
    assert told.field == "method"
    assert told.reason == (
        "a search needs Optuna, which is not installed; get it with python -m pip install 'tui-trainer[search]'"
    )


def test_the_form_says_what_a_search_comes_to(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trainer.sweep.service.is_installed", lambda: True)
    fields = ((RATE, "1e-4..1"), (LAYERS, "none, 4"))
    request = SweepRequest(SMALL, fields, random="7", trials="20", folds="3", jobs="1", method="search")
    told = preview(PreviewSweep(request, 1), validate)
    assert told.reason == "" and told.said == "20 trials × 3 folds = 60 runs; 8 at a time, by the scores so far"
    assert told.by == "val_loss"


@pytest.mark.parametrize(
    ("path", "text", "log", "whole"),
    [
        (RATE, "1e-4..1", True, False),
        (RATE, "0.01..0.5", False, False),
        (RATE, "log:0.01..0.5", True, False),
        ("training.l2", "0..1", False, False),
        (UNITS, "1..100", True, True),
        (UNITS, "4..64", False, True),
    ],
)
def test_a_range_of_two_decades_is_searched_on_a_log_scale(
    path: str, text: str, log: bool, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Named(StandIn):
        def IntDistribution(self, low: int, high: int, log: bool) -> Any:
            return "whole", low, high, log

        def FloatDistribution(self, low: float, high: float, log: bool) -> Any:
            return "real", low, high, log

    monkeypatch.setattr(search, "_optuna", Named)
    axis = read_axis(SMALL, path, text)
    assert isinstance(axis, Range)
    assert search._distribution(axis) == ("whole" if whole else "real", axis.low, axis.high, log)


@given(st.integers(1, 60), st.integers(0, 3), st.booleans())
def test_each_combination_is_proposed_once_and_so_often_as_asked_for(trials: int, seed: int, rising: bool) -> None:
    library = StandIn()
    axes = (Choices(RATE, tuple(map(float, range(1, 13)))), Range(UNITS, 1, 5, log=False, whole=True))
    done: list[Trial] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_optuna", lambda: library)
        space = Search(axes, trials, seed, rising)
        while proposals := space.propose(done):
            assert len(proposals) <= BATCH and all(space.fits(settings) for settings in proposals)
            done += [Trial(settings, None if len(done) % 5 == 0 else float(len(done))) for settings in proposals]
    assert len(done) == trials == len({repr(trial.settings) for trial in done})
    assert {study.direction for study in library.studies} == {"maximize" if rising else "minimize"}
    worst = [trial["value"] for trial in library.studies[-1].trials if math.isinf(trial["value"])]
    assert all(value == (-math.inf if rising else math.inf) for value in worst)
    assert len(library.studies[-1].trials) == trials // BATCH * BATCH


def test_a_batch_of_which_some_are_done_is_completed(stand_in: StandIn) -> None:
    space = Search((Range(RATE, 1e-4, 1.0, log=False, whole=False),), 30, 1, False)
    first = space.propose([])
    scored = [Trial(settings, float(place)) for place, settings in enumerate(first)]
    assert space.propose(scored[:3]) == first[3:]
    assert space.propose([scored[4], scored[0]]) == [first[1], first[2], first[3], *first[5:]], "in whatever order"
    second = space.propose(scored)
    assert len(second) == BATCH and space.propose([*reversed(scored)]) == second, "a batch may end in any order"
    assert space.propose([*scored, Trial(second[2], 0.5)]) == [*second[:2], *second[3:]]


def test_a_range_with_too_few_numbers_ends_the_search_early(stand_in: StandIn) -> None:
    result = sweep(SMALL, {RATE: "0.1..0.1000009"}, search="tpe", trials=4, jobs=1, keep=False)
    assert len(result.rows) == 2 and "no other values were left to try" in result.complaint


def test_what_diverges_is_told_as_the_worst(stand_in: StandIn) -> None:
    result = sweep(SMALL, {RATE: [0.1, 0.2, 1e6]}, search="tpe", trials=3, by="val_accuracy", jobs=1, keep=False)
    states = {row.settings[RATE]: row.state for row in result.rows}
    prepared = prepare(SMALL, {RATE: [0.1, 0.2, 1e6]}, SweepOptions(search="tpe", trials=3, by="val_accuracy"))
    trials = {trial.settings[RATE]: trial.score for trial in prepared._trials({row.number: row for row in result.rows})}
    assert states[1e6] == "diverged" and trials[1e6] is None
    assert trials[0.1] is not None and result.rows[-1].settings == {RATE: 1e6}


def test_the_mean_over_seeds_and_folds_is_the_score(stand_in: StandIn) -> None:
    options = SweepOptions(search="tpe", trials=3, repeat=2, folds=2, jobs=1)
    prepared = prepare(SMALL, {RATE: "1e-3..1"}, options)
    result = prepared.run(keep=False)
    assert len(result.rows) == 12 and prepared.total == 12 and prepared.leaderboard().total == 12
    scores = sorted(trial.score for trial in prepared._trials({row.number: row for row in result.rows}))
    assert scores == sorted(group.mean for group in result.groups())
    assert finished_event(result).sentence.count("on average over 4 runs") == 1


def interrupted_after(count: int) -> Callable[[Row], None]:
    seen: list[Row] = []

    def note(row: Row) -> None:
        seen.append(row)
        if len(seen) == count:
            raise KeyboardInterrupt

    return note


@pytest.mark.parametrize(("folds", "count"), [(None, 3), (None, BATCH), (None, 11), (2, 5), (2, 17)])
def test_an_interrupted_search_goes_on_as_if_it_had_not_been(folds: int | None, count: int, stand_in: StandIn) -> None:
    options: dict[str, Any] = {"search": "tpe", "trials": 12, "seed": 5, "folds": folds, "jobs": 1}
    whole = sweep(SMALL, SPACE, keep=False, **options)
    part = sweep(SMALL, SPACE, on_row=interrupted_after(count), **options)
    assert part.interrupted and len(part.rows) >= count  # and those that had ended together with the last of them
    trained: list[Row] = []
    result = sweep(SMALL, SPACE, resume=part.tag, on_row=trained.append, **options)
    assert result.tag == part.tag and not result.interrupted
    assert as_set(result) == as_set(whole) and len(result.rows) == len(whole.rows) == 12 * (folds or 1)
    scores, expected = ({repr(row.settings): row.scores for row in one.rows} for one in (result, whole))
    assert scores == expected, "those of the store have the very scores"
    assert {row.run for row in part.rows} < {row.run for row in result.rows} and len(trained) == len(result.rows)


def test_what_failed_keeps_its_place_in_a_search_that_goes_on(stand_in: StandIn) -> None:
    fields = {RATE: "1e-4..1", "training.optimizer.name": "sgd,lbfgs", "training.batch_size": "full,4"}
    options: dict[str, Any] = {"search": "tpe", "trials": 20, "jobs": 1}
    whole = sweep(SMALL, fields, keep=False, **options)
    part = sweep(SMALL, fields, on_row=interrupted_after(2 * BATCH), **options)
    assert any(row.state == "failed" and row.run is None for row in part.rows), "the store does not have it"
    assert as_set(sweep(SMALL, fields, resume=part.tag, **options)) == as_set(whole)


def test_a_search_goes_on_beyond_its_end(stand_in: StandIn) -> None:
    options: dict[str, Any] = {"search": "tpe", "jobs": 1}
    first = sweep(SMALL, SPACE, trials=10, **options)
    more = sweep(SMALL, SPACE, trials=19, resume=first.tag, **options)
    assert as_set(more) == as_set(sweep(SMALL, SPACE, trials=19, keep=False, **options)) > as_set(first)
    narrower = sweep(SMALL, {RATE: "1e-3..1", LAYERS: "none,4"}, trials=12, resume=first.tag, **options)
    kept = [row for row in first.rows if float(str(row.settings[RATE])) >= 1e-3 and row.settings[LAYERS] != "8-8"]
    assert {row.run for row in narrower.rows} > {row.run for row in kept}, "what fits a smaller space is known there"
    other = sweep(SMALL, SPACE, trials=12, seed=1, resume=first.tag, **options)
    assert {row.run for row in other.rows} > {row.run for row in first.rows} and len(other.rows) == 12, "another seed"


def test_a_grid_goes_on_too(capsys: pytest.CaptureFixture[str]) -> None:
    fields = {RATE: "0.1,0.2,0.3,1e6"}
    part = sweep(SMALL, fields, jobs=1, on_row=interrupted_after(2))
    words = ["sweep", share(SMALL), f"--set={RATE}={fields[RATE]}", "--jobs=1"]
    assert main([*words, f"--resume={part.tag}"]) == 0
    out = capsys.readouterr().out
    assert f"with the tag {part.tag}." in out and "run 4/4" in out
    again = sweep(SMALL, fields, jobs=1, resume=part.tag)
    alone = sweep(SMALL, fields, jobs=1, keep=False)
    assert [(row.number, row.state, row.scores) for row in again.rows] == [
        (row.number, row.state, row.scores) for row in alone.rows
    ]
    assert (
        len({row.run for row in again.rows}) == 4 and again.rows[-1].message == "Diverged when it was trained before."
    )


def test_what_can_not_go_on(own_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = sweep(SMALL, {RATE: [0.1, 0.2]}, jobs=1)
    other = share(with_field(SMALL, "training.epochs", 7))
    words = ["sweep", f"--set={RATE}=0.1,0.2", f"--resume={done.tag}"]
    assert main([*words, other]) == 2
    assert f"--resume: none of the 2 runs of {done.tag} is a finished run of this sweep; give the experiment" in (
        capsys.readouterr().err
    )
    assert main([*words, share(SMALL), "--halving"]) == 2
    assert "--halving begins with all; leave one of them out" in capsys.readouterr().err
    assert main([*words, share(SMALL), "--no-store"]) == 2
    assert "--resume: goes on with runs of the store" in capsys.readouterr().err


@needs_optuna
def test_the_same_seed_gives_the_same_trials_however_they_are_done() -> None:
    options: dict[str, Any] = {"search": "tpe", "trials": 2 * BATCH + 3, "keep": False}
    alone = sweep(SMALL, FIELDS, seed=3, jobs=1, **options)
    assert tried(sweep(SMALL, FIELDS, seed=3, jobs=2, **options)) == tried(alone)
    assert tried(sweep(SMALL, FIELDS, seed=4, jobs=1, **options)) != tried(alone)
    assert {row.settings[LAYERS] for row in alone.rows} == {"none", "4", "8-8"}


@needs_optuna
def test_optuna_goes_on_from_the_store() -> None:
    options: dict[str, Any] = {"search": "tpe", "trials": 2 * BATCH + 3, "jobs": 1, "folds": 2}
    whole = sweep(SMALL, FIELDS, keep=False, **options)
    part = sweep(SMALL, FIELDS, on_row=interrupted_after(2 * BATCH + 5), **options)
    assert as_set(sweep(SMALL, FIELDS, resume=part.tag, **options)) == as_set(whole)


@needs_optuna
def test_the_search_finds_the_lowest_point_of_a_bowl() -> None:
    axes = (Range(RATE, 1e-4, 1.0, log=False, whole=False), Choices(LAYERS, ("none", "4", "8-8")))
    best = []
    for seed in range(4):
        done: list[Trial] = []
        while proposals := Search(axes, 48, seed, False).propose(done):
            done += [Trial(settings, bowl(settings)) for settings in proposals]
        drawn = np.random.default_rng(seed)
        by_chance = min(bowl({axis.path: axis.draw(drawn) for axis in axes}) or 9.0 for _ in range(48))
        best.append((min(trial.score for trial in done if trial.score is not None), by_chance))
    assert np.mean([searched for searched, _ in best]) < np.mean([by_chance for _, by_chance in best]) / 2


def bowl(settings: dict[str, object]) -> float | None:
    """Lowest at a rate of 0.01 and layers of 4; from 0.5 on it diverges."""
    rate = settings[RATE]
    assert isinstance(rate, float)
    return None if rate > 0.5 else abs(math.log10(rate) + 2) + (settings[LAYERS] != "4")


@needs_optuna
def test_the_command_searches(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", share(SMALL), "--search=tpe", "--trials=9", f"--set={RATE}=1e-4..1", "--jobs=1"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "run 9/9  learning_rate = " in out and "Best by val_loss: run " in out


def test_as_many_trials_as_there_are_combinations_at_most(stand_in: StandIn) -> None:
    few, many = (prepare(SMALL, {RATE: values}, SweepOptions(search="tpe")) for values in ("0.1,0.2", "1e-4..1"))
    assert (few.total, many.total) == (2, DEFAULT_TRIALS)


@needs_optuna
def test_optuna_is_silent_and_other_studies_log_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.INFO)
    wide = "0..100000000000000000"  # of whose logarithms NumPy warns, which is an error in tests
    result = sweep(SMALL, {"model.seed": wide}, search="tpe", trials=4 * BATCH, jobs=1, keep=False)
    assert len(result.rows) == 4 * BATCH and capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
