"""Returns trained models from sessions, and starts sessions from exported weights.

This is separate from ``trained.py``, which the app imports for its previews, since the app must not import the engine.
"""

from __future__ import annotations

from pathlib import Path

from tui_trainer.datasets.preparation import inputs_of
from tui_trainer.engine.layers import Parameters
from tui_trainer.errors import UserError
from tui_trainer.store.checkpointer import restore_snapshot
from tui_trainer.store.store import Store
from tui_trainer.training.series import Array
from tui_trainer.training.session import Session

from .trained import TrainedModel
from .weights import read_weights


def trained(session: Session, best: bool = False) -> TrainedModel:
    """Return the network as it is, or with the weights of its best epoch; raise UserError if there are none."""
    if session.state == "empty":
        raise UserError("", "nothing is loaded, so there is nothing to export")
    if best and session.best.weights is None:
        raise UserError("", "no epoch is finished yet, so there is no best one; train first")
    best_weights = session.best.weights if best else None
    return TrainedModel(
        experiment=session.requested,
        inputs=inputs_of(session.dataset, session.split),
        target_name=session.dataset.target,
        target=session.dataset.target_info(),
        target_scale=session.split.target,
        weights=session.trainer.model.get_weights() if best_weights is None else _arrays(session, best_weights),
        history=session.history.columns(0),
        epoch=session.best.epoch if best else session.trainer.epochs,
        steps=session.steps,
        state=session.state,
        best=best,
    )


def stored_session(store: Store, run: int) -> Session:
    """Return a session of a stored run; raise StoreError or UserError if the run or its data are missing."""
    stored = store.find(run)
    snapshot, epochs = store.snapshot(run)
    session = Session()
    session.load(stored.experiment)
    restore_snapshot(session, snapshot, epochs, stored.state, f"Run {run} does not fit its experiment")
    return session


def load_weights(session: Session, path: Path) -> None:
    """Start the loaded run from exported weights; raise UserError if they do not fit it."""
    model = session.trainer.model
    parameters = Parameters(model.dense, model.dtype)
    for target, values in zip(parameters.arrays(), read_weights(path, session.experiment, model.inputs), strict=True):
        target[:] = values
    session.set_weights(parameters.flat)


def _arrays(session: Session, flat: Array) -> list[Array]:
    """Return ``flat`` (size,) as kernel and bias of each layer."""
    model = session.trainer.model
    parameters = Parameters(model.dense, model.dtype)
    parameters.flat[:] = flat
    return parameters.arrays()
