"""The command ``sweep``: runs a sweep, shows its progress, and prints the result as text, table or JSON."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import io
import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from tui_trainer.console import check_replaceable, check_writable, finite, write_text
from tui_trainer.errors import DIVERGED, INTERRUPTED, UserError, path_in_quotes, quoted
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.share import share
from tui_trainer.experiment.validation import full_path
from tui_trainer.files import confined, is_file, read_plain
from tui_trainer.sweep.plan import SweepOptions
from tui_trainer.sweep.results import (
    NO_SCORE,
    Group,
    Row,
    SweepResult,
    by_nearness,
    describe_settings,
    groups_table,
    halving_sentence,
    number_text,
    runs_table,
)
from tui_trainer.sweep.scheduler import OnRow, Sweep, prepare
from tui_trainer.sweep.search import DEFAULT_TRIALS

from .options import STDIN, Parser, add_experiment_options, experiment_from_options

OPTIONS = tuple(field.name for field in dataclasses.fields(SweepOptions))
MAX_STRETCHES = 3  # of numbers that follow each other, to be named one by one
EXAMPLES = """\
examples:
  tui-trainer sweep perceptron.toml --set training.learning_rate=1e-6,1e-5,5e-5
  tui-trainer sweep iris.toml --set 'model.layers[0].units=4,8' --set training.shuffle=true,false
  tui-trainer sweep iris.toml --set training.learning_rate=log:1e-4..1e-1 --random 20 --repeat 3
  tui-trainer sweep iris.toml --set layers=none,16,64-32 --folds 5 --halving
  tui-trainer sweep iris.toml --search tpe --set learning_rate=1e-4..1 --set layers=none,16,64-32
  tui-trainer sweep --csv house.csv --target price --set 'model.layers[0].units=4,16,64'
"""


def main(words: Sequence[str]) -> int:
    """Run the command; return the exit code: 0, 1 if no run counts or some are missing, 130 after an interrupt.

    Raises UserError, which names the option or the field at fault.
    """
    parser = _parser()
    options = parser.parse_args(words)
    if options.file is None and options.csv is None:
        parser.error("nothing to train: give FILE.toml, --csv FILE.csv, or both")
    if options.csv not in (None, STDIN):
        _check_data(options.csv)
    try:
        return _run(experiment_from_options(options), options)
    except UserError as error:
        raise UserError(f"--{error.field}", error.reason) if error.field in OPTIONS else error from None


def _check_data(csv: str) -> None:
    """Raise UserError if it is not data but the file for the results, for which --csv was the option once."""
    file = confined(csv, "--csv")
    is_there = is_file(file, "--csv")
    if is_there and not is_table(read_plain(file, 64)):
        return
    reason = "is your own data; the file for the results of a sweep is given with --results"
    what = "is a table of results" if is_there else "there is no such file"
    raise UserError("--csv", f"{reason} ({path_in_quotes(csv)}: {what})")


def _run(experiment: Experiment, options: argparse.Namespace) -> int:
    if options.epochs is not None:
        experiment = with_field(experiment, "training.epochs", options.epochs)
    sweep = _prepare(experiment, options)
    table = None if options.results is None else confined(options.results, "--results")
    if table is not None:
        check_replaceable(table, "--results", experiment.dataset.paths, is_table, options.force)
        check_writable(table, "--results")
    with progress(sweep, options.json) as on_row:
        result = sweep.run(not options.no_store, on_row)
    if table is not None:
        write_table(result, table)
    if options.json:
        print(json.dumps(plain(result), indent=2))
    else:
        print(*sentences(result, _terminal_width()), sep="\n")
    if result.interrupted:
        return INTERRUPTED
    whole = result.is_halved if result.stages else len(result.rows) == result.planned
    return 0 if result.best is not None and whole else DIVERGED


def _terminal_width() -> int | None:
    """Return the columns of the terminal; None if the output goes elsewhere."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def _parser() -> Parser:
    parser = Parser(
        prog="tui-trainer sweep",
        description="Run one experiment many times, in parallel, with different values for some of its fields.",
        epilog=EXAMPLES,
    )
    add = parser.add_argument
    what = "the experiment, or its share code; the usual one with --csv alone"
    add("file", metavar="FILE.toml", nargs="?", help=what)
    add_experiment_options(parser, fields=False)
    add(
        "--set",
        dest="values",
        metavar="FIELD=VALUES",
        action="append",
        default=[],
        help="values separated by commas, or a range for --random and --search: 1..100, log:1e-4..1e-1",
    )
    add("--random", metavar="N", type=_whole, help="draw N combinations instead of running all of them")
    add("--seed", metavar="S", type=_whole, default=0, help="seed of --random and --search; default: 0")
    add("--repeat", metavar="K", type=_whole, default=1, help="run each K times, with model.seed raised by 1 each time")
    add(
        "--folds",
        metavar="K",
        type=_whole,
        help="cross-validate: divide the rows into K parts and run each K times, with another part held back each time",
    )
    what = "train all for a few epochs, the better half twice as long, and so on: the first epochs decide what is cut"
    add("--halving", action="store_true", help=what)
    what = (
        "choose the combinations by the scores of those before, with Optuna, which is an extra: 'tui-trainer[search]'"
    )
    add("--search", metavar="tpe", help=what)
    add("--trials", metavar="N", type=_whole, help=f"combinations that --search tries; default: {DEFAULT_TRIALS}")
    what = "go on with a sweep of the store: its finished runs are not trained again; the rest as at the first time"
    add("--resume", metavar="TAG", help=what)
    add("--jobs", metavar="N", type=_whole, help="processes at most; default: the number of cores")
    add(
        "--by", metavar="MEASURE", help="metric that ranks the runs; default: val_loss, or loss without validation rows"
    )
    add("--epochs", metavar="N", help="epochs to train, instead of the number in the file")
    add("--results", metavar="OUT.csv", help="write a line per run to this file")
    add("--force", action="store_true", help="overwrite the results of another sweep")
    add("--json", action="store_true", help="print the result as one JSON object, nothing else")
    add("--no-store", action="store_true", help="do not save the runs in the app's store")
    add("--dask", metavar="ADDRESS", help="use the workers of this Dask scheduler")
    return parser


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number of at least 0")
    return int(text)


