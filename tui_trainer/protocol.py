"""The messages between the app and the trainer's process: commands in, reports out.

Each message is sent as a length and a MessagePack map; arrays travel as little-endian doubles. What the tabs request
and show is declared in each tab's ``messages``: here a request and a content are bytes that are not decoded yet.
"""

from __future__ import annotations

import struct
from collections.abc import MutableSequence
from typing import Any, BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.file_preview import FilePreview
from tui_trainer.datasets.pixels import PixelGrid
from tui_trainer.experiment.schema import DatasetConfig, Experiment, TrainingConfig
from tui_trainer.pace import FULL, Pace
from tui_trainer.run_state import RunState

HEADER = struct.Struct("<I")
MAX_BYTES = 1 << 27  # of one message; ours have a few megabytes at most
NO_MESSAGE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # what a decoder raises
_encoder = msgspec.msgpack.Encoder()


def encode(part: msgspec.Struct | None) -> msgspec.Raw:
    """Encode a request or a content, which becomes a part of a message."""
    return msgspec.Raw(_encoder.encode(part))


NOTHING = encode(None)  # the request of a tab that needs nothing computed
# Runs of one setting that the Loss tab shows as a band, and a sweep selects for it. Quartiles of two would say nothing.
MIN_BAND_RUNS, MAX_BAND_RUNS = 3, 64


class Request(msgspec.Struct, frozen=True, tag=True):
    """What an open tab needs computed. It is sent again whenever the user looks at something else."""


class Content(msgspec.Struct, frozen=True, tag=True):
    """What a tab shows. Arrays are bytes, see ``pack``; their shapes are given with each field."""

    @property
    def is_partial(self) -> bool:
        """Whether computing it again goes on where this has ended."""
        return False


class Unavailable(Content, frozen=True):
    """Nothing can be shown, for a ``reason`` that is a sentence for the user. Any tab may get it."""

    reason: str


class Command(msgspec.Struct, frozen=True, tag=True):
    """A command from the front end to the trainer."""


class Load(Command, frozen=True):
    """Make ``experiment`` the current run, at its first step, not training. ``run`` numbers the run.

    With ``keep_weights`` it begins with the weights of the run before, where these fit, and trains on if that did;
    with ``weights`` it begins with those of an exported file, an absolute path.
    """

    experiment: Experiment
    run: int
    keep_weights: bool = False
    weights: str = ""


class Train(Command, frozen=True):
    """Train until all epochs are done, or beyond them where they were; with ``to_end``, at full speed."""

    to_end: bool = False


class Pause(Command, frozen=True):
    """Stop training where it is."""


class Step(Command, frozen=True):
    """Train on one mini-batch."""


class Epoch(Command, frozen=True):
    """Train for the rest of the current epoch, or for one more."""


class SetPace(Command, frozen=True):
    """Train at another pace from now on; see ``pace``."""

    pace: Pace = FULL


class CountDead(Command, frozen=True):
    """Count dead units for each progress that is reported at rest, or no longer: a forward pass over the data."""

    is_on: bool


class Tune(Command, frozen=True):
    """Change learning rate and epochs to those of ``training`` without a reset."""

    training: TrainingConfig


class SetWeight(Command, frozen=True):
    """Set one parameter without a reset; ``index`` counts kernels, then biases, layer by layer."""

    index: int
    value: float


class SwapBest(Command, frozen=True):
    """Pause, and exchange the newest weights for those of the best epoch; the second time, back."""


class LookAt(Command, frozen=True):
    """Show the run as it was after ``epoch``; None is the present. The run itself goes on as it does.

    A command that trains, changes or exports the run shows the present again.
    """

    epoch: int | None = None


class Export(Command, frozen=True):
    """Write the network as it is now, or at its ``best`` epoch, into ``folder``, an absolute path; see ``export``."""

    folder: str
    formats: tuple[str, ...] = ("folder",)
    best: bool = False


