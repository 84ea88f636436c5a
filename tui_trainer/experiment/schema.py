"""What an experiment is: frozen structs, one for each table of the TOML file, with the limits of every field.

Building a struct by hand checks nothing; ``validation.validate``, ``toml_file`` and ``edit`` do.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

ActivationName = Literal[
    "linear",
    "relu",
    "leaky_relu",
    "elu",
    "tanh",
    "sigmoid",
    "softplus",
    "swish",
    "gelu",
    "softmax",
    "identity",
]
LossName = Literal[
    "sum_squared_error",
    "mean_squared_error",
    "mean_absolute_error",
    "huber",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sse",
    "mse",
    "mae",
    "logistic",
]
OptimizerName = Literal["sgd", "rmsprop", "adagrad", "adam"]
MetricName = Literal["accuracy", "per_class", "r2", "mae"]
DelimiterName = Literal["comma", "semicolon", "tab", "pipe"]
ColumnKind = Literal["number", "category", "ignore"]
InitializerName = Literal[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "random_uniform",
    "random_normal",
    "zeros",
    "ones",
]

MAX_LAYERS = 256
MAX_WEIGHTS = 4096  # given one by one
MAX_POINTS = 1000  # of a toy set, added by hand or left out

Text = Annotated[str, Meta(min_length=1)]
Units = Annotated[int, Meta(ge=1, le=65536)]
# TOML's integers have 64 bits, sign included.
Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Count = Annotated[int, Meta(ge=0, le=10_000_000)]
Fraction = Annotated[float, Meta(ge=0.0, lt=1.0)]
NotNegative = Annotated[float, Meta(ge=0.0)]
Positive = Annotated[float, Meta(gt=0.0)]
LearningRate = Annotated[float, Meta(gt=0.0, le=1e6)]
BatchSize = Annotated[int, Meta(ge=1, le=1_000_000)]


class _Table(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all tables have in common."""


class PointConfig(_Table, frozen=True):
    """A point (x1, x2) set by hand; ``value`` is the number of its class, from 0, or what is to be predicted."""

    x1: Annotated[float, Meta(ge=-100.0, le=100.0)] = 0.0
    x2: Annotated[float, Meta(ge=-100.0, le=100.0)] = 0.0
    value: Annotated[float, Meta(ge=-1000.0, le=1000.0)] = 0.0


class DatasetConfig(_Table, frozen=True):
    """Which rows and columns: a dataset of the catalog, or a CSV file where ``path`` is set.

    No ``features`` means the dataset's usual ones, no ``target`` its usual one (a file's last column). ``seed``
    is the split's, and draws the points of a toy set. ``samples`` (None is the usual number), ``noise`` in per
    cent and ``classes`` (of blobs) describe toy sets; other data leave them alone, so that they are still there
    when a toy set is chosen again. Toy sets in the plane leave out the generated points ``removed``, by their
    numbers from 0, in order, and have ``points`` of the user's besides.

    The rest is for files. ``delimiter``, ``decimal``, ``encoding`` (a codec of Python's) and ``header`` are found
    out where they are None, as is ``task`` from the target; ``kinds`` corrects what columns were taken for, by
    name. Rows with ``missing`` values are dropped, or the gaps filled with the mean, or the most frequent
    category, of the training part.
    """

    name: Text = "iris"
    path: Text | None = None
    features: tuple[Text, ...] = ()
    target: Text | None = None
    standardize: bool = True
    validation_split: Annotated[float, Meta(ge=0.0, le=0.9)] = 0.2
    seed: Seed = 0
    samples: Annotated[int, Meta(ge=4, le=1_000_000)] | None = None
    noise: Annotated[float, Meta(ge=0.0, le=50.0)] = 0.0
    classes: Annotated[int, Meta(ge=2, le=10)] | None = None
    points: Annotated[tuple[PointConfig, ...], Meta(max_length=MAX_POINTS)] = ()
    removed: Annotated[tuple[Annotated[int, Meta(ge=0, le=999_999)], ...], Meta(max_length=MAX_POINTS)] = ()
    delimiter: DelimiterName | None = None
    decimal: Literal["point", "comma"] | None = None
    encoding: Text | None = None
    header: bool | None = None
    kinds: dict[str, ColumnKind] | None = None
    missing: Literal["drop", "fill"] = "drop"
    task: Literal["regression", "classification"] | None = None


