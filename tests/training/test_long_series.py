"""A series is as long as its values, wherever these lie, and takes no more memory for it."""

from __future__ import annotations

import tempfile
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.training import series
from tui_trainer.training.series import IN_MEMORY, SpilledSeries

PIECES = st.lists(st.lists(st.floats(allow_nan=False), max_size=40), max_size=12)


@pytest.fixture(autouse=True, scope="module")
def _few_in_memory() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series, "IN_MEMORY", 4)
        yield


def filled(pieces: list[list[float]]) -> SpilledSeries:
    """Every other piece added at once, the rest number by number."""
    filled_series = SpilledSeries()
    for number, piece in enumerate(pieces):
        if number % 2:
            filled_series.extend(np.array(piece, np.float64))
        else:
            for value in piece:
                filled_series.append(value)
    return filled_series


@given(PIECES, st.integers(0, 500), st.integers(0, 500))
def test_it_is_what_was_put_in(pieces: list[list[float]], start: int, stop: int) -> None:
    filled_series, plain = filled(pieces), [value for piece in pieces for value in piece]
    assert len(filled_series) == len(plain) and list(filled_series) == plain
    assert filled_series.values(start, stop).tolist() == plain[start:stop]
    assert filled_series.values(start).tolist() == plain[start:]
    for place in {0, len(plain) // 2, len(plain) - 1, -len(plain)} if plain else set():
        assert filled_series[place] == plain[place]
    for beyond in (len(plain), -len(plain) - 1):
        with pytest.raises(IndexError):
            filled_series[beyond]


def test_what_was_read_can_be_changed() -> None:
    filled_series = filled([list(map(float, range(40)))])
    filled_series.values()[:] = -1.0
    filled_series.values(0, 2)[:] = -1.0
    assert list(filled_series) == list(map(float, range(40)))


def test_without_a_file_it_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert list(filled([list(map(float, range(100)))])) == list(map(float, range(100)))


def test_a_disk_that_fills_up_costs_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    filled_series = filled([list(map(float, range(100)))])
    monkeypatch.setattr(series, "write_at", lambda *_: 3)
    filled_series.extend(np.arange(100.0, 200.0))
    assert list(filled_series) == list(map(float, range(200)))


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "IN_MEMORY", IN_MEMORY)
    filled_series = SpilledSeries()
    tracemalloc.start()
    try:
        for value in range(200_000):
            filled_series.append(value)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken < 200_000  # bytes: as an array they are 1,600,000
    assert filled_series[0] == 0.0 and filled_series[199_999] == 199_999.0
