"""A report of a run in Markdown: data, network, curves, scores, mistakes, importance, and how to do it again.

In reading order: the report and its sections, what they are computed from, and text that is safe in Markdown. What
comes from files, such as names of columns, is escaped. Of a test part that was never looked at, only its size is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_attributes
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tui_trainer.console import check_replaceable, check_writable, write_text
from tui_trainer.datasets import arrays, statistics_text
from tui_trainer.datasets.dataset import Dataset
from tui_trainer.datasets.preparation import most_likely
from tui_trainer.datasets.split import Split
from tui_trainer.datasets.statistics import statistics_of
from tui_trainer.engine import Sequential
from tui_trainer.engine.losses import get_loss
from tui_trainer.engine.sample_losses import SampleLosses
from tui_trainer.errors import UserError, printable
from tui_trainer.experiment.resolve import suitable_metrics
from tui_trainer.experiment.toml_file import dumps, with_path_from
from tui_trainer.files import confined, safe_name
from tui_trainer.formats import (
    cut_alike,
    format_bar,
    format_column,
    format_counted,
    format_measure,
    format_number,
    format_percent,
)
from tui_trainer.measures import BY_CLASS, MEASURES, R2_NEEDS, in_words, is_r2_undefined, is_rising, name_of, target_of
from tui_trainer.training.builder import scores
from tui_trainer.training.doctor import examine
from tui_trainer.training.inspection import REPEATS, error_histogram
from tui_trainer.training.session import Session
from tui_trainer.version import __version__

from .figures import loss_svg, loss_text
from .metadata import values_at
from .trained import TrainedModel, trained

Array = NDArray[Any]
MARK = f"<!-- report of tui-trainer {__version__} -->"
LOSSES = ("loss", "val_loss")
TO = "--to"  # the option that errors name
MAX_COLUMNS = 40  # of the data, with a line each
MAX_CLASSES = 20  # of a confusion matrix
MAX_TEXT = 60  # characters of a name or a category
MAX_SHARE = 1000.0  # up to which a percentage is written with a decimal
# In words that viewers of Markdown make links of, escaped or not: addresses, mentions, numbers of issues.
LINKABLE = re.compile(r"(?i)@|www\.|\.[^\W\d]|:[^\s\d]|//|#\d")
WORST = 10  # rows
WORST_FEATURES = 6  # of each of them
Where = Literal["command line", "Python", "app"]  # a report is written
TEST_HINTS: dict[Where, str] = {
    "command line": "`--test` puts it into the report",
    "Python": "`test=True` puts it into the report",
    "app": "once *test* was shown in the Predictions tab, with `t`, a new report has it",
}
IMPORTANCE_HINTS: dict[Where, str] = {
    "command line": "`tui-trainer importance {run}`",
    "Python": "`run.importance()`",
    "app": "`w` in the Predictions tab",
}
# Multiplications that the importance may take, a few seconds, and of how many rows it is.
IMPORTANCE_WORK, MIN_IMPORTANCE_ROWS, MAX_IMPORTANCE_ROWS = 1e10, 100, 4096
ERROR_BINS, BAR_WIDTH = 11, 40  # of the histogram of errors; odd, so that the middle one is around 0


@dataclass(frozen=True)
class Report:
    """A report of a ``network``, which has its data at hand.

    The test part is in it if it was looked at: ``test_seen`` is how often. ``number`` is that of the run in the store,
    ``findings`` are the doctor's, in sentences. ``figure`` is the name of the file beside it with the loss. Next steps
    are told as they are taken ``where`` it is written.
    """

    network: TrainedModel
    test_seen: int = 0
    number: int | None = None
    findings: Sequence[str] = ()
    figure: str = "loss.svg"
    where: Where = "command line"

    @classmethod
    def of_session(
        cls, session: Session, best: bool = False, number: int | None = None, where: Where = "command line"
    ) -> Report:
        """Return the report of a session with its weights as they are, or those of its best epoch."""
        findings = tuple(advice.sentence for advice in examine(session))
        return cls(trained(session, best), len(session.test_seen_at), number, findings, where=where)

    def markdown(self) -> str:
        """Return the report as Markdown."""
        sections = [section(self) for section in SECTIONS]
        return "\n\n".join([MARK, *("\n".join(lines) for lines in sections if lines)]) + "\n"

    @cached_property
    def data(self) -> tuple[Dataset, Split]:
        if self.network.data is None:
            raise UserError("", "a report needs the data; a loaded run has only its network")
        return self.network.data

    @property
    def dataset(self) -> Dataset:
        return self.data[0]

    @cached_property
    def model(self) -> Sequential:
        return self.network.build_network()

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The parts of the data that may be shown, by name."""
        split = self.data[1]
        parts = {"training": Part(split.x_train, split.y_train, split.train_rows, split.w_train)}
        if split.x_val is not None and split.y_val is not None:
            parts["validation"] = Part(split.x_val, split.y_val, split.val_rows, split.w_val)
        if len(split.test_rows) and self.test_seen:
            parts["test"] = Part(split.x_test, split.y_test, split.test_rows, split.w_test)
        return parts

    @property
    def judged(self) -> str:
        """The name of the part by which the network is judged: the one that had least to do with its training."""
        return list(self.parts)[-1]

    @cached_property
    def classes(self) -> list[str]:
        """The names of the classes for Markdown, cut so that they stay different."""
        pieces = cut_alike([printable(name) for name in self.dataset.classes], MAX_TEXT)
        return [_text("…".join(one)) for one in pieces]

    @cached_property
    def outputs(self) -> Array:
        """Outputs (n, k) for the rows of the judged part, in the target's own unit."""
        return self.network.target_scale.restore(self.model.predict(self.parts[self.judged].x))


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of the data as trained on, x (n, features) and y (n, outputs); ``rows`` (n,) are those of the dataset.

    ``weights`` (n,) are those of the rows in the loss, None where all count the same.
    """

    x: Array
    y: Array
    rows: NDArray[np.intp]
    weights: Array | None


def write_report(report: Report, path: Path, data_files: Sequence[str], force: bool = False) -> list[Path]:
    """Write a report and its figure beside it; return their paths.

    Raises UserError, with nothing written, if one of them exists, unless ``force`` is true, or can't be written.
    """
    figure = check_report(path, data_files, force)
    text = with_attributes(report, figure=figure.name).markdown()
    write_text(figure, TO, loss_svg(report.network.history, report.network.experiment.title))
    write_text(path, TO, text)
    return [path, figure]


def check_report(path: Path, data_files: Sequence[str], force: bool = False) -> Path:
    """Return the path of the figure beside a report; raise UserError if one of them can't or may not be written.

    The ``data_files`` in use and files of other kinds are never overwritten.
    """
    figure = confined(path.with_name(f"{safe_name(path.stem)}-loss.svg"), TO)  # it may be a link
    for file, is_ours in ((path, is_report), (figure, lambda start: b"<svg" in start)):
        check_replaceable(file, TO, data_files, is_ours, force)
        check_writable(file, TO)
    return figure


def is_report(start: bytes) -> bool:
    """Return whether a file that begins so is a report."""
    return start.startswith(b"<!-- report of tui-trainer")


def _head(report: Report) -> list[str]:
    network = report.network
    run = "A network" if report.number is None else f"Run {report.number}, a network"
    which = "the best epoch" if network.best else "epoch"
    values = values_at(network.history, network.epoch)
    told = "".join(f", {in_words(name)} {_measured(name, values[name])}" for name in LOSSES if name in values)
    return [
        f"# {_text(network.experiment.title)}",
        "",
        f"{run} trained with tui-trainer {__version__}: {network.state}, {format_counted(network.steps, 'step')}.",
        f"The weights are those of {which} {network.epoch:,}{told}.",
    ]


def _data(report: Report) -> list[str]:
    dataset, split = report.data
    config = report.network.experiment.dataset
    source = _text(dataset.title) if config.path is None else f"the file {_text(config.path, 200)}"
    kind = f"one of {len(dataset.classes)} classes" if dataset.classes else "a number"
    if len(dataset.targets) > 1:
        kind = f"{len(dataset.targets)} numbers"
    lines = ["## Data", "", f"From {source}; to predict is **{_text(dataset.target)}**, {kind}.", ""]
    lines += _parts_table(report, split)
    lines += ["", *_columns_table(dataset, split.test_rows)]
    if dataset.notes:
        lines += ["", *(f"- {_text(note, 400)}" for note in dataset.notes)]
    return lines


def _parts_table(report: Report, split: Split) -> list[str]:
    dataset = report.dataset
    classes = dataset.classes if dataset.labels is not None and len(dataset.classes) <= MAX_CLASSES else ()
    rows = []
    for name, part in report.parts.items():
        shares: list[str] = []
        if classes and dataset.labels is not None:
            counts = np.bincount(dataset.labels[part.rows], minlength=len(classes))
            shares = [f"{format_percent(count / len(part.rows), 1)} %" for count in counts.tolist()]
        rows.append([name, f"{len(part.rows):,}", *shares])
    if len(split.test_rows) and "test" not in report.parts:
        rows.append(["test (hidden)", f"{len(split.test_rows):,}", *([""] * len(classes))])
    return _table(["part", "rows", *(report.classes if classes else ())], rows, left=1)


def _columns_table(dataset: Dataset, test_rows: NDArray[np.intp]) -> list[str]:
    """Return the columns in numbers, of the target and the features; the test part is left out."""
    statistics = statistics_of(dataset, test_rows)
    rows = [statistics_text.row(one) for one in statistics.columns if one.role != "left out"]
    heads = statistics_text.headings(statistics)
    lines = [[_text(cells[head]) for head in heads] for cells in rows[:MAX_COLUMNS]]
    more = len(rows) - len(lines) + statistics.more_columns
    with_first = f"; *with* tells of {_text(dataset.targets[0])}" if len(dataset.targets) > 1 else ""
    return [
        f"Of {statistics_text.heading(statistics)}{with_first}:",
        "",
        *_table(heads, lines, left=2),
        *(["", f"And {more:,} more."] if more else []),
    ]


def _network(report: Report) -> list[str]:
    network = report.network
    resolved = network.resolved
    training, optimizer = resolved.training, resolved.training.optimizer.name
    schedule = "" if training.schedule.is_constant else f", schedule {training.schedule.name}"
    penalty = "".join(f", {name} {value:g}" for name, value in (("L1", training.l1), ("L2", training.l2)) if value)
    activations = ", ".join(
        [*(layer.activation for layer in resolved.model.layers), str(resolved.model.output.activation)]
    )
    return [
        "## Network",
        "",
        *_fenced(report.model.summary()),
        "",
        f"Activations: {activations}. Loss: {training.loss}. Optimizer: {optimizer}, learning rate "
        f"{training.learning_rate:g}{schedule}, batch size {training.batch_size}{penalty}.",
    ]


def _training(report: Report) -> list[str]:
    history = report.network.history
    findings = [f"- {_text(finding, 400)}" for finding in report.findings]
    return [
        "## Training",
        "",
        *_fenced(loss_text(history).rstrip("\n")),
        "",
        f"![The loss over the epochs]({quote(report.figure)})",
        *(["", "What is conspicuous in the run:", "", *findings] if findings else []),
    ]


def _scores(report: Report) -> list[str]:
    network, split = report.network, report.data[1]
    resolved = network.resolved
    output = resolved.model.output
    has_shares = output.activation == "softmax" or (output.activation == "sigmoid" and output.units == 1)
    metrics = tuple(
        name
        for name in suitable_metrics(network.target.task)
        if name not in BY_CLASS and (has_shares or not MEASURES[name].probabilities)
    )
    training = replace(resolved.training, metrics=metrics)
    by_part = [
        scores(report.model, training, part.x, part.y, split.target, part.weights) for part in report.parts.values()
    ]
    names = sorted(by_part[0], key=lambda name: list(MEASURES).index(name_of(name)))
    rows = [
        [_measure_words(name, report.dataset.targets), *(_measured(name, values[name]) for values in by_part)]
        for name in names
    ]
    lines = ["## Scores", "", *_table(["measure", *report.parts], rows, left=1)]
    labels = report.dataset.labels
    if labels is not None:
        most = int(np.bincount(labels[split.train_rows]).argmax())
        share = float(np.mean(labels[report.parts[report.judged].rows] == most))
        answer = f"Always answering {report.classes[most]} has an accuracy of {100 * share:.1f} %"
        lines += ["", f"{answer} on the {report.judged} part."]
    undefined = [part for part, values in zip(report.parts, by_part, strict=True) if is_r2_undefined(values)]
    if undefined:
        lines += ["", f"R² is not defined for {' and '.join(undefined)}: {R2_NEEDS}."]
    if "test" in report.parts:
        lines += ["", f"The scores of the test part were looked at {_times(report.test_seen)}."]
    elif len(split.test_rows):
        lines += ["", f"The test part is hidden: {TEST_HINTS[report.where]}, and the run notes that."]
    return lines


def _measure_words(name: str, targets: Sequence[str]) -> str:
    """Return a measure as people write it: ``MAE``, or that of one of several targets."""
    index = target_of(name)
    return in_words(name) if index is None else f"{in_words(name)} of {_text(targets[index])}"


def _mistakes(report: Report) -> list[str]:
    """Return the confusion matrix, or for numbers a histogram of the errors."""
    dataset, part = report.dataset, report.parts[report.judged]
    lines = ["## Mistakes", ""]
    if dataset.labels is None:
        for target, errors in zip(dataset.targets, (report.outputs - dataset.y[part.rows]).T, strict=True):
            title = f"Predicted less true {_text(target)}, {report.judged} part:"
            lines += [title, "", *_fenced("\n".join(_error_bars(errors))), ""]
        return lines[:-1]
    classes, count = report.classes, len(report.classes)
    if count > MAX_CLASSES:
        return []
    true, predicted = dataset.labels[part.rows], most_likely(report.outputs)
    counts = np.bincount(true * count + predicted, minlength=count * count).reshape(count, count)
    right = counts.diagonal()
    with np.errstate(invalid="ignore"):
        recall, precision = right / counts.sum(axis=1), right / counts.sum(axis=0)
    rows = [
        [name, *(f"{cell:,}" for cell in row), f"{format_percent(share, 0)} %"]
        for name, row, share in zip(classes, counts.tolist(), recall.tolist(), strict=True)
    ]
    rows.append(["precision", *(f"{format_percent(share, 0)} %" for share in precision.tolist()), ""])
    heads = [f"{report.judged} part: true", *(f"as {name}" for name in classes), "recall"]
    return [*lines, *_table(heads, rows, left=1)]


def _error_bars(errors: Array) -> list[str]:
    """Return the histogram of the errors (n,) of one target, a line for each bar."""
    edges, counts = error_histogram(errors, ERROR_BINS)
    bars = [
        f"{format_number(float(edge)):>9} to {format_number(float(end)):>9}  "
        f"{format_bar(count / max(counts.max(), 1), BAR_WIDTH)} {count:,}"
        for edge, end, count in zip(edges, edges[1:], counts, strict=False)
    ]
    if others := len(errors) - int(counts.sum()):
        bars.append(f"too large to be a number: {others:,}")
    return bars


def _worst(report: Report) -> list[str]:
    """Return the rows of the judged part with the largest losses."""
    dataset, part, outputs = report.dataset, report.parts[report.judged], report.outputs
    resolved = report.network.resolved
    loss = get_loss(str(resolved.training.loss), report.model.dense[-1][0].activation)
    samples = SampleLosses(report.model, part.x, part.y, loss)
    samples.update()
    named, classes = dataset.rows, report.classes
    is_named = bool(named.column)
    rows = []
    for place in np.argsort(-samples.losses, kind="stable")[:WORST].tolist():
        row = int(part.rows[place])
        if dataset.labels is not None:
            true, predicted = classes[dataset.labels[row]], classes[most_likely(outputs[place : place + 1])[0]]
        else:
            true, predicted = (
                ", ".join(format_number(float(value)) for value in values)
                for values in (dataset.y[row], outputs[place])
            )
        rows.append(
            [
                f"{named.number(row):,}",
                *([_text(named.name(row))] if is_named else []),
                true,
                predicted,
                format_measure(float(samples.losses[place])),
                *(format_number(float(value)) for value in dataset.x[row, :WORST_FEATURES]),
            ]
        )
    features = list(map(_text, dataset.features[:WORST_FEATURES]))
    heads = [named.heading, *([_text(named.column)] if is_named else []), "true", "predicted", "loss", *features]
    title = f"The rows of the {report.judged} part with the largest loss:"
    return ["## Worst rows", "", title, "", *_table(heads, rows)]


def _importance(report: Report) -> list[str]:
    """Return the permutation importance of the columns on the judged part, or how to compute it where it takes long."""
    network, part = report.network, report.parts[report.judged]
    rows = int(IMPORTANCE_WORK / (REPEATS * len(network.inputs.names) * report.model.count_params()))
    lines = ["## What it depends on", ""]
    if rows < min(len(part.x), MIN_IMPORTANCE_ROWS):
        how = IMPORTANCE_HINTS[report.where].format(run="RUN" if report.number is None else report.number)
        return [*lines, f"The importance of so many columns takes a while; {how} computes it."]
    chosen = np.linspace(0, len(part.x) - 1, min(len(part.x), rows, MAX_IMPORTANCE_ROWS)).astype(np.intp)
    computed = network.importance(part.x[chosen], part.y[chosen])
    columns = [one for one in computed.finish() if np.isfinite(one.mean)]
    if not columns:
        return []
    shown = columns[:MAX_COLUMNS]
    largest = max(*(one.mean for one in shown), 0.0) or 1.0
    means, deviations = format_column([one.mean for one in shown]), format_column([one.deviation for one in shown])
    table = [
        [
            _text(one.column),
            f"{mean} ± {deviation}",
            f"`{bar}`" if (bar := format_bar(one.mean / largest, BAR_WIDTH)) else "",
        ]
        for one, mean, deviation in zip(shown, means, deviations, strict=True)
    ]
    worse = "lower" if is_rising(computed.by) else "higher"
    value = _measured(computed.by, computed.baseline)
    which = "" if len(chosen) == len(part.x) else f"{len(chosen):,} rows of "
    repeats = f"mean ± deviation of {REPEATS} permutations"
    return [
        *lines,
        f"The {in_words(computed.by)} of {which}the {report.judged} part is {value}.",
        f"It is {worse} by this much where a column is permuted, {repeats}:",
        "",
        *_table(["column", "importance", ""], table, left=1),
        *(["", f"And {len(columns) - len(shown):,} more."] if len(columns) > len(shown) else []),
    ]


def _again(report: Report) -> list[str]:
    experiment = report.network.experiment
    file = f"{safe_name(experiment.short_name)}.toml"
    test = " --test" if "test" in report.parts else ""
    how = f"Save the experiment below as `{file}`"
    if experiment.dataset.path is None and experiment.dataset.name == arrays.NAME:
        how = f"The network was trained on arrays of a program, which are in no file. {how} and fit it to them again"
        command = _fenced(f'run = tui_trainer.fit(x, y, "{file}")', "python")
    else:
        command = _fenced(f"tui-trainer train {file}{test}", "sh")
    return [
        "## To do it again",
        "",
        f"{how}; it gives the same numbers on the same data.",
        "",
        *command,
        "",
        *_fenced(dumps(with_path_from(experiment)).rstrip("\n"), "toml"),
    ]


SECTIONS: tuple[Callable[[Report], list[str]], ...] = (
    _head,
    _data,
    _network,
    _training,
    _scores,
    _mistakes,
    _importance,
    _worst,
    _again,
)


def _measured(name: str, value: float) -> str:
    measure = MEASURES[name_of(name)]
    if measure.in_percent:
        return f"{format_percent(value, 1) if not value > MAX_SHARE else format_number(100 * value)} %"
    return format_measure(value)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 0) -> list[str]:
    """Return a table of Markdown, its first ``left`` columns aligned left; all texts are escaped already."""
    rules = [":--" if place < left else "--:" for place in range(len(heads))]
    return [f"| {' | '.join(cells)} |" for cells in (heads, rules, *rows)]


def _text(text: str, limit: int = MAX_TEXT) -> str:
    """Return text of a file as one that Markdown and HTML show as it is: no markup, link, picture or tag.

    Words that a viewer might make a link of are spans of code, in which none does.
    """
    safe = printable(text)
    safe = safe if len(safe) <= limit else safe[: limit - 1] + "…"
    return re.sub(r"[^\s`|<>&]+|[`|<>&]", lambda match: _word(match[0]), safe)


def _word(word: str) -> str:
    """Return a word as a span of code if it is linkable, or else escaped; one of the characters ```|<>&`` is alone."""
    if LINKABLE.search(word):
        return f"`{word}`"
    return re.sub(r"[\\`*\[\]|~#!$]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", escape(word, quote=False))


def _fenced(text: str, language: str = "text") -> list[str]:
    """Return a block of text as it is, within a fence that is longer than any in it."""
    lines = "\n".join(printable(line) for line in text.split("\n"))
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", lines)), 3)
    return [f"{fence}{language}", *lines.split("\n"), fence]