def _prepare(experiment: Experiment, options: argparse.Namespace) -> Sweep:
    fields: dict[str, str] = {}
    for text in options.values:
        path, equals, values = text.partition("=")
        path = full_path(path.strip())
        if not equals:
            example = "--set training.learning_rate=1e-3,1e-2"
            raise UserError("--set", f"expected a field and its values, such as {example}; got {quoted(text)}")
        if path in fields:
            raise UserError(path, "is given twice; give all its values at once, separated by commas")
        fields[path] = values
    if not fields and options.repeat == 1 and options.folds is None and options.search is None:
        example = "--set training.learning_rate=1e-3,1e-2"
        hint = f"{example} gives a field and its values, --repeat 5 more seeds, --folds 5 cross-validates"
        raise UserError("", f"nothing to vary; {hint}")
    return prepare(experiment, fields, SweepOptions(**{name: getattr(options, name) for name in OPTIONS}))


def sentences(result: SweepResult, width: int | None = None) -> list[str]:
    """Return the table of all runs, fitted to ``width`` columns, and the conclusions."""
    lines = []
    if result.rows:
        lines += ["", *runs_table(result, width)]
        if result.is_replicated:
            lines += ["", *groups_table(result, width)]
        lines += ["", *([halving_sentence(result)] if result.is_halved else []), _best(result)]
    if result.interrupted and result.stages:
        lines.append("Interrupted: the runs are as far as they came.")
    elif result.interrupted or len(result.rows) < result.planned:
        cut = len(result.rows) - result.done
        kept = f", and {cut:,} as far as {'it' if cut == 1 else 'they'} came" if cut else ""
        lines.append(f"Interrupted: {result.done:,} of {result.planned:,} runs are done{kept}.")
        if result.tag:
            lines.append(f"The same command with --resume {result.tag} goes on from there.")
    if result.rows:
        lines.append(
            f"{_runs(len(result.rows))} in {result.seconds:.2f} s, {_jobs(result.jobs)}.{_stored_runs(result)}"
        )
    return [*lines, result.complaint] if result.complaint else lines


def plain(result: SweepResult) -> dict[str, Any]:
    """Return the result for JSON; numbers that are not finite become null."""
    best = result.best
    return {
        "by": result.by,
        "direction": "max" if result.rising else "min",
        "planned": result.planned,
        "done": result.done,
        "interrupted": result.interrupted,
        "message": result.complaint,
        "tag": result.tag,
        "jobs": result.jobs,
        "seconds": round(result.seconds, 3),
        "best": None if best is None else best.number,
        "halving": [dataclasses.asdict(stage) for stage in result.stages],
        "runs": [_plain_row(row) for row in result.rows],
        "settings": [_plain_group(group) for group in result.groups()] if result.is_replicated else [],
    }


def write_table(result: SweepResult, path: Path) -> None:
    """Write a line for each run, the best first; raise UserError if the file can't be written."""
    records = result.records()
    names = list(dict.fromkeys(name for record in records for name in record))
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(records)
    write_text(path, "--results", text.getvalue())


