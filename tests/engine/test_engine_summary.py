"""The table of Keras 2, which the book shows; that of Keras 3 is compared with Keras in test_engine_keras.py."""

from __future__ import annotations

import pytest

from tui_trainer.engine import Dense, Dropout, InputLayer, Sequential, readable_size, summarize

TABLE = """\
Model: "sequential"
_________________________________________________________________
 Layer (type)                 Output Shape             Param #
=================================================================
 dense (Dense)                (None, 20)               220
 dense_1 (Dense)              (None, 3)                63
=================================================================
Total params: 283 (1.11 KB)
Trainable params: 283 (1.11 KB)
Non-trainable params: 0 (0.00 Byte)
_________________________________________________________________"""


def test_the_summary_is_that_of_the_book() -> None:
    model = Sequential([InputLayer(10), Dense(20, activation="relu"), Dense(3, activation="softmax")])
    assert model.count_params() == 283
    assert model.summary("book") == TABLE


def test_bytes_follow_the_dtype() -> None:
    model = Sequential([InputLayer(10), Dense(20), Dense(3)], dtype="float64")
    assert "Total params: 283 (2.21 KB)" in model.summary()


def test_dropout_has_a_row_and_no_parameters() -> None:
    layers = [InputLayer(4), Dropout(0.1), Dense(8), Dropout(0.5), Dense(2)]
    rows = summarize(layers, 4).rows
    assert [(row.name, row.kind, row.output, row.params) for row in rows] == [
        ("dropout", "Dropout", 4, 0),
        ("dense", "Dense", 8, 40),
        ("dropout_1", "Dropout", 8, 0),
        ("dense_1", "Dense", 2, 18),
    ]
    assert " dropout_1 (Dropout)          (None, 8)                0\n" in Sequential(layers).summary("book")


def test_no_bias_counts_weights_only() -> None:
    layers = [InputLayer(10), Dense(20, use_bias=False), Dense(3)]
    summary = summarize(layers, 4)
    assert [row.params for row in summary.rows] == [200, 63]
    assert (summary.params, summary.size) == (263, 1052)
    assert Sequential(layers).count_params() == 263


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0.00 B"),
        (1023, "1023.00 B"),
        (1024, "1.00 KB"),
        (3_565_158, "3.40 MB"),
        (3 * 2**31, "6.00 GB"),
    ],
)
def test_a_size_is_readable(size: int, text: str) -> None:
    assert readable_size(size) == text
