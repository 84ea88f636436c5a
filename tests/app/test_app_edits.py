"""Undo and redo, the ladder of learning rates, and which edits keep the weights."""

from __future__ import annotations

import pytest

from tui_trainer.app.editor import DEPTH, HandSet, UndoHistory, keeps_weights, next_rate, swaps_points
from tui_trainer.app.keys import ALL_KEYS, KEYS
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.tabs import TABS, Tab
from tui_trainer.ui.keymap import OPEN_TAB, shadowed_keys


def seeded(seed: int) -> Experiment:
    return with_field(Experiment(), "model.seed", seed)


def test_changes_are_undone_and_redone() -> None:
    edits = UndoHistory(seeded(0))
    assert not edits.undo() and not edits.redo()
    edits.change(seeded(1))
    edits.change(seeded(2))
    assert edits.undo() and edits.current == seeded(1)
    assert edits.redo() and edits.current == seeded(2)
    assert edits.undo() and edits.undo() and not edits.undo() and edits.current == seeded(0)
    edits.change(seeded(3))
    assert not edits.redo(), "a change forgets what had been undone"
    assert edits.undo() and edits.current == seeded(0)


def test_weights_set_by_hand_stand_between_the_experiments() -> None:
    edits, first, second = UndoHistory(seeded(0)), HandSet(3, 0.5, 0.6), HandSet(3, 0.6, 0.7)
    edits.set_by_hand(first)
    edits.change(seeded(1))
    edits.set_by_hand(second)
    assert edits.undo() is second and edits.current == seeded(1)
    assert edits.undo() == seeded(0) and edits.undo() is first and edits.undo() is None
    assert edits.redo() is first and edits.redo() == seeded(1) and edits.redo() is second and edits.redo() is None
    edits.undo()
    edits.set_by_hand(first)
    assert edits.redo() is None, "a weight set forgets what had been undone"


def test_another_run_forgets_weights_set_by_hand() -> None:
    edits = UndoHistory(seeded(0))
    for change in (HandSet(0, 1.0, 2.0), seeded(1), HandSet(1, 1.0, 2.0), seeded(2), HandSet(2, 1.0, 2.0)):
        if isinstance(change, HandSet):
            edits.set_by_hand(change)
        else:
            edits.change(change)
    edits.undo()
    edits.undo()
    edits.forget_weights()
    assert edits.redo() == seeded(2) and edits.redo() is None
    assert edits.undo() == seeded(1) and edits.undo() == seeded(0) and edits.undo() is None


def test_the_history_of_changes_is_bounded() -> None:
    edits = UndoHistory(seeded(0))
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
def test_the_rate_goes_up_and_down_by_round_steps(rate: float, up: float, down: float) -> None:
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


@pytest.mark.parametrize(
    ("name", "path", "value", "swapped"),
    [
        ("spiral", "dataset.seed", 3, True),
        ("spiral", "dataset.points", ({"x1": 1.0, "value": 1.0},), True),
        ("spiral", "dataset.removed", (4,), True),
        ("spiral", "dataset.noise", 10.0, False),
        ("spiral", "model.seed", 1, False),
        ("spiral", "training.epochs", 7, False),
        ("iris", "dataset.seed", 3, False),
    ],
)
def test_which_edits_give_the_same_network_other_points(name: str, path: str, value: object, swapped: bool) -> None:
    before = with_field(Experiment(), "dataset.name", name)
    assert swaps_points(before, with_field(before, path, value)) is swapped


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.name)
def test_no_key_means_two_things_in_a_view(tab: Tab) -> None:
    """Those of lessons come first, but only while one is on; so do those of a view's mode."""
    view = tab.load_view()
    always = [key for key in ALL_KEYS if key.owner != "lessons"]
    owners = (tab.name, OPEN_TAB)
    there = [key for key in always if not key.of_tab or (key.owner in owners and hasattr(view, f"action_{key.action}"))]
    usual = [key for key in there if not (key.of_tab and key.action in view.MODE)]
    in_mode = [key for key in there if key.name not in shadowed_keys(view.MODE, ALL_KEYS)]
    for active in (usual, in_mode):
        names = [name for key in active for name in key.keys.split(",") if name]
        assert sorted(names) == sorted(set(names))
    assert (len(in_mode) > len(set(usual) & set(in_mode))) == bool(view.MODE)
    assert all(key.help and key.label and not key.help.endswith(".") for key in KEYS)
