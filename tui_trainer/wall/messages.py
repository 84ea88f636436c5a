"""The messages between the app and the process of a race, what can differ in one, and who is ahead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.formats import format_six_digits
from tui_trainer.measures import is_rising
from tui_trainer.pace import FULL, Pace
from tui_trainer.run_state import RUN_STATES, RunState
from tui_trainer.tabs.boundary.messages import Samples

MAX_NETWORKS = 16
FRAMES = 20  # a second, at most
WATCH = Pace("watch", seconds=25.0)
PACES = (Pace("2/s", 2.0), Pace("10/s", 10.0), WATCH, Pace("fast", seconds=6.0), FULL)  # from slow to fast
RATE, SEED, OPTIMIZER, LAYERS = "training.learning_rate", "model.seed", "training.optimizer.name", "model.layers"
ACTIVATION, BATCH, L2 = "model.layers.activation", "training.batch_size", "training.l2"  # the first: of all layers
FIELDS = (
    ("learning rate", RATE),
    ("seed", SEED),
    ("optimizer", OPTIMIZER),
    ("hidden layers", LAYERS),
    ("activation", ACTIVATION),
    ("batch size", BATCH),
    ("L2 penalty", L2),
)
# The first ones are taken where there is no room for all.
VALUES = {
    OPTIMIZER: ("sgd", "adam", "rmsprop", "adagrad"),
    ACTIVATION: ("relu", "tanh", "sigmoid", "linear", "leaky_relu", "elu", "gelu", "swish", "softplus"),
    LAYERS: (
        *("2", "4", "8", "8-8", "none", "16", "4-4", "16-16", "8-8-8"),
        *("32", "1", "32-32", "4-4-4", "16-16-16", "8-8-8-8", "64"),
    ),
    BATCH: ("4", "16", "64", "full", "8", "32", "128"),
    L2: ("0", "0.001", "0.01", "0.1", "0.0001", "0.0003", "0.003", "0.03", "0.3"),
}
DECADES = {4: (-1.0, 0.5), 9: (-2.0, 0.5), 16: (-2.0, 0.25)}  # of learning rates: the first, and the step, by the count
Kind = Literal["map", "curve", "loss"]


class Command(msgspec.Struct, frozen=True, tag=True):
    """A command of the app."""


class StartRace(Command, frozen=True):
    """Begin a race, at its first step: of ``experiment`` with each of the ``values`` of the field ``path``, as typed.

    What comes from another race than number ``race`` is stale.
    """

    race: int
    experiment: Experiment
    path: str
    values: str


class Look(Command, frozen=True):
    """What is seen of each network: a picture of ``columns`` x ``rows`` points, and a curve of ``points``."""

    columns: int
    rows: int
    points: int


class Go(Command, frozen=True):
    """Train, or pause."""

    running: bool


class OneEpoch(Command, frozen=True):
    """Train all networks for one epoch, and pause."""


class SetPace(Command, frozen=True):
    """Train at another pace."""

    pace: Pace


class Keep(Command, frozen=True):
    """Save a network as a paused run, by its place in the race."""

    network: int


class Event(msgspec.Struct, frozen=True, tag=True):
    """An event of the process."""


class RaceReady(Event, frozen=True):
    """A race is at its first step: the values that differ, and how its networks are drawn and measured.

    A ``map`` is a picture over the features ``x`` and ``y``, a ``curve`` one over ``x``; with ``loss`` there is only
    the loss. ``samples`` lie on both; ``truth`` and the measure of each network are those of ``measure``.
    """

    race: int
    names: tuple[str, ...]
    kind: Kind
    measure: str
    epochs: int
    classes: tuple[str, ...] = ()
    x: str = ""
    y: str = ""
    x_limits: tuple[float, float] = (0.0, 1.0)
    y_limits: tuple[float, float] = (0.0, 1.0)
    samples: tuple[Samples, ...] = ()


class Network(msgspec.Struct, frozen=True, array_like=True):
    """One network of a race: where it is, its score, the newest loss, and its picture.

    Of a map these are ``levels`` and ``kinds`` (rows, columns), of a curve levels (columns,) on the scale of y.
    ``curve`` (points,) is the loss over the epochs of the whole race, closer at its start, nan where it has not come
    yet, see ``pack``.
    """

    state: RunState
    epoch: int
    score: float
    loss: float
    levels: bytes = b""
    kinds: bytes = b""
    curve: bytes = b""


class RaceNews(Event, frozen=True):
    """All networks at one moment, by their places in the race; their pictures have ``columns`` x ``rows`` points."""

    race: int
    running: bool
    epoch: int
    networks: tuple[Network, ...]
    columns: int = 0
    rows: int = 0

    @property
    def is_over(self) -> bool:
        """Whether all networks have ended."""
        return all(RUN_STATES[network.state].ended for network in self.networks)


class RaceRefused(Event, frozen=True):
    """There can be no such race: why, and the field that is to blame; empty for the experiment."""

    race: int
    field: str
    reason: str


class Kept(Event, frozen=True):
    """A network was saved, under a number in the store."""

    run: int
    name: str


class NotKept(Event, frozen=True):
    """A network could not be saved; says why."""

    sentence: str


class RaceCrashed(Event, frozen=True):
    """The process has ended unexpectedly; the app's side creates this event itself."""

    sentence: str


