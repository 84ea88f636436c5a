"""What the app and the process that sweeps for it say to each other: commands in, news out."""

from __future__ import annotations

import msgspec

from tui_trainer.experiment.schema import Experiment

WHOLE = ("random", "repeat", "jobs")  # parts of a wish that are numbers


class SweepRequest(msgspec.Struct, frozen=True):
    """A sweep as it was typed: the values of ``fields`` by path, and the options of the command of the same names.

    What is empty is as usual.
    """

    experiment: Experiment
    fields: tuple[tuple[str, str], ...] = ()
    random: str = ""
    repeat: str = ""
    jobs: str = ""
    by: str = ""


class Command(msgspec.Struct, frozen=True, tag=True):
    """Something the app asks for."""


class PreviewSweep(Command, frozen=True):
    """What would ``wish`` come to? ``number`` comes back with the answer; of questions in a row, only the last one."""

    wish: SweepRequest
    number: int


class Start(Command, frozen=True):
    """Do it. The process ends with the sweep."""

    wish: SweepRequest


class Cancel(Command, frozen=True):
    """End the sweep with what is done."""


class SweepEvent(msgspec.Struct, frozen=True, tag=True):
    """Something the process tells."""


class SweepPreview(SweepEvent, frozen=True):
    """The sweep of question ``number`` in words, as ``5 learning rates × 3 seeds = 15 runs``, and its measure ``by``.

    Or what is wrong with it: a ``reason``, and the ``field``: a path, an option, or empty.
    """

    number: int
    said: str = ""
    by: str = ""
    field: str = ""
    reason: str = ""


class Leader(msgspec.Struct, frozen=True, array_like=True):
    """One of the best runs so far: what differs in it, and its score."""

    name: str
    value: str


class SweepProgress(SweepEvent, frozen=True):
    """``done`` of ``planned`` runs have ended, ``lost`` of these without a score; the best ones by ``by`` so far.

    ``seconds_left`` is None as long as nothing is known of it.
    """

    done: int
    planned: int
    lost: int
    by: str
    leaders: tuple[Leader, ...] = ()
    seconds_left: float | None = None


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A run in the store, by its number there."""

    run: int
    name: str


class SweepFinished(SweepEvent, frozen=True):
    """The sweep has ended: in a sentence, and the best of its runs in the store, the best one first.

    All of them have ``tag`` in common, empty where none was kept. ``good`` says that all went as planned.
    """

    sentence: str
    good: bool
    by: str = ""
    tag: str = ""
    kept: tuple[Kept, ...] = ()


class SweepCrashed(SweepEvent, frozen=True):
    """The process has ended unasked; what the app's own end of the line says then."""

    sentence: str


AnyCommand = PreviewSweep | Start | Cancel
AnyNews = SweepPreview | SweepProgress | SweepFinished | SweepCrashed

command_decoder = msgspec.msgpack.Decoder(AnyCommand)
news_decoder = msgspec.msgpack.Decoder(AnyNews)
