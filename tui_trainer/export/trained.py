"""A trained network with all that is needed to use it elsewhere, and where it comes from.

In reading order: the network, which every export is written from; networks of sessions, exports and the store; and
sessions of stored runs, or that start from exported weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs
from numpy.typing import NDArray

from tui_trainer.datasets.arrays import NAME
from tui_trainer.datasets.dataset import Dataset
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.preparation import Inputs, Preparation, preparation_of
from tui_trainer.datasets.split import Split, TargetScale, split
from tui_trainer.engine import Sequential
from tui_trainer.engine.layers import Parameters
from tui_trainer.errors import UserError
from tui_trainer.experiment.resolve import Target, resolve
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import read
from tui_trainer.store.checkpointer import restore_moments, restore_snapshot
from tui_trainer.store.store import Store, StoreError
from tui_trainer.training.builder import build_model
from tui_trainer.training.callbacks import BestWeights
from tui_trainer.training.inspection import REPEATS, PermutationImportance, importance_of, measure_of_importance
from tui_trainer.training.session import Session, check_moments, part_of

from .metadata import read_history, read_metadata
from .weights import read_weights

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A trained network, from which every export is written.

    ``experiment`` is the requested one, not resolved; ``weights`` are those of ``Sequential.get_weights``: kernel and
    bias of each layer. ``history`` has the values (epochs,) of every epoch by name. ``epoch`` is the epoch of the
    weights, and ``best`` says that it is the best one, not the newest. ``data`` are those it was trained on, with
    their split; None where only the network was saved.
    """

    experiment: Experiment
    preparation: Preparation
    weights: Sequence[Array]
    history: Mapping[str, Array]
    epoch: int
    steps: int
    state: str
    best: bool = False
    data: tuple[Dataset, Split] | None = None

    @property
    def inputs(self) -> Inputs:
        """How raw features become those of the network."""
        return self.preparation.inputs

    @property
    def target(self) -> Target:
        """The facts about the target that the output layer follows from."""
        return self.preparation.target_info

    @property
    def target_scale(self) -> TargetScale:
        """What brings outputs into the target's own unit."""
        return self.preparation.scale_of_target

    @property
    def resolved(self) -> Experiment:
        """The experiment with everything filled in."""
        return resolve(self.experiment, self.target, len(self.preparation.features))

    def build_network(self) -> Sequential:
        """Return a new network for standardized features, with these weights."""
        network = build_model(self.resolved, len(self.preparation.features))
        network.set_weights(self.weights)
        return network

    def importance(
        self, x: Array, y: Array, by: str | None = None, repeats: int = REPEATS, seed: int = 0, field: str = "by"
    ) -> PermutationImportance:
        """Return the importance of each column of the data, of which nothing is computed yet.

        The rows are standardized ``x`` (n, features) and ``y`` (n, outputs) as trained on. ``by`` is a measure, None
        accuracy or R²; raises UserError, for the ``field`` it comes from, for one that the run does not have.
        """
        resolved, features = self.resolved, self.preparation.features
        measure = measure_of_importance(by, resolved, self.target.task, field)
        data = (x, y, self.target_scale)
        return importance_of(self.build_network(), resolved, data, features, measure, repeats, seed)

    def with_weights(self, weights: Sequence[Array]) -> TrainedModel:
        """Return the same model with other weights, of the same shapes."""
        return replace(self, weights=weights)


def trained(session: Session, best: bool = False) -> TrainedModel:
    """Return the network as it is, or with the weights of its best epoch; raise UserError if there are none."""
    if session.state == "empty":
        raise UserError("", "nothing is loaded, so there is nothing to export")
    if best and session.best.weights is None:
        raise UserError("", "no epoch is finished yet, so there is no best one; train first")
    best_weights = session.best.weights if best else None
    # They are in the model already where early stopping, or the user, has put them back.
    best = best or session.best.has_replaced(session.trainer.model.parameters.flat, session.trainer.epochs)
    return TrainedModel(
        experiment=session.requested,
        preparation=preparation_of(session.dataset, session.split),
        weights=session.trainer.model.get_weights() if best_weights is None else _arrays(session, best_weights),
        history=session.history.columns(0),
        epoch=session.best.epoch if best else session.trainer.epochs,
        steps=session.steps,
        state=session.state,
        best=best,
        data=(session.dataset, session.split),
    )


