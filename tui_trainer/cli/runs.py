"""The commands on trained networks.

``runs`` lists saved ones, ``report`` writes about one, ``export`` takes one along, ``predict`` applies one, and
``importance`` tells which columns one goes by.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from tui_trainer.errors import BAD_INPUT, DIVERGED, INTERRUPTED, UserError, escaped, path_in_quotes, printable
from tui_trainer.experiment.edit import with_field
from tui_trainer.files import confined, is_file, is_folder, reason_not_to_predict, safe_name
from tui_trainer.formats import fit_text
from tui_trainer.system.files import reason_of

from .options import Parser, add_experiment_options, experiment_from_options

if TYPE_CHECKING:
    from tui_trainer.store.store import Store
    from tui_trainer.training.session import Session

Found = TypeVar("Found")
EXPORT = """\
Train an experiment, or take a saved run, and export the network for use elsewhere: for Keras, PyTorch
and ONNX runtimes, with the losses as CSV and as a figure."""
FORMATS = (
    "folder",
    "keras",
    "pytorch",
    "numpy",
    "onnx",
    "csv",
    "predictions",
    "svg",
    "txt",
    "train_keras",
    "train_pytorch",
)
OVERWRITE = "--force"
NEWEST = 5  # runs listed if there is none of that number
MAX_DIGITS = 18  # of the number of a run
REPORT = """\
Write a report of a saved run, in Markdown with figures: data, network, curves, scores, mistakes, worst rows,
and how to do it again."""
REPORT_OWNER = "report"  # of a run while it is noted that its test part was looked at
PREDICT = """\
Predict the rows of a CSV file with a trained network: one row in, one row out. The columns may be in any order,
others are ignored. With the column of the target in it, the scores are printed, too."""
PREDICT_EXAMPLES = """\
examples:
  tui-trainer predict 12 new.csv                  with run 12 of the store
  tui-trainer predict houses new.csv --to out.csv with the export in the folder houses
"""
IMPORTANCE = """\
Show which columns of the data the predictions of a trained network depend on: how much a measure gets worse
where the rows of a column are permuted, the mean ± the deviation of some repeats."""
PARTS = ("training", "validation", "test")
IMPORTANCE_EXAMPLES = """\
examples:
  tui-trainer importance 12                  the columns of run 12 of the store, the most important first
  tui-trainer importance 12 --by f1 --repeats 30
  tui-trainer importance 12 --best --part test
