"""Reports: what the trainer tells the front end."""

from __future__ import annotations

from collections.abc import MutableSequence

import msgspec

from tui_trainer.datasets.preview import FilePreview
from tui_trainer.experiment.schema import Experiment
from tui_trainer.run_state import RunState

from .view import Curve
from .views import AnyContent


class Report(msgspec.Struct, frozen=True, tag=True):
    """Something the child tells; ``run`` is the number given with ``Load``."""

    run: int


class DatasetView(msgspec.Struct, frozen=True):
    """A dataset as the screen needs it; ``columns`` are the first rows, as little-endian doubles."""

    name: str
    title: str
    features: tuple[str, ...]
    target: str
    task: str
    classes: tuple[str, ...]
    rows: int
    train_rows: int
    validation_rows: int
    available: tuple[str, ...]
    columns: dict[str, bytes]
    levels: dict[str, tuple[str, ...]] = {}  # of columns that hold indices into the names of categories
    notes: tuple[str, ...] = ()  # sentences on what was done with the user's file


class SummaryRow(msgspec.Struct, frozen=True):
    """One layer of the model."""

    name: str
    kind: str
    output: int
    params: int


class Loaded(Report, frozen=True):
    """The run is ready: all that was inferred, the data and the model.

    ``summary`` is the model's table as Keras 3 prints it, ``book_summary`` as the book shows it.

    ``size`` is the parameters' in bytes, ``flops`` the additions and multiplications of a step's matrix products.
    """

    experiment: Experiment
    dataset: DatasetView
    layers: tuple[SummaryRow, ...]
    params: int
    size: int
    summary: str
    book_summary: str
    flops: int


class Refused(Report, frozen=True):
    """The experiment makes no sense: ``field`` and ``reason``. The run before it goes on being the one."""

    field: str
    reason: str


class LoadingProgress(Report, frozen=True):
    """The user's file is being read: ``fraction`` of it, from 0 to 1. A newer ``Load`` and ``Pause`` stop it."""

    fraction: float


class Previewed(Report, frozen=True):
    """What a file would come to; ``run`` is the number given with ``Preview``."""

    preview: FilePreview


class Progress(Report, frozen=True):
    """Where training is. ``curves`` come only while the loss is watched and has changed."""

    state: RunState
    epoch: int
    epochs: int
    batch: int
    batches: int
    steps: int
    steps_per_second: float
    seconds_left: float | None
    learning_rate: float
    values: dict[str, float]
    weights: bytes = b""  # of a small model, as ``pack`` gives them
    curves: tuple[Curve, ...] | None = None


class Remedy(msgspec.Struct, frozen=True):
    """Fields of the experiment with the values that help, and what that does, as ``lowers the rate to 0.1``."""

    changes: dict[str, bool | float]
    said: str


class Ended(Report, frozen=True):
    """Training ended by itself: a sentence for the user, and the change that helps where one does."""

    state: RunState
    sentence: str
    remedy: Remedy | None = None


class ResumeOffer(Report, frozen=True):
    """A run in the store was cut off, ``seconds_ago``; ``Resume`` goes on with it.

    ``alone`` names the session in which it goes on, where nobody looks: that one is called instead.
    """

    stored: int
    experiment: Experiment
    epoch: int
    step: int
    seconds_ago: float
    alone: str = ""


class Opened(Report, frozen=True):
    """A run of the store is under work now, where it was saved. ``experiment`` is as it was asked for."""

    experiment: Experiment
    stored: int
    name: str
    epoch: int


class Attached(Report, frozen=True):
    """The session is this client's now. ``experiment`` is as it was asked for, ``steps_per_second`` the slow motion.

    ``stays`` says that it goes on when the client goes.
    """

    experiment: Experiment
    steps_per_second: float | None
    stays: bool


class TakenOver(Report, frozen=True):
    """Another client has the session now: nothing more will come."""


class Notice(Report, frozen=True):
    """Something the user should know, while all goes on: of what went wrong, or ``good``."""

    sentence: str
    good: bool = False


class Update(Report, frozen=True):
    """What the view on the screen shows now, after ``steps`` steps."""

    steps: int
    content: AnyContent


class Crashed(Report, frozen=True):
    """The child met an error of its own."""

    sentence: str


AnyReport = (
    Loaded
    | Refused
    | LoadingProgress
    | Previewed
    | Progress
    | Ended
    | ResumeOffer
    | Opened
    | Attached
    | TakenOver
    | Notice
    | Update
    | Crashed
)


def queue_newest(waiting: MutableSequence[AnyReport], report: AnyReport) -> None:
    """Put ``report`` at the end of ``waiting``; the progress or look it makes stale is left out.

    Only the tail of such reports is looked at, so that no progress overtakes another kind of report.
    """
    for place in range(len(waiting) - 1, -1, -1):
        older = waiting[place]
        if not isinstance(older, Progress | Update):
            break
        if type(older) is type(report):
            del waiting[place]
            report = newest(older, report)
            break
    waiting.append(report)


def newest(older: AnyReport, newer: AnyReport) -> AnyReport:
    """The one report that stands for two of a kind: the newer, with the older's curves where it has none."""
    if isinstance(older, Progress) and isinstance(newer, Progress) and older.run == newer.run and newer.curves is None:
        return msgspec.structs.replace(newer, curves=older.curves)
    return newer
