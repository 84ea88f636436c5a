"""The equations of a neuron in a step under the microscope, in the book's notation with the current numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from tui_trainer.formats import format_measure, format_number
from tui_trainer.plotting.frame import shorten

from .messages import BETA, BIAS, GAMMA, MOVING_MEAN, MOVING_VARIANCE, NeuronStep, StepTerm
from .neuron_panel import phi_name, right_operand, signed_summand

DIGITS = (4, 3, 2)  # significant digits, as many as fit


def fitting(equation: Callable[[int], str], width: int) -> str:
    """Return an equation with as many digits as fit into ``width``; where few would, without what is no number."""
    made = [equation(digits) for digits in DIGITS]
    short = [_without_symbols(text) for text in made]
    texts = (*made[:2], *short)
    return next((text for text in texts if len(text) <= width), shorten(short[-1], width))


def _without_symbols(equation: str) -> str:
    """Leave the right side in symbols out of an equation: ``w = w − ρ g = 1 − 2 = −1`` is ``w = 1 − 2 = −1``."""
    parts = equation.split(" = ")
    return equation if len(parts) < 4 and " ← " not in parts[0] else " = ".join((parts[0].split(" ← ")[0], *parts[1:]))


def _bias(step: NeuronStep) -> float | None:
    return next((term.weight for term in step.more if term.source == BIAS), None)


def forward_lines(step: NeuronStep, width: int) -> list[str]:
    """Return the equations of o and a; with batch normalization, those of z and o before."""
    bias = _bias(step)
    is_normed = not math.isnan(step.normed)

    def total(digits: int) -> str:
        symbols = f"{'z' if is_normed else 'o'} = Σⱼ wᵢⱼ xⱼ"
        if bias is None:
            return f"{symbols} = {format_measure(step.weighted, digits)}"
        numbers = format_measure(step.weighted - bias, digits) + signed_summand(bias, digits)
        return f"{symbols} + bᵢ = {numbers} = {format_measure(step.weighted, digits)}"

    def normed(digits: int) -> str:
        gamma, beta = (next(term.weight for term in step.more if term.source == source) for source in (GAMMA, BETA))
        numbers = (
            f"{format_measure(gamma, digits)} · {right_operand(step.normed, digits)}{signed_summand(beta, digits)}"
        )
        explanation = ", ẑ is z normalized over the batch" if digits == DIGITS[0] else ""
        return f"o = γ ẑ + β = {numbers} = {format_measure(step.o, digits)}{explanation}"

    def activated(digits: int) -> str:
        o, a = format_measure(step.o, digits), format_measure(step.a, digits)
        if step.activation == "softmax":
            return f"a = e^o / Σₖ e^oₖ = {a}, where o = {o}"
        if step.stage.of_batch:
            return f"a = φ(o) is {a} in the mean, and o is {o}"
        return f"a = φ(o) = {phi_name(step.activation)}({o}) = {a}"

    return [fitting(line, width) for line in ((total, normed, activated) if is_normed else (total, activated))]


def backward_lines(step: NeuronStep, width: int) -> list[str]:
    """Return the equations of the gradients with respect to a and o; with batch normalization, also to z."""
    in_mean = ", in the mean" if step.stage.of_batch and not step.is_sum else ""

    def of_a(digits: int) -> str:
        if step.of_a is None:
            return f"∂ℒ/∂o = a − y = {_difference(step, digits)}{_weight(step, digits)}{in_mean}"
        value = format_measure(step.of_a, digits)
        if not math.isnan(step.target):
            return f"∂ℒ/∂a = {value}{in_mean or ', from the loss'}"
        if math.isnan(step.mask):
            return f"∂ℒ/∂a = Σₖ wₖᵢ ∂ℒ/∂oₖ = {value}{in_mean or ', from the next layer'}"
        if not step.mask:
            return "∂ℒ/∂a = 0: dropout has left the neuron out"
        return f"∂ℒ/∂a = {format_measure(step.mask, digits)} · Σₖ wₖᵢ ∂ℒ/∂oₖ = {value}, with dropout"

    def of_o(digits: int) -> str:
        result = format_measure(step.of_o, digits)
        if step.of_a is None:
            return f"∂ℒ/∂o = {result}: {step.activation} and cross-entropy in one"
        if step.activation == "softmax":
            return f"∂ℒ/∂oᵢ = aᵢ (∂ℒ/∂aᵢ − Σₖ aₖ ∂ℒ/∂aₖ) = {result}"
        if step.slope is None:
            return f"∂ℒ/∂o = ∂ℒ/∂a · φ′(o) is {result}{in_mean}"
        numbers = f"{format_measure(step.of_a, digits)} · {right_operand(step.slope, digits)}"
        return f"∂ℒ/∂o = ∂ℒ/∂a · φ′(o) = {numbers} = {result}"

    def of_z(digits: int) -> str:
        return f"∂ℒ/∂z = {format_measure(step.of_weighted, digits)}, through the norm of the whole batch"

    return [fitting(line, width) for line in ((of_a, of_o) if math.isnan(step.normed) else (of_a, of_o, of_z))]


def _difference(step: NeuronStep, digits: int) -> str:
    return format_measure(step.a, digits) + signed_summand(-step.target, digits)


def _weight(step: NeuronStep, digits: int) -> str:
    return "" if step.sample_weight is None else f", times the weight {format_measure(step.sample_weight, digits)}"


def update_lines(step: NeuronStep, term: StepTerm, width: int) -> list[str]:
    """Return the gradient that the optimizer gets for a parameter, and the optimizer's equations with its numbers."""
    assert step.rule is not None
    rule = step.rule
    equations = (*((_clipping,) if rule.is_clipped else ()), *EQUATIONS[rule.name])
    if rule.name == "sgd" and not term.after:
        equations = tuple(equation for equation in equations if equation is not _velocity)
    return [fitting(partial(equation, step, term), width) for equation in (_gradient, *equations)]


