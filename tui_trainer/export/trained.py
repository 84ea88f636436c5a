"""A trained network with all that is needed to use it elsewhere: what every export is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tui_trainer.engine.parameters import Parameters
from tui_trainer.errors import UserError
from tui_trainer.experiment.resolve import Target, resolve
from tui_trainer.experiment.schema import Experiment
from tui_trainer.store.checkpointer import restore
from tui_trainer.store.store import Store
from tui_trainer.training.session import Session

from .inputs import Inputs, inputs_of
from .weights import read_weights

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """``experiment`` is as it was asked for; ``weights`` are kernel and bias of each layer, as in ``get_weights``.

    ``history`` has the values (epochs,) of every epoch by name. ``epoch`` is the one the weights are of, and
    ``best`` says that they are those of the best one, not the newest.
    """

    experiment: Experiment
    inputs: Inputs
    target_name: str
    target: Target
    weights: Sequence[Array]
    history: Mapping[str, Array]
    epoch: int
    steps: int
    state: str
    best: bool = False

    @property
    def resolved(self) -> Experiment:
        """The experiment with nothing left open."""
        return resolve(self.experiment, self.target, len(self.inputs.features))

    def with_weights(self, weights: Sequence[Array]) -> TrainedModel:
        """The same with other weights, of the same shapes."""
        return replace(self, weights=weights)


def trained(session: Session, best: bool = False) -> TrainedModel:
    """The network as it is now, or with the weights of its best epoch; ExperimentError where there are none."""
    if session.state == "empty":
        raise UserError("", "nothing is loaded, so there is nothing to export")
    if best and session.best.weights is None:
        raise UserError("", "no epoch is done yet, so none is the best; train first")
    kept = session.best.weights if best else None
    return TrainedModel(
        experiment=session.requested,
        inputs=inputs_of(session.dataset, session.split),
        target_name=session.dataset.target,
        target=session.dataset.target_info(),
        weights=session.trainer.model.get_weights() if kept is None else _arrays(session, kept),
        history=session.history.columns(0),
        epoch=session.best.epoch if best else session.trainer.epochs,
        steps=session.steps,
        state=session.state,
        best=best,
    )


def stored_session(store: Store, run: int) -> Session:
    """A run of the store where it was saved; StoreError or ExperimentError where it or its data have gone."""
    stored = store.find(run)
    snapshot, epochs = store.snapshot(run)
    session = Session()
    session.load(stored.experiment)
    restore(session, snapshot, epochs, stored.state, f"Run {run} does not fit its experiment")
    return session


def begin_with_file(session: Session, path: Path) -> None:
    """Begin the loaded run with weights that were exported; ExperimentError where they don't fit it."""
    model = session.trainer.model
    parameters = Parameters(model.dense, model.dtype)
    for target, values in zip(parameters.arrays(), read_weights(path, session.experiment, model.inputs), strict=True):
        target[:] = values
    session.begin_with(parameters.flat)


def _arrays(session: Session, flat: Array) -> list[Array]:
    """``flat`` (size,) as kernel and bias of each layer."""
    model = session.trainer.model
    parameters = Parameters(model.dense, model.dtype)
    parameters.flat[:] = flat
    return parameters.arrays()
