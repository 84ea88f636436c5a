"""Runs a command by its name; the short commands are in this module."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trainer.errors import BAD_INPUT, escaped
from tui_trainer.experiment.edit import with_field
from tui_trainer.files import confined
from tui_trainer.formats import format_file_size
from tui_trainer.settings import Settings, config_path
from tui_trainer.system.terminal import interrupts_held

from .app import open_app
from .options import Parser, add_experiment_options, experiment_from_options

if TYPE_CHECKING:
    from tui_trainer.app.preferences import Preferences

MAX_NAMES = 13  # of a dataset's features, on one line
DEFAULTS = {"theme": "dark", "markers": "each plot's own"}


def run(words: list[str]) -> int:
    """Run the command named by the first word, or open the app; return the exit code."""
    if words and words[0] in COMMANDS:
        return COMMANDS[words[0]](words[1:])
    return open_app(words)


def _train(words: list[str]) -> int:
    parser = Parser(prog="tui-trainer train", description="Train without a screen.")
    parser.add_argument("file", nargs="?", metavar="FILE.toml", help="the experiment; the default one with --csv alone")
    add_experiment_options(parser)
    parser.add_argument("--epochs", metavar="N", help="epochs to train, instead of the number in the file")
    parser.add_argument("--history", metavar="OUT.csv", help="write the values of every epoch to this file")
    events = "write event files for TensorBoard into this folder"
    parser.add_argument("--tensorboard", metavar="FOLDER", help=events)
    parser.add_argument("--weights", metavar="IN.safetensors", help="start with exported weights")
    parser.add_argument("--force", action="store_true", help="overwrite the history of another run")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object, nothing else")
    parser.add_argument("--no-store", action="store_true", help="do not save the run in the app's store")
    parser.add_argument("--test", action="store_true", help="print the scores of the test part, which the run notes")
    options = parser.parse_args(words)
    if options.file is None and options.csv is None:
        parser.error("nothing to train: give FILE.toml, --csv FILE.csv, or both")
    experiment = experiment_from_options(options)
    if options.epochs is not None:
        experiment = with_field(experiment, "training.epochs", options.epochs)
    with interrupts_held():
        from .train import train

    history = None if options.history is None else confined(options.history, "--history")
    weights = None if options.weights is None else confined(options.weights, "--weights")
    return train(
        experiment,
        history=history,
        as_json=options.json,
        weights=weights,
        keep=not options.no_store,
        overwrite=options.force,
        test=options.test,
        tensorboard=None if options.tensorboard is None else confined(options.tensorboard, "--tensorboard"),
    )


def _sweep(words: list[str]) -> int:
    with interrupts_held():
        from .sweep import main as sweep

    return sweep(words)


def _summary(words: list[str]) -> int:
    parser = Parser(prog="tui-trainer summary", description="Show the layers and their parameters.")
    parser.add_argument("file", nargs="?", metavar="FILE.toml", help="the experiment; the default one with --csv alone")
    add_experiment_options(parser)
    style = "as Keras 3 prints it, or as the book shows it (the style of Keras 2)"
    parser.add_argument("--style", choices=("keras", "book"), default="keras", help=style)
    options = parser.parse_args(words)
    if options.file is None and options.csv is None:
        parser.error("nothing to summarize: give FILE.toml, --csv FILE.csv, or both")
    experiment = experiment_from_options(options)
    with interrupts_held():
        from tui_trainer.training.session import Session

    session = Session()
    session.load(experiment)
    print(session.trainer.model.summary(options.style))
    return 0


def _describe(words: list[str]) -> int:
    parser = Parser(prog="tui-trainer describe", description="Describe the columns of the data, in a few numbers each.")
    parser.add_argument("file", nargs="?", metavar="FILE.toml", help="the experiment; the default one with --csv alone")
    add_experiment_options(parser)
    parser.add_argument("--json", action="store_true", help="print all numbers as one JSON object, nothing else")
    options = parser.parse_args(words)
    if options.file is None and options.csv is None:
        parser.error("nothing to describe: give FILE.toml, --csv FILE.csv, or both")
    experiment = experiment_from_options(options)
    with interrupts_held():
        from .describe import describe_data

    return describe_data(experiment.dataset, options.json)


def _datasets(words: list[str]) -> int:
    Parser(prog="tui-trainer datasets", description="List the datasets that come with the app.").parse_args(words)
    with interrupts_held():
        from tui_trainer.datasets.catalog import CATALOG

    for name, entry in CATALOG.items():
        kind = f"{len(entry.classes)} classes" if entry.classes else "regression"
        print(f"{name:<13} {entry.title:<29} {kind:<11} {_few(entry.features)} -> {entry.target}")
    return 0


def _sessions(words: list[str]) -> int:
    description = (
        "List the runs that are running without this terminal and those that were cut off; --resume ID returns to one."
    )
    Parser(prog="tui-trainer sessions", description=description).parse_args(words)
    with interrupts_held():
        from tui_trainer.runtime.resume import listed, store_size

    for line in listed() or ["No runs to return to."]:
        print(line)
    if sys.stdout.isatty() and (size := store_size()):
        print(f"All saved runs take up {format_file_size(size)}.")
    return 0


def _runs(words: list[str]) -> int:
    with interrupts_held():
        from .runs import list_runs

    return list_runs(words)


def _export(words: list[str]) -> int:
    with interrupts_held():
        from .runs import export

    return export(words)


def _report(words: list[str]) -> int:
    with interrupts_held():
        from .runs import report

    return report(words)


def _film(words: list[str]) -> int:
    with interrupts_held():
        from .film import main as film

    return film(words)


def _predict(words: list[str]) -> int:
    with interrupts_held():
        from .runs import predict

    return predict(words)


def _importance(words: list[str]) -> int:
    with interrupts_held():
        from .runs import importance

    return importance(words)


def _serve(words: list[str]) -> int:
    with interrupts_held():
        from .serve import main as serve

    return serve(words)


def _lessons(words: list[str]) -> int:
    with interrupts_held():
        from .lessons import main as lessons

    return lessons(words)


def _class(words: list[str]) -> int:
    with interrupts_held():
        from .classroom import main as show_class

    return show_class(words)


def _settings(words: list[str]) -> int:
    """Print the active settings; return 2 if something is wrong in the config file."""
    description = "Show the active settings, where each comes from, and what is wrong in the config file."
    Parser(prog="tui-trainer settings", description=description).parse_args(words)
    with interrupts_held():
        from tui_trainer.app.preferences import THEMES, preferences_for

    preferences = preferences_for({})
    path = config_path()
    print(f"config file     {escaped(str(path))}{'' if _may_exist(path) else ' (does not exist)'}")
    for name in (setting.name for setting in fields(Settings)):
        print(f"{name:<15} {_setting_text(preferences, name):<16} {preferences.sources.get(name, 'default')}")
    print(f"themes          {', '.join(THEMES)}")
    return _complain(preferences)


def _keys(words: list[str]) -> int:
    """Print the active keys, with their names in the config file."""
    description = "List the keys, each with its name in the [keys] table of the config file."
    Parser(prog="tui-trainer keys", description=description).parse_args(words)
    with interrupts_held():
        from tui_trainer.app.preferences import preferences_for

    preferences = preferences_for({})
    for key in preferences.keymap.listed:
        print(f"{key.name:<18} {key.display:<9} {key.group}: {key.help}")
    return _complain(preferences)


def _may_exist(path: Path) -> bool:
    """Return whether a file may exist; true if that can't be checked, which is reported separately."""
    try:
        return path.exists()
    except OSError:
        return True


def _setting_text(preferences: Preferences, name: str) -> str:
    value = getattr(preferences.settings, name)
    if name == "keys":
        return f"{len(preferences.keymap.changes)} changed"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value or DEFAULTS[name])


def _complain(preferences: Preferences) -> int:
    for complaint in preferences.complaints:
        print(f"tui-trainer: {escaped(complaint)}", file=sys.stderr)
    return BAD_INPUT if preferences.complaints else 0


def _few(names: Sequence[str]) -> str:
    """Return all names, separated by commas, or the first ones and their number."""
    if len(names) <= MAX_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:3])}, … ({len(names)} features)"


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "train": _train,
    "sweep": _sweep,
    "summary": _summary,
    "describe": _describe,
    "datasets": _datasets,
    "runs": _runs,
    "sessions": _sessions,
    "report": _report,
    "export": _export,
    "film": _film,
    "predict": _predict,
    "importance": _importance,
    "serve": _serve,
    "lessons": _lessons,
    "class": _class,
    "settings": _settings,
    "keys": _keys,
}
