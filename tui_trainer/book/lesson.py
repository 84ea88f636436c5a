"""What a lesson is: frozen structs. Text in them is data from a file; a screen has to make it fit to print.

``reading.loads`` makes and checks them. Building one by hand checks nothing.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from tui_trainer.experiment.schema import Experiment
from tui_trainer.run_state import EndState

View = Literal["loss", "data", "landscape", "boundary", "network", "predictions", "summary"]
Scalar = bool | int | float | str
Line = Annotated[str, Meta(min_length=1, max_length=120)]
Sentence = Annotated[str, Meta(min_length=1, max_length=400)]
Page = Annotated[str, Meta(min_length=1, max_length=2000)]
Count = Annotated[int, Meta(ge=0, le=10_000_000)]
NotNegative = Annotated[float, Meta(ge=0.0)]
# What [view_options] may hold, for each view: a kind of value, or the words to choose from.
VIEW_OPTIONS: dict[str, dict[str, type[float] | type[int] | type[bool] | type[str] | tuple[str, ...]]] = {
    "loss": {"log": bool, "batches": bool},
    "data": {"panel": ("table", "scatter"), "x": str, "y": str},
    # parameters by their place in the flat order: kernel, then bias, layer by layer
    "landscape": {
        "kind": ("curve", "contour", "slice", "plane"),
        "parameter": int,
        "low": float,
        "high": float,
        "parameter_2": int,
        "low_2": float,
        "high_2": float,
    },
    "boundary": {"x": str, "y": str, "layer": int, "neuron": int},
    "network": {"panel": ("net", "activation"), "sample": int, "layer": int, "neuron": int},
    "predictions": {"panel": ("overview", "samples", "loss"), "part": ("training", "validation")},
    "summary": {"code": bool, "book": bool},
}


def _key(content: object) -> str:
    """A name for this very content, by which progress remembers that it was done."""
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:16]


class _Table(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all tables have in common."""

    @property
    def key(self) -> str:
        """Names this content; another text or number has another key."""
        return _key(self)


class Blank(_Table, frozen=True):
    """A number to fill in; right where it is at most ``within`` off."""

    label: Line
    answer: float
    within: NotNegative = 0.0


class Question(_Table, frozen=True):
    """Something to answer before running: one of ``choices`` (``answer`` is its index), or ``blanks``.

    A choice is a prediction: whether it was right is told after a run, where ``variant`` is given after one of that.
    """

    text: Sentence
    because: Sentence
    choices: Annotated[tuple[Line, ...], Meta(max_length=9)] = ()
    answer: int | None = None
    blanks: Annotated[tuple[Blank, ...], Meta(max_length=9)] = ()
    variant: Line | None = None


class Check(_Table, frozen=True):
    """What has to come out: exactly one of ``value``, ``field`` and ``state`` is given, with a condition.

    ``value`` is a name of ``checking.VALUES`` or ``weight[i]``, ``field`` a path in the resolved experiment.
    A check with a ``variant`` counts for that variant's run alone, one with ``most_params`` only for a network
    of at most that many parameters. A value is not looked at before ``epoch`` epochs are done, 1 where it is
    not given.
    """

    done: Sentence
    missing: Sentence
    variant: Line | None = None
    epoch: Count | None = None
    most_params: Count | None = None
    value: Line | None = None
    field: Line | None = None
    state: EndState | None = None
    at_least: float | None = None
    at_most: float | None = None
    near: float | None = None
    within: NotNegative | None = None
    equals: Scalar | None = None
    one_of: Annotated[tuple[Scalar, ...], Meta(max_length=32)] = ()


class Variant(Struct, frozen=True):
    """The lesson's experiment with some fields changed; ``changes`` maps their paths to the values."""

    name: str
    changes: dict[str, object]
    experiment: Experiment


class Lesson(Struct, frozen=True):
    """One page of the book.

    ``id`` names it where progress is kept. There is always a first variant: it is what the lesson loads.
    ``target`` maps paths of the resolved experiment to the values an exercise asks for; a number for a list
    is its length.
    """

    id: str
    file: str
    title: str
    chapter: str
    text: str
    view: View
    view_options: dict[str, Scalar]
    variants: tuple[Variant, ...]
    question: Question | None = None
    checks: tuple[Check, ...] = ()
    target: dict[str, Scalar] = {}

    @property
    def target_key(self) -> str:
        """Names the target, as the keys of question and checks name them."""
        return _key(self.target)

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text in parts: prose on one line, to be wrapped; what is indented, formulas and tables, as it is."""
        parts = []
        for part in re.split(r"\n\s*\n", self.text.strip("\n")):
            prose = not part.startswith("  ")
            parts.append(" ".join(part.split()) if prose else part.rstrip())
        return tuple(parts)

    @property
    def experiment(self) -> Experiment:
        """What the lesson loads, not resolved."""
        return self.variants[0].experiment

    def variant(self, name: str) -> Variant | None:
        """The variant of that name, None where there is none."""
        return next((one for one in self.variants if one.name == name), None)

    def variant_of(self, experiment: Experiment) -> Variant | None:
        """The variant whose experiment, not resolved, is this one whatever its name; None where it was changed."""
        named = (msgspec.structs.replace(experiment, name=one.experiment.name) for one in self.variants)
        pairs = zip(self.variants, named, strict=True)
        return next((one for one, candidate in pairs if one.experiment == candidate), None)


class LessonError(ValueError):
    """A sentence for whoever writes lessons.

    ``file`` is the name of the file, ``field`` a dotted path such as ``checks[0].near`` ("" where no single
    field is at fault), ``reason`` the sentence without them.
    """

    def __init__(self, file: str, field: str, reason: str) -> None:
        super().__init__(file, field, reason)
        self.file = file
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.field, self.reason) if part)