AnyCommand = StartRace | Look | Go | OneEpoch | SetPace | Keep
AnyEvent = RaceReady | RaceNews | RaceRefused | Kept | NotKept | RaceCrashed

command_decoder = msgspec.msgpack.Decoder(AnyCommand)
event_decoder = msgspec.msgpack.Decoder(AnyEvent)


def suggest(experiment: Experiment, path: str, count: int) -> str:
    """Return values for ``count`` networks, as they are typed; fewer where there are not as many."""
    if path == SEED:
        return ", ".join(str(experiment.model.seed + extra) for extra in range(count))
    if path == RATE:
        texts = _rates(experiment.training.learning_rate, count)
    else:
        known = [text for text in VALUES[path] if _is_valid(experiment, path, text)]
        texts = sorted(known[:count], key=lambda text: _natural(path, text))
    return ", ".join(texts)


def paths_of(experiment: Experiment, path: str) -> list[str]:
    """Return the fields of the experiment that have one value in each network: one, or that of all hidden layers."""
    if path != ACTIVATION:
        return [path]
    if not experiment.model.layers:
        raise UserError("", "This network has no hidden layer whose activation could differ; add one, or vary another.")
    return [f"model.layers[{number}].activation" for number in range(len(experiment.model.layers))]


def ranking(networks: Sequence[Network], measure: str) -> list[int]:
    """Return the places of networks in the race, the best first; those that have diverged are last."""
    rising = is_rising(measure)

    def order(place: int) -> tuple[bool, bool, float, float, int]:
        network = networks[place]
        has_score, has_loss = math.isfinite(network.score), math.isfinite(network.loss)
        score = (-network.score if rising else network.score) if has_score else 0.0
        return network.state == "diverged", not has_score, score, network.loss if has_loss else math.inf, place

    return sorted(range(len(networks)), key=order)


def _rates(rate: float, count: int) -> list[str]:
    """Return learning rates around one, evenly on a log scale, which is among them."""
    first, step = DECADES.get(count, (-1.0, 0.5))
    values = [rate * 10.0 ** (first + step * number) for number in range(count)]
    texts = [format_six_digits(rate if math.isclose(value, rate) else float(f"{value:.1g}")) for value in values]
    if len(set(texts)) < count:
        texts = [format_six_digits(float(f"{value:.2g}")) for value in values]
    return list(dict.fromkeys(texts))


def _is_valid(experiment: Experiment, path: str, text: str) -> bool:
    try:
        for each in paths_of(experiment, path):
            with_field(experiment, each, text)
    except UserError:
        return False
    return True


def _natural(path: str, text: str) -> tuple[int, float]:
    """Sort layers by depth and width, numbers by size, and words as they are."""
    if path == LAYERS:
        units = [] if text == "none" else [int(one) for one in text.split("-")]
        return len(units), sum(units)
    return (1, 0.0) if text == "full" else (0, float(text) if text[0].isdigit() else 0.0)
