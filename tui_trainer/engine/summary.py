"""The table that Keras prints of a model: first the numbers, then the drawing."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from .layers import NORM_PARAMETERS, Dense, Dropout, Layer

KERAS_NAMES = {
    "Dense": "dense",
    "Dropout": "dropout",
    "BatchNormalization": "batch_normalization",
    "Activation": "activation",
}
HEADING = ("Layer (type)", "Output Shape", "Param #")
KERAS_WIDTHS = (31, 22, 13)  # of the cells' texts: Keras's shares of 76 columns, less rules and blanks
BOOK_WIDTH, BOOK_NAME_WIDTH = 65, 27


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One line of the table; ``output`` is the number of units, behind a batch of any size.

    ``trainable`` are those of its parameters that training changes.
    """

    name: str
    kind: str
    output: int
    params: int
    trainable: int


@dataclass(frozen=True, slots=True)
class Summary:
    """All rows, with ``itemsize`` bytes a parameter."""

    rows: tuple[LayerRow, ...]
    itemsize: int

    @property
    def params(self) -> int:
        return sum(row.params for row in self.rows)

    @property
    def trainable(self) -> int:
        """How many parameters training changes."""
        return sum(row.trainable for row in self.rows)

    @property
    def size(self) -> int:
        """Bytes of all parameters."""
        return self.params * self.itemsize


def summarize(layers: Sequence[Layer], itemsize: int) -> Summary:
    """Rows of all layers but the input, named as Keras names them, with ``itemsize`` bytes a parameter."""
    rows: list[LayerRow] = []
    width = 0
    counts: Counter[str] = Counter()

    def add(kind: str, params: int, trainable: int) -> None:
        word = KERAS_NAMES[kind]
        name = f"{word}_{counts[word]}" if counts[word] else word
        counts[word] += 1
        rows.append(LayerRow(name, kind, width, params, trainable))

    for layer in layers:
        if isinstance(layer, Dense):
            inputs, width = width, layer.units
            weights, share = layer.count_weights(inputs), int(layer.trainable)
            add("Dense", weights, weights * share)
            if layer.batch_norm:
                add("BatchNormalization", NORM_PARAMETERS * width, 2 * width * share)  # moving values are not trained
                if layer.activation != "linear":
                    add("Activation", 0, 0)
        elif isinstance(layer, Dropout):
            add("Dropout", 0, 0)
        else:
            width = layer.units
    return Summary(tuple(rows), itemsize)


def format_summary(summary: Summary, style: str = "keras") -> str:
    """The table as text: Keras 3's, 76 columns wide, or with ``style="book"`` Keras 2's, 65 columns wide.

    Raises ValueError, naming the choices, for another style.
    """
    if style not in STYLES:
        raise ValueError(f"unknown style {style!r}; choose one of: {', '.join(STYLES)}")
    return STYLES[style](summary)


def readable_size(size: int, byte: str = "B") -> str:
    """Bytes as Keras writes them: ``0.00 B`` (in Keras 2 ``0.00 Byte``), ``1.11 KB``, ``3.40 MB``."""
    value = float(size)
    for unit in (byte, "KB", "MB"):
        if value < 1024:
            return f"{value:.2f} {unit}"
        value /= 1024
    return f"{value:.2f} GB"


def _format_keras(summary: Summary) -> str:
    """As Keras 3 prints it where the terminal has 80 columns; texts that are too long for a cell go on below."""
    lines = ['Model: "sequential"', _rule("┏┳┓", "━"), *_cells("┃", *HEADING), _rule("┡╇┩", "━")]
    for number, row in enumerate(summary.rows):
        lines += [_rule("├┼┤", "─")] if number else []
        lines += _cells("│", f"{row.name} ({row.kind})", f"(None, {row.output})", f"{row.params:,}")
    lines.append(_rule("└┴┘", "─"))
    for name, params in _totals(summary):
        lines.append(f" {name}: {params:,} ({readable_size(params * summary.itemsize)})")
    return "\n".join(lines)


def _totals(summary: Summary) -> tuple[tuple[str, int], ...]:
    """The parameters of all kinds, by Keras's names for them."""
    fixed = summary.params - summary.trainable
    return ("Total params", summary.params), ("Trainable params", summary.trainable), ("Non-trainable params", fixed)


def _rule(corners: str, line: str) -> str:
    return corners[0] + corners[1].join(line * (width + 2) for width in KERAS_WIDTHS) + corners[2]


def _cells(border: str, *texts: str) -> list[str]:
    """One row of the table: as many lines as its longest text needs."""
    folded = [textwrap.wrap(text, width) for text, width in zip(texts, KERAS_WIDTHS, strict=True)]
    lines = []
    for name, shape, params in zip_longest(*folded, fillvalue=""):
        cells = (name.ljust(KERAS_WIDTHS[0]), shape.ljust(KERAS_WIDTHS[1]), params.rjust(KERAS_WIDTHS[2]))
        lines.append(f"{border} {f' {border} '.join(cells)} {border}")
    return lines


def _format_book(summary: Summary) -> str:
    """As Keras 2 prints it, and the book."""
    double, single = "=" * BOOK_WIDTH, "_" * BOOK_WIDTH
    lines = ['Model: "sequential"', single, _book_line(*HEADING), double]
    for row in summary.rows:
        name, *rest = _parts(f"{row.name} ({row.kind})", BOOK_NAME_WIDTH)
        lines.append(_book_line(name, f"(None, {row.output})", str(row.params)))
        lines += [f" {part}" for part in rest]
    lines.append(double)
    for name, params in _totals(summary):
        lines.append(f"{name}: {params} ({readable_size(params * summary.itemsize, 'Byte')})")
    return "\n".join([*lines, single])


def _parts(text: str, width: int) -> list[str]:
    return [text[start : start + width] for start in range(0, len(text), width)]


def _book_line(name: str, shape: str, params: str) -> str:
    return f" {name:<28} {shape:<24} {params:<10}".rstrip()


STYLES: dict[str, Callable[[Summary], str]] = {"keras": _format_keras, "book": _format_book}