class LayerConfig(_Table, frozen=True):
    """One hidden layer; ``dropout`` is the fraction of its activations left out while training."""

    units: Units = 16
    activation: ActivationName = "relu"
    dropout: Fraction = 0.0
    use_bias: bool = True
    initializer: InitializerName = "glorot_uniform"


class OutputConfig(_Table, frozen=True):
    """The last layer; None is what ``inference.resolve`` fills in from the target."""

    units: Units | None = None
    activation: ActivationName | None = None
    use_bias: bool = True
    initializer: InitializerName = "glorot_uniform"


class ModelConfig(_Table, frozen=True):
    """The network; without hidden layers it is a perceptron. ``seed`` draws the first weights.

    ``weights`` gives them instead, one by one: kernels, then biases, layer by layer.
    """

    layers: Annotated[tuple[LayerConfig, ...], Meta(max_length=MAX_LAYERS)] = (LayerConfig(),)
    output: OutputConfig = field(default_factory=OutputConfig)
    seed: Seed = 0
    weights: Annotated[tuple[float, ...], Meta(max_length=MAX_WEIGHTS)] = ()
    dtype: Literal["float32", "float64"] = "float32"


class OptimizerConfig(_Table, frozen=True):
    """An optimizer and the constants of all of them; each reads the ones it knows."""

    name: OptimizerName = "sgd"
    momentum: Fraction = 0.0
    nesterov: bool = False
    rho: Fraction = 0.9
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-8


class EarlyStoppingConfig(_Table, frozen=True):
    """When to stop before the last epoch, with the fields that Keras gives it."""

    monitor: Literal["loss", "val_loss"] = "val_loss"
    min_delta: NotNegative = 0.0
    patience: Count = 0
    mode: Literal["auto", "min", "max"] = "auto"
    baseline: float | None = None
    restore_best_weights: bool = False
    start_from_epoch: Count = 0


class TrainingConfig(_Table, frozen=True):
    """How to train; ``batch_size="full"`` is one update an epoch, no ``loss`` is the target's usual one.

    Besides the epochs, training ends once an epoch's loss is down to ``stop_at_loss``, once the accuracy (of the
    validation part, if there is one) is up to ``stop_at_accuracy``, or after ``stop_after`` seconds of training.
    ``metrics`` are followed on the training and on the validation part; without any, the usual ones are on the
    validation part alone, which costs less.
    """

    loss: LossName | None = None
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    learning_rate: LearningRate = 0.05
    batch_size: BatchSize | Literal["full"] = 32
    epochs: Annotated[int, Meta(ge=1, le=10_000_000)] = 200
    shuffle: bool = True
    l1: NotNegative = 0.0
    l2: NotNegative = 0.0
    early_stopping: EarlyStoppingConfig | None = None
    stop_at_loss: NotNegative | None = None
    stop_at_accuracy: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    stop_after: Positive | None = None
    metrics: tuple[MetricName, ...] = ()

    def samples_a_step(self, rows: int) -> int:
        """Samples of a whole mini-batch, where there are ``rows`` to train on."""
        return rows if self.batch_size == "full" else min(self.batch_size, rows)


class Experiment(_Table, frozen=True):
    """The one description of a run.

    A teacher may ``hide`` parts of the setup: fields and tables by their paths, as ``training.optimizer``.
    """

    name: Text = "untitled"
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    hide: tuple[Text, ...] = ()
