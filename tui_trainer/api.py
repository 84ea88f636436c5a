"""Training from a program or a notebook: an experiment, or arrays, in; a ``Run`` out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from numpy.typing import ArrayLike

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.share import is_shared, unshare
from tui_trainer.experiment.toml_file import read
from tui_trainer.experiment.validation import validate
from tui_trainer.training.session import Session

from .datasets.arrays import from_arrays
from .errors import ExperimentError
from .run import Run
from .runtime.trained import begin_with_file

Weights = Run | str | os.PathLike[str] | Sequence[ArrayLike]


def train(
    experiment: Experiment | str | os.PathLike[str],
    *,
    epochs: int | None = None,
    settings: Mapping[str, object] | None = None,
    weights: Weights | None = None,
    progress: bool = False,
) -> Run:
    """Train ``experiment`` to its end: an Experiment, the path of a TOML file, or the word that one was shared as.

    ``epochs`` and ``settings``, such as ``{"training.learning_rate": 0.01}``, are taken in place of what it says.
    It begins with ``weights``: those of another run, of an exported file, or a list as ``Run.weights``.
    ``progress`` tells of it meanwhile. Warns where the run diverges. Raises ExperimentError, a ValueError, for
    what makes no sense.
    """
    session = Session()
    session.load(_changed(_experiment(experiment), epochs, settings))
    return _trained(session, weights, progress)


def fit(
    x: Any,
    y: Any,
    experiment: Experiment | str | os.PathLike[str] | None = None,
    *,
    epochs: int | None = None,
    settings: Mapping[str, object] | None = None,
    weights: Weights | None = None,
    progress: bool = False,
) -> Run:
    """Train on arrays: ``x`` (n, features), or a data frame where texts are categories; ``y`` (n,).

    ``y`` holds numbers or classes; ``dataset.task`` decides where that is not plain. Network, training, validation
    part and standardization are those of ``experiment``, or the usual ones; the rest is as in ``train``.
    """
    wanted = _changed(Experiment() if experiment is None else _experiment(experiment), epochs, settings)
    dataset, described = from_arrays(x, y, wanted.dataset)
    session = Session()
    session.data.provide(dataset, described)
    session.load(replace(wanted, dataset=described))
    return _trained(session, weights, progress)


def _experiment(given: Experiment | str | os.PathLike[str]) -> Experiment:
    if isinstance(given, Experiment):
        return validate(given)
    if isinstance(given, str) and is_shared(given):
        return unshare(given)
    return read(given)


def _changed(experiment: Experiment, epochs: int | None, settings: Mapping[str, object] | None) -> Experiment:
    changes = dict(settings or {})
    if epochs is not None:
        changes["training.epochs"] = epochs
    for path, value in changes.items():
        experiment = with_field(experiment, path, value)
    return experiment


def _trained(session: Session, weights: Weights | None, progress: bool) -> Run:
    if weights is not None:
        _begin_with(session, weights)
    session.train()
    if progress:
        from tui_trainer.cli.train import follow

        follow(session)
    session.advance_to_end()
    if session.state == "diverged":
        warnings.warn(session.sentence, stacklevel=3)
    return Run.of_session(session)


def _begin_with(session: Session, weights: Weights) -> None:
    if isinstance(weights, str | os.PathLike):
        begin_with_file(session, Path(weights))
        return
    given = weights.weights if isinstance(weights, Run) else weights
    try:
        session.trainer.model.set_weights(given)
    except (ValueError, TypeError) as error:
        raise ExperimentError("weights", str(error)) from error
    session.begin_with(session.trainer.model.parameters.flat.copy())