"""
NAME_WIDTH, BAR_WIDTH = 24, 30  # cells of a name and of the longest bar
GIVE_ARRAYS = "; Run.load(FOLDER).importance(x, y) in Python takes them"


def list_runs(words: list[str]) -> int:
    """Run the command ``runs``: list the saved runs; return the exit code."""
    parser = Parser(prog="tui-trainer runs", description="List the saved runs, the newest first.")
    parser.add_argument("filter", nargs="?", default="", help="such as 'data:wine acc>0.9'; see docs/runs.md")
    parser.add_argument("--json", action="store_true", help="print the list as JSON, nothing else")
    options = parser.parse_args(words)
    from tui_trainer.runtime.resume import saved_runs

    runs = saved_runs(options.filter)
    if options.json:
        print(json.dumps(runs, indent=2))
        return 0
    for line in [_run_line(run) for run in runs] or ["No runs."]:
        print(line)
    return 0


def _run_line(run: Mapping[str, Any]) -> str:
    """Return a run on one line: number, name, data, network, epoch, state, and its score."""
    measured = [name for name in ("accuracy", "r2", "val_loss", "loss") if run[name] is not None]
    score = f"{measured[0]} {run[measured[0]]:.4g}" if measured else ""
    name, data = (fit_text(printable(text), NAME_WIDTH) for text in (run["name"], run["dataset"]))
    network = printable(_network(run))[:NAME_WIDTH]
    line = f"{run['run']:>5}  {name}  {data}  {network:<18}  epoch {run['epoch']:<6,}  {run['state']:<13}  {score}"
    return line.rstrip()


def _network(run: Mapping[str, Any]) -> str:
    return f"{run['layers']} {run['activation']}"


def export(words: list[str]) -> int:
    """Run the command; return the exit code. Raises UserError if the run cannot be exported."""
    options = _export_parser().parse_args(words)
    formats = options.format or ["folder"]
    is_run = options.file is not None and is_run_number(options.file)
    if is_run:
        _check_untouched(options)

    from tui_trainer.export.folder import check_folder, write_folder
    from tui_trainer.export.trained import stored_session, trained

    session = from_store(int(options.file), stored_session) if is_run else _loaded(options)

    folder = confined(options.to or safe_name(session.requested.name), "--to")
    check_folder(folder, formats, options.force, OVERWRITE, session.requested.dataset.paths)
    try:
        output_error = None if is_run else _train(session)
    except KeyboardInterrupt:
        print("Interrupted; nothing was exported.")
        return INTERRUPTED
    if session.state == "diverged" and not options.best:
        print("Nothing was exported; --best exports the weights of the best epoch, if there is one.")
        return DIVERGED
    result = trained(session, options.best)
    names = write_folder(result, folder, formats, options.force, OVERWRITE)
    print(f"Epoch {result.epoch:,} of {printable(session.requested.name)} is in {printable(str(folder))}:")
    print("\n".join(f"  {name}" for name in names))
    if output_error is not None:
        raise output_error
    return 0


def _export_parser() -> Parser:
    parser = Parser(prog="tui-trainer export", description=EXPORT)
    add = parser.add_argument
    add("file", nargs="?", metavar="FILE.toml|ID", help="an experiment to train, or the number of a saved run")
    add_experiment_options(parser)
    add("--to", metavar="FOLDER", help="the folder to write to; default: a new folder named after the experiment")
    add(
        "--format",
        action="append",
        choices=FORMATS,
        help="what to write; may be repeated; default: folder, which is everything",
    )
    add("--epochs", metavar="N", help="epochs to train, instead of the number in the file")
    add("--best", action="store_true", help="export the weights of the best epoch, by val_loss, instead of the newest")
    add("--force", action="store_true", help="overwrite existing files")
    return parser


def is_run_number(source: str) -> bool:
    """Return whether ``source`` is the number of a run; a file of that name can be given as ./12."""
    return source.isascii() and source.isdigit() and len(source) <= MAX_DIGITS


def _check_untouched(options: argparse.Namespace) -> None:
    """Raise UserError for options that would change a saved run."""
    for name in ("csv", "target", "missing", "fields", "epochs"):
        if getattr(options, name):
            option = "--set" if name == "fields" else f"--{name}"
            raise UserError(option, f"a saved run is exported as it is; remove {option}, or give a file")


def _loaded(options: argparse.Namespace) -> Session:
    if options.file is None and options.csv is None:
        raise UserError("", "nothing to export: give FILE.toml, the number of a saved run, or --csv FILE.csv")
    experiment = experiment_from_options(options)
    if options.epochs is not None:
        experiment = with_field(experiment, "training.epochs", options.epochs)
    from tui_trainer.training.session import Session

    session = Session()
    session.load(experiment)
    return session


def from_store(run: int, read: Callable[[Store, int], Found]) -> Found:
    """Return what ``read`` makes of a stored run; raise UserError if there is no such run, or it can't be read."""
    from tui_trainer.store.store import Store, StoreError, default_path

    path = default_path()
    if not is_file(path):
        raise UserError("", f"there is no run {run}: no run has been saved in {path_in_quotes(path)}")
    try:
        with contextlib.closing(Store(path)) as store:
            _check_run(store, run)
            return read(store, run)
    except StoreError as error:
        raise UserError("", str(error)) from error


def _check_run(store: Store, run: int) -> None:
    """Raise UserError, listing the newest runs, if there is no such run."""
    from tui_trainer.store.store import StoreError

    try:
        store.find(run)
    except StoreError:
        newest = ", ".join(f"{stored.id} ({printable(stored.name)[:30]})" for stored in store.runs()[:NEWEST])
        raise UserError("", f"there is no run {run}; the newest are: {newest or 'none'}") from None


