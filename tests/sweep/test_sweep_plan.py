"""Which runs a sweep has: the grid, what is drawn, the seeds, and the limits."""

from __future__ import annotations

import pytest
from sweep_cases import RATE, SMALL, UNITS

from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment, ModelConfig
from tui_trainer.sweep.plan import MAX_RUNS, Choices, Range, SweepOptions, plan

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


def test_weights_given_one_by_one_stay_for_the_first_seed_alone() -> None:
    given = Experiment(model=ModelConfig(layers=(), weights=(0.0,) * 15))
    assert [run.experiment.model.weights for run in plan(given, [], SweepOptions(repeat=2))] == [(0.0,) * 15, ()]


@pytest.mark.parametrize(
    ("axes", "random", "repeat", "told"),
    [
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
