"""Errors are one printable sentence, and survive the way out of a child process."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.errors import UserError, quoted


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
    [("RM", "'RM'"), ("\x1b[2J", r"'\x1b[2J'"), ("\u202eabc", r"'\u202eabc'"), ("a" * 41, f"'{'a' * 39}…'")],
)
def test_quoted_text_is_escaped_and_short(text: str, shown: str) -> None:
    assert quoted(text) == shown
