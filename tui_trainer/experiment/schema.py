"""The fields of an experiment: frozen structs, one for each table of the TOML file, with the limits of every field.

Building a struct by hand checks nothing; ``validation.validate``, ``toml_file`` and ``edit`` do.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

ActivationName = Literal[
    "linear", "relu", "leaky_relu", "elu", "tanh", "sigmoid", "softplus", "swish", "gelu", "softmax", "identity"
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
OptimizerName = Literal["sgd", "rmsprop", "adagrad", "adam", "adamw", "nadam", "lbfgs"]
ScheduleName = Literal["constant", "step", "exponential", "cosine", "one_cycle", "plateau"]
MetricName = Literal[
    "accuracy",
    "balanced_accuracy",
    "f1",
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier",
    "calibration_error",
    "per_class",
    "per_class_f1",
    "r2",
    "rmse",
    "mae",
    "mape",
]
DelimiterName = Literal["comma", "semicolon", "tab", "pipe", "space"]
QuoteName = Literal["double", "single", "none"]
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

NO_LAYERS = "none"  # the word for a network without hidden layers
UNTITLED = "untitled"  # an experiment to which nobody has given a name
MAX_LAYERS = 256
MAX_FOLDS = 10_000
MAX_EPOCHS = 10_000_000
MAX_WEIGHTS = 4096  # listed in the file
MAX_POINTS = 1000  # of a toy set, added or removed by the user
MAX_TARGETS = 256

Text = Annotated[str, Meta(min_length=1)]
Units = Annotated[int, Meta(ge=1, le=65536)]
# TOML's integers have 64 bits, sign included.
Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Count = Annotated[int, Meta(ge=0, le=10_000_000)]
# The fold that is held back, from 1, and the number of folds.
Fold = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,4}/[1-9][0-9]{0,4}$")]
Fraction = Annotated[float, Meta(ge=0.0, lt=1.0)]
NotNegative = Annotated[float, Meta(ge=0.0)]
Positive = Annotated[float, Meta(gt=0.0)]
LearningRate = Annotated[float, Meta(gt=0.0, le=1e6)]
BatchSize = Annotated[int, Meta(ge=1, le=1_000_000)]


class _Table(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The common base of all tables."""


class PointConfig(_Table, frozen=True):
    """A point (x1, x2) that the user added; ``value`` is its class, counted from 0, or the target itself."""

    x1: Annotated[float, Meta(ge=-100.0, le=100.0)] = 0.0
    x2: Annotated[float, Meta(ge=-100.0, le=100.0)] = 0.0
    value: Annotated[float, Meta(ge=-1000.0, le=1000.0)] = 0.0


