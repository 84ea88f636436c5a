"""The fields of an experiment that a sweep can vary: their labels, and suggested values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import inspect

from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import Steps, is_text_list, join_path, label_of, parse_path, to_plain, type_at
from tui_trainer.formats import format_counted, format_six_digits

from .plan import value_at
from .results import setting_text

RATE, LAYERS = "training.learning_rate", "model.layers"
COMMON_FIELDS = (
    RATE,
    "model.seed",
    "training.batch_size",
    LAYERS,
    "training.epochs",
    "training.optimizer.name",
    "training.optimizer.momentum",
    "training.l2",
)  # then the layers, then the other fields in the order of the file
# These have no effect on training
NOT_TRAINED = ("name", "hide", "training.metrics", "training.best_epoch_by")
FACTORS = {
    RATE: (0.1, 1 / 3, 1.0, 3.0, 10.0),
    "batch_size": (0.5, 1.0, 2.0),
    "epochs": (0.5, 1.0, 2.0),
    "units": (0.5, 1.0, 2.0),
    "samples": (0.5, 1.0, 2.0),
}
VALUES = {
    "training.optimizer.name": ("adagrad", "adam", "adamw", "nadam", "rmsprop", "sgd"),  # lbfgs needs the full batch
    "activation": ("relu", "tanh", "sigmoid"),
    "momentum": ("0", "0.5", "0.9"),
    "dropout": ("0", "0.2", "0.5"),
    "input_dropout": ("0", "0.1", "0.2"),
    "initializer": ("glorot_uniform", "he_uniform"),
    "initializer_scale": ("0.5", "1", "2"),
    "l1": ("0", "0.0001", "0.001", "0.01"),
    "l2": ("0", "0.0001", "0.001", "0.01"),
    "validation_split": ("0.1", "0.2", "0.3"),
    "fold": ("1/5", "2/5", "3/5", "4/5", "5/5"),
    "noise": ("0", "10", "25"),
    "rho": ("0.9", "0.99"),
    "beta_1": ("0.8", "0.9", "0.95"),
    "beta_2": ("0.99", "0.999"),
    "class_weight": ("null", "balanced"),
    "clip_norm": ("0.1", "1", "10"),
    "clip_value": ("0.1", "0.5", "1"),
    "factor": ("0.1", "0.3", "0.5"),
    "warmup_epochs": ("0", "1", "5"),
    "history_size": ("5", "10", "20"),
    "max_eval": ("10", "25"),
    "weight_decay": ("0", "0.001", "0.004", "0.01"),
}
OUTPUT_PREFIX = "model.output."  # no suggestions: the target determines the output layer
SUGGESTED_SEEDS = 3
MAX_WORDS = 6  # a field with more choices gets only its current value
NOUNS_WITH_PLURAL = ("rate", "size", "seed", "activation", "optimizer", "initializer", "loss", "fold")
PLURALS = {"loss": "losses"}


@dataclass(frozen=True, slots=True)
class SweepableField:
    """A field's ``path`` and its label."""

    path: str
    label: str


def sweepable_fields(experiment: Experiment) -> list[SweepableField]:
    """Return all fields that a sweep can vary, the most common ones first."""
    fields = [steps for steps in _leaf_fields(to_plain(experiment), ()) if _can_be_typed(steps)]
    paths = [LAYERS, *(path for path in map(join_path, fields) if path not in NOT_TRAINED)]
    return [SweepableField(path, label_of(path)) for path in sorted(paths, key=_order)]


def count_values(count: int, path: str) -> str:
    """Format a number of values of a field: ``5 learning rates``, ``3 values of momentum``."""
    label = label_of(path)
    *before, noun = label.split()
    if noun not in NOUNS_WITH_PLURAL or len(before) > 1:
        return f"{format_counted(count, 'value')} of {label}"
    many = noun if count == 1 else PLURALS.get(noun, f"{noun}s")
    return " ".join([f"{count:,}", *before, many])