class WriteReport(Command, frozen=True):
    """Write a report of the run with its current weights to the new file ``path``, an absolute one."""

    path: str


class Predict(Command, frozen=True):
    """Predict the rows of the file ``source`` with the weights as they are now, and write ``to``; absolute paths.

    A file that is there is replaced if it holds predictions, and ``overwrite`` is true. Training goes on beside it.
    """

    source: str
    to: str
    overwrite: bool = False


class StopPredicting(Command, frozen=True):
    """Stop predicting the rows of a file; nothing is written."""


class FindRates(Command, frozen=True):
    """Try many learning rates for the loaded experiment, each from its first weights. Training goes on beside it."""


class StopFindingRates(Command, frozen=True):
    """Stop trying learning rates; nothing is reported."""


class Resume(Command, frozen=True):
    """Continue a run of the store where it was saved, as run number ``run``; no other session may have it."""

    stored: int
    run: int


class EditRuns(Command, frozen=True):
    """Rename, tag, pin or delete ``runs`` of the store, one of these at a time; None leaves a field as it is.

    A deleted run can be restored until the session ends.
    """

    runs: tuple[int, ...]
    name: str | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    pinned: bool | None = None
    deleted: bool | None = None


class Attach(Command, frozen=True):
    """Take over a live session as run number ``run``; the first command of a client that connects to one."""

    run: int


class Follow(Command, frozen=True):
    """Be told what the client of a live session is told, and change nothing; the first command of a follower.

    Of its other commands only ``Watch`` is heard, which computes a tab for it alone; any other one ends its connection.
    """


class Close(Command, frozen=True):
    """The client disconnects: save the run and end. A trainer that stays goes on while it trains."""


class Preview(Command, frozen=True):
    """Inspect the user's file of ``dataset``; ``number`` is returned with ``Previewed``."""

    dataset: DatasetConfig
    number: int


class Watch(Command, frozen=True):
    """Compute for the open tab, and for no other: ``request`` is one of its ``messages``, or nothing.

    ``target`` is the index of the target to show, where there are several.
    """

    tab: str
    request: msgspec.Raw = NOTHING
    target: int = 0


AnyCommand = (
    Load
    | Train
    | Pause
    | Step
    | Epoch
    | SetPace
    | CountDead
    | Tune
    | SetWeight
    | SwapBest
    | LookAt
    | Export
    | WriteReport
    | Predict
    | StopPredicting
    | FindRates
    | StopFindingRates
    | Watch
    | Resume
    | EditRuns
    | Attach
    | Follow
    | Preview
    | Close
)


class Report(msgspec.Struct, frozen=True, tag=True):
    """A message from the trainer to the front end; ``run`` is the number given with ``Load``."""

    run: int


class DatasetView(msgspec.Struct, frozen=True):
    """A dataset as the screen needs it; ``columns`` are the first rows, as little-endian doubles.

    ``target`` is the one that is shown of the ``targets``. ``target_scales`` have the mean and the deviation by which
    each number is standardized, if it is, ``target_scale`` those of the one that is shown; ``largest_class`` is the
    most frequent one, with the accuracy of always answering it. ``row_heading`` says whether rows are called by their
    line in a file or by their index, ``row_numbers`` has these for the first rows, ``row_names`` the cells of
    ``row_column``, which tells the rows apart, if a column does.
    ``pixels`` says how the features are a picture, if they are one.
    """

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
    target_scale: tuple[float, float] | None = None
    targets: tuple[str, ...] = ()
    target_scales: tuple[tuple[float, float], ...] = ()
    test_rows: int = 0
    largest_class: tuple[str, float] | None = None
    row_heading: str = "row"
    row_column: str = ""
    row_numbers: bytes = b""
    row_names: tuple[str, ...] = ()
    pixels: PixelGrid | None = None

    @property
    def names(self) -> tuple[object, ...]:
        """All names of the data; the content of one dataset must not be shown with the names of another."""
        return self.features, self.target, self.classes

    @property
    def target_index(self) -> int:
        """The output of the target that is shown; 0 where there is one target alone."""
        return self.targets.index(self.target) if len(self.targets) > 1 else 0

    def showing(self, target: str) -> DatasetView:
        """Return the same with another one of the ``targets`` shown."""
        index = self.targets.index(target)
        return msgspec.structs.replace(
            self, target=target, target_scale=self.target_scales[index] if self.target_scales else None
        )

    @property
    def loss_unit(self) -> str:
        """What is said after the name of a loss that is not in the target's own unit."""
        return "" if self.target_scale is None else " (scaled)"


