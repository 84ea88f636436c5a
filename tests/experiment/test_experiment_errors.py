"""Errors are one printable sentence, and survive the way out of a child process."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from tui_trainer.errors import UserError, quoted
from tui_trainer.experiment.edit import add_layer, with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import EXAMPLES, number_type, on_screen, parse_path


def test_sentence_starts_with_the_field() -> None:
    assert str(UserError("model.seed", "expected 1")) == "model.seed: expected 1"
    assert str(UserError("", "expected 1")) == "expected 1"


def test_an_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(UserError("a.b", "why")))
    assert (type(error), error.field, error.reason) == (UserError, "a.b", "why")


@given(st.text(st.characters()))
def test_quoted_is_always_printable(text: str) -> None:
    assert quoted(text).isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("RM", "'RM'"),
        ("\x1b[2J", r"'\x1b[2J'"),
        ("\u202eabc", r"'\u202eabc'"),
        ("a" * 41, f"'{'a' * 39}…'"),
        (r"C:\data\house.csv", r"'C:\data\house.csv'"),
        ("C:\\data\\\x1b[2J", r"'C:\data\\x1b[2J'"),
        (r"\\server\Jo's \new", '"' + r"\\server\Jo's \new" + '"'),
    ],
)
def test_quoted_text_is_escaped_and_short(text: str, shown: str) -> None:
    assert quoted(text) == shown


def _numbers(value: object, path: str) -> Iterator[str]:
    """The paths of all numbers of an experiment."""
    steps = parse_path(path) or ()
    if steps and number_type(steps) is not None:
        yield path
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _numbers(getattr(value, name), f"{path}.{name}".lstrip("."))


def test_every_number_has_an_example_that_it_takes() -> None:
    base = with_field(Experiment(), "training.early_stopping", {})
    paths = [*_numbers(base, ""), "model.layers[0].units", "model.layers[0].dropout"]
    assert "training.learning_rate" in paths and len(paths) > 25
    for path in paths:
        with_field(base, path, EXAMPLES[path.rpartition(".")[2]])


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("training.learning_rate", "0", "Learning rate: a number above 0, such as 0.05; got '0'."),
        ("training.learning_rate", "1e9", "Learning rate: a number above 0, up to 1,000,000, such as 0.05; got '1e9'."),
        ("training.batch_size", "x", "Batch size: a whole number of 1 or more, such as 32, or full; got 'x'."),
        ("model.layers[1].units", "0.5", "Layer 2 units: a whole number from 1 to 65,536, such as 8; got '0.5'."),
        ("model.layers[0].dropout", "1", "Layer 1 dropout: a number from 0 to below 1, such as 0.2; got '1'."),
        ("model.seed", "-1", "Seed: a whole number of 0 or more, such as 1; got '-1'."),
        ("dataset.validation_split", "1,5", "Validation: a number from 0 to 0.9, such as 0.2; got '1.5'."),
        ("training.stop_after", "soon", "Stop after: a number above 0, such as 60; got 'soon'."),
        ("training.shuffle", "perhaps", "Shuffle: true or false; got 'perhaps'."),
    ],
)
def test_the_app_names_a_field_as_the_screen_does(path: str, value: str, sentence: str) -> None:
    base = add_layer(Experiment())
    with pytest.raises(UserError) as raised:
        with_field(base, path, value)
    assert on_screen(raised.value.field, raised.value.reason) == sentence
    assert str(raised.value).startswith(f"{path}: expected "), "a file's or a command's error keeps the path"


@pytest.mark.parametrize(
    ("text", "number"),
    [(".01", 0.01), ("0,005", 0.005), (",5", 0.5), ("1.", 1.0), ("2e-3", 0.002), ("1,5e-2", 0.015), (" 0.3 ", 0.3)],
)
def test_numbers_are_read_as_people_write_them(text: str, number: float) -> None:
    assert with_field(Experiment(), "training.learning_rate", text).training.learning_rate == number


@pytest.mark.parametrize("text", ["1,000", "12,345", "1,2,3", "1.000,5", "0,0,5", ","])
def test_a_comma_that_may_separate_thousands_is_no_decimal_one(text: str) -> None:
    with pytest.raises(UserError, match="expected a finite number"):
        with_field(Experiment(), "training.learning_rate", text)