def suggest_values(experiment: Experiment, path: str) -> str:
    """Return suggested values of a field, including the current one, as text for ``--set``."""
    current: Any = value_at(experiment, path)
    name = path.rpartition(".")[2]
    if path == LAYERS:
        texts = _shapes(experiment)
    elif name == "seed":
        texts = [str(current + extra) for extra in range(SUGGESTED_SEEDS)]
    elif path in FACTORS or name in FACTORS:
        texts = _multiples(current, FACTORS.get(path) or FACTORS[name])
    else:
        texts = [] if path.startswith(OUTPUT_PREFIX) else list(VALUES.get(path) or VALUES.get(name, ()))
        texts = texts or _words(path)
    current_text = _exact(current)
    valid = [text for text in dict.fromkeys(texts) if _is_valid(experiment, path, text)]
    return ", ".join(valid if current_text in valid or (valid and current is None) else [current_text, *valid])


def _shapes(experiment: Experiment) -> list[str]:
    """Return hidden layers around the current ones: half as wide, as they are, twice as wide, and with one more."""
    units = [layer.units for layer in experiment.model.layers]
    shapes = [[max(1, one // 2) for one in units], units, [one * 2 for one in units], [*units, (units or [8])[-1]]]
    return [with_field(experiment, LAYERS, shape).model.hidden_units for shape in shapes if shape or not units]


def _multiples(current: float | str | None, factors: tuple[float, ...]) -> list[str]:
    """Return multiples of a number, rounded to two digits except for itself; of an integer, integers from 1 on."""
    if current is None or isinstance(current, str):  # a batch size of full
        return [] if current is None else ["16", "32", current]
    values = [current if factor == 1.0 else float(f"{current * factor:.2g}") for factor in factors]
    return [str(max(1, round(value))) if isinstance(current, int) else _exact(value) for value in values]


def _words(path: str) -> list[str]:
    """Return the values of a yes-or-no field, or of one with few choices."""
    field_type = type_at(parse_path(path) or ())
    if isinstance(field_type, inspect.BoolType):
        return ["true", "false"]
    words = list(map(str, field_type.values)) if isinstance(field_type, inspect.LiteralType) else []
    return words if len(words) <= MAX_WORDS else []


def _exact(value: Any) -> str:
    """Format a value as it would be typed, with all its digits."""
    if isinstance(value, float):
        text = format_six_digits(value)
        return text if float(text) == value else repr(value)
    if isinstance(value, list):
        return _csv_cell(", ".join(_csv_cell(str(item)) for item in value))
    return _csv_cell(value) if isinstance(value, str) else setting_text(value)


def _csv_cell(text: str) -> str:
    """Quote ``text`` so that it is one value in a comma-separated list."""
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def _is_valid(experiment: Experiment, path: str, text: str) -> bool:
    try:
        with_field(experiment, path, text)
    except UserError:
        return False
    return True


def _leaf_fields(value: object, steps: Steps) -> Iterator[Steps]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaf_fields(inner, (*steps, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, inner in enumerate(value):
            yield from _leaf_fields(inner, (*steps, index))
    else:
        yield steps


def _can_be_typed(steps: Steps) -> bool:
    """Return whether a value of the field can be typed."""
    steps = tuple(0 if isinstance(step, int) else step for step in steps)  # all layers are alike
    field_type = type_at(steps)
    kinds = field_type.types if isinstance(field_type, inspect.UnionType) else (field_type,)
    single = (inspect.IntType, inspect.FloatType, inspect.StrType, inspect.BoolType, inspect.LiteralType)
    return is_text_list(steps) or any(isinstance(kind, single) for kind in kinds)


def _order(path: str) -> tuple[int, int]:
    if path in COMMON_FIELDS:
        return 0, COMMON_FIELDS.index(path)
    return (1 if path.startswith("model.layers") else 2), 0
