"""Turns the computed content of the Boundary tab into a heatmap or a plot."""

from __future__ import annotations

import string
from typing import Literal

import numpy as np

from tui_trainer.errors import plain
from tui_trainer.formats import format_color_limit
from tui_trainer.plotting.colors import HOLLOW, SOLID, shape
from tui_trainer.plotting.heatmaps import TEXTURES
from tui_trainer.plotting.plot import (
    HIGHEST,
    MIDDLE,
    STEPS,
    Gradient,
    Heatmap,
    Marks,
    Plot,
    Series,
    class_colors,
    unpack_levels,
)
from tui_trainer.protocol import unpack

from .messages import WHOLE, Boundary, Chosen, Function, Samples

Shown = Literal["all", "training", "none"]  # of the samples
TRAINING, VALIDATION = SOLID[0], HOLLOW[0]
BAR = 8  # cells of half a diverging scale
BAR_PER_CLASS = 4
NAME = 12  # cells of a class's name beside the colour bar
NOWHERE = np.zeros(0)
OF_TRUTH = "◇"
MODEL, MODEL_OF_CLASSES, TRUTH = "class0", "train", "class2"  # colours that stand out from those of the samples


def heatmap(content: Boundary, discretize: bool, shown: Shown) -> Heatmap:
    """Return the heatmap with its samples; discretized, it shows only the decision regions."""
    kinds = unpack_levels(content.kinds, content.rows) if content.kinds else None
    together = kinds is not None and content.chosen.neuron == WHOLE
    return Heatmap(
        unpack_levels(content.levels, content.rows),
        x_limits=content.x_limits,
        y_limits=content.y_limits,
        palette="diverging" if kinds is None else "classes",
        kinds=kinds,
        kind_colors=class_colors(len(content.classes)),
        steps=(1 if together else 2) if discretize else STEPS,
        x_label=plain(content.x),
        y_label=plain(content.y),
        bar=color_bar(content),
        marks=marks(content, shown),
        square=content.square,
    )


def color_bar(content: Boundary) -> tuple[str | Gradient, ...]:
    """Return the colour bar: the colours with their values, and the classes at its ends."""
    chosen, classes = content.chosen, content.classes
    low, high = chosen.low, chosen.high
    if content.kinds and chosen.neuron == WHOLE:
        gradients = (Gradient(BAR_PER_CLASS, 0, HIGHEST, kind) for kind in range(len(classes)))
        return (f"{format_color_limit(low)} ", *gradients, f" {format_color_limit(high)}")
    if content.kinds:
        return (
            f"{format_color_limit(low)} ",
            Gradient(2 * BAR, 0, HIGHEST, chosen.neuron),
            f" {format_color_limit(high)}",
        )
    ends = ("", "")
    if chosen.layer == len(chosen.layers) - 1 and classes:
        ends = (f"{plain(classes[0])[:NAME]} ", f" {plain(classes[1])[:NAME]}")
    middle = (low + high) / 2
    return (
        f"{ends[0]}{format_color_limit(low)} ",
        Gradient(BAR, 0, MIDDLE - 1),
        f" {format_color_limit(middle)} ",
        Gradient(BAR, MIDDLE, HIGHEST),
        f" {format_color_limit(high)}{ends[1]}",
    )


def marks(content: Boundary, shown: Shown) -> tuple[Marks, ...]:
    """Return marks for the visible samples; those of the validation part are hollow, and below the others."""
    wanted = visible(content.samples, shown)
    found = [_marks_of(one, content) for one in wanted]
    if any(one.validation for one in wanted):
        found.append(Marks("validation", NOWHERE, NOWHERE, glyph=VALIDATION, ascii="a" if content.classes else "x"))
    if content.hidden and wanted:
        found.append(Marks(f"{content.hidden:,} more not drawn", NOWHERE, NOWHERE, glyph="…", ascii="~"))
    return tuple(found)