def exported_model(folder: Path) -> TrainedModel:
    """Return the network that was exported into ``folder``; raise UserError if there is none."""
    experiment = read(folder / "experiment.toml")
    preparation, progress = read_metadata(folder / "model.json")
    exported = TrainedModel(
        experiment=experiment,
        preparation=preparation,
        weights=[],
        history=read_history(folder / "history.csv") if (folder / "history.csv").exists() else {},
        epoch=progress.epoch,
        steps=progress.steps,
        state=progress.state,
        best=progress.best,
    )
    weights = read_weights(folder / "weights.safetensors", exported.resolved, len(preparation.features))
    return exported.with_weights(weights)


def stored_model(store: Store, run: int) -> TrainedModel:
    """Return the network of a stored run, without its data; raise StoreError or UserError if that can't be.

    The data are needed for a run of an older version, whose preparation was not saved.
    """
    stored = store.find(run)
    snapshot, epochs = store.snapshot(run)
    saved = part_of(snapshot, "preparation").get("json")
    if saved is None:
        return trained(stored_session(store, run))
    try:
        preparation = msgspec.json.decode(saved.tobytes(), type=Preparation)
        steps, epoch = snapshot["counters"][:2].tolist()
        stored_network = TrainedModel(
            stored.experiment, preparation, [], epochs, epoch=epoch, steps=steps, state=stored.state
        )
        model = build_model(stored_network.resolved, len(preparation.features))
        model.parameters.flat[:] = snapshot["parameters"]
        kept = BestWeights(stored_network.resolved.training.best_epoch_by)
        kept.resume(part_of(snapshot, "best"), model.count_params())
        if kept.has_replaced(model.parameters.flat, epoch):
            stored_network = replace(stored_network, epoch=kept.epoch, best=True)
    except (msgspec.DecodeError, KeyError, ValueError) as error:
        raise StoreError(f"Run {run} can't be used: the saved data are damaged.") from error
    return stored_network.with_weights(model.get_weights())


def stored_session(store: Store, run: int) -> Session:
    """Return a session of a stored run; raise StoreError or UserError if the run or its data are missing."""
    stored = store.find(run)
    snapshot, epochs = store.snapshot(run)
    session = Session()
    session.load(stored.experiment)
    restore_snapshot(session, snapshot, epochs, stored.state, f"Run {run} does not fit its experiment")
    restore_moments(session, store, run)
    return session


def reload_data(trained: TrainedModel, remedy: str = "", test: bool = False) -> Split:
    """Read the data of a saved run again, a file for the test only with ``test``.

    Raises UserError, with a ``remedy``, if they are not those of its training.
    """
    config, output = trained.experiment.dataset, trained.resolved.model.output
    assert output.units is not None and output.activation is not None
    if config.path is None and config.name == NAME:
        raise UserError("", f"the run was trained on arrays, which are not saved{remedy}")
    try:
        if not test:  # the other parts do not depend on it
            config = structs.replace(config, test_path=None)
        parts = split(load(config), config, output.units, output.activation)
        target = {"target_mean": trained.target_scale.mean, "target_scale": trained.target_scale.scale}
        check_moments({"mean": trained.inputs.mean, "scale": trained.inputs.scale, **target}, parts)
    except UserError as error:
        reason = f"the data that the run was trained on can't be read ({error}){remedy}"
        raise UserError("", reason) from error
    except ValueError as error:
        raise UserError("", f"{error}{remedy}") from error
    return parts


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