def is_table(start: bytes) -> bool:
    """Return whether a file begins as the table of a sweep does."""
    return start.startswith(b"number,")


def _best(result: SweepResult) -> str:
    best = result.best
    if best is None:
        return NO_SCORE
    if not result.is_replicated:
        values = ", ".join(f"{name} {number_text(best.scores[name])}" for name in by_nearness(result.by, best.scores))
        return f"Best by {result.by}: run {best.number}, {describe_settings(best.settings)}: {values}."
    group = result.groups()[0]
    deviation = "" if math.isnan(group.deviation) else f" ± {group.deviation:.2g}"
    mean = f"{number_text(group.mean)}{deviation} on average over {group.replicates}"
    return f"Best by {result.by}: {describe_settings(group.settings)}: {mean}; its best is run {best.number}."


def _runs(count: int) -> str:
    return f"{count:,} runs" if count != 1 else "1 run"


def _jobs(jobs: int) -> str:
    if jobs == 0:
        return "on the cluster"
    return f"in {jobs} processes" if jobs > 1 else "in one process"


def stretches(numbers: Sequence[int]) -> str:
    """Numbers in ascending order in words: other processes may have taken some in between."""
    grouped = groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])
    groups = [[number for _, number in group] for _, group in grouped]
    if len(groups) > MAX_STRETCHES:
        return f"between {numbers[0]} and {numbers[-1]}"
    parts = [str(group[0]) if len(group) == 1 else f"{group[0]} to {group[-1]}" for group in groups]
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _stored_runs(result: SweepResult) -> str:
    runs = sorted(row.run for row in result.rows if row.run is not None)
    if not runs:
        return ""
    numbers = f"number {runs[0]}" if len(runs) == 1 else f"numbers {stretches(runs)}"
    best = result.best
    is_other = best is not None and best.run is not None and best.run != best.number and len(runs) > 1
    which = f", the best as {best.run}" if best is not None and is_other else ""
    return f" Kept in the store as {numbers}{which}, with the tag {result.tag}."


def _plain_row(row: Row) -> dict[str, Any]:
    return {
        "number": row.number,
        "settings": row.settings,
        "state": row.state,
        "message": row.message,
        "epochs": row.epochs,
        "steps": row.steps,
        "seconds": round(row.seconds, 3),
        "scores": {name: finite(value) for name, value in row.scores.items()},
        "weights": row.weights,
        "run": row.run,
        "experiment": share(row.experiment),
    }


def _plain_group(group: Group) -> dict[str, Any]:
    return {
        "settings": group.settings,
        "counted": group.counted,
        "runs": len(group.rows),
        "seeds": len({row.experiment.model.seed for row in group.rows}),
        "folds": len({row.experiment.dataset.fold for row in group.rows}),
        "mean": finite(group.mean),
        "deviation": finite(group.deviation),
    }


@contextmanager
def progress(sweep: Sweep, quiet: bool) -> Iterator[OnRow | None]:
    """Yield what is called with each finished run: a bar on a terminal, lines in a pipe, None if ``quiet``."""
    if quiet:
        yield None
    elif not sys.stdout.isatty():
        yield _Lines(sweep)
    else:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        text = TextColumn("{task.description}", markup=False)
        with Progress(BarColumn(None), text, TimeRemainingColumn(compact=True), console=Console(), expand=True) as bar:
            leaderboard = sweep.leaderboard()
            task = bar.add_task(leaderboard.line(), total=leaderboard.total)

            def advance(row: Row) -> None:
                leaderboard.add(row)
                bar.update(task, advance=1, description=leaderboard.line())

            yield advance


class _Lines:
    """Prints a line for each run, in the order of their numbers, whatever the order in which they end.

    In successive halving a run has a line for each of its stages, in the order in which these end.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._by, self._total, self._stages = sweep.by, sweep.total, sweep.stages
        self._waiting: dict[int, Row] = {}
        self._next = 1

    def __call__(self, row: Row) -> None:
        if self._stages:
            self._print(row)
            return
        self._waiting[row.number] = row
        while (ready := self._waiting.pop(self._next, None)) is not None:
            self._print(ready)
            self._next += 1

    def _print(self, row: Row) -> None:
        end = f"{self._by} {number_text(row.value(self._by))}" if self._by in row.scores else row.message
        epochs = f" after {row.epochs:,} epochs" if self._stages and self._by in row.scores else ""
        print(f"run {row.number}/{self._total}  {describe_settings(row.settings)}  {end}{epochs}", flush=True)