def _marks_of(samples: Samples, content: Boundary) -> Marks:
    x, y = np.array(unpack(samples.x)), np.array(unpack(samples.y))
    if samples.kind < 0:
        glyph = VALIDATION if samples.validation else TRAINING
        levels = np.frombuffer(samples.levels, np.uint8)
        label = "" if samples.validation else "training"
        return Marks(label, x, y, glyph=glyph, ascii="x" if samples.validation else "o", levels=levels)
    name = plain(content.classes[samples.kind])
    letters = string.ascii_lowercase if samples.validation else string.ascii_uppercase
    return Marks(
        "" if samples.validation else name,
        x,
        y,
        class_colors(len(content.classes))[samples.kind],
        shape(samples.kind, samples.validation),
        ascii=letters[samples.kind % len(letters)],
        ascii_label=f"{name} {TEXTURES[samples.kind % len(TEXTURES)]}"
        if content.kinds and not samples.validation
        else "",
    )


def visible(samples: tuple[Samples, ...], shown: Shown) -> list[Samples]:
    """Return the visible samples, those of the training part last."""
    wanted = [one for one in samples if shown != "none" and (shown == "all" or not one.validation)]
    return sorted(wanted, key=lambda one: not one.validation)


def plot(content: Function, shown: Shown) -> Plot:
    """Return the plot: the true curve if it is known, the samples over it, and the model's curve on top."""
    x, series = np.array(unpack(content.places)), []
    if content.truth:
        series.append(Series("truth", x, np.array(unpack(content.truth)), TRUTH, sign=OF_TRUTH))
    series += [_series_of(one, content) for one in visible(content.samples, shown)]
    model = MODEL_OF_CLASSES if content.classes else MODEL
    for line in content.lines:
        label = plain(content.classes[line.kind]) if line.kind >= 0 else "model" if content.samples else "neuron"
        color = class_colors(len(content.classes))[line.kind] if line.kind >= 0 else model
        sign = shape(line.kind) if line.kind >= 0 else ""
        series.append(Series(label, x, np.array(unpack(line.y)), color, sign=sign))
    return Plot(
        tuple(series),
        x_label=plain(content.x),
        y_label="probability" if content.classes and content.samples else plain(content.y),
        x_limits=content.x_limits,
        y_limits=content.y_limits,
    )


def _series_of(samples: Samples, content: Function) -> Series:
    """Return samples as a series of points; the lines show the colour of each class."""
    glyph = VALIDATION if samples.validation else TRAINING
    color, label = "validation" if samples.validation else "train", "validation" if samples.validation else "training"
    if samples.kind >= 0:
        glyph = shape(samples.kind, samples.validation)
        color = class_colors(len(content.classes))[samples.kind]
        label = "" if len(content.lines) > 1 or samples.validation else plain(content.classes[samples.kind])
    return Series(label, np.array(unpack(samples.x)), np.array(unpack(samples.y)), color, "scatter", glyph)


def describe(chosen: Chosen, target: str, classes: tuple[str, ...]) -> str:
    """Describe what is drawn: which output, and what it means."""
    shown = f"{_whose(chosen)}{_meaning(chosen, target, classes)}"
    if not chosen.held:
        return shown
    others = "the other feature at its mean" if chosen.held == 1 else f"{chosen.held} others at their mean"
    return f"{shown}; {others}"


def name_of(chosen: Chosen, neuron: int) -> str:
    """Return the name of a neuron in the selected layer."""
    layer = chosen.layers[chosen.layer]
    if neuron < len(layer.names):
        return plain(layer.names[neuron])
    return f"neuron {neuron + 1} of {layer.units:,}"


def layer_name(layer: int, layers: int) -> str:
    """Return the name of layer number ``layer`` of ``layers``, where the inputs are the first."""
    return "inputs" if layer == 0 else "output" if layer == layers - 1 else f"layer {layer}"


def _whose(chosen: Chosen) -> str:
    activation = chosen.layers[chosen.layer].activation
    name = layer_name(chosen.layer, len(chosen.layers)).capitalize()
    return f"{name} ({activation}): " if activation else f"{name}: "


def _meaning(chosen: Chosen, target: str, classes: tuple[str, ...]) -> str:
    last = chosen.layer == len(chosen.layers) - 1
    if not last or not classes:
        return name_of(chosen, max(chosen.neuron, 0)) if not last else plain(target)
    if chosen.neuron == WHOLE and len(classes) > 2:
        return "the likeliest class"
    named = classes[1] if chosen.neuron == WHOLE else chosen.layers[-1].names[chosen.neuron]
    probable = chosen.layers[-1].activation in ("softmax", "sigmoid")
    return f"{'probability of' if probable else 'score of'} {plain(named)}"
