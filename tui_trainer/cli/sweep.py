"""``tui-trainer sweep``: its options, and what becomes of the result."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Sequence

from tui_trainer.console import check_writable
from tui_trainer.errors import ExperimentError, quoted
from tui_trainer.exit_codes import DIVERGED, INTERRUPTED
from tui_trainer.experiment.confinement import confined
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.sweep.output import plain, sentences, write_table
from tui_trainer.sweep.progress import progress
from tui_trainer.sweep.scheduler import Sweep, prepare

OPTIONS = ("random", "seed", "repeat", "jobs", "by", "dask")
EXAMPLES = """\
examples:
  tui-trainer sweep perceptron.toml --set training.learning_rate=1e-6,1e-5,5e-5
  tui-trainer sweep iris.toml --set 'model.layers[0].units=4,8' --set training.shuffle=true,false
  tui-trainer sweep iris.toml --set training.learning_rate=log:1e-4..1e-1 --random 20 --repeat 3
"""


def main(words: Sequence[str], read_experiment: Callable[[str], Experiment]) -> int:
    """Run the command; returns the exit code: 0, 1 where no run counts or some are missing, 130 after an interrupt.

    ExperimentError, which names the option or the field, for what makes no sense.
    """
    options = _parser().parse_args(words)
    try:
        return _swept(read_experiment(options.file), options)
    except KeyboardInterrupt:  # before the first run, or after the last one
        return INTERRUPTED
    except ExperimentError as error:
        raise ExperimentError(f"--{error.field}", error.reason) if error.field in OPTIONS else error from None


def _swept(experiment: Experiment, options: argparse.Namespace) -> int:
    if options.epochs is not None:
        experiment = with_field(experiment, "training.epochs", options.epochs)
    swept = _prepared(experiment, options)
    table = None if options.csv is None else confined(options.csv, "--csv")
    if table is not None:
        check_writable(table, "--csv")
    with progress(swept, options.json) as on_row:
        result = swept.run(not options.no_store, on_row)
    if table is not None:
        write_table(result, table)
    if options.json:
        print(json.dumps(plain(result), indent=2))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print(*sentences(result, width), sep="\n")
    if result.interrupted:
        return INTERRUPTED
    return 0 if result.best is not None and len(result.rows) == result.planned else DIVERGED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tui-trainer sweep",
        description="Many runs of one experiment, side by side, with other values in some of its fields.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("file", metavar="FILE.toml", help="the experiment, or the word it was shared as")
    add(
        "--set",
        dest="fields",
        metavar="FIELD=VALUES",
        action="append",
        default=[],
        help="values with commas between them, or a range for --random: 1..100, log:1e-4..1e-1",
    )
    add("--random", metavar="N", type=_whole, help="draw N combinations instead of doing all of them")
    add("--seed", metavar="S", type=_whole, default=0, help="of --random; usually 0")
    add("--repeat", metavar="K", type=_whole, default=1, help="do each K times, with model.seed, and 1 more each time")
    add("--jobs", metavar="N", type=_whole, help="runs at a time; usually as many as there are cores")
    add("--by", metavar="MEASURE", help="what decides: val_loss usually, loss without validation rows, ...")
    add("--epochs", metavar="N", help="instead of the number in the file")
    add("--csv", metavar="OUT.csv", help="write a line for each run")
    add("--json", action="store_true", help="print the result as one JSON object, nothing else")
    add("--no-store", action="store_true", help="do not keep the runs beside those of the app")
    add("--dask", metavar="ADDRESS", help="do the runs on the workers of this Dask scheduler")
    return parser


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number from 0 up")
    return int(text)


def _prepared(experiment: Experiment, options: argparse.Namespace) -> Sweep:
    fields: dict[str, str] = {}
    for text in options.fields:
        path, equals, values = text.partition("=")
        path = path.strip()
        if not equals:
            example = "--set training.learning_rate=1e-3,1e-2"
            raise ExperimentError("--set", f"expected a field and its values, such as {example}; got {quoted(text)}")
        if path in fields:
            raise ExperimentError(path, "is given twice; give all its values at once, with commas between them")
        fields[path] = values
    if not fields and options.repeat == 1:
        hint = "--set training.learning_rate=1e-3,1e-2 gives the field and its values, --repeat 5 other seeds"
        raise ExperimentError("", f"nothing to vary; {hint}")
    return prepare(experiment, fields, **{name: getattr(options, name) for name in OPTIONS})
