"""What is said of a step under the microscope: its stages, and a neuron's equations with their numbers at each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from tui_trainer.experiment.schema import TrainingConfig
from tui_trainer.formats import format_bars, format_cell, format_counted, format_measure
from tui_trainer.plotting.frame import one_cell, shorten
from tui_trainer.protocol import unpack
from tui_trainer.settings import Markers
from tui_trainer.ui.plot_widgets import Line, Span

from .layout import Shape
from .messages import BETA, BIAS, GAMMA, MOVING_MEAN, MOVING_VARIANCE, Network, NeuronStep, StageKind, StepTerm
from .neuron_panel import LINK_SIGNS, Table, phi_name, signed_summand
from .step_equations import EQUATIONS, backward_lines, fitting, forward_lines, own_rate, update_lines

WIDTH, MARK_WIDTH = 9, 2  # columns of a number and before a name
MIN_NAME = 8
NAMES = {BIAS: "bias b", GAMMA: "γ", BETA: "β", MOVING_MEAN: "mean", MOVING_VARIANCE: "variance"}
SHOWN: dict[StageKind, tuple[str, str]] = {  # what links and neurons show at each stage
    "forward": ("w·x", "a"),
    "loss": ("w·x", "a"),
    "backward": ("∂ℒ/∂w", "∂ℒ/∂o"),
    "update": ("Δw", "∂ℒ/∂o"),
}
LOSSES = {  # of one sample
    "sum_squared_error": "Σ (a − y)²",
    "mean_squared_error": "Σ (a − y)²",
    "mean_absolute_error": "Σ |a − y|",
    "huber": "Σ huber(a − y)",
    "binary_crossentropy": "Σ −y log a − (1 − y) log(1 − a)",
    "categorical_crossentropy": "Σ −y log a",
}
SQUARES = "s"  # averages or sums of squared gradients, by which each weight has a rate of its own
STATES = {  # signs of the optimizer's state, in the engine's order
    "sgd": ("v",),
    "adagrad": (SQUARES,),
    "rmsprop": (SQUARES,),
    "adam": ("m", SQUARES),
    "adamw": ("m", SQUARES),
    "nadam": ("m", SQUARES),
    "lbfgs": (),  # its memory is of steps, not of single weights
}
NO_UPDATE = "The loss is not finite: this step diverges, and the weights before the last update come back."


@dataclass(frozen=True, slots=True)
class StageOfLayer:
    """One stage of a step: what is done, in which layer."""

    kind: StageKind
    layer: int


def stages_of(shape: Shape) -> tuple[StageOfLayer, ...]:
    """Return the stages of a step: forward layer by layer, the loss, back from the output, and the update."""
    layers = range(1, shape.last + 1)
    return (
        *(StageOfLayer("forward", layer) for layer in layers),
        StageOfLayer("loss", shape.last),
        *(StageOfLayer("backward", layer) for layer in reversed(layers)),
        *(StageOfLayer("update", layer) for layer in layers),
    )


def terms_of(shape: Shape, stage: StageOfLayer, training: TrainingConfig, height: int) -> int:
    """Return how many weights of a neuron there is room for in ``height`` lines at a stage."""
    layer = shape.layers[stage.layer]
    if stage.kind == "update":
        is_clipped = training.clip_norm is not None or training.clip_value is not None
        above = 3 + len(EQUATIONS[training.optimizer.name]) + is_clipped
    else:
        above = 4 + (stage.kind == "backward") + layer.batch_norm
    others = layer.use_bias + layer.batch_norm * (4 if stage.kind == "update" else 2)
    return weights_that_fit(height - above - others, shape.layers[stage.layer - 1].units)


def step_heading(step: NeuronStep, width: int, lines: str) -> Line:
    """Return which step it is, and on the right, as far as there is room, what links and neurons show."""
    samples = format_counted(step.samples, "sample")
    texts = (
        f"step {step.number:,}: {samples}, batch {step.batch:,} of {step.batches:,} in epoch {step.epoch:,}",
        f"step {step.number:,}: {samples}, batch {step.batch:,} of {step.batches:,}",
        f"step {step.number:,}: {samples}",
    )
    links, neurons = SHOWN[step.stage.kind]
    positive, negative = LINK_SIGNS[lines]
    signs: list[Span] = [(f"{positive} ", "positive"), ("+  ", "dim"), (f"{negative} ", "negative"), ("−", "dim")]
    for text, legend in (
        (texts[0], f"neurons {neurons}   links {links} "),
        (texts[1], f"links {links} "),
        (texts[2], ""),
    ):
        free = width - len(text) - len(legend) - sum(len(part) for part, _ in signs)
        if free >= 2:
            return ((text, "text"), (" " * free, "text"), (legend, "dim"), *signs)
    return ((shorten(texts[2], width), "text"),)


def track_line(shape: Shape, step: NeuronStep, name: str, width: int) -> Line:
    """Return all stages, the present one marked, and on the right the sample by its ``name``."""
    present = StageOfLayer(step.stage.kind, step.layer)
    spans: list[Span] = []
    for kind in SHOWN:
        layers = [stage.layer for stage in stages_of(shape) if stage.kind == kind]
        spans += [("  " if spans else "", "dim"), *([(f"{kind} ", "text")] if kind != "loss" else [])]
        for layer in layers:
            text = kind if kind == "loss" else f"{layer}"
            is_here = StageOfLayer(kind, layer) == present
            spans.append((f"[{text}]" if is_here else f" {text} ", "title" if is_here else "dim"))
    if sum(len(text) for text, _ in spans) > width:
        where = "" if present.kind == "loss" else f", layer {step.layer} of {shape.last}"
        number = stages_of(shape).index(present) + 1
        spans = [(f"{present.kind}{where}", "title"), (f"   stage {number} of {len(stages_of(shape))}", "dim")]
    name = one_cell(name)
    free = width - sum(len(text) for text, _ in spans) - len(name)
    return (*spans, (" " * free + name, "text")) if name and free >= 2 else tuple(spans)


def step_table(
    shape: Shape,
    network: Network,
    step: NeuronStep,
    size: tuple[int, int],
    picked: int | None = None,
    markers: Markers = "braille",
) -> Table:
    """Return all that is said of a neuron at a stage, in ``size`` cells, width and height, with a picked row marked."""
    width, height = size
    if step.stage.kind == "update" and step.rule is None:
        return Table((_title(shape, network, step, width), ((shorten(NO_UPDATE, width), "negative"),)), (None, None))
    if step.stage.kind == "loss":
        return _loss(shape, network, step, size, markers)
    above: list[Line] = [_title(shape, network, step, width)]
    if step.stage.kind == "update":
        of = _picked_term(step, picked)
        equations = update_lines(step, of, width - MARK_WIDTH)
        above += [(("  " if number else "▸ ", "title"), (line, "text")) for number, line in enumerate(equations)]
        picked = _number_of(step, of)
        columns = _update_columns(step, width)
    else:
        made = forward_lines(step, width) if step.stage.kind == "forward" else backward_lines(step, width)
        above += [((line, "text"),) for line in made]
        columns = _forward_columns(step) if step.stage.kind == "forward" else _backward_columns(step)
    names = [one_cell(parameter_name(shape, step, term.source)) for term in (*step.terms, *step.more)]
    table_width = sum(column.width for column in columns)
    name_width = max(min(max(map(len, names)) + 1, width - MARK_WIDTH - table_width), MIN_NAME)
    if has_group_heads(step):
        above.append(((" " * (MARK_WIDTH + name_width) + _group_heads(network, step, columns), "dim"),))
    head = "".join(column.head.rjust(column.width) for column in columns)
    above.append(((" " * (MARK_WIDTH + name_width) + head, "dim"),))
    lines = [*above]
    parameters: list[int | None] = [None] * len(above)
    weights = step.terms[: weights_that_fit(height - len(above) - len(step.more), step.inputs)]
    for term in (*weights, None, *step.more):
        number = None if term is None else _number_of(step, term)
        if term is not None:
            is_picked = picked is not None and number == picked
            lines.append(_row(shape, step, term, columns, name_width, is_picked))
        elif step.inputs > len(weights):
            lines.append(((f"  … {step.inputs - len(weights):,} more", "dim"),))
        else:
            continue
        parameters.append(None if number is None or number < 0 else number)
    return _cut(lines, parameters, height)


def _number_of(step: NeuronStep, term: StepTerm) -> int:
    """Return the number by which a parameter is picked: weights, then the bias; what is not picked is negative."""
    return step.inputs if term.source == BIAS else term.source


def _cut(lines: Sequence[Line], parameters: Sequence[int | None], height: int) -> Table:
    """Return a table, of which the last line says how many more there would be if these are too many."""
    if len(lines) <= height:
        return Table(tuple(lines), tuple(parameters))
    kept = max(height - 1, 0)
    rest: Line = ((f"  … {len(lines) - kept} more lines in a taller window", "dim"),)
    return Table((*lines[:kept], rest), (*parameters[:kept], None))


def weights_that_fit(room: int, inputs: int) -> int:
    """Return how many of ``inputs`` weights fit in ``room`` lines, beside a line for the others."""
    return max(room if inputs <= room else room - 1, 1)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table: its head, its width, its text for a parameter, and the style of that."""

    head: str
    width: int
    text: Callable[[StepTerm], str]
    style: Callable[[StepTerm], str] = lambda term: "text"


