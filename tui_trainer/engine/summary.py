"""The table that Keras prints of a model: first the numbers, then the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .layers import Dense, Dropout, Layer

WIDTH = 65


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One line of the table; ``output`` is the number of units, behind a batch of any size."""

    name: str
    kind: str
    output: int
    params: int


@dataclass(frozen=True, slots=True)
class Summary:
    """All rows, and the totals in parameters and bytes."""

    rows: tuple[LayerRow, ...]
    params: int
    size: int


def summarize(layers: Sequence[Layer], itemsize: int) -> Summary:
    """Rows of all layers but the input, named as Keras names them, with ``itemsize`` bytes a parameter."""
    rows: list[LayerRow] = []
    width = 0
    counts = {"dense": 0, "dropout": 0}
    for layer in layers:
        params = layer.count_params(width) if isinstance(layer, Dense) else 0
        width = width if isinstance(layer, Dropout) else layer.units
        kind = type(layer).__name__
        if kind.lower() in counts:
            count = counts[kind.lower()]
            name = f"{kind.lower()}_{count}" if count else kind.lower()
            counts[kind.lower()] += 1
            rows.append(LayerRow(name, kind, width, params))
    total = sum(row.params for row in rows)
    return Summary(tuple(rows), total, total * itemsize)


def readable_size(size: int) -> str:
    """Bytes as Keras writes them: ``0.00 Byte``, ``1.11 KB``, ``3.40 MB``."""
    if size < 1024:
        return f"{size:.2f} Byte"
    value = float(size)
    for unit in ("KB", "MB"):
        value /= 1024
        if value < 1024:
            return f"{value:.2f} {unit}"
    return f"{value / 1024:.2f} GB"


def format_summary(summary: Summary) -> str:
    """The table as text, 65 columns wide."""
    double, single = "=" * WIDTH, "_" * WIDTH
    lines = ['Model: "sequential"', single, _line("Layer (type)", "Output Shape", "Param #"), double]
    for row in summary.rows:
        lines.append(_line(f"{row.name} ({row.kind})", f"(None, {row.output})", str(row.params)))
    total = f"{summary.params} ({readable_size(summary.size)})"
    lines += [double, f"Total params: {total}", f"Trainable params: {total}"]
    lines += [f"Non-trainable params: 0 ({readable_size(0)})", single]
    return "\n".join(lines)


def _line(name: str, shape: str, params: str) -> str:
    return f" {name:<28} {shape:<24} {params:<10}".rstrip()
