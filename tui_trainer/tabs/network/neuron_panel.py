"""What a neuron computes, in the book's notation and with the numbers of the moment."""

from __future__ import annotations

from tui_trainer.plotting.frame import shorten
from tui_trainer.ui.network.lines import Line
from tui_trainer.ui.network.numbers import significant
from tui_trainer.ui.network.shape import Shape

from .messages import InputSeen, NeuronSeen

ONE_LINE = 62  # columns from which a formula and its numbers stand on one line
INDENT = "  "
DIGITS = (4, 3, 2)  # that count, as many as fit


def title_line(shape: Shape, seen: NeuronSeen | InputSeen) -> Line:
    """Which neuron it is."""
    layer = 0 if isinstance(seen, InputSeen) else seen.layer
    phi = (f"  φ = {phi_name(seen.activation)}", "dim") if isinstance(seen, NeuronSeen) else ("", "dim")
    return ((shape.title(layer, seen.neuron), "title"), phi)


def formula_lines(seen: NeuronSeen | InputSeen, width: int) -> tuple[Line, Line]:
    """Two lines: the formula and its numbers, or both on the first and the slope on the second."""
    if isinstance(seen, InputSeen):
        return _lines(*_input(seen), "", width)
    if seen.activation == "softmax":
        formula = _shortened(
            [f"o = {_symbols(seen)} = {_sum(seen, digits)} = {significant(seen.o, digits)}" for digits in DIGITS], width
        )
        return ((formula, "text"),), ((f"a = e^o / Σₖ e^oₖ = {significant(seen.a)}", "text"),)
    numbers = _shortened([_numbers(seen, digits) for digits in DIGITS], width - len(INDENT))
    slope = "" if seen.slope is None else f"φ′(o) = {significant(seen.slope)}"
    return _lines(f"a = φ({_symbols(seen)})", numbers, slope, width)


def phi_name(activation: str) -> str:
    """An activation as a function in a formula: the book calls the linear one the identity."""
    return "identity" if activation == "linear" else activation


def _lines(formula: str, numbers: str, slope: str, width: int) -> tuple[Line, Line]:
    together = f"{formula} {numbers}"
    if width >= ONE_LINE and len(together) <= width:
        return ((together, "text"),), ((slope, "dim"),)
    return ((formula, "dim"), (f"   {slope}", "dim")), ((INDENT + numbers, "text"),)


def _symbols(seen: NeuronSeen) -> str:
    return ("w x" if seen.inputs == 1 else "Σ wⱼ xⱼ") + (" + b" if seen.bias is not None else "")


def _numbers(seen: NeuronSeen, digits: int) -> str:
    return f"= {phi_name(seen.activation)}({_sum(seen, digits)}) = {significant(seen.a, digits)}"


def _shortened(texts: list[str], width: int) -> str:
    """The first that fits, or the last, cut."""
    return next((text for text in texts if len(text) <= width), shorten(texts[-1], width))


def _sum(seen: NeuronSeen, digits: int) -> str:
    """``9.1020 · 6.575 − 34.67`` of one input; of more, the sum of their terms and the bias."""
    if seen.inputs == 1 and seen.terms:
        term = seen.terms[0]
        first = f"{significant(term.weight, digits + 1)} · {_factor(term.x, digits)}"
    else:
        first = significant(seen.sum, digits)
    return first if seen.bias is None else first + _added(seen.bias.weight, digits)


def _input(seen: InputSeen) -> tuple[str, str]:
    if seen.mean == 0.0 and seen.scale == 1.0:
        return f"x = {significant(seen.raw)}", "as it stands in the data"
    numbers = f"= ({significant(seen.raw)}{_added(-seen.mean, 4)}) / {significant(seen.scale)} = {significant(seen.x)}"
    return "x = (raw − mean) / deviation", numbers


def _added(value: float, digits: int) -> str:
    """A number that is added, or its size that is taken away."""
    text = significant(value, digits)
    return f" − {text[1:]}" if text.startswith("−") else f" + {text}"


def _factor(value: float, digits: int) -> str:
    """A number as it stands behind a multiplication sign."""
    text = significant(value, digits)
    return f"({text})" if text.startswith("−") else text
