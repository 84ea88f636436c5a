"""Training from a program or a notebook: an experiment, or arrays, in; a ``Run`` out."""

from __future__ import annotations

import html
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from msgspec.structs import replace
from numpy.typing import ArrayLike, NDArray

from tui_trainer.datasets import statistics
from tui_trainer.datasets.arrays import from_arrays, real_array
from tui_trainer.datasets.preparation import class_names, read_targets
from tui_trainer.datasets.split import PartName, Split
from tui_trainer.datasets.statistics import DataStatistics
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import OWN_DATA, Experiment
from tui_trainer.experiment.share import is_shared, unshare
from tui_trainer.experiment.toml_file import read
from tui_trainer.experiment.validation import validate
from tui_trainer.export.figures import LossPlot
from tui_trainer.export.folder import write_folder
from tui_trainer.export.metadata import values_at
from tui_trainer.export.report import Report, write_report
from tui_trainer.export.tensorboard import event_files
from tui_trainer.export.trained import TrainedModel, exported_model, load_weights, reload_data, trained
from tui_trainer.training.builder import scores, split_scores
from tui_trainer.training.diagnosis import diagnose
from tui_trainer.training.doctor import examine
from tui_trainer.training.history import EPOCH, epoch_numbers, value_names
from tui_trainer.training.inspection import REPEATS, ColumnImportance
from tui_trainer.training.session import Session
from tui_trainer.training.timeline import LookBack

from .console import train_to_end
from .engine import Sequential
from .engine.trainer import check_weights
from .errors import UserError, quoted

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]
GIVE_DATA = "; give x and y"  # where the data of a run can't be read again