class DatasetConfig(_Table, frozen=True):
    """Which rows and columns to train on: a dataset of the catalog, or a CSV file if ``path`` is set.

    No ``features`` means the dataset's default ones, no ``target`` its default one (a file's last column); several
    columns of numbers may be predicted at once, see ``targets``.
    ``standardize_target`` trains a regression on (target - mean) / deviation of the training part; it is off where
    an experiment does not mention it, and on where data are chosen anew. ``seed``
    is used for the split and for the points of a toy set. ``fold``, as "2/5", divides the rows into so many parts of
    about the same size and holds that one back, in place of a share ``validation_split``. ``test_split`` is the share
    of rows that are never used in training, stopping or choosing. Parts are drawn, or with ``split_order="file"`` the
    test part is the end of the file and the validation part what comes before, for rows in the order of time.

    Columns that say something of each row are no features. ``split_column`` says which part the row is in, as train,
    validation or test; a part that it does not name is drawn as a share of the rows for training. Rows with the same
    value of ``group_column`` stay in one part, and shares and folds are those of the groups. ``weight_column`` is the
    weight by which the loss of each row is multiplied. ``test_path`` is a file
    beside that of ``path``, with the same columns, whose rows are the test part.

    ``samples`` (None is the default number), ``noise`` in per cent and ``classes`` (of blobs) describe toy sets; other
    datasets ignore them, so that they are still there when a toy set is chosen again. Two-dimensional toy sets leave
    out the generated points ``removed``, numbered from 0 and in ascending order, and include the user's ``points``.

    The rest is for files. ``delimiter``, ``decimal``, ``encoding`` (a Python codec), ``header``, ``skip_rows`` above
    the table, ``comment`` (the beginning of lines to ignore, or "none") and ``quote`` are found from the file if they
    are None, and ``task`` from the target; ``kinds`` corrects the guessed kinds of columns, by name. Cells that are one
    of ``missing_marks``, such as -999, have no value. Rows with ``missing`` values are dropped, or the gaps filled with
    the mean, or the most frequent category, of the training part.
    """

    name: Text = "iris"
    path: Text | None = None
    features: tuple[Text, ...] = ()
    target: Text | Annotated[tuple[Text, ...], Meta(min_length=1, max_length=MAX_TARGETS)] | None = None
    standardize: bool = True
    standardize_target: bool = False
    validation_split: Annotated[float, Meta(ge=0.0, le=0.9)] = 0.2
    fold: Fold | None = None
    test_split: Annotated[float, Meta(ge=0.0, le=0.9)] = 0.0
    split_order: Literal["shuffled", "file"] = "shuffled"
    split_column: Text | None = None
    group_column: Text | None = None
    weight_column: Text | None = None
    test_path: Text | None = None
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
    skip_rows: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    comment: Text | None = None
    quote: QuoteName | None = None
    missing_marks: Annotated[tuple[Text, ...], Meta(max_length=20)] = ()
    missing: Literal["drop", "fill"] = "drop"
    task: Literal["regression", "classification"] | None = None

    @property
    def has_validation(self) -> bool:
        """Whether some rows are held back for validation, as far as that is known before the data are read."""
        return self.fold is not None or self.validation_split > 0 or self.split_column is not None

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns to predict, in the order of the outputs; none where the dataset's default one is meant."""
        return (self.target,) if isinstance(self.target, str) else self.target or ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The user's files: that to train on, and that of the test part."""
        return tuple(path for path in (self.path, self.test_path) if path is not None)

    @property
    def row_columns(self) -> dict[str, str]:
        """The columns that say something of each row and are no features, by the fields that name them."""
        named = {
            "dataset.split_column": self.split_column,
            "dataset.group_column": self.group_column,
            "dataset.weight_column": self.weight_column,
        }
        return {field: name for field, name in named.items() if name is not None}

    @property
    def known_kinds(self) -> dict[str, ColumnKind]:
        """The kinds of columns that are not guessed: the corrected ones, and those of ``row_columns``, ignored."""
        ignored: dict[str, ColumnKind] = dict.fromkeys(self.row_columns.values(), "ignore")
        return {**(self.kinds or {}), **ignored}

    @property
    def fold_of(self) -> tuple[int, int] | None:
        """The fold that is held back, counted from 1, and the number of folds; None without folds."""
        if self.fold is None:
            return None
        fold, folds = map(int, self.fold.split("/"))
        return fold, folds


class LayerConfig(_Table, frozen=True):
    """A hidden layer; ``dropout`` is the fraction of its activations dropped in training.

    ``initializer_scale`` multiplies the variance of the initial weights. ``l1`` and ``l2`` are penalties on this
    layer's weights; None is that of the training. A layer that is not ``trainable`` keeps its parameters, and has no
    penalty. ``batch_norm`` normalizes what goes into the activation over each mini-batch.
    """

    units: Units = 16
    activation: ActivationName = "relu"
    dropout: Fraction = 0.0
    use_bias: bool = True
    initializer: InitializerName = "glorot_uniform"
    initializer_scale: Positive = 1.0
    l1: NotNegative | None = None
    l2: NotNegative | None = None
    trainable: bool = True
    batch_norm: bool = False


class OutputConfig(_Table, frozen=True):
    """The output layer; ``resolve.resolve`` fills in units and activation, from the target. See ``LayerConfig``."""

    units: Units | None = None
    activation: ActivationName | None = None
    use_bias: bool = True
    initializer: InitializerName = "glorot_uniform"
    initializer_scale: Positive = 1.0
    l1: NotNegative | None = None
    l2: NotNegative | None = None
    trainable: bool = True


