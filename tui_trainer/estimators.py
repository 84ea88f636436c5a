"""Estimators for scikit-learn: networks in its pipelines, searches and cross-validations.

This module needs scikit-learn, which is an extra; nothing else imports it. What scikit-learn expects of an estimator
is checked by its own ``check_estimator``.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace as with_attributes
from typing import Any, Literal

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import assert_all_finite, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from tui_trainer.datasets.arrays import free_name, from_arrays, real_array
from tui_trainer.datasets.dataset import TEST, DatasetError
from tui_trainer.datasets.preparation import most_likely
from tui_trainer.errors import quoted
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import OWN_DATA, Experiment, LayerConfig
from tui_trainer.export.trained import trained
from tui_trainer.training.diagnosis import diagnose
from tui_trainer.training.session import Session

from .api import Run, requested_experiment

Array = NDArray[Any]
Layers = Sequence[int | LayerConfig] | str | int
MAX_SEED = 2**31 - 1

# Double precision, as scikit-learn's own: predictions of one row and of many are then equal to its checks' digits.
# All rows are trained on, since scikit-learn holds rows back itself.
USUAL = replace(
    OWN_DATA,
    dataset=replace(OWN_DATA.dataset, validation_split=0.0),
    model=replace(OWN_DATA.model, dtype="float64"),
)
# Where each parameter of an estimator is in an experiment; those of layers are set in all of them.
FIELDS = {
    "layers": "model.layers",
    "optimizer": "training.optimizer.name",
    "learning_rate": "training.learning_rate",
    "schedule": "training.schedule.name",
    "batch_size": "training.batch_size",
    "epochs": "training.epochs",
    "l1": "training.l1",
    "l2": "training.l2",
    "validation_split": "dataset.validation_split",
}
LAYER_FIELDS = ("activation", "dropout")


class _Network(BaseEstimator):  # type: ignore[misc]
    """What both estimators are: parameters, and a network that was trained with them.

    The parameters are fields of an experiment by their names; None leaves what ``experiment`` says, or the usual
    settings of own data. ``settings`` changes any other field, such as ``{"training.schedule.warmup_epochs": 2}``.
    ``random_state`` draws the initial weights and the order of the rows; None keeps the seeds of the experiment, so
    that fitting again gives the same network. All rows of ``fit`` are trained on, or validate: a ``test_split``, a
    ``test_path`` and a ``fold`` are not used, and a ``split_column`` that leaves rows for the test is an error. A
    ``weight_column`` is a column of ``X``, in ``fit`` and in ``predict``, that is no feature.
    """

    def __init__(
        self,
        experiment: Experiment | str | os.PathLike[str] | None = None,
        *,
        layers: Layers | None = None,
        activation: str | None = None,
        dropout: float | None = None,
        optimizer: str | None = None,
        learning_rate: float | None = None,
        schedule: str | None = None,
        batch_size: int | str | None = None,
        epochs: int | None = None,
        l1: float | None = None,
        l2: float | None = None,
        validation_split: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.experiment = experiment
        self.layers = layers
        self.activation = activation
        self.dropout = dropout
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.batch_size = batch_size
        self.epochs = epochs
        self.l1 = l1
        self.l2 = l2
        self.validation_split = validation_split
        self.random_state = random_state
        self.settings = settings

    def _changes(self) -> dict[str, object]:
        """Return the fields that the parameters change, by their paths; those of layers are set by ``_requested``."""
        given = {FIELDS[name]: value for name in FIELDS if (value := getattr(self, name)) is not None}
        if self.random_state is not None:
            seed = self.random_state
            if not isinstance(seed, int | np.integer):
                seed = check_random_state(seed).randint(MAX_SEED)
            given |= {"model.seed": int(seed), "dataset.seed": int(seed)}
        return given

    def _requested(self) -> Experiment:
        """Return the experiment of the parameters; raise ExperimentError for what makes no sense."""
        experiment = requested_experiment(USUAL if self.experiment is None else self.experiment, self._changes())
        for number in range(len(experiment.model.layers)):
            for name in LAYER_FIELDS:
                if (value := getattr(self, name)) is not None:
                    experiment = with_field(experiment, f"model.layers[{number}].{name}", value)
        experiment = requested_experiment(experiment, self.settings)
        # Rows of a test part would be left out in silence, and the data have no files.
        return replace(experiment, dataset=replace(experiment.dataset, test_split=0.0, test_path=None, fold=None))

    def _train(self, x: Any, y: Array, sample_weight: Any, classes: Array | None = None) -> None:
        """Train on a checked ``x`` and numbers ``y`` (n,) or (n, targets), or indices into ``classes`` (k,).

        The weights of the rows are (n,).
        """
        requested, columns = self._requested(), self._columns(x)
        task: Literal["regression", "classification"] = "regression" if classes is None else "classification"
        config = replace(requested.dataset, task=task)
        if sample_weight is not None:
            if config.weight_column is not None:
                raise ValueError(f"the weights are those of the column {config.weight_column!r}, or of sample_weight")
            name = free_name("sample_weight", columns)
            columns[name] = _check_sample_weight(sample_weight, x, ensure_non_negative=True)
            config = replace(config, weight_column=name)
        dataset, described = from_arrays(columns, y, config)
        if dataset.metadata.parts is not None and (held_back := int((dataset.metadata.parts == TEST).sum())):
            reason = f"{quoted(str(described.split_column))} has {held_back:,} rows for the test, which scikit-learn"
            raise DatasetError("dataset.split_column", f"{reason} holds back itself; leave them out of fit")
        if classes is not None:
            self.classes_ = classes[[int(name) for name in dataset.classes]]  # rows with gaps may be left out
            dataset = with_attributes(dataset, classes=tuple(map(str, self.classes_.tolist())))
        session = Session(all_epochs=True)
        session.load_with(replace(requested, dataset=described), dataset)
        session.train()
        session.advance_to_end()
        if session.state == "diverged":
            diagnose(session)
            warnings.warn(session.sentence, ConvergenceWarning, stacklevel=3)
        # Without the data, which would be pickled with the estimator.
        self.run_ = Run(with_attributes(trained(session), data=None), message=session.sentence)

    def _checked(self, x: Any, y: Any, **options: Any) -> tuple[Any, Array]:
        """Return ``x``, a data frame or an array (n, features), and ``y`` (n,), as scikit-learn checks them.

        With the option ``multi_output``, ``y`` may be (n, targets).
        """
        several = options.get("multi_output", False)
        if not hasattr(x, "columns"):
            x, y = validate_data(self, x, y, dtype=np.float64, ensure_min_samples=2, **options)
            return x, (column_or_1d(y, warn=True) if several and y.ndim > 1 and y.shape[1] == 1 else y)
        x, y = validate_data(self, x, y, skip_check_array=True)
        y = np.asarray(y) if several else y
        if not several or y.ndim != 2 or y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        assert_all_finite(y)
        check_consistent_length(x, y)
        return x, y

    def _columns(self, x: Any) -> dict[str, Array]:
        """Return the columns (n,) of a checked ``x`` by the names they had in training, or x1, x2 ..."""
        arrays = [real_array(x[name], str(name)) for name in x.columns] if hasattr(x, "columns") else list(x.T)
        names = getattr(self, "feature_names_in_", None)
        return dict(zip([f"x{n}" for n in range(1, len(arrays) + 1)] if names is None else names, arrays, strict=True))

    def _outputs(self, x: Any) -> Array:
        """Return the outputs (n, k) for a data frame or an array (n, features)."""
        check_is_fitted(self)
        if hasattr(x, "columns"):
            validate_data(self, x, skip_check_array=True, reset=False)
        else:
            x = validate_data(self, x, dtype=np.float64, reset=False)
        return self.run_.predict(self._columns(x)).astype(np.float64)


class TuiClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A network that predicts classes, for scikit-learn.

    Its parameters are fields of an experiment by their names; None leaves what ``experiment`` says, or the usual
    settings of own data without a validation part. ``class_weight`` is "balanced", or a weight by label. Fitted, it
    has ``classes_`` (k,), ``run_``, which is a ``Run``, ``n_features_in_`` and ``feature_names_in_``.
    """

    def __init__(
        self,
        experiment: Experiment | str | os.PathLike[str] | None = None,
        *,
        layers: Layers | None = None,
        activation: str | None = None,
        dropout: float | None = None,
        optimizer: str | None = None,
        learning_rate: float | None = None,
        schedule: str | None = None,
        batch_size: int | str | None = None,
        epochs: int | None = None,
        l1: float | None = None,
        l2: float | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
        validation_split: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(
            experiment,
            layers=layers,
            activation=activation,
            dropout=dropout,
            optimizer=optimizer,
            learning_rate=learning_rate,
            schedule=schedule,
            batch_size=batch_size,
            epochs=epochs,
            l1=l1,
            l2=l2,
            validation_split=validation_split,
            random_state=random_state,
            settings=settings,
        )
        self.class_weight = class_weight

    def _changes(self) -> dict[str, object]:
        weights = self.class_weight
        if weights is None:
            return super()._changes()
        by_name = {str(label): weight for label, weight in weights.items()} if isinstance(weights, Mapping) else weights
        return {**super()._changes(), "training.class_weight": by_name}

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> TuiClassifier:
        """Train on ``X`` (n, features), or a data frame, in which texts are categories; ``y`` (n,) holds labels.

        ``sample_weight`` (n,) multiplies the loss of each row.
        """
        X, y = self._checked(X, y)
        check_classification_targets(y)
        classes, indices = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"y has one class, {classes[0]!r}; a classifier needs at least two")
        self._train(X, indices, sample_weight, classes)
        return self

    def predict(self, X: Any) -> Array:
        """Return the most likely label (n,) of each row."""
        indices = most_likely(self._outputs(X))
        labels: Array = self.classes_[indices]
        return labels

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities (n, k), in the order of ``classes_``; ValueError if the outputs are none."""
        outputs = self._outputs(X)
        activation = self.run_.resolved.model.output.activation
        if activation == "sigmoid" and outputs.shape[1] == 1:
            return np.hstack([1.0 - outputs, outputs])
        if activation != "softmax":
            raise ValueError(f"the outputs are no probabilities, the output activation is {activation}; use softmax")
        return outputs


class TuiRegressor(RegressorMixin, _Network):  # type: ignore[misc]
    """A network that predicts numbers, for scikit-learn.

    Its parameters are fields of an experiment by their names; None leaves what ``experiment`` says, or the usual
    settings of own data without a validation part. Fitted, it has ``run_``, which is a ``Run``, ``n_features_in_`` and
    ``feature_names_in_``.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> TuiRegressor:
        """Train on ``X`` (n, features), or a data frame, in which texts are categories.

        ``y`` (n,) holds numbers, or those of several targets (n, targets). ``sample_weight`` (n,) multiplies the loss
        of each row.
        """
        X, y = self._checked(X, y, y_numeric=True, multi_output=True)
        self._train(X, np.asarray(y, np.float64), sample_weight)
        return self

    def predict(self, X: Any) -> Array:
        """Return the predicted number (n,) of each row, in the unit of ``y``; of several targets (n, targets)."""
        outputs = self._outputs(X)
        return outputs if outputs.shape[1] > 1 else outputs[:, 0]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
