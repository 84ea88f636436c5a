"""Undo and redo, the ladder of learning rates, and which edits keep the weights."""

from __future__ import annotations

import pytest

from tui_trainer.experiment import Experiment, with_field
from tui_trainer.ui.edits import DEPTH, Edits, keeps_weights, next_rate
from tui_trainer.ui.keys import KEYS


def seeded(seed: int) -> Experiment:
    return with_field(Experiment(), "model.seed", seed)


def test_back_and_forth() -> None:
    edits = Edits(seeded(0))
    assert not edits.undo() and not edits.redo()
    edits.change(seeded(1))
    edits.change(seeded(2))
    assert edits.undo() and edits.current == seeded(1)
    assert edits.redo() and edits.current == seeded(2)
    assert edits.undo() and edits.undo() and not edits.undo() and edits.current == seeded(0)
    edits.change(seeded(3))
    assert not edits.redo(), "a change forgets what had been undone"
    assert edits.undo() and edits.current == seeded(0)


def test_not_without_end() -> None:
    edits = Edits(seeded(0))
    for seed in range(1, DEPTH + 100):
        edits.change(seeded(seed))
    undone = 0
    while edits.undo():
        undone += 1
    assert undone == DEPTH and edits.current == seeded(99)


@pytest.mark.parametrize(
    ("rate", "up", "down"),
    [
        (0.05, 0.1, 0.03),
        (0.1, 0.3, 0.03),
        (0.3, 1.0, 0.1),
        (1.0, 3.0, 0.3),
        (0.1 + 1e-12, 0.3, 0.03),
        (1e-12, 3e-12, 1e-12),
        (1e6, 1e6, 300000.0),
        (1e-300, 1e-12, 1e-300),
    ],
)
def test_rates(rate: float, up: float, down: float) -> None:
    assert (next_rate(rate, 1), next_rate(rate, -1)) == (up, down)


def test_the_ladder_has_no_rung_that_an_experiment_refuses() -> None:
    rate = 1e-12
    while (above := next_rate(rate, 1)) != rate:
        rate = above
        assert with_field(Experiment(), "training.learning_rate", rate).training.learning_rate == rate
    assert rate == 1e6


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        ("training.learning_rate", 0.2, True),
        ("training.epochs", 7, True),
        ("name", "other", True),
        ("training.batch_size", 7, False),
        ("training.optimizer.momentum", 0.5, False),
        ("training.l2", 0.1, False),
        ("training.shuffle", False, False),
        ("model.seed", 3, False),
        ("dataset.seed", 3, False),
        ("dataset.standardize", False, False),
    ],
)
def test_which_edits_keep_the_weights(path: str, value: object, kept: bool) -> None:
    assert keeps_weights(Experiment(), with_field(Experiment(), path, value)) is kept


def test_no_key_means_two_things() -> None:
    keys = [name for key in KEYS for name in key.keys.split(",") if name]
    assert len(keys) == len(set(keys))
    assert all(key.help and key.label and not key.help.endswith(".") for key in KEYS)
