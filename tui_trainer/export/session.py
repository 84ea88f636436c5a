"""Trained models out of sessions, and sessions that begin with exported weights.

Apart from ``trained.py``, because the app imports that one for its previews and must not import the engine.
"""

from __future__ import annotations

from pathlib import Path

from tui_trainer.engine.parameters import Parameters
from tui_trainer.errors import UserError
from tui_trainer.store.checkpointer import restore_snapshot
from tui_trainer.store.store import Store
from tui_trainer.training.series import Array
from tui_trainer.training.session import Session

from .inputs import inputs_of
from .trained import TrainedModel
from .weights import read_weights


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
    restore_snapshot(session, snapshot, epochs, stored.state, f"Run {run} does not fit its experiment")
    return session


def begin_with_file(session: Session, path: Path) -> None:
    """Begin the loaded run with weights that were exported; ExperimentError where they don't fit it."""
    model = session.trainer.model
    parameters = Parameters(model.dense, model.dtype)
    for target, values in zip(parameters.arrays(), read_weights(path, session.experiment, model.inputs), strict=True):
        target[:] = values
    session.set_weights(parameters.flat)


def _arrays(session: Session, flat: Array) -> list[Array]:
    """``flat`` (size,) as kernel and bias of each layer."""
    model = session.trainer.model
    parameters = Parameters(model.dense, model.dtype)
    parameters.flat[:] = flat
    return parameters.arrays()
