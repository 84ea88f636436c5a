"""A trained network with all that is needed to use it elsewhere: what every export is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from tui_trainer.datasets.preparation import Inputs
from tui_trainer.datasets.split import TargetScale
from tui_trainer.experiment.resolve import Target, resolve
from tui_trainer.experiment.schema import Experiment

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A trained network, from which every export is written.

    ``experiment`` is the requested one, not resolved; ``weights`` are those of ``Sequential.get_weights``: kernel and
    bias of each layer. ``history`` has the values (epochs,) of every epoch by name. ``epoch`` is the epoch of the
    weights, and ``best`` says that it is the best one, not the newest. ``target_scale`` brings outputs into the
    target's own unit.
    """

    experiment: Experiment
    inputs: Inputs
    target_name: str
    target: Target
    target_scale: TargetScale
    weights: Sequence[Array]
    history: Mapping[str, Array]
    epoch: int
    steps: int
    state: str
    best: bool = False

    @property
    def resolved(self) -> Experiment:
        """The experiment with everything filled in."""
        return resolve(self.experiment, self.target, len(self.inputs.features))

    def with_weights(self, weights: Sequence[Array]) -> TrainedModel:
        """Return the same model with other weights, of the same shapes."""
        return replace(self, weights=weights)
