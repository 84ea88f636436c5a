"""Hands on the weights: a value typed, or nudged by a key."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui_trainer.tabs.network.messages import BIAS, NeuronSeen, Term

from .shape import Shape

LARGEST = 1e30  # float32 ends at 3e38
NUDGE = 0.1  # of the weight, and at least this much


def typed_weight(text: str) -> float | str:
    """The number typed, or the sentence that says why it is none that can be set."""
    cleaned = text.strip().replace("−", "-").replace(",", ".")
    try:
        value = float(cleaned)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        return f"Expected a number such as 0.5 or -2, got {text.strip()!r}; esc leaves the weight as it is."
    if abs(value) > LARGEST:
        return f"Expected a number between -1e30 and 1e30, got {text.strip()!r}."
    return value


def nudged(weight: float, direction: int) -> float:
    """A tenth of ``weight`` up (1) or down (-1), 0.1 at least."""
    return float(f"{weight + direction * max(NUDGE * abs(weight), NUDGE):.6g}")


def picked_term(seen: NeuronSeen, parameter: int | None) -> Term | None:
    """The parameter with that number, if it is among what is seen."""
    if parameter is None:
        return None
    if parameter == seen.inputs:
        return seen.bias
    return next((term for term in seen.terms if term.source == parameter), None)


def term_name(shape: Shape, seen: NeuronSeen, term: Term) -> str:
    """A parameter in words: the weight from input petal width to layer 1, neuron 3."""
    neuron = shape.place(seen.layer, seen.neuron)
    if term.source == BIAS:
        return f"bias of {neuron}"
    return f"weight from {shape.place(seen.layer - 1, term.source)} to {neuron}"


def short_name(shape: Shape, seen: NeuronSeen, term: Term) -> str:
    """The same where it is seen which neuron is meant: weight of petal width, bias."""
    return "bias" if term.source == BIAS else f"weight of {shape.name(seen.layer - 1, term.source)}"


def first_weights_with(weights: Sequence[float], index: int, value: float) -> tuple[float, ...]:
    """All first weights with one of them replaced."""
    return (*weights[:index], value, *weights[index + 1 :])
