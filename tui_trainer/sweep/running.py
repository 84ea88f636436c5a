"""One run of a sweep, from its experiment to its result, in whatever process does it."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import Literal

from msgspec.structs import replace
from threadpoolctl import threadpool_limits

from tui_trainer.errors import ExperimentError
from tui_trainer.experiment.confinement import confined
from tui_trainer.experiment.schema import Experiment
from tui_trainer.training.scores import scores
from tui_trainer.training.series import Array
from tui_trainer.training.session import Session
from tui_trainer.training.trajectory import MOST_PARAMETERS

State = Literal["finished", "stopped early", "diverged", "failed"]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """How a run ended, in the sentence ``message``; nothing else is there of one that has ``failed``.

    ``seconds`` are those of training. ``scores`` are those of the last weights, ``val_`` before the ones of the
    validation part; none of a run that diverged. ``weights`` are named as in the book, of a model of two at most.
    ``latest`` and ``history`` are the newest value and the values (epochs,) of what is recorded; ``snapshot`` is what
    the store keeps.
    """

    state: State
    message: str
    epochs: int = 0
    steps: int = 0
    seconds: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    latest: dict[str, float] = field(default_factory=dict)
    history: dict[str, Array] = field(default_factory=dict)
    snapshot: dict[str, Array] = field(default_factory=dict)


class _Place(threading.local):
    """Where a thread does its runs: one session after the other, so that their data are read once."""

    session: Session | None = None


_place = _Place()


def run_one(experiment: Experiment, by: str, keep: bool) -> Outcome:
    """Train ``experiment`` to its end on one thread; what can't be trained, or has no score ``by``, has failed.

    Without ``keep`` no snapshot is taken.
    """
    if _place.session is None:
        _place.session = Session(most_threads=1)
    session = _place.session
    try:
        with threadpool_limits(limits=1, user_api="blas"):
            session.load(experiment)
            _check_score(session, by)
            session.train()
            session.advance_to_end()
            return _outcome(session, keep)
    except ExperimentError as error:
        return Outcome("failed", str(error))
    except MemoryError:
        release()
        return Outcome("failed", "model: its data and layers don't fit into memory; use fewer units, rows or jobs")


def release() -> None:
    """Forget the data of the last run of this thread."""
    _place.session = None


def located(experiment: Experiment) -> Experiment:
    """The same, with the path of its file from the root on: other processes may have another working folder."""
    config = experiment.dataset
    if config.path is None:
        return experiment
    return replace(experiment, dataset=replace(config, path=os.path.abspath(confined(config.path, "dataset.path"))))


def _check_score(session: Session, by: str) -> None:
    """Before the training, not after it."""
    parts = session.split
    names = list(scores(session.trainer.model, session.experiment.training, parts.x_train[:1], parts.y_train[:1]))
    if parts.x_val is not None:
        names += [f"val_{name}" for name in names]
    if by not in names:
        raise ExperimentError("by", f"this run has no {by}; what it has: {', '.join(names)}")


def _outcome(session: Session, keep: bool) -> Outcome:
    assert session.state in ("finished", "stopped early", "diverged")
    trainer = session.trainer
    return Outcome(
        session.state,
        session.sentence,
        epochs=trainer.epochs,
        steps=trainer.steps,
        seconds=session.seconds,
        scores={} if session.state == "diverged" else _scores(session),
        weights=_weights(session),
        latest=session.values,
        history=session.history.columns(0),
        snapshot=session.snapshot() if keep else {},
    )


def _scores(session: Session) -> dict[str, float]:
    parts, model, training = session.split, session.trainer.model, session.experiment.training
    found = scores(model, training, parts.x_train, parts.y_train)
    if parts.x_val is not None and parts.y_val is not None:
        held = scores(model, training, parts.x_val, parts.y_val)
        found |= {f"val_{name}": value for name, value in held.items()}
    return found


def _weights(session: Session) -> dict[str, float]:
    """w, or w_0 and w_1, and b, of a model that has so few parameters."""
    parameters = session.trainer.model.parameters
    if parameters.flat.size > MOST_PARAMETERS:
        return {}
    values = [float(value) for kernel in parameters.kernels for value in kernel.ravel()]
    named = {"w": values[0]} if len(values) == 1 else {f"w_{i}": value for i, value in enumerate(values)}
    (bias,) = parameters.biases[:1]
    return named if bias is None else {**named, "b": float(bias[0])}
