"""The command that writes a film of a saved run."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
from collections.abc import Sequence
from dataclasses import replace

from tui_trainer.errors import UserError, path_in_quotes, printable, quoted, suggestion
from tui_trainer.files import confined, safe_name
from tui_trainer.formats import format_file_size
from tui_trainer.tabs import TABS

from .options import Parser
from .runs import OVERWRITE, from_store, is_run_number

DESCRIPTION = """\
Write a film of a saved run, from its first epoch to its last, as a tab of the app shows it: an asciinema cast and an
SVG that moves. Its moments are trained again from the snapshots that were saved with the run."""
EXAMPLES = """\
examples:
  tui-trainer film 12                                      the Live tab of run 12 of the store
  tui-trainer film 12 --tab boundary --seconds 5 --size 80x24 --theme light
  asciinema play spiral.cast
"""
FILMED = tuple(tab.name for tab in TABS if tab.compute and tab.is_live)
SIZE = re.compile(r"(\d{1,3})x(\d{1,3})")
SMALLEST, LARGEST = (60, 16), (300, 100)
MIN_SECONDS, MAX_SECONDS = 1.0, 60.0


def main(words: Sequence[str]) -> int:
    """Run the command; return the exit code. Raises UserError if the run can't be filmed, or the files be written."""
    options = _parser().parse_args(words)
    if not is_run_number(options.run):
        raise UserError(
            "", f"expected the number of a saved run, got {path_in_quotes(options.run)}; see tui-trainer runs"
        )
    # The film has all colours and characters, whatever the terminal of this command can draw.
    os.environ.pop("NO_COLOR", None)
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_COLOR_SYSTEM="truecolor")

    from tui_trainer.app.film import cast, moving_svg, take_film
    from tui_trainer.app.preferences import preferences_for
    from tui_trainer.console import check_replaceable, check_writable, write_text
    from tui_trainer.export.trained import stored_session
    from tui_trainer.runtime.playback import Playback

    given = {name: getattr(options, name) for name in ("theme", "markers") if getattr(options, name) is not None}
    preferences = replace(preferences_for(given), complaints=(), memory=None)
    preferences = replace(preferences, settings=replace(preferences.settings, coach="never", title=False))
    session = from_store(int(options.run), stored_session)
    if not session.trainer.epochs:
        raise UserError("", f"run {options.run} has no epoch yet, so there is nothing to film; train it on")
    name = options.to or safe_name(session.requested.title)
    stem = confined(name.removesuffix(".cast").removesuffix(".svg"), "--to")
    files = {".cast": lambda start: start.startswith(b'{"version": 2'), ".svg": lambda start: b"<svg" in start}
    paths = {ending: stem.with_name(f"{stem.name}{ending}") for ending in files}
    for ending, path in paths.items():
        check_replaceable(path, "--to", session.requested.dataset.paths, files[ending], options.force)
        check_writable(path, "--to")
    film = asyncio.run(
        take_film(Playback(session), options.tab, options.seconds, options.size, preferences, options.setup)
    )
    for ending, text in ((".cast", cast(film)), (".svg", moving_svg(film))):
        write_text(paths[ending], "--to", text)
        print(f"{printable(str(paths[ending]))}  {format_file_size(len(text.encode()))}")
    if film.inexact:
        print(f"{film.inexact} of {len(film.frames)} frames show the nearest moment that was kept.")
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="tui-trainer film",
        description=DESCRIPTION,
        epilog=EXAMPLES,
    )
    add = parser.add_argument
    add("run", metavar="RUN", help="the number of a saved run")
    add("--tab", metavar="TAB", type=_tab, default="live", help=f"{', '.join(FILMED)}; default: live")
    add("--seconds", metavar="N", type=_seconds, default=8.0, help="how long the film is; default: 8")
    add("--size", metavar="WxH", type=_size, default=(100, 30), help="columns and rows; default: 100x30")
    add("--theme", metavar="NAME", help="colours, such as light, high-contrast or color-blind; default: yours")
    add("--setup", action="store_true", help="with the settings at the left")
    add("--markers", choices=("braille", "block", "ascii"), help="characters that plots are drawn with")
    add("--to", metavar="NAME", help="the files are NAME.cast and NAME.svg; default: the name of the run")
    add(OVERWRITE, action="store_true", help="overwrite existing films")
    return parser


def _tab(text: str) -> str:
    if text not in FILMED:
        hint = suggestion(text, FILMED) or ";"
        raise argparse.ArgumentTypeError(f"there is no tab {quoted(text)} to film{hint} there are: {', '.join(FILMED)}")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(
            f"expected seconds from {MIN_SECONDS:g} to {MAX_SECONDS:g}, got {quoted(text)}"
        )
    return seconds


def _size(text: str) -> tuple[int, int]:
    match = SIZE.fullmatch(text)
    size = (0, 0) if match is None else (int(match[1]), int(match[2]))
    if not all(least <= given <= most for given, least, most in zip(size, SMALLEST, LARGEST, strict=True)):
        limits = f"{SMALLEST[0]}x{SMALLEST[1]} to {LARGEST[0]}x{LARGEST[1]}"
        raise argparse.ArgumentTypeError(f"expected columns x rows from {limits}, as 100x30; got {quoted(text)}")
    return size