class SummaryRow(msgspec.Struct, frozen=True):
    """One layer of the model."""

    name: str
    kind: str
    output: int
    params: int


class Loaded(Report, frozen=True):
    """The run is ready: the resolved experiment, the data and the model.

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

    def tuned(self, experiment: Experiment) -> Loaded:
        """Return the same with the learning rate and the epochs of ``experiment``, which are changed in the middle."""
        training = msgspec.structs.replace(
            self.experiment.training,
            learning_rate=experiment.training.learning_rate,
            epochs=experiment.training.epochs,
        )
        return msgspec.structs.replace(self, experiment=msgspec.structs.replace(self.experiment, training=training))


class Refused(Report, frozen=True):
    """The experiment is invalid, for ``reason`` in ``field``. The previous run stays loaded."""

    field: str
    reason: str


class LoadingProgress(Report, frozen=True):
    """The user's file is being read: ``fraction`` of it, from 0 to 1. A newer ``Load`` and ``Pause`` stop it."""

    fraction: float


class PredictingProgress(Report, frozen=True):
    """The rows of a file are being predicted: ``fraction`` of it is done, from 0 to 1."""

    fraction: float


class RatesFound(Report, frozen=True):
    """The losses after ``steps`` steps at each of ``rates``, nan where a run has diverged, and that of no step.

    ``suggestion`` is None if the loss falls at none of them; ``reason`` says why nothing was tried, if so.
    """

    rates: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    first_loss: float = 0.0
    steps: int = 0
    suggestion: float | None = None
    reason: str = ""


class Predicted(Report, frozen=True):
    """Predicting the rows of a file has ended: what was predicted, or why nothing was; ``good`` if any row was."""

    sentence: str
    good: bool


class Previewed(Report, frozen=True):
    """The preview of a file; ``run`` is the number given with ``Preview``."""

    preview: FilePreview


class Progress(Report, frozen=True):
    """Where training is.

    ``unsaved`` says in few words why the run can't be saved now; it is empty if it can. ``dead_units`` counts those of
    each hidden layer; it is empty while a run trains, and for large models. While an earlier moment is shown,
    everything but ``state`` and ``epochs`` is of that; ``now`` is the newest epoch of the run, and ``aside`` a sentence
    where the moment is not quite the one that was asked for. ``stored`` is the number of the run in the store, if it
    is there yet. ``weights_epoch`` is the earlier epoch whose weights were put back, if any; ``values`` are of it.
    """

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
    unsaved: str = ""
    dead_units: tuple[int, ...] = ()
    now: int | None = None
    aside: str = ""
    stored: int | None = None
    weights_epoch: int | None = None

    @property
    def newest(self) -> int:
        """The newest epoch of the run."""
        return self.epoch if self.now is None else self.now

    @property
    def moment(self) -> int | None:
        """The epoch of the earlier moment that is shown; None if none is."""
        return None if self.now is None else self.epoch


class Remedy(msgspec.Struct, frozen=True):
    """Fields of the experiment with the values that help, and what that does, as ``lowers the rate to 0.1``."""

    changes: dict[str, bool | float | str]
    said: str