class ModelConfig(_Table, frozen=True):
    """The network; without hidden layers it is a perceptron. ``seed`` draws the initial weights.

    ``weights`` lists them instead: kernels, then biases, layer by layer; after them gamma and beta of each layer with
    batch normalization, and at the end the moving mean and variance of each. ``input_dropout`` is the fraction of the
    inputs dropped in training.
    """

    layers: Annotated[tuple[LayerConfig, ...], Meta(max_length=MAX_LAYERS)] = (LayerConfig(),)
    output: OutputConfig = field(default_factory=OutputConfig)
    seed: Seed = 0
    weights: Annotated[tuple[float, ...], Meta(max_length=MAX_WEIGHTS)] = ()
    dtype: Literal["float32", "float64"] = "float32"
    input_dropout: Fraction = 0.0

    @property
    def all_layers(self) -> tuple[LayerConfig | OutputConfig, ...]:
        """The hidden layers and the output layer."""
        return (*self.layers, self.output)

    @property
    def hidden_units(self) -> str:
        """The units of the hidden layers in one word, as ``64-32``; ``none`` for a perceptron."""
        return "-".join(str(layer.units) for layer in self.layers) or NO_LAYERS


class OptimizerConfig(_Table, frozen=True):
    """An optimizer, and the constants of all optimizers; each uses its own.

    Of L-BFGS, ``history_size`` is the number of steps that it remembers, and ``max_eval`` the most evaluations of the
    loss in a step.
    """

    name: OptimizerName = "sgd"
    momentum: Fraction = 0.0
    nesterov: bool = False
    rho: Fraction = 0.9
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-8
    weight_decay: NotNegative = 0.004
    history_size: Annotated[int, Meta(ge=1, le=100)] = 10
    max_eval: Annotated[int, Meta(ge=2, le=100)] = 25


class ScheduleConfig(_Table, frozen=True):
    """How the learning rate changes in a run, as a multiple of ``learning_rate``; each schedule uses its own fields.

    Before it, ``warmup_epochs`` raise the rate from 0. ``decay_epochs`` is the length of a ``step``, of the decay by
    ``factor`` of an ``exponential`` schedule, of the fall to ``alpha`` of ``cosine``, and of a ``one_cycle``; None is
    all epochs after the warm-up, for ``step`` a third of them. ``plateau`` takes the rate times ``factor`` after
    ``patience`` epochs without a better validation loss, or loss without validation rows.
    """

    name: ScheduleName = "constant"
    warmup_epochs: NotNegative = 0.0
    decay_epochs: Positive | None = None
    factor: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.1
    alpha: Fraction = 0.0
    patience: Count = 10

    @property
    def is_constant(self) -> bool:
        """Whether the rate is the same in all steps."""
        return self.name == "constant" and not self.warmup_epochs


class EarlyStoppingConfig(_Table, frozen=True):
    """When to stop before the last epoch; the fields are those of Keras. ``monitor`` is a measure, as ``val_f1``."""

    monitor: Text = "val_loss"
    min_delta: NotNegative = 0.0
    patience: Count = 0
    mode: Literal["auto", "min", "max"] = "auto"
    baseline: float | None = None
    restore_best_weights: bool = False
    start_from_epoch: Count = 0