def _train(session: Session) -> OSError | None:
    """Train to the end and print the result; return an error of the output, as ``train_to_end``."""
    from tui_trainer.console import train_to_end
    from tui_trainer.training.diagnosis import diagnose

    session.train()
    output_error = train_to_end(session, go_on_silently=True)
    if session.state == "diverged":
        diagnose(session)
    print(session.sentence)
    return output_error


def report(words: list[str]) -> int:
    """Run the command; return the exit code. Raises UserError if the run or its data can't be read."""
    parser = Parser(prog="tui-trainer report", description=REPORT)
    add = parser.add_argument
    add("run", metavar="RUN", help="the number of a saved run")
    add("--to", metavar="FILE.md", help="the file to write; default: one named after the run, in this folder")
    add("--best", action="store_true", help="report the weights of the best epoch instead of the newest")
    add("--test", action="store_true", help="with the scores of the test part, which the run notes")
    add(OVERWRITE, action="store_true", help="overwrite an existing report")
    options = parser.parse_args(words)
    if not is_run_number(options.run):
        raise UserError(
            "", f"expected the number of a saved run, got {path_in_quotes(options.run)}; see tui-trainer runs"
        )
    run, to = int(options.run), None if options.to is None else confined(options.to, "--to")

    from tui_trainer.export.report import Report, check_report, write_report
    from tui_trainer.export.trained import stored_session

    session = from_store(run, stored_session)
    to = to or confined(f"{safe_name(session.requested.title)}-report.md")
    check_report(to, session.requested.dataset.paths, options.force)
    if options.test:
        session = _with_test_seen(run, session, "--test")
    written = Report.of_session(session, options.best, run)
    for path in write_report(written, to, session.requested.dataset.paths, options.force):
        print(printable(str(path)))
    return 0


def _with_test_seen(run: int, session: Session, option: str) -> Session:
    """Note in the store that the test part of a run is looked at, and return its session; UserError if it can't be."""
    from tui_trainer.store.checkpointer import LAST_PATIENCE, Checkpointer
    from tui_trainer.store.store import StoreError, default_path

    session.split.part("test", option)  # a UserError if it has no rows
    checkpointer = Checkpointer(default_path(), REPORT_OWNER)
    try:
        checkpointer.restore(session, run, checkpointer.claim(run).state)
        session.note_test_seen()
        checkpointer.save(session, LAST_PATIENCE)
        if checkpointer.is_behind:
            raise UserError(option, f"it can't be noted that the test part was looked at: {checkpointer.trouble}")
    except StoreError as error:
        raise UserError(option, str(error)) from error
    finally:
        checkpointer.close()
    return session


def predict(words: list[str]) -> int:
    """Run the command; return the exit code. Raises UserError if the run or the file can't be used."""
    options = _predict_parser().parse_args(words)
    to = None if options.to is None else confined(options.to, "--to")
    source = confined(options.file)
    if to is not None:
        _check_output(to, source, options.force)

    from tui_trainer.export.predictions import described, predict_file
    from tui_trainer.export.trained import exported_model, stored_model

    is_export = is_folder(options.run, "")
    trained = exported_model(confined(options.run)) if is_export else from_store(_run_number(options.run), stored_model)

    predictions = predict_file(trained, str(source))
    with _opened(to) as stream:
        stream.writelines(predictions.csv)
    count = len(predictions.outputs) - len(predictions.faults)
    for sentence in described(predictions, "" if to is None else str(to)):
        print(escaped(sentence), file=sys.stderr)
    return 0 if count else BAD_INPUT


def _predict_parser() -> Parser:
    parser = Parser(
        prog="tui-trainer predict",
        description=PREDICT,
        epilog=PREDICT_EXAMPLES,
    )
    add = parser.add_argument
    add("run", metavar="RUN", help="the number of a saved run, or the folder of an exported one")
    add("file", metavar="NEW.csv", help="the rows to predict")
    add("--to", metavar="OUT.csv", help="the file to write; default: the predictions are printed")
    add(OVERWRITE, action="store_true", help="overwrite an existing file")
    return parser


