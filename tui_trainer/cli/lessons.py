"""The command ``lessons``: lists lessons, tries them without a screen, and writes one to begin with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from tui_trainer.book.library import Library, from_file, from_folder, packaged
from tui_trainer.console import write_text
from tui_trainer.errors import UserError, escaped, path_in_quotes, printable
from tui_trainer.files import confined, file_mode, free_name, is_folder
from tui_trainer.formats import count_cells, fit_text, format_counted, format_table
from tui_trainer.system.terminal import as_argument

from .options import Parser

if TYPE_CHECKING:
    from tui_trainer.teaching.trial import CheckOutcome, Trial

SEEN_WIDTH = 13  # cells of a number, or of the longest state
FAULTY = 1  # exit code: a lesson isn't one, or does not do as it says
NEW_NAME = "01_two_clouds.toml"  # in a folder
DESCRIPTION = """\
List lessons, try them without a screen, or write one to begin with; docs/lessons.md says what a lesson may have."""
EXAMPLES = """\
examples:
  tui-trainer lessons list                     the lessons of the book
  tui-trainer lessons check                    run each variant of each, and tell which checks hold
  tui-trainer lessons new course/01_mine.toml  write a lesson to change
  tui-trainer lessons check course             check your own
  tui-trainer --lessons course                 open them in the app; a file is read again when it changes
"""


def main(words: list[str]) -> int:
    """Run the command; return 0, or 1 if a lesson is not as it should be. Raises UserError for a wrong path."""
    parser = Parser(
        prog="tui-trainer lessons",
        description=DESCRIPTION,
        epilog=EXAMPLES,
    )
    parser.add_argument("action", choices=tuple(ACTIONS), help="what to do")
    what = "a lesson, or a folder of lessons; default: those of the book"
    parser.add_argument("path", nargs="?", metavar="FILE-OR-FOLDER", help=what)
    options = parser.parse_args(words)
    return ACTIONS[options.action](options.path)


def _list(path: str | None) -> int:
    """Print a line for each lesson, then what is wrong with files that are none."""
    library = _library(path)
    rows = [
        (
            printable(lesson.file),
            printable(lesson.chapter),
            printable(lesson.title),
            lesson.view,
            format_counted(len(lesson.variants), "variant"),
            format_counted(len(lesson.questions), "question") if lesson.questions else "",
            format_counted(len(lesson.checks), "check") if lesson.checks else "",
            "target" if lesson.target else "",
        )
        for lesson in library.lessons
    ]
    for line in format_table(rows, range(8)) if rows else ["No lessons."]:
        print(line)
    return _complain(library)


def _check(path: str | None) -> int:
    """Try each lesson, and print what its checks say of each run."""
    from tui_trainer.teaching.trial import describe, try_lesson

    library = _library(path)
    lessons = library.lessons
    names = [printable(variant.name) for lesson in lessons for variant in lesson.variants]
    expected = [printable(describe(condition)) for lesson in lessons for condition in lesson.checks]
    widths = tuple(max(map(count_cells, [*texts, "solution"])) for texts in (names, expected))
    trials = []
    for lesson in lessons:
        trial = try_lesson(lesson)
        trials.append(trial)
        print(f"{printable(lesson.file)}  {printable(lesson.title)}")
        for line in _lines(trial, widths):
            print(line)
        for fault in trial.faults:
            print(f"  ✗ {printable(fault)}")
        sys.stdout.flush()
    faulty = sum(bool(trial.faults) for trial in trials)
    code = _complain(library)
    if trials:
        runs, seconds = sum(len(trial.runs) for trial in trials), sum(trial.seconds for trial in trials)
        total = format_counted(len(trials), "lesson")
        verdict = f"{faulty} of {total}" if faulty else total
        does = "does not do as it says" if faulty == 1 else "do not do as they say" if faulty else "as it should be"
        print(f"{verdict} {does}; {format_counted(runs, 'run')} in {seconds:.1f} s")
    return FAULTY if faulty else code


def _lines(trial: Trial, widths: Sequence[int]) -> list[str]:
    """Return a line for each check of each run; a run with no check has one, too."""
    lines = []
    for run in trial.runs:
        outcomes = [outcome for outcome in trial.outcomes if outcome.run is run]
        name = printable(run.variant) or "solution"
        took = f"{run.results.state}, epoch {run.results.epoch:,}, {run.seconds:.2f} s"
        for place, outcome in enumerate(outcomes or [None]):
            first, last = (name, took) if place == 0 else ("", "")
            expected, seen, verdict = _cells(outcome)
            cells = (
                fit_text(first, widths[0]),
                fit_text(expected, widths[1]),
                fit_text(seen, SEEN_WIDTH),
                verdict,
                last,
            )
            lines.append(f"  {'  '.join(cells)}".rstrip())
    return lines


def _cells(outcome: CheckOutcome | None) -> tuple[str, str, str]:
    if outcome is None:
        return "no check", "", ""
    return printable(outcome.expected), printable(outcome.seen), "holds" if outcome.holds else "open"


def _new(path: str | None) -> int:
    """Write the template to a new file."""
    if path is None:
        raise UserError("", "expected the path of the new lesson, as in: tui-trainer lessons new course/01_mine.toml")
    to = confined(path)
    if is_folder(to):
        to = to / free_name(to, NEW_NAME)
    elif to.suffix != ".toml":
        raise UserError("", f"expected a folder that exists or a name that ends in .toml, got {path_in_quotes(path)}")
    if file_mode(to):
        raise UserError("", f"{path_in_quotes(to)} exists; give the lesson another name")
    write_text(to, "", (files("tui_trainer.teaching") / "template.toml").read_text(encoding="utf-8"))
    shown = printable(str(to))
    print(f"{shown} is a lesson to change. Try it with: tui-trainer lessons check {as_argument(shown)}")
    return 0


def _library(path: str | None) -> Library:
    """Return the lessons at a path, or those of the book; raise UserError if there is nothing there."""
    if path is None:
        return packaged()
    where = confined(path)
    if is_folder(where):
        return from_folder(where)
    if not file_mode(where):
        raise UserError(
            "", f"there is no file or folder {path_in_quotes(path)}; tui-trainer lessons new writes a lesson"
        )
    return from_file(where)


def _complain(library: Library) -> int:
    """Print what is wrong with files that are no lessons; return the exit code."""
    for error in library.errors:
        print(f"tui-trainer: {escaped(str(error))}", file=sys.stderr)
    return FAULTY if library.errors else 0


ACTIONS: dict[str, Callable[[str | None], int]] = {"list": _list, "check": _check, "new": _new}
