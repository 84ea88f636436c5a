"""The parts of a lesson, as frozen structs, and the error for a wrong lesson file.

Texts are data from a file; a screen has to make them printable. ``reading.loads`` makes and checks lessons; building
one by hand checks nothing.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from tui_trainer.experiment.schema import Experiment
from tui_trainer.pace import PaceName
from tui_trainer.run_state import EndState

View = Literal["loss", "data", "landscape", "boundary", "network", "predictions", "summary"]
Scalar = bool | int | float | str
Line = Annotated[str, Meta(min_length=1, max_length=120)]
Sentence = Annotated[str, Meta(min_length=1, max_length=400)]
Page = Annotated[str, Meta(min_length=1, max_length=2000)]
Count = Annotated[int, Meta(ge=0, le=10_000_000)]
NotNegative = Annotated[float, Meta(ge=0.0)]
FENCE = "```"  # above and below lines of code
ITEM = re.compile(r"(-|\d{1,2}\.) +(?=\S)")  # what an item of a list begins with
# The options of each view in [view_options]: the type of the value, or the words to choose from.
VIEW_OPTIONS: dict[str, dict[str, type[float] | type[int] | type[bool] | type[str] | tuple[str, ...]]] = {
    "loss": {"log": bool, "batches": bool, "best": bool},
    "data": {"panel": ("columns", "rows", "table", "scatter"), "ends": bool, "x": str, "y": str},
    # parameters by their index in flat order: kernel, then bias, layer by layer
    "landscape": {
        "kind": ("curve", "contour", "slice", "plane"),
        "variants": bool,
        "algorithms": bool,
        "parameter": int,
        "low": float,
        "high": float,
        "parameter_2": int,
        "low_2": float,
        "high_2": float,
    },
    "boundary": {"x": str, "y": str, "layer": int, "neuron": int},
    "network": {
        "panel": ("net", "activation", "slopes", "microscope"),
        "stage": ("forward", "loss", "backward", "update"),
        "sample": int,
        "layer": int,
        "neuron": int,
    },
    "predictions": {"panel": ("overview", "samples", "loss", "thresholds"), "part": ("training", "validation")},
    "summary": {"code": bool, "book": bool},
}


def _key(content: object) -> str:
    """Return a hash of the content, by which progress remembers that it was done."""
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:16]


class _Table(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The common base of all tables."""

    @property
    def key(self) -> str:
        """A hash of this content; another text or number has another key."""
        return _key(self)


class Blank(_Table, frozen=True):
    """A number to fill in; it is right if it is at most ``within`` off."""

    label: Line
    answer: float
    within: NotNegative = 0.0


class Question(_Table, frozen=True):
    """A question to answer before training: one of ``choices`` (``answer`` is its index), or ``blanks``.

    A choice is a prediction: whether it was right is shown after a run, of the ``variant`` if one is given.
    """

    text: Sentence
    because: Sentence
    choices: Annotated[tuple[Line, ...], Meta(max_length=9)] = ()
    answer: int | None = None
    blanks: Annotated[tuple[Blank, ...], Meta(max_length=9)] = ()
    variant: Line | None = None


class Check(_Table, frozen=True):
    """A condition on the result: exactly one of ``value``, ``field`` and ``state`` is given.

    ``value`` is a name of ``rules.VALUES`` or ``weight[i]``, ``field`` a path in the resolved experiment.
    A check with a ``variant`` applies only to runs of that variant, one with ``most_params`` only to networks
    of at most that many parameters. A value is not checked before ``epoch`` epochs are done, 1 by default.
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


class LessonRace(_Table, frozen=True):
    """What the wall races with in a lesson: the values of a field of its experiment."""

    field: Line
    values: Annotated[tuple[Scalar, ...], Meta(max_length=16)]

    @property
    def typed(self) -> str:
        """The values as they are typed."""
        return ", ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in self.values)


class Variant(Struct, frozen=True):
    """The lesson's experiment with some fields changed; ``changes`` maps their paths to the values."""

    name: str
    changes: dict[str, object]
    experiment: Experiment


class Lesson(Struct, frozen=True):
    """One page of the book.

    ``id`` identifies it in the saved progress. There is always a first variant, which the lesson loads.
    ``target`` maps paths of the resolved experiment to the values that an exercise asks for; a number for a list
    is its length. ``solution`` is the first variant with fields changed so that the lesson can be passed, where that
    is left to the reader; no reader sees it, and None says that the variants do it, or the target. ``pace`` is the one
    at which it trains; None for the user's own. ``race`` is what the wall opens with; None for what the user has raced
    with last. With ``hides_counts`` the numbers of parameters are hidden until the questions are answered.
    ``declaration`` is the code that an exercise ends with, beside the user's own.
    """

    id: str
    file: str
    title: str
    chapter: str
    text: str
    view: View
    view_options: dict[str, Scalar]
    variants: tuple[Variant, ...]
    questions: tuple[Question, ...] = ()
    checks: tuple[Check, ...] = ()
    target: dict[str, Scalar] = {}
    pace: PaceName | None = None
    race: LessonRace | None = None
    hides_counts: bool = False
    declaration: str = ""
    solution: Variant | None = None

    @property
    def target_key(self) -> str:
        """A hash of the target, like the keys of question and checks."""
        return _key(self.target)

    @property
    def counts_dead(self) -> bool:
        """Whether a check asks for dead units."""
        return any(check.value is not None and "dead_units[" in check.value for check in self.checks)

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text in parts: prose and items of lists on one line, to be wrapped; formulas, tables and code unchanged.

        An item begins with ``- `` or ``1. ``; what is unchanged begins with two spaces, which code in a fence of three
        backticks gets.
        """
        parts: list[str] = []
        is_new, in_code = True, False  # whether the next line begins a part; whether it is in a fence
        for line in self.text.strip("\n").split("\n"):
            if line.startswith(FENCE):
                is_new, in_code = True, not in_code
            elif in_code:
                parts.append(f"  {line}") if is_new else parts.append(f"{parts.pop()}\n  {line}")
                is_new = False
            elif not line.strip():
                is_new = True
            elif is_new or ITEM.match(line):
                parts.append(line.rstrip() if line.startswith("  ") else " ".join(line.split()))
                is_new = False
            elif parts[-1].startswith("  "):
                parts.append(f"{parts.pop()}\n{line}".rstrip())
            else:
                parts.append(f"{parts.pop()} {' '.join(line.split())}")
        return tuple(parts)

    @property
    def experiment(self) -> Experiment:
        """The experiment that the lesson loads, not resolved."""
        return self.variants[0].experiment

    def variant(self, name: str) -> Variant | None:
        """Return the variant of that name, None if there is none."""
        return next((variant for variant in self.variants if variant.name == name), None)

    def variant_of(self, experiment: Experiment) -> Variant | None:
        """Return the variant with this unresolved experiment, whatever its name; None if it was changed."""
        candidates = (msgspec.structs.replace(experiment, name=variant.experiment.name) for variant in self.variants)
        pairs = zip(self.variants, candidates, strict=True)
        return next((variant for variant, candidate in pairs if variant.experiment == candidate), None)


class LessonError(ValueError):
    """A mistake in a lesson file, for its author.

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
