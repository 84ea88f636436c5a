"""Which runs a sweep has: the grid, what is drawn, the seeds, and the limits."""

from __future__ import annotations

import pytest
from sweep_cases import RATE, SMALL, UNITS

from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment, LayerConfig, ModelConfig
from tui_trainer.sweep.plan import FOLD, MAX_RUNS, SEED, Choices, Range, SweepOptions, plan

LAYERS = "model.layers"
SHAPES = Choices(LAYERS, ("8", "8-8"))
RATES = Choices(RATE, (0.1, 0.2))
WIDTHS = Choices(UNITS, (4, 8, 16))
DECADES = Range(RATE, 1e-4, 1e-1, log=True, whole=False)


def test_a_grid_has_all_combinations_and_their_experiments() -> None:
    planned = plan(SMALL, [RATES, WIDTHS], SweepOptions())
    assert [(run.number, *run.settings.values()) for run in planned] == [
        (1, 0.1, 4),
        (2, 0.1, 8),
        (3, 0.1, 16),
        (4, 0.2, 4),
        (5, 0.2, 8),
        (6, 0.2, 16),
    ]
    assert planned[4].experiment == with_field(with_field(SMALL, RATE, 0.2), UNITS, 8)
    assert list(planned[4].settings) == [RATE, UNITS]


def test_draws_are_the_same_from_the_same_seed() -> None:
    first, again, other = (plan(SMALL, [DECADES, WIDTHS], SweepOptions(random=8, seed=seed)) for seed in (1, 1, 2))
    assert [run.settings for run in first] == [run.settings for run in again]
    assert [run.settings for run in first] != [run.settings for run in other]
    assert all(1e-4 <= run.experiment.training.learning_rate <= 1e-1 for run in first)
    assert {run.settings[UNITS] for run in first} <= {4, 8, 16}


@pytest.mark.parametrize("count", [1, 4, 6])
def test_no_combination_of_lists_is_drawn_twice(count: int) -> None:
    planned = plan(SMALL, [RATES, WIDTHS], SweepOptions(random=count, seed=3))
    assert len({tuple(run.settings.values()) for run in planned}) == len(planned) == count


def test_seeds_count_up_from_the_experiments_own() -> None:
    planned = plan(with_field(SMALL, "model.seed", 7), [RATES], SweepOptions(repeat=3))
    assert [(run.number, run.settings[RATE], run.settings["model.seed"]) for run in planned] == [
        (1, 0.1, 7),
        (2, 0.1, 8),
        (3, 0.1, 9),
        (4, 0.2, 7),
        (5, 0.2, 8),
        (6, 0.2, 9),
    ]
    assert [run.experiment.model.seed for run in planned] == [7, 8, 9, 7, 8, 9]


def test_each_fold_is_held_back_once_for_each_seed_of_the_weights() -> None:
    base = with_field(with_field(SMALL, "dataset.seed", 3), "model.seed", 7)
    planned = plan(base, [RATES], SweepOptions(repeat=2, folds=2))
    assert [(run.settings[SEED], run.settings[FOLD]) for run in planned[:4]] == [
        (7, "1/2"),
        (7, "2/2"),
        (8, "1/2"),
        (8, "2/2"),
    ]
    assert [run.experiment.dataset.fold_of for run in planned] == [(1, 2), (2, 2)] * 4
    assert {run.experiment.dataset.seed for run in planned} == {3}, "the split's seed is its own"
    assert [run.settings[RATE] for run in planned] == [0.1] * 4 + [0.2] * 4


def test_weights_given_one_by_one_stay_for_each_fold() -> None:
    given = Experiment(model=ModelConfig(layers=(), weights=(0.0,) * 15))
    planned = plan(given, [], SweepOptions(repeat=2, folds=2))
    assert [run.experiment.model.weights for run in planned] == [(0.0,) * 15] * 2 + [()] * 2


def test_weights_given_one_by_one_stay_for_the_first_seed_alone() -> None:
    given = Experiment(model=ModelConfig(layers=(), weights=(0.0,) * 15))
    assert [run.experiment.model.weights for run in plan(given, [], SweepOptions(repeat=2))] == [(0.0,) * 15, ()]


def test_hidden_layers_are_like_the_first_one_in_all_but_their_units() -> None:
    base = Experiment(model=ModelConfig(layers=(LayerConfig(4, "tanh", 0.2), LayerConfig(2, "relu"))))
    shapes, activations = Choices(LAYERS, ("none", "64-32")), Choices("model.layers[0].activation", ("tanh", "elu"))
    runs = plan(base, [shapes, activations], SweepOptions())
    assert [run.experiment.model.layers for run in runs] == [
        (),
        (),
        (LayerConfig(64, "tanh", 0.2), LayerConfig(32, "tanh", 0.2)),
        (LayerConfig(64, "elu", 0.2), LayerConfig(32, "elu", 0.2)),
    ]
    assert runs[3].settings == {LAYERS: "64-32", "model.layers[0].activation": "elu"}


def test_weights_given_one_by_one_do_not_outlive_other_layers() -> None:
    given = Experiment(model=ModelConfig(layers=(), weights=(0.0,) * 15))
    assert plan(given, [Choices(LAYERS, ("3",))], SweepOptions())[0].experiment.model.weights == ()


@pytest.mark.parametrize(
    ("axes", "random", "repeat", "told"),
    [
        ([WIDTHS, SHAPES], None, 1, "model.layers[0].units: is part of the hidden layers, which are varied as well"),
        ([Choices("model.layers[1].dropout", (0.1,)), SHAPES], None, 1, "vary model.layers[0].dropout, which they all"),
        ([RATES, WIDTHS, RATES], None, 1, "training.learning_rate: is given twice"),
        ([DECADES], None, 1, "training.learning_rate: a range needs --random N"),
        ([RATES, WIDTHS], 7, 1, "random: expected at most 6 runs, which are all combinations"),
        ([Choices("model.seed", (1, 2))], None, 2, "repeat: gives every run seeds of its own, so model.seed"),
        ([Choices(RATE, tuple(range(1, 5002)))], None, 2, "expected at most 10,000 runs, got 10,002"),
        ([DECADES], MAX_RUNS, 2, "expected at most 10,000 runs, got 20,000"),
        ([Choices(f"model.layers[{i}].units", tuple(range(1, 101))) for i in range(9)], None, 1, "more than can be"),
    ],
)
def test_what_is_refused(axes: list[Choices | Range], random: int | None, repeat: int, told: str) -> None:
    with pytest.raises(UserError) as refused:
        plan(SMALL, axes, SweepOptions(random=random, repeat=repeat))
    assert told in str(refused.value)


def test_a_few_are_drawn_from_more_than_can_be_counted() -> None:
    experiment = Experiment(model=ModelConfig(layers=SMALL.model.layers * 9))
    axes = [Choices(f"model.layers[{i}].units", tuple(range(1, 101))) for i in range(9)]
    planned = plan(experiment, axes, SweepOptions(random=3))
    assert [layer.units for layer in planned[2].experiment.model.layers] == list(planned[2].settings.values())