class TrainingConfig(_Table, frozen=True):
    """How to train; ``batch_size="full"`` is one update an epoch, no ``loss`` means the default one of the target.

    Training ends after ``epochs``, or earlier: once an epoch's loss is at most ``stop_at_loss``, once the accuracy (of
    the validation part, if there is one) is at least ``stop_at_accuracy``, after ``stop_after`` seconds of training, or
    at convergence: once the last step of an epoch changes all weights together by a length of at most ``stop_at_step``,
    or its gradient, penalties included and clipped, is at most ``stop_at_gradient`` long.
    ``metrics`` are computed on the training and on the validation part; without any, the default ones are computed on
    the validation part only, which costs less. ``best_epoch_by`` is the measure of the best epoch, whose weights are
    kept; None is the validation loss, or the loss without validation rows.
    ``clip_norm`` is the largest length of the gradient over all parameters, ``clip_value`` the largest size of each of
    its parts; one of them at most is set. ``class_weight`` multiplies the loss of each training sample by the weight of
    its class, 1 for a class that is not named; "balanced" weights are n / (classes * count).
    """

    loss: LossName | None = None
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    learning_rate: LearningRate = 0.05
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    batch_size: BatchSize | Literal["full"] = 32
    epochs: Annotated[int, Meta(ge=1, le=MAX_EPOCHS)] = 200
    shuffle: bool = True
    l1: NotNegative = 0.0
    l2: NotNegative = 0.0
    class_weight: Literal["balanced"] | dict[str, NotNegative] | None = None
    clip_norm: Positive | None = None
    clip_value: Positive | None = None
    early_stopping: EarlyStoppingConfig | None = None
    stop_at_loss: NotNegative | None = None
    stop_at_accuracy: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    stop_after: Positive | None = None
    stop_at_step: NotNegative | None = None
    stop_at_gradient: NotNegative | None = None
    metrics: tuple[MetricName, ...] = ()
    best_epoch_by: Text | None = None

    def penalties(self, layer: LayerConfig | OutputConfig) -> tuple[float, float]:
        """Return the factors L1 and L2 for the weights of ``layer``: its own, or else those of the training."""
        if not layer.trainable:
            return 0.0, 0.0
        return self.l1 if layer.l1 is None else layer.l1, self.l2 if layer.l2 is None else layer.l2

    def samples_a_step(self, rows: int) -> int:
        """Return the number of samples in a full mini-batch, given ``rows`` training rows."""
        return rows if self.batch_size == "full" else min(self.batch_size, rows)

    def steps_per_epoch(self, rows: int) -> int:
        """Return the number of mini-batches of ``rows`` training rows, the last of which may be shorter."""
        return -(-rows // self.samples_a_step(rows))


class Experiment(_Table, frozen=True):
    """The full description of a run.

    A teacher may ``hide`` parts of the setup: fields and tables by their paths, as ``training.optimizer``.
    """

    name: Text = UNTITLED
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    hide: tuple[Text, ...] = ()

    @property
    def is_penalized(self) -> bool:
        """Whether the loss includes a penalty on the weights of any layer."""
        return any(any(self.training.penalties(layer)) for layer in self.model.all_layers)

    @property
    def short_name(self) -> str:
        """The name that was given, else that of the data."""
        return self.data_name if self.name == UNTITLED else self.name

    @property
    def title(self) -> str:
        """The name that was given, else what the run is: ``iris 16 relu ρ .05``."""
        if self.name != UNTITLED:
            return self.name
        layers = self.model.layers
        kinds = "-".join(dict.fromkeys(layer.activation for layer in layers))
        rate = f"{self.training.learning_rate:g}".removeprefix("0")
        return f"{self.data_name} {f'{self.model.hidden_units} {kinds}' if layers else 'perceptron'} ρ {rate}"

    @property
    def data_name(self) -> str:
        """The name of the dataset, or of the user's file without its ending."""
        path = self.dataset.path
        return self.dataset.name if path is None else PurePath(path).stem or path


# What the user's own data begin with: settings that train most tables, found by trying; as in datasets/catalog.
OWN_DATA = Experiment(
    dataset=DatasetConfig(standardize_target=True),
    model=ModelConfig(layers=(LayerConfig(32),)),
    training=TrainingConfig(optimizer=OptimizerConfig("adam"), learning_rate=0.01, l2=0.001),
)

# What the app opens with: it learns before the eyes, and gets at least 97% of the validation part right.
FIRST_EXPERIMENT = Experiment(
    dataset=DatasetConfig("spiral", validation_split=0.3),
    model=ModelConfig(layers=(LayerConfig(8, "tanh"), LayerConfig(8, "tanh"))),
    training=TrainingConfig(optimizer=OptimizerConfig("adam"), learning_rate=0.02, batch_size=20, epochs=1500),
)
