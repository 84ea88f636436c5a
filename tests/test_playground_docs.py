"""docs/playground.md says what is so: its keys do what they are named for, and its counts and ranges are the code's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import inspect

from tui_trainer.app.keys import KEYS
from tui_trainer.cli.main import main
from tui_trainer.datasets.catalog import CATALOG, PLANE_COLUMNS, SHIPPED, TOYS
from tui_trainer.experiment.schema import MAX_LAYERS, ActivationName, InitializerName
from tui_trainer.experiment.validation import parse_path, type_at
from tui_trainer.export.folder import FORMATS
from tui_trainer.pace import PACES

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "playground.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].strip(): " | ".join(cells[1:])
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| Playground |") and not line.startswith("| request |")
    for cells in [line.strip("|").split("|")]
}
ITS_TOYS = ("circle", "xor", "gauss", "spiral", "plane", "multi_gauss")


def largest(path: str) -> Any:
    """The largest value of a field, with commas between thousands."""
    kind = type_at(parse_path(path) or ())
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    (limit,) = [one.le for one in kinds if isinstance(one, inspect.IntType | inspect.FloatType)]
    return f"{limit:,g}" if isinstance(limit, float) else f"{limit:,}"


# What the rows say of the program: keys with what they do, and words with what they are
KEYS_OF = {
    "Play, pause": {"space": "toggle_training", "z": "slow", "Z": "fast"},
    "Step (one epoch)": {"e": "epoch", "s": "step"},
    "Reset (draws new weights)": {"r": "reset", "R": "reseed"},
    "Learning rate": {"[": "rate_minus", "]": "rate_plus"},
    "Regenerate (keeps the weights)": {"n": "regenerate"},
    "Hidden layers": {
        "a": "add_layer",
        "x": "remove_layer",
        "ctrl+↑": "move_layer_minus",
        "ctrl+↓": "move_layer_plus",
    },
    "Show test data": {"t": "samples"},
    "Discretize output": {"d": "discretize"},
    "Click a weight or a bias, type a value": {
        "w": "weights",
        "enter": "type_weight",
        "-": "nudge_minus",
        "+": "nudge_plus",
        "u": "undo",
    },
    "Settings in the address (share)": {"c": "share", "ctrl+s": "save"},
    "Loss chart, two lines without axes": {"0": "tab_loss", "y": "log_scale", "b": "batches", "v": "quantity"},
    "Card with a weight's value": {"v": "microscope"},
    "Grey cells where the loss is NaN": {"f": "fix"},
    "their own data (CSV)": {"i": "open_data"},
    "accuracy beside the loss, a confusion matrix": {"v": "quantity"},
    "what NaN means and what to do": {"f": "fix"},
    "export as code": {"K": "code", "ctrl+e": "export"},
}
WORDS_OF = {
    "Play, pause": [f"{len(PACES)} paces"],
    "Activation, one for all hidden layers": [
        f"{len({*get_args(ActivationName)} - {'softmax', 'identity'})}, and softmax"
    ],
    "Train ratio": [f"0 to {largest('dataset.validation_split')}"],
    "Noise": [f"0 to {largest('dataset.noise')}"],
    "Batch size": [f"1 to {largest('training.batch_size')}"],
    "Dataset": [f"{len({toy.name for toy in TOYS} - {*ITS_TOYS})} more toy sets", f"{len(SHIPPED)} real ones"],
    "Hidden layers": [f"0 to {MAX_LAYERS}"],
    "Neurons a layer": [f"1 to {largest('model.layers[0].units')}"],
    "`initZero`": [f"{len(get_args(InitializerName))} initializers", "`model.weights`", "`zeros`"],
    "Learning rate": ["up to a million"],
    "more layers, neurons and larger batches": [
        f"{MAX_LAYERS} layers",
        f"{largest('model.layers[0].units')} units",
        f"{largest('training.batch_size')} samples",
    ],
    "boundaries of other shapes (sine, cubic, absolute value)": ["`sine_border`, `cubic_border`, `abs_border`"],
    "`NAME_hide=true` (a teacher hides controls)": ['`hide = ["training.optimizer", ...]`'],
}


def test_every_key_of_the_page_is_one_of_a_row_here() -> None:
    """Of each row all keys are in ``KEYS_OF``, so that none can be named and left untested."""
    shown = {key.display for key in KEYS}
    for row, text in ROWS.items():
        named = {word for word in re.findall(r"`([^`]+)`", text) if word in shown}
        assert named == set(KEYS_OF.get(row, {})), row
    assert set(KEYS_OF) <= set(ROWS)


@pytest.mark.parametrize("row", KEYS_OF)
def test_the_keys_do_what_they_are_named_for(row: str) -> None:
    names = {key.name: key.display for key in KEYS}
    assert {display: name for display, name in KEYS_OF[row].items() if names[name] != display} == {}


@pytest.mark.parametrize("row", WORDS_OF)
def test_counts_and_ranges_are_those_of_the_code(row: str) -> None:
    for words in WORDS_OF[row]:
        assert words in ROWS[row], words


def test_what_the_rows_name_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert {"sine_border", "cubic_border", "abs_border", *ITS_TOYS} <= set(CATALOG)
    assert len(PLANE_COLUMNS) == 7 and "the same seven switches" in ROWS["Features x1, x2, squares, product, sines"]
    assert {"keras", "pytorch", "onnx", "numpy"} <= set(FORMATS)
    assert type_at(parse_path("training.optimizer") or ()) is not None
    for rule in ("loss", "accuracy", "step", "gradient"):
        assert type_at(parse_path(f"training.stop_at_{rule}") or ()) is not None
    for command, option in (("train", "--history"), ("app", "--csv"), ("app", "--target")):
        with pytest.raises(SystemExit):
            main([*([command] if command != "app" else []), "--help"])
        assert option in capsys.readouterr().out
    for link in re.findall(r"\]\((\w+\.md)\)", PAGE):
        assert (Path(__file__).resolve().parents[1] / "docs" / link).is_file()
