"""The command ``export``: trains an experiment, or takes a run from the store, and writes it into a folder."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING

from tui_trainer.errors import DIVERGED, INTERRUPTED, UserError, printable, quoted
from tui_trainer.experiment.edit import with_field
from tui_trainer.files import confined, is_file, safe_name

from .options import Parser, add_experiment_options, experiment_from_options

if TYPE_CHECKING:
    from tui_trainer.store.store import Store
    from tui_trainer.training.session import Session

DESCRIPTION = """\
Train an experiment, or take a saved run, and export the network for use elsewhere: for Keras, PyTorch
and ONNX runtimes, with the losses as CSV and as a figure."""
FORMATS = ("folder", "keras", "pytorch", "onnx", "csv", "svg", "txt")
OVERWRITE = "--force"
NEWEST = 5  # runs listed if there is none of that number
MAX_DIGITS = 18  # of the number of a run


def export(words: list[str]) -> int:
    """Run the command; return the exit code. Raises UserError if the run cannot be exported."""
    options = _parser().parse_args(words)
    formats = options.format or ["folder"]
    is_run = options.file is not None and is_run_number(options.file)
    if is_run:
        _check_untouched(options)
    session = _stored(int(options.file)) if is_run else _loaded(options)

    from tui_trainer.export.folder import check_folder, write_folder
    from tui_trainer.export.session import trained

    folder = confined(options.to or safe_name(session.requested.name), "--to")
    check_folder(folder, formats, options.force, OVERWRITE)
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


def _parser() -> Parser:
    parser = Parser(prog="tui-trainer export", description=DESCRIPTION)
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


def _stored(run: int) -> Session:
    from tui_trainer.export.session import stored_session
    from tui_trainer.store.store import Store, StoreError, default_path

    path = default_path()
    if not is_file(path):
        raise UserError("", f"there is no run {run}: no run has been saved in {quoted(str(path), 200)}")
    try:
        with contextlib.closing(Store(path)) as store:
            _check_run(store, run)
            return stored_session(store, run)
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