def _gradient(step: NeuronStep, term: StepTerm, digits: int) -> str:
    """The gradient, and the terms of the penalties."""
    assert step.rule is not None
    symbols, numbers = "∂ℒ/∂w", format_measure(term.gradient, digits)
    for sign, value in ((" + 2λ₂w", term.l2), (" + λ₁ sgn w", term.l1)):
        if value:
            symbols, numbers = symbols + sign, numbers + signed_summand(value, digits)
    if term.l2 or term.l1:
        numbers += f" = {format_measure(term.gradient + term.l2 + term.l1, digits)}"
    return f"{symbols} = {numbers}" if step.rule.is_clipped else f"g = {symbols} = {numbers}"


def _clipping(step: NeuronStep, term: StepTerm, digits: int) -> str:
    """What the limit of the gradients makes of it."""
    assert step.rule is not None
    rule, result = step.rule, format_measure(term.direction, digits)
    if rule.clip_norm is None or rule.length is None:
        limit = format_number(rule.clip_value or 0.0)
        is_within = abs(term.direction) != rule.clip_value
        return f"g = {result}, {'within' if is_within else 'clipped to'} ±{limit}"
    limit, length = format_number(rule.clip_norm), format_measure(rule.length, digits)
    if rule.length <= rule.clip_norm:
        return f"g = {result}, not clipped: the length {length} is within {limit}"
    total = right_operand(term.gradient + term.l2 + term.l1, digits)
    return f"g = {total} · {limit} / {length} = {result}, clipped by its length"


def _squares(step: NeuronStep, term: StepTerm, digits: int) -> str:
    """A moving average of squares."""
    assert step.rule is not None
    decay = step.rule.numbers["rho" if step.rule.name == "rmsprop" else "beta_2"]
    sign = "β" if step.rule.name == "rmsprop" else "β₂"
    before, after = format_measure(term.before[-1], digits), format_measure(term.after[-1], digits)
    numbers = f"{decay:.6g} · {before} + {1 - decay:.6g} · ({format_measure(term.direction, digits)})²"
    return f"s ← {sign} s + (1 − {sign}) g² = {numbers} = {after}"


def _sum_of_squares(step: NeuronStep, term: StepTerm, digits: int) -> str:
    before, after = format_measure(term.before[0], digits), format_measure(term.after[0], digits)
    return f"s ← s + g² = {before} + ({format_measure(term.direction, digits)})² = {after}"


def _mean(step: NeuronStep, term: StepTerm, digits: int) -> str:
    assert step.rule is not None
    decay = step.rule.numbers["beta_1"]
    before, after = right_operand(term.before[0], digits), format_measure(term.after[0], digits)
    numbers = f"{decay:.6g} · {before} + {1 - decay:.6g} · {right_operand(term.direction, digits)}"
    return f"m ← β₁ m + (1 − β₁) g = {numbers} = {after}"


def _velocity(step: NeuronStep, term: StepTerm, digits: int) -> str:
    assert step.rule is not None
    momentum = step.rule.numbers["momentum"]
    numbers = f"{momentum:.6g} · {right_operand(term.before[0], digits)}{signed_summand(term.direction, digits)}"
    return f"v ← μ v + g = {numbers} = {format_measure(term.after[0], digits)}"


def own_rate(step: NeuronStep, term: StepTerm) -> float:
    """Return the rate that an optimizer with averages of squares has for a single parameter: rho / (sqrt(s) + eps)."""
    assert step.rule is not None
    numbers = step.rule.numbers
    return step.rule.rate / (math.sqrt(term.after[-1]) * numbers.get("root_factor", 1.0) + numbers["epsilon"])


