"""The command line: the app, or training, summaries and the list of datasets without a screen."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__
from .experiment import Experiment, ExperimentError, is_shared, quoted, read, unshare, with_field

BAD_INPUT = 2
MAX_NAMES = 13  # of a dataset's features, on one line

DESCRIPTION = "Build, train and understand neural networks in the terminal."
EXAMPLES = """\
examples:
  tui-trainer                                   open the app
  tui-trainer iris.toml                         open it on an experiment
  tui-trainer tt1-q1ZKSS...                     or on one that was shared as a word (key c)
  tui-trainer train iris.toml --epochs 50       train without a screen
  tui-trainer train iris.toml --history h.csv   and keep the losses of every epoch
  tui-trainer summary iris.toml                 the layers and their parameters
  tui-trainer datasets                          what data come with the app

commands: train, summary, datasets; each has its own --help.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 1 for a run that diverged, 2 for bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    commands = {"train": _train, "summary": _summary, "datasets": _datasets}
    try:
        if words and words[0] in commands:
            return commands[words[0]](words[1:])
        return _open_app(words)
    except ExperimentError as error:
        print(f"tui-trainer: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:  # the reader of a pipe has left, as head does
        sys.stderr.close()
        return 0


def _open_app(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="tui-trainer",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file", nargs="?", metavar="FILE.toml", help="an experiment to open, or the word it was shared as"
    )
    parser.add_argument("--lessons", metavar="FOLDER", type=Path, help="lessons of your own, for the Book tab")
    parser.add_argument("--version", action="version", version=f"tui-trainer {__version__}")
    options = parser.parse_args(words)
    experiment = Experiment() if options.file is None else _experiment(options.file)
    path = None if options.file is None or is_shared(options.file) else Path(options.file)
    if options.lessons is not None and not options.lessons.is_dir():
        raise ExperimentError("", f"--lessons: there is no folder {quoted(str(options.lessons))}")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ExperimentError("", "the app needs a terminal; without one, use: tui-trainer train FILE.toml")
    gc.disable()  # full rounds over modules just imported are a fifth of the start; ``ui.pacing`` enables it again
    from .ui.app import TrainerApp  # Textual is of no use to the other commands

    app = TrainerApp(experiment, path, owns_process=True, lessons=options.lessons)
    app.run()
    return app.return_code or 0


def _train(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tui-trainer train", description="Train without a screen.")
    parser.add_argument("file", metavar="FILE.toml", help="the experiment")
    parser.add_argument("--epochs", metavar="N", help="instead of the number in the file")
    parser.add_argument("--history", metavar="OUT.csv", type=Path, help="write the values of every epoch")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object, nothing else")
    options = parser.parse_args(words)
    experiment = _experiment(options.file)
    if options.epochs is not None:
        experiment = with_field(experiment, "training.epochs", options.epochs)
    from .headless import train

    return train(experiment, history=options.history, as_json=options.json)


def _summary(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tui-trainer summary", description="The layers and their parameters.")
    parser.add_argument("file", metavar="FILE.toml", help="the experiment")
    experiment = _experiment(parser.parse_args(words).file)
    from .runtime.session import Session

    session = Session()
    session.load(experiment)
    print(session.trainer.model.summary())
    return 0


def _experiment(text: str) -> Experiment:
    """From a file, or from the word that an experiment was shared as."""
    return unshare(text) if is_shared(text) else read(text)


def _datasets(words: list[str]) -> int:
    argparse.ArgumentParser(prog="tui-trainer datasets", description="The datasets that come with the app.").parse_args(
        words
    )
    from .datasets import CATALOG

    for name, entry in CATALOG.items():
        kind = f"{len(entry.classes)} classes" if entry.classes else "regression"
        print(f"{name:<13} {entry.title:<29} {kind:<11} {_few(entry.features)} -> {entry.target}")
    return 0


def _few(names: Sequence[str]) -> str:
    """All the names with commas between them, or the first ones and how many they are."""
    if len(names) <= MAX_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:3])}, … ({len(names)} features)"