def _number(head: str, value: Callable[[StepTerm], float], width: int = WIDTH, style: str = "text") -> _Column:
    return _Column(head, width, lambda term: _cell(value(term), width), lambda term: style)


def _signed(head: str, value: Callable[[StepTerm], float], width: int = WIDTH) -> _Column:
    """A number in the colour of its sign."""
    return _Column(
        head,
        width,
        lambda term: _cell(value(term), width),
        lambda term: "negative" if value(term) < 0 else "positive" if value(term) > 0 else "text",
    )


def _sign(text: str) -> _Column:
    return _Column("", 3, lambda term: f" {text} ", lambda term: "dim")


def _cell(value: float, width: int) -> str:
    """Return a number in a column: four decimals, or three digits of a small one, so that products come out."""
    if math.isnan(value):
        return " " * width
    return format_measure(value, 3).rjust(width) if 0 < abs(value) < 0.01 else format_cell(value, width, 4)


def _row(
    shape: Shape, step: NeuronStep, term: StepTerm, columns: Sequence[_Column], width: int, is_picked: bool
) -> Line:
    name = shorten(one_cell(parameter_name(shape, step, term.source)), width)
    return (
        ("▸ " if is_picked else "  ", "title"),
        (f"{name:<{width}}", "picked" if is_picked else "text"),
        *((column.text(term).rjust(column.width), column.style(term)) for column in columns),
    )


