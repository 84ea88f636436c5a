"""The parser of the command line's words, and the options that commands share: the experiment, its data, settings."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any, NoReturn, get_args

from msgspec.structs import replace

from tui_trainer.errors import UserError, escaped, path_in_quotes, quoted
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import FIRST_EXPERIMENT, OWN_DATA, DatasetConfig, Experiment
from tui_trainer.experiment.share import read_experiment
from tui_trainer.experiment.validation import full_path
from tui_trainer.files import confined, is_file, root
from tui_trainer.pace import PACE_NAMES
from tui_trainer.settings import Markers

from . import DEBUG

STDIN = "-"  # instead of a path
DATASET = "dataset.name"
EXAMPLE = "training.learning_rate=0.01"


class Parser(argparse.ArgumentParser):
    """An ArgumentParser with the option ``--debug``, whose errors are safe to print in a terminal.

    Where there is an ``epilog``, examples as a rule, its lines stay as they are.
    """

    def __init__(self, **options: Any) -> None:
        if "epilog" in options:
            options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**options)
        details = "write the details of an error to a file, and print its name"
        self.add_argument(DEBUG, action="store_true", help=details)

    def print_help(self, file: Any = None) -> None:
        """Print the help; OSError if that fails, which argparse would not tell."""
        (file or sys.stdout).write(self.format_help())

    def error(self, message: str) -> NoReturn:
        """Print the usage and ``message``, and exit with code 2."""
        super().error(escaped(message))


def add_experiment_options(parser: Parser, fields: bool = True) -> None:
    """Add the options that ``experiment_from_options`` reads; without ``fields``, none for single values."""
    add = parser.add_argument
    add("--csv", metavar="FILE.csv", help="your own data, instead of the experiment's; - reads from a pipe")
    add("--test-csv", metavar="FILE.csv", help="a file with the columns of --csv whose rows are the test part")
    add(
        "--target",
        metavar="COLUMN",
        action="append",
        help="the column of --csv to predict; repeat it for several; default: guessed by its name, or the last",
    )
    add("--missing", choices=("drop", "fill"), help="leave out rows with gaps, or fill the gaps; default: drop")
    if fields:
        add(
            "--set",
            dest="fields",
            metavar="FIELD=VALUE",
            action="append",
            default=[],
            help=f"change a field of the experiment, as {EXAMPLE}; may be repeated",
        )


def experiment_from_options(options: argparse.Namespace) -> Experiment:
    """Return the experiment of the options ``file``, ``csv``, ``test_csv``, ``target``, ``missing`` and ``fields``.

    Without a file, it is the first one of the app, or with ``csv`` the usual one of own data. Raises UserError for
    what does not fit.
    """
    if options.file is not None:
        experiment = read_experiment(options.file)
    else:
        experiment = FIRST_EXPERIMENT if options.csv is None else OWN_DATA
    if options.csv is not None:
        experiment = _with_own_data(experiment, options)
    elif options.target is not None:
        raise UserError("", "--target names a column of a CSV file; give the file with --csv")
    if options.test_csv is not None:
        experiment = with_field(experiment, "dataset.test_path", _data_file(options.test_csv, "--test-csv"))
    if options.missing is not None:
        experiment = with_field(experiment, "dataset.missing", options.missing)
    fields = list(map(_field_and_value, getattr(options, "fields", ())))
    is_first = options.file is None and options.csv is None
    if is_first:  # with other data come settings that train them well
        fields.sort(key=lambda field: field[0] != DATASET)
    for path, value in fields:
        experiment = with_field(experiment, path, value)
        if is_first and path == DATASET:
            experiment = _with_good_settings(experiment)
    if options.csv is not None and experiment.dataset.target is None:
        target = _guessed_target(experiment.dataset)  # not before it is known which columns say something else
        experiment = replace(experiment, dataset=replace(experiment.dataset, target=target))
    return experiment


def _field_and_value(text: str) -> tuple[str, str]:
    """Return the path of a field and its value, as ``--set`` has them."""
    path, equals, value = text.partition("=")
    if not equals:
        raise UserError("--set", f"expected a field and its value, such as {EXAMPLE}; got {quoted(text)}")
    return full_path(path.strip()), value.strip()


def _with_good_settings(experiment: Experiment) -> Experiment:
    """Return the experiment with settings that train its data well."""
    from tui_trainer.datasets.catalog import good_settings  # not needed for what a file says

    settings = good_settings(experiment.dataset)
    return experiment if settings is None else settings.applied_to(experiment)


def _with_own_data(experiment: Experiment, options: argparse.Namespace) -> Experiment:
    from tui_trainer.datasets.catalog import choose_file  # not needed without a file

    if options.csv == STDIN:
        options.csv = _standard_input()
    path = _data_file(options.csv, "--csv")
    config = choose_file(experiment.dataset, path)
    changed = with_field(
        experiment, "dataset", replace(config, target=tuple(options.target) if options.target else None)
    )
    if options.file is not None:
        return changed
    return with_field(_with_good_settings(changed), "name", Path(path).stem)


def _data_file(given: str, option: str) -> str:
    """Return the absolute path of a file of data; raise UserError, naming the option, if there is none."""
    file = confined(given, option)
    if not is_file(file, option):
        raise UserError(option, f"there is no file {path_in_quotes(given)}; check the path")
    return os.path.abspath(file)


def _standard_input() -> str:
    """Return the path of a file with what comes from the standard input; it is deleted when the program ends."""
    if sys.stdin.isatty():
        raise UserError("--csv", f"{STDIN} is the standard input, which is a terminal; pipe a file into it")
    import atexit
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="tui-trainer-", dir=root())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = os.path.join(folder, "standard input")
    with open(path, "wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path


def _guessed_target(config: DatasetConfig) -> str | None:
    """Return the column to predict, as the app's preview has it; None for a file that can't be read, told later."""
    from tui_trainer.datasets.columns import guess_target
    from tui_trainer.datasets.csv.dialect import CsvOptions
    from tui_trainer.datasets.csv.reader import SMALL_FILE, inspect_file

    try:
        layout = inspect_file(str(config.path), CsvOptions.from_config(config), max_bytes=SMALL_FILE)[1]
        return guess_target(layout, config.known_kinds)
    except UserError:
        return None


def add_setting_options(parser: Parser) -> None:
    """Add the options for settings, which ``settings_from_options`` reads."""
    parser.add_argument("--theme", metavar="NAME", help="colours, such as light, high-contrast or color-blind")
    parser.add_argument("--markers", choices=get_args(Markers), help="characters that plots are drawn with")
    parser.add_argument("--pace", choices=PACE_NAMES, help="how fast a run is shown: in ten seconds (watch), or full")
    parser.add_argument("--bell", action="store_true", help="ring the terminal's bell when a run ends")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")


def settings_from_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that were given as options, by name."""
    names = ("theme", "markers", "pace")
    settings = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.bell:
        settings["notify"] = "bell"
    if options.no_mouse:
        settings["mouse"] = False
    return settings