def _corrections(step: NeuronStep, term: StepTerm, digits: int) -> str:
    """What Adam corrects for having begun at 0, in copies of its averages, and the rate of the parameter."""
    assert step.rule is not None
    numbers, is_short = step.rule.numbers, digits == DIGITS[-1]  # there is little room
    digits = DIGITS[1] if is_short else digits
    squares = format_measure(term.after[-1] * numbers["root_factor"] ** 2, digits)
    rate = format_measure(own_rate(step, term), digits)
    mean = f"m/(1 − β₁ᵗ) = {format_measure(_corrected_mean(step, term), digits)}"
    if step.rule.name == "nadam":
        of_mean, of_gradient = (format_measure(numbers[name], digits) for name in ("mean_factor", "gradient_factor"))
        mean = f"n = {of_mean} m + {of_gradient} g"
    if is_short:
        return f"{mean}   ŝ = {squares}   own ρ = {rate}"
    return f"{mean}   ŝ = s/(1 − β₂ᵗ) = {squares}   own ρ = ρ/(√ŝ + ε) = {rate}"


def _corrected_mean(step: NeuronStep, term: StepTerm) -> float:
    """What the rate is multiplied by: Adam's mean, corrected, or Nadam's blend of mean and gradient."""
    assert step.rule is not None
    numbers, mean = step.rule.numbers, term.after[0]
    if step.rule.name == "nadam":
        return numbers["mean_factor"] * mean + numbers["gradient_factor"] * term.direction
    return mean * numbers["corrected_rate"] / step.rule.rate


def _plain_step(step: NeuronStep, term: StepTerm, digits: int) -> str:
    """The step of gradient descent, with or without momentum."""
    assert step.rule is not None
    rule = step.rule
    symbols, value = "g", term.direction
    if term.after:
        symbols, value = "v", term.after[0]
    if rule.nesterov:
        symbols, value = "(g + μ v)", term.direction + rule.numbers["momentum"] * term.after[0]
    numbers = f"{format_measure(rule.rate, digits)} · {right_operand(value, digits)}"
    return _new(step, term, f"w − ρ {symbols}", f"{format_measure(term.weight, digits)} − {numbers}", digits)


def _scaled_step(step: NeuronStep, term: StepTerm, digits: int) -> str:
    """The step of Adagrad and RMSprop."""
    assert step.rule is not None
    rule = step.rule
    root = f"({format_measure(math.sqrt(term.after[0]), digits)} + {format_number(rule.numbers['epsilon'])})"
    numbers = f"{format_measure(rule.rate, digits)} · {right_operand(term.direction, digits)}/{root}"
    return _new(step, term, "w − ρ g/(√s + ε)", f"{format_measure(term.weight, digits)} − {numbers}", digits)


def _searched_step(step: NeuronStep, term: StepTerm, digits: int) -> str:
    """The step t d of L-BFGS; d = -H g is a direction of all weights together, and a line search has found t."""
    change = format_measure(term.new - term.weight, digits)
    numbers = f"{format_measure(term.weight, digits)} + {change.join('()') if change.startswith('−') else change}"
    return _new(step, term, "w + t d", numbers, digits)


def _adam_step(step: NeuronStep, term: StepTerm, digits: int) -> str:
    """The step of Adam, AdamW and Nadam."""
    assert step.rule is not None
    mean = "n" if step.rule.name == "nadam" else "m/(1 − β₁ᵗ)"
    weight, first = format_measure(term.weight, digits), "w"
    if step.rule.name == "adamw":
        shrinkage = step.rule.numbers["shrinkage"]
        weight, first = f"{shrinkage:.6g} · {right_operand(term.weight, digits)}", "(1 − ρλ) w"
    rate, factor = format_measure(own_rate(step, term), digits), right_operand(_corrected_mean(step, term), digits)
    return _new(step, term, f"{first} − own ρ · {mean}", f"{weight} − {rate} · {factor}", digits)


def _new(step: NeuronStep, term: StepTerm, symbols: str, numbers: str, digits: int) -> str:
    if step.is_frozen or term.source in (MOVING_MEAN, MOVING_VARIANCE):
        return "the optimizer leaves it as it is"
    return f"w ← {symbols} = {numbers} = {format_measure(term.new, digits)}"


Equation = Callable[[NeuronStep, StepTerm, int], str]
EQUATIONS: dict[str, tuple[Equation, ...]] = {
    "sgd": (_velocity, _plain_step),
    "adagrad": (_sum_of_squares, _scaled_step),
    "rmsprop": (_squares, _scaled_step),
    "adam": (_mean, _squares, _corrections, _adam_step),
    "adamw": (_mean, _squares, _corrections, _adam_step),
    "nadam": (_mean, _squares, _corrections, _adam_step),
    "lbfgs": (_searched_step,),
}