def parameter_name(shape: Shape, step: NeuronStep, source: int) -> str:
    """Return the name of a neuron's parameter: what its weight comes from, or what it is."""
    if source < 0:
        return NAMES[source]
    return shape.name(step.layer - 1, source)


def _title(shape: Shape, network: Network, step: NeuronStep, width: int) -> Line:
    """Return which neuron it is, and of which samples its numbers are."""
    title = shape.title(step.layer, step.neuron)
    phi = f"  φ = {phi_name(step.activation)}" + ("  frozen" if step.is_frozen else "")
    whose = whose_numbers(network, step)
    for note, samples in ((phi, whose), ("", whose), ("", whose.removesuffix(" of this batch"))):
        free = width - len(title) - len(note) - len(samples)
        if free >= 2:
            return ((title, "title"), (note, "dim"), (" " * free, "text"), (samples, "picked"))
    return ((shorten(title, max(width - len(samples) - 2, 1)), "title"), ("  ", "text"), (samples, "picked"))


def whose_numbers(network: Network, step: NeuronStep) -> str:
    """Return of which samples the numbers are; an update is always that of the mini-batch."""
    if step.samples == 1 or not (step.stage.of_batch or step.stage.kind == "update"):
        return f"of sample {network.sample + 1:,}"
    kind = "sum" if step.is_sum and step.stage.kind != "forward" else "mean"
    return f"{kind} over the {step.samples:,} samples of this batch"


def has_group_heads(step: NeuronStep) -> bool:
    """Return whether a line over the heads of a table says of which samples its columns are: they differ."""
    return step.stage.kind == "backward" and not step.stage.of_batch and step.samples > 1


def _group_heads(network: Network, step: NeuronStep, columns: Sequence[_Column]) -> str:
    first, last = sum(column.width for column in columns[:-1]), columns[-1].width
    return f"of sample {network.sample + 1:,}".rjust(first) + _whole_batch(step).rjust(last)


def _whole_batch(step: NeuronStep) -> str:
    return f"{'sum' if step.is_sum else 'mean'} of {step.samples:,}"


def _forward_columns(step: NeuronStep) -> list[_Column]:
    dropped: list[_Column] = [_number("mask", lambda term: term.mask, 8, "dim")] if step.has_mask else []
    return [
        *dropped,
        _signed("w", lambda term: term.weight),
        _sign("·"),
        _number("x", lambda term: term.x),
        _sign("="),
        _signed("w·x", lambda term: term.weight * term.x),
    ]


def _backward_columns(step: NeuronStep) -> list[_Column]:
    delta = "∂ℒ/∂o" if math.isnan(step.normed) else "∂ℒ/∂z"
    whole = _signed("∂ℒ/∂w", lambda term: term.gradient, len(_whole_batch(step)) + 2)
    if step.stage.of_batch:
        return [_number("x", lambda term: term.x), _number(delta, lambda term: _delta(step, term)), whole]
    return [
        _number(delta, lambda term: _delta(step, term)),
        _sign("·"),
        _number("x", lambda term: term.x),
        _sign("="),
        _signed("∂ℒ/∂w", lambda term: term.of_stage),
        *([] if step.samples == 1 else [whole]),
    ]


