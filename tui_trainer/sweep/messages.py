"""The messages between the app and the process of a sweep: commands in, events out."""

from __future__ import annotations

from typing import Literal

import msgspec

from tui_trainer.experiment.schema import Experiment

NUMBER_OPTIONS = ("random", "trials", "repeat", "folds", "jobs")  # the fields of a request that hold integers


Method = Literal["grid", "halving", "search"]  # of choosing what is trained, and for how long


class SweepRequest(msgspec.Struct, frozen=True):
    """A sweep as typed: the values of ``fields`` by path, and the options of ``tui-trainer sweep`` of the same names.

    Empty options have their defaults. ``trials`` counts in a search alone, ``random`` everywhere else.
    """

    experiment: Experiment
    fields: tuple[tuple[str, str], ...] = ()
    random: str = ""
    trials: str = ""
    repeat: str = ""
    folds: str = ""
    jobs: str = ""
    by: str = ""
    method: Method = "grid"


class Command(msgspec.Struct, frozen=True, tag=True):
    """A command of the app."""


class PreviewSweep(Command, frozen=True):
    """Describe ``wish``; the preview has the same ``number``. Of several in a row, only the last counts."""

    wish: SweepRequest
    number: int


class Start(Command, frozen=True):
    """Start the sweep. The process ends with it."""

    wish: SweepRequest


class Cancel(Command, frozen=True):
    """End the sweep, with the runs that are done."""


class SweepEvent(msgspec.Struct, frozen=True, tag=True):
    """An event of the process."""


class SweepPreview(SweepEvent, frozen=True):
    """The sweep of preview ``number`` in words, as ``5 learning rates × 3 seeds = 15 runs``, and its measure ``by``.

    If it is not valid, ``reason`` says why, and ``field`` is a path, an option or empty.
    """

    number: int
    said: str = ""
    by: str = ""
    field: str = ""
    reason: str = ""


class Leader(msgspec.Struct, frozen=True, array_like=True):
    """One of the best runs so far: its settings, and its score."""

    name: str
    value: str


class SweepProgress(SweepEvent, frozen=True):
    """``done`` of ``planned`` runs have ended, ``lost`` of them without a score; the best ones so far, by ``by``.

    In successive halving a run is trained several times: what is counted is in ``noun``.

    ``seconds_left`` is None while there is no estimate.
    """

    done: int
    planned: int
    lost: int
    by: str
    leaders: tuple[Leader, ...] = ()
    seconds_left: float | None = None
    noun: str = "runs"


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A run in the store, by its number there."""

    run: int
    name: str


class SweepFinished(SweepEvent, frozen=True):
    """The sweep has ended: a sentence, and the best of its runs in the store, the best first.

    All of them have the tag ``tag``, which is empty if none was kept. ``good``: everything went as planned.
    ``grouped``: several of them have the same settings.
    """

    sentence: str
    good: bool
    by: str = ""
    tag: str = ""
    kept: tuple[Kept, ...] = ()
    grouped: bool = False


class SweepCrashed(SweepEvent, frozen=True):
    """The process has ended unexpectedly; ``SweepClient`` creates this event itself."""

    sentence: str


AnyCommand = PreviewSweep | Start | Cancel
AnyEvent = SweepPreview | SweepProgress | SweepFinished | SweepCrashed

command_decoder = msgspec.msgpack.Decoder(AnyCommand)
event_decoder = msgspec.msgpack.Decoder(AnyEvent)
