"""Two directions to look along from the weights of a large model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine import Sequential

Array = NDArray[np.float64]


def plane(model: Sequential, gradient: Array, seed: int) -> Array:
    """The gradient and a random direction at right angles to it, (2, size), each as long as all kernels together."""
    length = np.sqrt(sum(float(np.vdot(kernel, kernel)) for kernel in model.parameters.kernels)) or 1.0
    along = np.nan_to_num(gradient)
    along /= np.linalg.norm(along) or 1.0
    across = filter_normalized(model, np.random.default_rng(seed))
    across -= (across @ along) * along
    across /= np.linalg.norm(across) or 1.0
    return np.asarray(length * np.stack([along, across]), np.float64)


def filter_normalized(model: Sequential, rng: np.random.Generator) -> Array:
    """A random direction (size,) with, for each neuron, the length of its weights; none along the biases.

    So a step means as much for a neuron with small weights as for one with large ones (Li et al., 2018). Where
    all of a neuron's weights are zero, its part has the length 1.
    """
    parts = []
    for folded, kernel in zip(model.parameters.folded, model.parameters.kernels, strict=True):
        drawn = rng.standard_normal(kernel.shape)
        lengths = np.linalg.norm(kernel, axis=0)
        drawn *= np.where(lengths > 0, lengths, 1.0) / np.linalg.norm(drawn, axis=0)
        parts.append(np.vstack([drawn, np.zeros((len(folded) - len(kernel), kernel.shape[1]))]).ravel())
    return np.concatenate(parts)