def _check_output(to: Path, source: Path, force: bool) -> None:
    """Raise UserError for an output that exists, that holds the rows to predict, or that is a file of another kind."""
    if is_file(to, "--to") and (reason := reason_not_to_predict(to, str(source), (), force, OVERWRITE)):
        raise UserError("--to", f"{path_in_quotes(to)} {reason}")


def _run_number(run: str) -> int:
    if not is_run_number(run):
        raise UserError("", f"there is no run or folder {path_in_quotes(run)}; tui-trainer runs lists the runs")
    return int(run)


@contextlib.contextmanager
def _opened(to: Path | None) -> Iterator[BinaryIO]:
    if to is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        return
    try:
        with open(to, "wb") as stream:
            yield stream
    except OSError as error:
        raise UserError("--to", f"{path_in_quotes(to)} can't be written: {reason_of(error)}") from error


def importance(words: list[str]) -> int:
    """Run the command; return the exit code. Raises UserError if the run or its data can't be used."""
    parser = Parser(
        prog="tui-trainer importance",
        description=IMPORTANCE,
        epilog=IMPORTANCE_EXAMPLES,
    )
    add = parser.add_argument
    add("run", metavar="RUN", help="the number of a saved run, or the folder of an exported one")
    add("--best", action="store_true", help="with the weights of the best epoch instead of the newest")
    add("--part", choices=PARTS, help="of these rows; default: validation. That the test part is seen, the run notes")
    add("--by", metavar="MEASURE", help="the measure, as f1 or loss; default: accuracy, or r2 of a number")
    add("--repeats", metavar="N", type=int, default=5, help="permutations of each column; default: 5")
    add("--seed", metavar="N", type=int, default=0, help="the seed of the permutations; default: 0")
    add("--json", action="store_true", help="print the importances as JSON, nothing else")
    options = parser.parse_args(words)

    from tui_trainer.console import finite
    from tui_trainer.export.trained import exported_model, reload_data, stored_session
    from tui_trainer.export.trained import trained as trained_by
    from tui_trainer.formats import format_bar, format_column, format_number
    from tui_trainer.measures import in_words, is_rising
    from tui_trainer.training.inspection import check_repeats

    check_repeats(options.repeats, "--repeats")
    session = None if is_folder(options.run, "") else from_store(_run_number(options.run), stored_session)
    if session is None:
        if options.best:
            raise UserError("--best", "an export has only the weights it was saved with; export with --best instead")
        trained = exported_model(confined(options.run))
        data = reload_data(trained, GIVE_ARRAYS, options.part == "test")
    else:
        trained, data = trained_by(session, options.best), session.split
    part = options.part or data.judged
    x, y = data.part(part, "--part")
    computed = trained.importance(x, y, options.by, options.repeats, options.seed, "--by")
    if part == "test" and session is not None:
        _with_test_seen(int(options.run), session, "--part")
    by, columns = computed.by, computed.finish()
    if options.json:
        listed = [{"column": one.column, "mean": one.mean, "deviation": one.deviation} for one in columns]
        summary = {"measure": by, "part": part, "rows": len(x), "value": computed.baseline, "repeats": options.repeats}
        print(json.dumps(finite({**summary, "columns": listed}), indent=2))
        return 0
    worse = "lower" if is_rising(by) else "higher"
    print(f"The {in_words(by)} of {len(x):,} {part} rows is {format_number(computed.baseline)}.")
    if by == "loss" and trained.resolved.is_penalized:
        print("That is without the penalty of the weights, which is the same whatever is permuted.")
    print(f"It is {worse} by this much where a column is permuted, {options.repeats} times:")
    largest = max((one.mean for one in columns if one.mean > 0), default=1.0)
    means, deviations = format_column([one.mean for one in columns]), format_column([one.deviation for one in columns])
    width = max(map(len, means))
    for one, mean, deviation in zip(columns, means, deviations, strict=True):
        bar = format_bar(one.mean / largest, BAR_WIDTH, ascii_only=True)
        print(f"{fit_text(printable(one.column), NAME_WIDTH)} {mean:>{width}} ± {deviation}  {bar}".rstrip())
    return 0
