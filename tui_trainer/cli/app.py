"""Opens the app, on an experiment or on a run to resume, with or without bounds for its user.

Options of the command line override the settings of the config file.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path

from tui_trainer.errors import UserError, quoted
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.share import is_shared
from tui_trainer.files import DATA_VARIABLE as DATA
from tui_trainer.files import ROOT_VARIABLE as ROOT
from tui_trainer.files import confined, is_folder, root
from tui_trainer.runtime import NICENESS, Launch
from tui_trainer.system.private import user_name
from tui_trainer.system.terminal import interrupts_held
from tui_trainer.ui.terminal import detect_terminal, prepare
from tui_trainer.version import __version__

from .options import Parser, add_experiment_options, add_setting_options, experiment_from_options, settings_from_options

WITHOUT_SCREEN = "tui-trainer train FILE.toml"
NEWEST = 0  # the value of --resume without a number
DESCRIPTION = "Build, train and understand neural networks in the terminal."
EXAMPLES = """\
examples:
  tui-trainer                                   open the app
  tui-trainer iris.toml                         open it on an experiment
  tui-trainer tt1-q1ZKSS...                     or on a shared one (key c copies the code)
  tui-trainer --detach iris.toml                keep training when the connection drops, and after q
  tui-trainer --csv house.csv --target price    or on your own data
  tui-trainer --resume                          return to a run that is running or was cut off
  tui-trainer sessions                          list the runs to return to
  tui-trainer --follow 12                       show another session, on a projector; read only
  tui-trainer train iris.toml --epochs 50       train without a screen
  tui-trainer train iris.toml --history h.csv   and keep the losses of every epoch
  tui-trainer export iris.toml --to iris        train, and export the network for Keras and PyTorch
  tui-trainer film 12                           write a film of run 12: an asciinema cast and an SVG
  tui-trainer predict iris new.csv              predict new rows with that export, or with run 12
  tui-trainer importance iris                   show which columns its predictions depend on
  tui-trainer summary iris.toml                 show the layers and their parameters
  tui-trainer describe --csv house.csv          show what its columns hold, in a few numbers each
  tui-trainer datasets                          list the built-in datasets
  tui-trainer serve iris.toml                   open the app in a browser on this machine
  tui-trainer lessons check course              run lessons, and tell which of their checks hold
  tui-trainer class /srv/class                  show what the students of a class have handed in

commands: train, sweep, report, export, film, predict, importance, runs, summary, describe,
datasets, sessions, serve, lessons, class, settings, keys; each has its own --help.
"""


def open_app(words: list[str], in_browser: bool = False) -> int:
    """Run the app; return its exit code. Raises UserError if it cannot be opened as requested.

    ``in_browser`` is true for an app started by ``serve``, which has no terminal to check.
    """
    options = _parser().parse_args(words)
    launch, experiment, path = _launch_options(options)
    if not in_browser:
        _check_terminal()
    prepare(os.environ)
    gc.disable()  # collections over modules just imported take a fifth of the start; ``ui.pacing`` enables it again
    with interrupts_held():
        from tui_trainer.app.app import TrainerApp  # the other commands do not need Textual
        from tui_trainer.app.preferences import preferences_for

    lessons = None if options.lessons is None else Path(options.lessons)
    preferences = preferences_for(settings_from_options(options))
    app = TrainerApp(
        experiment,
        path,
        owns_process=True,
        lessons=lessons,
        launch=launch,
        preferences=preferences,
        hand_in=_hand_in_path(options.hand_in),
    )
    app.fit_colors()
    sys.__stderr__.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]  # it is drawn there
    app.run(mouse=preferences.settings.mouse)
    if app.unexpected_error is not None:
        raise app.unexpected_error
    return app.return_code or 0


def check_words(words: list[str]) -> None:
    """Check the arguments of ``open_app``: exit for wrong usage, or raise UserError. Bounds are set."""
    _launch_options(_parser().parse_args(words))


def _launch_options(options: argparse.Namespace) -> tuple[Launch, Experiment, Path | None]:
    """Return how the trainer is started, the experiment, and the file it was read from."""
    _set_bounds(options.jail, options.class_root)
    if options.hand_in and root() is None:
        raise UserError("--hand-in", "it needs the folder of a class; give --class-root FOLDER or --jail FOLDER, too")
    if options.lessons is not None:
        if not is_folder(options.lessons, "--lessons"):
            raise UserError("--lessons", f"there is no folder {quoted(options.lessons)}")
        try:
            options.lessons = os.path.abspath(options.lessons)
        except OSError:
            raise UserError(
                "--lessons", "the folder it was started in no longer exists; give an absolute path"
            ) from None
    if (options.file or options.csv or options.target) is not None and options.resume is not None:
        raise UserError("", "--resume takes the number of a run, not a file; tui-trainer sessions lists runs")
    launch = Launch(options.detach, options.nice)
    if options.follow is not None:
        from tui_trainer.runtime.resume import find_session

        return Launch(follow=find_session(_alone(options))), Experiment(), None
    path = None if options.file is None or is_shared(options.file) else confined(options.file)
    if options.resume is None:
        experiment = experiment_from_options(options)
    else:
        from tui_trainer.runtime.resume import find, launch_for

        run = find(options.resume or None)
        launch, experiment = launch_for(run, options.detach, options.nice), run.experiment
    return launch, experiment, path


def _alone(options: argparse.Namespace) -> str:
    """Return the session to follow; raise UserError for options that go with a run of one's own."""
    others = {
        "an experiment": options.file,
        "own data": options.csv or options.test_csv or options.target or options.missing,
        "--set": options.fields,
        "--resume": options.resume is not None,
        "--detach": options.detach,
        "--hand-in": options.hand_in,
    }
    if name := next((name for name, given in others.items() if given), ""):
        raise UserError("--follow", f"it shows another session and trains nothing of its own; leave out {name}")
    return str(options.follow)


