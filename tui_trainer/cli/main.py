"""The entry point of the command line: opens the app, or runs one of the commands that need no screen."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tui_trainer.errors import BAD_INPUT, UserError, escaped
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.share import read_experiment
from tui_trainer.files import confined

from .app import add_data_options, experiment_from_options, open_app

MAX_NAMES = 13  # of a dataset's features, on one line


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code: 0, 1 for a run that diverged, 2 for bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    commands = {
        "train": _train,
        "sweep": _sweep,
        "summary": _summary,
        "datasets": _datasets,
        "sessions": _sessions,
        "export": _export,
        "serve": _serve,
        "settings": _settings,
        "keys": _keys,
    }
    try:
        if words and words[0] in commands:
            return commands[words[0]](words[1:])
        return open_app(words)
    except UserError as error:
        print(f"tui-trainer: {escaped(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:  # the reader of a pipe has closed it, as head does
        sys.stderr.close()
        return 0


def _train(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tui-trainer train", description="Train without a screen.")
    parser.add_argument("file", nargs="?", metavar="FILE.toml", help="the experiment; the usual one with --csv alone")
    add_data_options(parser)
    parser.add_argument("--epochs", metavar="N", help="instead of the number in the file")
    parser.add_argument("--history", metavar="OUT.csv", help="write the values of every epoch")
    parser.add_argument("--weights", metavar="IN.safetensors", help="begin with weights that were exported")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object, nothing else")
    options = parser.parse_args(words)
    if options.file is None and options.csv is None:
        parser.error("say what to train: FILE.toml, --csv FILE.csv, or both")
    experiment = experiment_from_options(options)
    if options.epochs is not None:
        experiment = with_field(experiment, "training.epochs", options.epochs)
    from .train import train

    history = None if options.history is None else confined(options.history, "--history")
    weights = None if options.weights is None else confined(options.weights, "--weights")
    return train(experiment, history=history, as_json=options.json, weights=weights)


def _sweep(words: list[str]) -> int:
    from .sweep import main as sweep

    return sweep(words, read_experiment)


def _summary(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tui-trainer summary", description="The layers and their parameters.")
    parser.add_argument("file", metavar="FILE.toml", help="the experiment")
    style = "as Keras 3 prints it, or as the book shows it, which is Keras 2's way"
    parser.add_argument("--style", choices=("keras", "book"), default="keras", help=style)
    options = parser.parse_args(words)
    experiment = read_experiment(options.file)
    from tui_trainer.training.session import Session

    session = Session()
    session.load(experiment)
    print(session.trainer.model.summary(options.style))
    return 0


def _datasets(words: list[str]) -> int:
    argparse.ArgumentParser(prog="tui-trainer datasets", description="The datasets that come with the app.").parse_args(
        words
    )
    from tui_trainer.datasets.catalog import CATALOG

    for name, entry in CATALOG.items():
        kind = f"{len(entry.classes)} classes" if entry.classes else "regression"
        print(f"{name:<13} {entry.title:<29} {kind:<11} {_few(entry.features)} -> {entry.target}")
    return 0


def _sessions(words: list[str]) -> int:
    description = "Runs that go on without this terminal, and runs that were cut off; --resume ID comes back to one."
    argparse.ArgumentParser(prog="tui-trainer sessions", description=description).parse_args(words)
    from tui_trainer.runtime.resume import listed

    for line in listed() or ["No runs to come back to."]:
        print(line)
    return 0


def _export(words: list[str]) -> int:
    from .export import export

    return export(words)


def _serve(words: list[str]) -> int:
    from .serve import main as serve

    return serve(words)


def _settings(words: list[str]) -> int:
    from .settings import settings

    return settings(words)


def _keys(words: list[str]) -> int:
    from .settings import keys

    return keys(words)


def _few(names: Sequence[str]) -> str:
    """Return all names, separated by commas, or the first ones and their number."""
    if len(names) <= MAX_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:3])}, … ({len(names)} features)"
