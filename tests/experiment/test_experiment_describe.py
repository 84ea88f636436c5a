"""The schema in English, and the paths that lead through it."""

from __future__ import annotations

import pytest

from tui_trainer.experiment.validation import expected, field_names, got, join_path, parse_path, type_at


@pytest.mark.parametrize("path", ["name", "model.layers[0].units", "dataset.features[12]", ""])
def test_paths_go_there_and_back(path: str) -> None:
    steps = parse_path(path)
    assert steps is not None
    assert join_path(steps) == path


@pytest.mark.parametrize("path", ["a..b", "a b", "[", "a[x]", "ä", "a\n", "a[" + "1" * 5000 + "]"])
def test_what_is_no_path(path: str) -> None:
    assert parse_path(path) is None


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("name", "a text of at least one character"),
        ("model.seed", "an integer of at least 0"),
        ("model.layers", "a list of at most 256"),
        ("model.layers[5].dropout", "a finite number from 0 up to but not including 1"),
        ("training.batch_size", "an integer from 1 to 1000000 or 'full'"),
        ("training.early_stopping", "a table or nothing"),
        ("training.early_stopping.baseline", "a finite number or nothing"),
        ("training.optimizer.epsilon", "a finite number greater than 0"),
        ("dataset.validation_split", "a finite number from 0 to 0.9"),
        ("training.shuffle", "true or false"),
    ],
)
def test_what_is_expected_is_described_by_its_type(path: str, words: str) -> None:
    kind = type_at(parse_path(path) or ())
    assert kind is not None
    assert expected(kind) == words


def test_unknown_fields_have_no_type() -> None:
    assert type_at(("model", "nope")) is None
    assert type_at(("name", "x")) is None
    assert field_names(("name",)) == ()
    assert field_names(())[0] == "name"


def test_what_came_instead_is_described() -> None:
    values: list[object] = [None, True, "x", 0.5, 3, {}, (1, 2)]
    words = ["nothing", "true", "'x'", "0.5", "3", "a table", "a list of 2"]
    assert [got(value) for value in values] == words
    assert got(10**5000) == "an integer of more than 40 digits"