def _hand_in_path(hands_in: bool) -> Path | None:
    """Return where the user's progress is handed in, in the folder that bounds the user; None if it is not."""
    if not hands_in:
        return None
    from tui_trainer.book.handed_in import FILE_NAME

    folder = root()
    return None if folder is None else folder / FILE_NAME


def _check_terminal() -> None:
    """Raise UserError if there is no terminal to draw in."""
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):  # Textual draws on stderr
        raise UserError("", f"the app needs a terminal; without one, use: {WITHOUT_SCREEN}")
    if not detect_terminal(os.environ).is_screen:
        reason = f"the app needs a terminal that can draw, and TERM says {quoted(os.environ['TERM'])}"
        raise UserError("", f"{reason}; set TERM correctly, or use: {WITHOUT_SCREEN}")


def _parser() -> Parser:
    parser = Parser(
        prog="tui-trainer",
        description=DESCRIPTION,
        epilog=EXAMPLES,
    )
    add = parser.add_argument
    add("file", nargs="?", metavar="FILE.toml", help="an experiment to open, or its share code")
    add_experiment_options(parser)
    add("--detach", action="store_true", help="keep training when the connection drops or the app quits")
    add(
        "--resume",
        nargs="?",
        type=_number,
        const=NEWEST,
        metavar="ID",
        help="return to the newest run that is running without a terminal or was cut off, or to run ID",
    )
    add(
        "--follow",
        nargs="?",
        const="",
        metavar="SESSION",
        help="show what another of your sessions shows, and change nothing; without a number, the only one",
    )
    add("--lessons", metavar="FOLDER", help="your own lessons, for the Book tab")
    add("--nice", metavar="N", type=_niceness, default=NICENESS, help="niceness of the trainer, 0 to 19; default: 5")
    add_setting_options(parser)
    add("--jail", metavar="FOLDER", type=Path, help="open and save files only in this folder")
    add("--class-root", metavar="FOLDER", type=Path, help="the same, but in each user's own folder inside this one")
    add("--hand-in", action="store_true", help="let the teacher of the class see lessons, answers and runs")
    add("--version", action="version", version=f"tui-trainer {__version__}")
    return parser


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**63:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not the number of a run")
    return int(text)


def _niceness(text: str) -> int:
    if text not in map(str, range(20)):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number from 0 to 19")
    return int(text)


def _set_bounds(jail: Path | None, class_root: Path | None) -> None:
    """Confine this process and its children to a folder, for the user's files and for the runs."""
    if class_root is not None:
        if not is_folder(class_root, "--class-root"):
            raise UserError("--class-root", f"there is no folder {quoted(str(class_root))}")
        try:
            jail = class_root / user_name()
        except LookupError as error:
            raise UserError("--class-root", f"{error}; ask the administrator") from None
    if jail is None:
        return
    try:
        jail.mkdir(mode=0o700, exist_ok=True)
        os.chdir(jail)
        folder = os.getcwd()
    except OSError as error:
        reason = f"{quoted(str(jail))} can't be used: {error.strerror}"
        raise UserError("", f"{reason}; ask the administrator") from None
    os.environ[ROOT] = folder
    os.environ[DATA] = os.path.join(folder, ".tui-trainer")