class Run:
    """A trained run, as returned by ``train``, ``fit`` and ``Run.load``.

    ``experiment`` is as requested; ``model`` is the network, an ``engine.Sequential`` for standardized
    features and, where the experiment says so, a standardized target; ``history`` holds the values (epochs,) of every
    epoch by name. ``state`` is ``finished``, ``stopped early`` or ``diverged``, and ``message`` says why in a sentence.
    """

    def __init__(self, trained: TrainedModel, session: Session | None = None, message: str = "") -> None:
        self._trained, self._session = trained, session
        self.message = message
        self.model: Sequential = trained.build_network()
        self.history: dict[str, Array] = {name: np.asarray(values) for name, values in trained.history.items()}

    @classmethod
    def of_session(cls, session: Session, best: bool = False) -> Run:
        """Return the run that a session has trained."""
        return cls(trained(session, best), session, session.sentence)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Run:
        """Load the run that was saved or exported into ``folder``; raise ExperimentError if there is none."""
        return cls(exported_model(_path(folder)))

    @property
    def experiment(self) -> Experiment:
        return self._trained.experiment

    @property
    def resolved(self) -> Experiment:
        """The experiment with everything filled in that follows from the data."""
        return self._trained.resolved

    @property
    def state(self) -> str:
        return self._trained.state

    @property
    def epoch(self) -> int:
        """The epoch of the weights."""
        return self._trained.epoch

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features, in the order in which ``predict`` expects them."""
        return self._trained.inputs.names

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the targets, in the order of the outputs; one in most cases."""
        return self._trained.preparation.all_targets

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the outputs; none for a numeric target."""
        return self._trained.target.classes

    @property
    def weights(self) -> list[Array]:
        """Copies of kernel (inputs, units) and bias (units,) of each layer, and of what batch normalization has."""
        return self.model.get_weights()

    def best(self) -> Run:
        """Return the run with the weights of its best epoch, the one with the lowest ``val_loss`` (or ``loss``)."""
        if self._trained.best:
            return self
        if self._session is None:
            raise UserError("", "a loaded run has only the weights it was saved with; save run.best() instead")
        return Run.of_session(self._session, best=True)

    def at(self, epoch: int) -> Run:
        """Return the run as it was after ``epoch`` (0: before its first step), to the last bit.

        It is trained again from the nearest snapshot that the run has kept. Raises ExperimentError if there is no such
        epoch, the run was loaded, or it was changed by hand since.
        """
        if isinstance(epoch, bool) or not isinstance(epoch, int | np.integer):
            raise UserError("epoch", f"expected a whole number, got {_kind(epoch)}")
        if self._session is None:
            raise UserError("", "a loaded run has only the weights it was saved with, and no earlier epochs")
        moment = LookBack(self._session).at(int(epoch), budget=None)
        if not moment.is_exact:
            raise UserError("epoch", f"{moment.sentence[:1].lower()}{moment.sentence[1:].rstrip('.')}")
        message = f"Epoch {moment.epoch:,} of {self._session.trainer.epochs:,}, an earlier moment."
        return Run(trained(moment.session), moment.session, message)

    def predict(self, x: Any) -> Array:
        """Return outputs (n, k) for raw features: an array (n, features), or a data frame or dict of columns.

        The features are standardized like those of the training part, and numbers are in the target's own unit.
        Raises ValueError if the features don't fit.
        """
        return self._trained.target_scale.restore(self.model.predict(self._trained.inputs.standardized(x)))

    def classes(self, x: Any) -> NDArray[np.str_]:
        """Return the names of the most likely classes (n,) for raw features; raise ValueError for a numeric target."""
        return class_names(self.predict(x), self._trained.target)

    def evaluate(
        self, x: Any = None, y: Any = None, sample_weight: ArrayLike | None = None, *, test: bool = False
    ) -> dict[str, float]:
        """Return loss, penalty included, and metrics for raw ``x`` and ``y`` (n,): numbers, or names of classes.

        Several targets are (n, targets); after the mean of a metric over all, as ``mae``, comes that of each, as
        ``mae[0]``, in the order of ``targets``.
        ``sample_weight`` (n,) multiplies the loss of each row, and no metric.
        If the target was standardized, the loss is of that; the metrics are in the target's own unit in any case.
        Without them, those of the training part and, with ``val_`` before their names, of the validation part, or with
        ``test`` those of the test part alone; raises ExperimentError if there is none, or the data of a loaded run
        can't be read any more.
        """
        if test and not (x is None and y is None):
            raise ValueError("give x and y, or test=True for the test part, not both")
        if x is None and y is None:
            data, training = self._data(test), self._trained.resolved.training
            if not test:
                return split_scores(self.model, training, data)
            if not len(data.test_rows):
                raise UserError("", "no rows are held back for the test; set dataset.test_split")
            return scores(self.model, training, data.x_test, data.y_test, data.target, data.w_test)
        if x is None or y is None:
            raise ValueError("give both x and y, or neither")
        features, answers = self._rows(x, y)
        weights = None if sample_weight is None else check_weights(sample_weight, answers)
        scale = self._trained.target_scale
        return scores(self.model, self._trained.resolved.training, features, answers, scale, weights)

    def importance(
        self,
        x: Any = None,
        y: Any = None,
        *,
        by: str | None = None,
        part: PartName | None = None,
        repeats: int = REPEATS,
        seed: int = 0,
    ) -> list[ColumnImportance]:
        """Return the permutation importance of each column of the data, the largest first.

        It is how much the measure ``by``, accuracy or R² if none is given, gets worse where the rows of a column are
        permuted: the mean and the deviation over ``repeats`` permutations, those of ``seed``. A category's features
        are permuted together. The data are the validation part, or the training part without one, another ``part``, or
        raw ``x`` and ``y`` as in ``evaluate``; that the test part is looked at is noted. That of one of several targets
        has its number, as ``by="r2[1]"``. As ``sklearn.inspection.permutation_importance`` computes it.
        """
        if (x is None) != (y is None):
            raise ValueError("give both x and y, or neither")
        if part is not None and x is not None:
            raise ValueError("give x and y, or the part of the data, not both")
        if part is not None and part not in get_args(PartName):
            raise UserError("part", f"expected one of {', '.join(get_args(PartName))}; got {quoted(str(part))}")
        data = self._data(part == "test") if x is None else None
        features, answers = self._rows(x, y) if data is None else data.part(part or data.judged)
        computed = self._trained.with_weights(self.weights).importance(features, answers, by, repeats, seed)
        if part == "test" and self._session is not None:
            self._session.note_test_seen()
        return computed.finish()

    def history_frame(self) -> pd.DataFrame:
        """Return the history as a pandas data frame, one row per epoch, numbered from 1."""
        import pandas as pd

        columns = {name: self.history[name] for name in value_names(self.history)}
        numbers = epoch_numbers(self.history).astype(int)
        index = (
            pd.Index(numbers, name=EPOCH) if EPOCH in self.history else pd.RangeIndex(1, len(numbers) + 1, name=EPOCH)
        )
        return pd.DataFrame(columns, index=index)

    @property
    def findings(self) -> list[str]:
        """What the doctor finds in this run, in sentences, the gravest first; none of a run that was loaded."""
        return [] if self._session is None else [advice.sentence for advice in examine(self._session)]

    def summary(self) -> str:
        """Return the table of layers and parameters."""
        return self.model.summary()

    def plot(self, log: bool = False) -> LossPlot:
        """Return a plot of the loss over the epochs: a figure in a notebook, characters if printed."""
        return LossPlot(self.history, self.experiment.name, log)

    def save(
        self, folder: str | os.PathLike[str], formats: Iterable[str] = ("folder",), force: bool = False
    ) -> list[str]:
        """Write ``formats`` into ``folder``, as ``tui-trainer export`` does; return the names of the files.

        Raises ExperimentError if a file already exists, unless ``force`` is true.
        """
        if not isinstance(formats, Iterable) or getattr(formats, "ndim", 1) == 0:
            raise UserError("formats", f"expected a list of formats, got {_kind(formats)}")
        chosen = (formats,) if isinstance(formats, str) else tuple(formats)
        for name in chosen:
            if not isinstance(name, str):
                raise UserError("formats", f"expected names of formats, got {_kind(name)}")
        return write_folder(self._trained.with_weights(self.weights), _path(folder), chosen, force, "force=True")

    def report(self, path: str | os.PathLike[str], test: bool = False, force: bool = False) -> list[str]:
        """Write a report in Markdown to ``path``, and its figure beside it; return their names.

        With ``test`` it has the scores of the test part. Raises ExperimentError for a loaded run, which has no data,
        and if a file already exists, unless ``force`` is true.
        """
        file, trained = _path(path, "path"), self._trained.with_weights(self.weights)
        if test and self._session is not None:
            self._session.note_test_seen()
        seen = 0 if self._session is None else len(self._session.test_seen_at)
        report = Report(trained, seen, findings=self.findings, where="Python")
        return [written.name for written in write_report(report, file, self.experiment.dataset.paths, force)]

    def __repr__(self) -> str:
        values = ", ".join(f"{name} {value:.4g}" for name, value in self._last().items())
        return f"<Run {self.experiment.name!r}: {self.state}, epoch {self.epoch:,}{', ' if values else ''}{values}>"

    def _repr_html_(self) -> str:
        cells = {"state": self.state, "epoch": f"{self.epoch:,}", "parameters": f"{self.model.count_params():,}"}
        cells |= {name: f"{value:.4g}" for name, value in self._last().items()}
        heads = "".join(f"<th>{html.escape(name)}</th>" for name in cells)
        values = "".join(f"<td>{html.escape(value)}</td>" for value in cells.values())
        caption = html.escape(self.experiment.name)
        return f"<table><caption>{caption}</caption><tr>{heads}</tr><tr>{values}</tr></table>"

    def _data(self, test: bool = False) -> Split:
        """Return the parts; of a loaded run with that of a file for the test only if ``test`` asks for it."""
        return self._session.split if self._session is not None else reload_data(self._trained, GIVE_DATA, test)

    def _rows(self, x: Any, y: Any) -> tuple[Array, Array]:
        """Return raw ``x`` and ``y`` as they are trained on: (n, features) and (n, outputs)."""
        features = self._trained.inputs.standardized(x)
        answers = read_targets(y, self._trained.target, self.model.outputs)
        if len(features) != len(answers):
            raise ValueError(f"x and y must have the same number of rows, got {len(features)} and {len(answers)}")
        return features, self._trained.target_scale.apply(answers)

    def _last(self) -> dict[str, float]:
        """Return the values of the epoch of the weights."""
        return values_at(self.history, self.epoch)


Weights = Run | str | os.PathLike[str] | Sequence[ArrayLike]


def train(
    experiment: Experiment | str | os.PathLike[str],
    *,
    epochs: int | None = None,
    settings: Mapping[str, object] | None = None,
    weights: Weights | None = None,
    progress: bool = False,
    tensorboard: str | os.PathLike[str] | None = None,
) -> Run:
    """Train ``experiment`` to its end: an Experiment, the path of a TOML file, or a share code.

    ``epochs`` and ``settings``, such as ``{"training.learning_rate": 0.01}``, replace what it says.
    It starts from ``weights``: those of another run, of an exported file, or a list like ``Run.weights``.
    ``progress`` prints its progress, ``tensorboard`` is a folder for event files. Warns if the run diverges. Raises
    ExperimentError, a ValueError, for what makes no sense.
    """
    session = Session(all_epochs=True)
    session.load(requested_experiment(experiment, settings, epochs))
    return _trained(session, weights, progress, tensorboard)


def fit(
    x: Any,
    y: Any,
    experiment: Experiment | str | os.PathLike[str] | None = None,
    *,
    epochs: int | None = None,
    settings: Mapping[str, object] | None = None,
    weights: Weights | None = None,
    progress: bool = False,
    tensorboard: str | os.PathLike[str] | None = None,
) -> Run:
    """Train on arrays: ``x`` (n, features), or a data frame, in which strings are categories; ``y`` (n,).

    ``y`` holds numbers or classes, or (n, targets) numbers; ``dataset.task`` decides if that is unclear. Network,
    training, validation part and standardization are those of ``experiment``, or the usual ones of own data,
    ``OWN_DATA``; the rest is as in ``train``.
    """
    requested = requested_experiment(OWN_DATA if experiment is None else experiment, settings, epochs)
    dataset, described = from_arrays(x, y, requested.dataset)
    session = Session(all_epochs=True)
    session.data.provide(dataset, described)
    session.load(replace(requested, dataset=described))
    return _trained(session, weights, progress, tensorboard)


def describe(experiment: Experiment | str | os.PathLike[str]) -> DataStatistics:
    """Return what the columns of an experiment's data hold, the test part left out; see ``tui-trainer describe``.

    Raises ExperimentError if there is no such experiment, or its data can't be read.
    """
    return statistics.describe(_experiment(experiment).dataset)


def requested_experiment(
    given: Experiment | str | os.PathLike[str], settings: Mapping[str, object] | None, epochs: int | None = None
) -> Experiment:
    """Return an experiment, the one in a file or that of a share code, with other ``settings`` by their paths."""
    if not isinstance(settings, Mapping | None) or not all(isinstance(name, str) for name in settings or ()):
        raise UserError("settings", f"expected a dict from names of fields to values, got {_kind(settings)}")
    changes = dict(settings or {})
    if epochs is not None:
        changes["training.epochs"] = epochs
    experiment = _experiment(given)
    for path, value in changes.items():
        experiment = with_field(experiment, path, value)
    return experiment


def _experiment(given: Experiment | str | os.PathLike[str]) -> Experiment:
    if isinstance(given, Experiment):
        return validate(given)
    if isinstance(given, str) and is_shared(given):
        return unshare(given)
    if not isinstance(given, str | os.PathLike):
        raise UserError("experiment", f"expected an Experiment, a path or a share code, got {_kind(given)}")
    return read(given)


def _path(path: object, kind: str = "folder") -> Path:
    if not isinstance(path, str | os.PathLike):
        expected = "the path of a file" if kind == "path" else "the path of a folder"
        raise UserError(kind, f"expected {expected}, got {_kind(path)}")
    return Path(path)


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}"


def _trained(
    session: Session, weights: Weights | None, progress: bool, tensorboard: str | os.PathLike[str] | None
) -> Run:
    if weights is not None:
        _begin_with(session, weights)
    with event_files(None if tensorboard is None else _path(tensorboard, "tensorboard"), session) as follow:
        session.train()
        train_to_end(session, quiet=not progress, after_slice=follow)
    if session.state == "diverged":
        diagnose(session)
        warnings.warn(session.sentence, stacklevel=3)
    return Run.of_session(session)


def _begin_with(session: Session, weights: Weights) -> None:
    if isinstance(weights, str | os.PathLike):
        load_weights(session, Path(weights))
        return
    given = weights.weights if isinstance(weights, Run) else weights
    try:
        session.trainer.model.set_weights([real_array(array, "weights") for array in given])
    except UserError:  # which names the weights already
        raise
    except (ValueError, TypeError) as error:
        raise UserError("weights", str(error)) from error
    session.set_weights(session.trainer.model.parameters.flat.copy())
