"""Which fields of an experiment can be varied, what people call them, and values worth a try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import inspect

from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import Steps, is_text_list, join_path, parse_path, to_plain, type_at
from tui_trainer.formats import format_six_digits

from .plan import value_at
from .results import setting_text

RATE = "training.learning_rate"
FIRST = (
    RATE,
    "model.seed",
    "training.batch_size",
    "training.epochs",
    "training.optimizer.name",
    "training.optimizer.momentum",
    "training.l2",
)  # then the layers, then the rest in the order of the file
LEFT_OUT = ("name", "hide")  # no part of what is trained
TABLES = {"dataset": "data", "output": "output", "early_stopping": "early stopping"}  # told with their fields
FACTORS = {
    RATE: (0.1, 1 / 3, 1.0, 3.0, 10.0),
    "batch_size": (0.5, 1.0, 2.0),
    "epochs": (0.5, 1.0, 2.0),
    "units": (0.5, 1.0, 2.0),
    "samples": (0.5, 1.0, 2.0),
}
VALUES = {
    "activation": ("relu", "tanh", "sigmoid"),
    "momentum": ("0", "0.5", "0.9"),
    "dropout": ("0", "0.2", "0.5"),
    "initializer": ("glorot_uniform", "he_uniform"),
    "l1": ("0", "0.0001", "0.001", "0.01"),
    "l2": ("0", "0.0001", "0.001", "0.01"),
    "validation_split": ("0.1", "0.2", "0.3"),
    "noise": ("0", "10", "25"),
    "rho": ("0.9", "0.99"),
    "beta_1": ("0.8", "0.9", "0.95"),
    "beta_2": ("0.99", "0.999"),
}
PENALTIES = {"l1": "penalty L1", "l2": "penalty L2"}
OUTPUT = "model.output."  # what its layer should be, the target decides
SEEDS = 3
MAX_WORDS = 4  # of a field with more of them, the present one alone is put down
IN_LARGE_NUMBERS = ("rate", "size", "seed", "activation", "optimizer", "initializer", "loss")  # nouns with a plural
PLURALS = {"loss": "losses"}


@dataclass(frozen=True, slots=True)
class SweepableField:
    """A field by its ``path``, and what people call it."""

    path: str
    label: str


def sweepable_fields(experiment: Experiment) -> list[SweepableField]:
    """All fields that can be varied, those first that usually are."""
    found = [steps for steps in _leaves(to_plain(experiment), ()) if _takes_text(steps)]
    paths = [path for path in map(join_path, found) if path not in LEFT_OUT]
    return [SweepableField(path, label_of(path)) for path in sorted(paths, key=_order)]


def label_of(path: str) -> str:
    """The field in words: ``learning rate``, ``layer 1 units``."""
    steps = path.replace("]", "").replace("[", ".").split(".")
    if path == "training.optimizer.name":
        return "optimizer"
    name = PENALTIES.get(steps[-1]) or steps[-1].replace("_", " ")
    if "layers" in steps and len(steps) > 3:
        return f"layer {int(steps[2]) + 1} {name}"
    table = next((TABLES[step] for step in steps[:-1] if step in TABLES), "")
    return f"{table} {name}".strip()


def counted(count: int, path: str) -> str:
    """So many values of a field: ``5 learning rates``, ``3 values of momentum``."""
    label = label_of(path)
    *before, noun = label.split()
    if noun not in IN_LARGE_NUMBERS or len(before) > 1:
        return f"{count:,} value{'' if count == 1 else 's'} of {label}"
    many = noun if count == 1 else PLURALS.get(noun, f"{noun}s")
    return " ".join([f"{count:,}", *before, many])


def suggested(experiment: Experiment, path: str) -> str:
    """Values to begin with, the present one among them, as ``--set`` takes them."""
    now: Any = value_at(experiment, path)
    name = path.rpartition(".")[2]
    if name == "seed":
        texts = [str(now + extra) for extra in range(SEEDS)]
    elif path in FACTORS or name in FACTORS:
        texts = _around(now, FACTORS.get(path) or FACTORS[name])
    else:
        texts = [] if path.startswith(OUTPUT) else list(VALUES.get(name, ()))
        texts = texts or _words(path)
    present = _exact(now)
    found = [text for text in dict.fromkeys(texts) if _is_taken(experiment, path, text)]
    return ", ".join(found if present in found or (found and now is None) else [present, *found])


def _around(now: float | str | None, factors: tuple[float, ...]) -> list[str]:
    """Multiples of a number, with two digits but for itself; whole ones of a whole number, from 1 on."""
    if now is None or isinstance(now, str):  # a batch size of full
        return [] if now is None else ["16", "32", now]
    values = [now if factor == 1.0 else float(f"{now * factor:.2g}") for factor in factors]
    return [str(max(1, round(value))) if isinstance(now, int) else _exact(value) for value in values]


def _words(path: str) -> list[str]:
    """Both answers to yes or no, or the few words there are."""
    found = type_at(parse_path(path) or ())
    if isinstance(found, inspect.BoolType):
        return ["true", "false"]
    words = list(map(str, found.values)) if isinstance(found, inspect.LiteralType) else []
    return words if len(words) <= MAX_WORDS else []


def _exact(value: Any) -> str:
    """A value as it would be typed, all its digits included."""
    if isinstance(value, float):
        text = format_six_digits(value)
        return text if float(text) == value else repr(value)
    if isinstance(value, list):
        return _cell(", ".join(_cell(str(one)) for one in value))
    return _cell(value) if isinstance(value, str) else setting_text(value)


def _cell(text: str) -> str:
    """``text`` as one value, where values have commas between them."""
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def _is_taken(experiment: Experiment, path: str, text: str) -> bool:
    try:
        with_field(experiment, path, text)
    except UserError:
        return False
    return True


def _leaves(value: object, steps: Steps) -> Iterator[Steps]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*steps, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*steps, index))
    else:
        yield steps


def _takes_text(steps: Steps) -> bool:
    """Whether a value of the field can be typed."""
    steps = tuple(0 if isinstance(step, int) else step for step in steps)  # all layers are alike
    found = type_at(steps)
    kinds = found.types if isinstance(found, inspect.UnionType) else (found,)
    single = (inspect.IntType, inspect.FloatType, inspect.StrType, inspect.BoolType, inspect.LiteralType)
    return is_text_list(steps) or any(isinstance(kind, single) for kind in kinds)


def _order(path: str) -> tuple[int, int]:
    if path in FIRST:
        return 0, FIRST.index(path)
    return (1 if path.startswith("model.layers") else 2), 0
