"""From a session, or from a run in the store, to what is taken away; and weights back from there."""

from __future__ import annotations

from pathlib import Path

from tui_trainer.engine.parameters import Parameters
from tui_trainer.errors import ExperimentError
from tui_trainer.export.inputs import inputs_of
from tui_trainer.export.trained import Trained
from tui_trainer.export.weights import read_weights
from tui_trainer.store.store import Store
from tui_trainer.training.series import Array
from tui_trainer.training.session import Session

from .restoring import restore


def trained(session: Session, best: bool = False) -> Trained:
    """The network as it is now, or with the weights of its best epoch; ExperimentError where there are none."""
    if session.state == "empty":
        raise ExperimentError("", "nothing is loaded, so there is nothing to export")
    if best and session.best.weights is None:
        raise ExperimentError("", "no epoch is done yet, so none is the best; train first")
    kept = session.best.weights if best else None
    return Trained(
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