def _delta(step: NeuronStep, term: StepTerm) -> float:
    return step.of_o if term.source in (GAMMA, BETA) else step.of_weighted


def _update_columns(step: NeuronStep, width: int) -> list[_Column]:
    """Return the columns of an update, as many as there is room for: what the equations tell is left out first."""
    assert step.rule is not None
    is_changed = any(term.direction != term.gradient for term in (*step.terms, *step.more))
    told = [_number("∂ℒ/∂w", lambda term: term.gradient)]
    if is_changed:
        told.append(_number("g", lambda term: term.direction))
    signs = STATES[step.rule.name][: len(step.terms[0].after)]
    told += [_number(sign, partial(_state, place)) for place, sign in enumerate(signs)]
    if signs and signs[-1] == SQUARES:
        told.append(_number("own ρ", partial(own_rate, step)))
    room = (width - MARK_WIDTH - MIN_NAME) // WIDTH - 3
    return [
        _signed("w", lambda term: term.weight),
        *told[max(len(told) - room, 0) :],
        _signed("Δw", lambda term: term.new - term.weight),
        _signed("new w", lambda term: term.new),
    ]


def _state(place: int, term: StepTerm) -> float:
    return term.after[place]


def _picked_term(step: NeuronStep, picked: int | None) -> StepTerm:
    """Return the parameter whose update is told: the picked one, or the weight that changes most."""
    if picked == step.inputs:
        return next((term for term in step.more if term.source == BIAS), step.terms[0])
    chosen = next((term for term in step.terms if term.source == picked), None)
    return chosen or max(step.terms, key=lambda term: abs(term.new - term.weight))


def _loss(shape: Shape, network: Network, step: NeuronStep, size: tuple[int, int], markers: Markers) -> Table:
    """Return the loss of the sample and that of the mini-batch, and what the outputs have to do with it."""
    width, height = size
    formula = LOSSES[step.loss_name]
    weight = "" if step.sample_weight is None else f" · weight {format_measure(step.sample_weight)}"
    kind = "sum" if step.is_sum else "mean"
    lines: list[Line] = [_title(shape, network, step, width)]
    lines.append(
        (
            (
                shorten(
                    f"ℒ of sample {network.sample + 1:,} = {formula}{weight} = {format_measure(step.sample_loss)}",
                    width,
                ),
                "text",
            ),
        )
    )

    def whole(digits: int) -> str:
        symbols, numbers = f"ℒ = {kind} over the {step.samples:,} samples", format_measure(step.data_loss, digits)
        if not step.penalty:
            return f"{symbols} = {numbers}"
        numbers += signed_summand(step.penalty, digits)
        return f"{symbols} + penalty = {numbers} = {format_measure(step.data_loss + step.penalty, digits)}"

    lines.append(((fitting(whole, width), "text"),))
    losses = unpack(step.losses)[:width]
    caption = "  one bar a sample" if len(losses) + 18 <= width else ""
    lines.append(((format_bars(losses.tolist(), markers == "ascii"), "positive"), (caption, "dim")))
    lines.append(((("" if step.stage.of_batch else " " * step.stage.member + "↑")[:width], "title"),))
    is_direct = any(output.of_a is None for output in step.outputs)
    heads = ("a", "y", "∂ℒ/∂o = a − y" if is_direct else "∂ℒ/∂a")
    widths = (WIDTH, WIDTH, 16 if is_direct else WIDTH)
    names = [one_cell(shape.name(shape.last, output.neuron)) for output in step.outputs]
    name_width = max(min(max(map(len, names)) + 1, width - MARK_WIDTH - sum(widths)), MIN_NAME)
    head = "".join(text.rjust(columns) for text, columns in zip(heads, widths, strict=True))
    lines.append(((" " * (MARK_WIDTH + name_width) + head, "dim"),))
    for output, name in zip(step.outputs, names, strict=True):
        gradient = output.of_o if output.of_a is None else output.of_a
        lines.append(
            (
                ("  ", "text"),
                (f"{shorten(name, name_width):<{name_width}}", "title" if output.neuron == step.neuron else "text"),
                (_cell(output.a, widths[0]), "text"),
                (_cell(output.y, widths[1]), "text"),
                (_cell(gradient, widths[2]), "negative" if gradient < 0 else "positive"),
            )
        )
    return _cut(lines, (None,) * len(lines), height)
