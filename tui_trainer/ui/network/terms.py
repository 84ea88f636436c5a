"""The parameters of a neuron as a table: each weight, its input, what they come to, and the gradient."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trainer.plotting.frame import shorten
from tui_trainer.tabs.network.messages import BIAS, NeuronSeen, Term

from .lines import Line
from .numbers import cell
from .shape import Shape

COLUMNS = (("w", 9), ("x", 8), ("w·x", 8), ("∂L/∂w", 9))
MARK = 2  # columns before the name
NO_GRADIENT = "–"


@dataclass(frozen=True, slots=True)
class Table:
    """The lines, and which parameter of the neuron each shows; None for the head and for what is left out."""

    lines: tuple[Line, ...]
    parameters: tuple[int | None, ...]


def terms_that_fit(height: int, inputs: int, use_bias: bool) -> int:
    """How many of ``inputs`` weights a table of ``height`` lines shows beside its head, the bias and what is left."""
    room = height - 1 - use_bias
    return max(room if inputs <= room else room - 1, 1)


def table(shape: Shape, seen: NeuronSeen, width: int, height: int, picked: int | None) -> Table:
    """The terms of a neuron in ``width`` x ``height`` cells, the picked parameter marked."""
    name_width = max(width - MARK - sum(columns for _, columns in COLUMNS), 1)
    head = f"{'':{MARK + name_width}}" + "".join(f"{name:>{columns}}" for name, columns in COLUMNS)
    lines: list[Line] = [((head, "dim"),)]
    parameters: list[int | None] = [None]
    for term in seen.terms[: terms_that_fit(height, seen.inputs, seen.bias is not None)]:
        name = shape.name(seen.layer - 1, term.source) if seen.layer == 1 else f"neuron {term.source + 1}"
        lines.append(_line(name, term, name_width, picked == term.source))
        parameters.append(term.source)
    hidden = seen.inputs - (len(lines) - 1)
    if hidden > 0:
        total = cell(seen.rest, COLUMNS[2][1], 3)
        space = MARK + name_width + COLUMNS[0][1] + COLUMNS[1][1]
        lines.append(((f"{'  … ' + format(hidden, ',') + ' more':<{space}}{total}", "dim"),))
        parameters.append(None)
    if seen.bias is not None:
        lines.append(_line("bias b", seen.bias, name_width, picked == seen.inputs))
        parameters.append(seen.inputs)
    return Table(tuple(lines), tuple(parameters))


def _line(name: str, term: Term, name_width: int, picked: bool) -> Line:
    sign = "negative" if term.weight < 0 else "positive"
    (_, w), (_, x), (_, product), (_, gradient) = COLUMNS
    of_input = (cell(term.x, x, 3), cell(term.product, product, 3))
    x_text, product_text = of_input if term.source != BIAS else (" " * x, " " * product)
    slope = NO_GRADIENT.rjust(gradient) if term.gradient is None else cell(term.gradient, gradient, 4)
    return (
        ("▸ " if picked else "  ", "title"),
        (f"{shorten(name, name_width):<{name_width}}", "picked" if picked else "text"),
        (cell(term.weight, w, 4), sign),
        (x_text, "text"),
        (product_text, "text"),
        (slope, "dim"),
    )