class Ended(Report, frozen=True):
    """Training ended by itself: a sentence for the user, and the change that helps where one does.

    ``progress`` is that of the run as it ended, also while an earlier moment is shown.
    """

    state: RunState
    sentence: str
    remedy: Remedy | None = None
    progress: Progress | None = None


class Finding(Report, frozen=True):
    """What is wrong with the run that has ended: a sentence, and what helps if anything does.

    ``nothing_learnt`` says that it predicts no better than a constant would; ``others`` counts the other findings.
    """

    sentence: str
    remedy: Remedy | None = None
    nothing_learnt: bool = False
    others: int = 0


class ResumeOffer(Report, frozen=True):
    """A run in the store was interrupted ``seconds_ago``; ``Resume`` continues it.

    ``alone`` names the session in which it goes on without a client: that one is called instead.
    """

    stored: int
    experiment: Experiment
    epoch: int
    step: int
    seconds_ago: float
    alone: str = ""


class Opened(Report, frozen=True):
    """A run of the store is the current one now, where it was saved. ``experiment`` is as it was requested."""

    experiment: Experiment
    stored: int
    name: str
    epoch: int


class Attached(Report, frozen=True):
    """The session belongs to this client now. ``experiment`` is as requested, ``pace`` its present one.

    ``stays`` says that it goes on when the client goes.
    """

    experiment: Experiment
    pace: Pace
    stays: bool


class Followed(Report, frozen=True):
    """To followers: what is set in the session. ``experiment`` is as requested, ``watch`` what its client looks at.

    It comes first, and again with each change. A follower is told nothing of files, and no offers or notices.
    """

    experiment: Experiment
    pace: Pace
    watch: Watch | None


class TakenOver(Report, frozen=True):
    """Another client has the session now: no more reports follow."""


class Notice(Report, frozen=True):
    """A sentence for the user while all goes on: of what went wrong, or ``good``."""

    sentence: str
    good: bool = False


class Update(Report, frozen=True):
    """What tab ``tab`` shows after ``steps`` steps: ``content`` is one of its ``messages``, or ``Unavailable``.

    ``target`` is that of the ``Watch`` for which it was computed.
    """

    tab: str
    steps: int
    content: msgspec.Raw
    target: int = 0


class Crashed(Report, frozen=True):
    """The trainer's process failed."""

    sentence: str


AnyReport = (
    Loaded
    | Refused
    | LoadingProgress
    | PredictingProgress
    | Predicted
    | RatesFound
    | Previewed
    | Progress
    | Ended
    | Finding
    | ResumeOffer
    | Opened
    | Attached
    | Followed
    | TakenOver
    | Notice
    | Update
    | Crashed
)
command_decoder = msgspec.msgpack.Decoder(AnyCommand)
report_decoder = msgspec.msgpack.Decoder(AnyReport)


def queue_newest(queue: MutableSequence[AnyReport], report: AnyReport) -> None:
    """Append ``report`` to ``queue``, and drop the progress or update that it makes stale.

    Only the tail of such reports is searched, so that no progress overtakes another kind of report.
    """
    for index in range(len(queue) - 1, -1, -1):
        older = queue[index]
        if not isinstance(older, Progress | Update):
            break
        if type(older) is type(report):
            del queue[index]
            break
    queue.append(report)


def frame(message: msgspec.Struct) -> bytes:
    """Return ``message`` as it is sent: its length and its body."""
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body


def read_frame(stream: BinaryIO) -> bytes | None:
    """Read the next body; None where the other side has gone, or announces more than any message has."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (size,) = HEADER.unpack(header)
    if size > MAX_BYTES:
        return None
    body = stream.read(size)
    return body if len(body) == size else None


def pack(values: NDArray[Any]) -> bytes:
    """Return an array (k,) as little-endian doubles."""
    return np.ascontiguousarray(values, "<f8").tobytes()


def unpack(data: bytes) -> NDArray[np.float64]:
    """Return the array (k,) that ``pack`` was given; read-only."""
    return np.frombuffer(data, "<f8")
