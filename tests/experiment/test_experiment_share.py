"""Experiments as words: there and back, short, and safe to open whatever the word is."""

from __future__ import annotations

import base64
import zlib

import pytest
from experiment_strategies import experiments
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.share import is_shared, share, unshare


@given(experiments)
def test_a_shared_word_gives_the_experiment_back(experiment: Experiment) -> None:
    word = share(experiment)
    assert is_shared(word) and word.isascii() and " " not in word
    assert unshare(word) == experiment
    assert unshare(f"  {word[:9]}\n{word[9:]} ") == experiment, "a word broken by a mail program"


def test_an_ordinary_word_is_short() -> None:
    experiment = with_field(Experiment(), "dataset.name", "spiral")
    experiment = with_field(experiment, "training.learning_rate", 0.01)
    assert len(share(experiment)) < 120
    assert len(share(Experiment())) < 20


@given(st.text() | st.text("ABCabc123-_").map("tt1-".__add__) | st.binary().map(lambda b: word_of(b)))
def test_other_words_are_refused_in_a_sentence(word: str) -> None:
    try:
        unshare(word)
    except UserError as error:
        assert str(error)


@given(experiments, st.data())
def test_a_cut_word_is_refused(experiment: Experiment, data: st.DataObject) -> None:
    word = share(experiment)
    cut = word[: data.draw(st.integers(0, len(word) - 1))]
    with pytest.raises(UserError):
        unshare(cut)


def test_a_small_word_cannot_fill_the_memory() -> None:
    bomb = word_of(b'"' + b"a" * 50_000_000 + b'"')
    assert len(bomb) < 100_000
    with pytest.raises(UserError, match="incomplete or mistyped"):
        unshare(bomb)


def word_of(data: bytes) -> str:
    """Any bytes in the form of a word."""
    return "tt1-" + base64.urlsafe_b64encode(zlib.compress(data)).rstrip(b"=").decode()
