"""The engine: declare a model, train it with NumPy. Knows no file, no screen, no clock.

Reading order: activations, layers, propagation, losses, objective, metrics, line_search, optimizers, schedules,
step_record, trainer, stacked.

What a step calls is imported from NumPy by name: NumPy's module has a ``__getattr__``, so CPython does not
cache ``np.multiply``, and the look-ups would add a twentieth to a small net's step.
"""

from .activations import ACTIVATIONS, Activation
from .early_stopping import EarlyStopping
from .layers import INITIALIZERS, Dense, Dropout, InputLayer
from .losses import LOSSES, Loss
from .model import Sequential
from .optimizers import LBFGS, OPTIMIZERS, SGD, Adagrad, Adam, AdamW, Nadam, Optimizer, RMSprop
from .schedules import (
    SCHEDULES,
    CosineDecay,
    ExponentialDecay,
    OneCycleLR,
    ReduceLROnPlateau,
    Schedule,
    StepLR,
)
from .stacked import StackedTrainer
from .summary import LayerRow, Summary, readable_size, summarize
from .trainer import Diverged, Trainer

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "LBFGS",
    "LOSSES",
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "Activation",
    "Adagrad",
    "Adam",
    "AdamW",
    "CosineDecay",
    "Dense",
    "Diverged",
    "Dropout",
    "EarlyStopping",
    "ExponentialDecay",
    "InputLayer",
    "LayerRow",
    "Loss",
    "Nadam",
    "OneCycleLR",
    "Optimizer",
    "RMSprop",
    "ReduceLROnPlateau",
    "Schedule",
    "Sequential",
    "StackedTrainer",
    "StepLR",
    "Summary",
    "Trainer",
    "readable_size",
    "summarize",
]
