"""Commands: what the front end asks of the trainer."""

from __future__ import annotations

import msgspec

from tui_trainer.experiment.schema import DatasetConfig, Experiment, TrainingConfig

from .views import AnyRequest


class Command(msgspec.Struct, frozen=True, tag=True):
    """Something the front end asks for."""


class Load(Command, frozen=True):
    """Make ``experiment`` the run under work, at its first step, not training. ``run`` numbers the run.

    With ``keep_weights`` it begins with the weights of the run before, where these fit, and trains on if that did;
    with ``weights`` it begins with those of an exported file, an absolute path.
    """

    experiment: Experiment
    run: int
    keep_weights: bool = False
    weights: str = ""


class Train(Command, frozen=True):
    """Train until the epochs are done, or on past them where they were."""


class Pause(Command, frozen=True):
    """Stop training where it is."""


class Step(Command, frozen=True):
    """One mini-batch."""


class Epoch(Command, frozen=True):
    """The rest of the epoch under way, or one more."""


class SlowDown(Command, frozen=True):
    """Take at most so many steps a second from now on, for the eye to follow; None is full speed."""

    steps_per_second: float | None = None


class Tune(Command, frozen=True):
    """Take learning rate and epochs of ``training`` without a reset."""

    training: TrainingConfig


class SetWeight(Command, frozen=True):
    """Give one parameter another value, without a reset; ``index`` counts kernels, then biases, layer by layer."""

    index: int
    value: float


class SwapBest(Command, frozen=True):
    """Pause, and put the weights of the best epoch in the place of the newest; the second time, back."""


class Export(Command, frozen=True):
    """Write the network as it is now, or at its ``best`` epoch, into ``folder``, an absolute path; see ``export``."""

    folder: str
    formats: tuple[str, ...] = ("folder",)
    best: bool = False


class Resume(Command, frozen=True):
    """Go on with a run of the store where it was saved, as run number ``run``; nobody else may be at it."""

    stored: int
    run: int


class EditRuns(Command, frozen=True):
    """Change what users give to ``runs`` of the store: another ``name``, tags, a place on top; or delete them.

    One thing at a time; None is left as it is. A run that was deleted can be brought back until the session ends.
    """

    runs: tuple[int, ...]
    name: str | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    pinned: bool | None = None
    deleted: bool | None = None


class Attach(Command, frozen=True):
    """Take over a session that is under way, as run number ``run``; the first command of a client that calls."""

    run: int


class Close(Command, frozen=True):
    """The client goes: save the run and end. A trainer that stays goes on while it trains."""


class Preview(Command, frozen=True):
    """Look at the user's file of ``dataset``; ``number`` comes back with ``Previewed``."""

    dataset: DatasetConfig
    number: int


class Watch(Command, frozen=True):
    """What is on the screen: only that is computed."""

    view: AnyRequest


AnyCommand = (
    Load
    | Train
    | Pause
    | Step
    | Epoch
    | SlowDown
    | Tune
    | SetWeight
    | SwapBest
    | Export
    | Watch
    | Resume
    | EditRuns
    | Attach
    | Preview
    | Close
)
