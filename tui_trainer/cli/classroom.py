"""The command ``class``: what the students of a class have handed in."""

from __future__ import annotations

import math

from tui_trainer.console import check_replaceable, write_text
from tui_trainer.errors import UserError, path_in_quotes, quoted
from tui_trainer.files import confined, is_folder
from tui_trainer.formats import format_table
from tui_trainer.teaching.classroom import Goal, answers, as_csv, board, check_value, class_in, overview

from .options import Parser

DESCRIPTION = """\
Show what the students of a class have handed in: who is at which lesson, with how many answers and attempts. Their
app hands it in if it is started with --class-root and --hand-in; docs/ssh.md says how a class is set up."""
EXAMPLES = """\
examples:
  tui-trainer class /srv/class                                who is at which lesson
  tui-trainer class /srv/class --lesson gradient_descent      the answers to the questions of a lesson
  tui-trainer class /srv/class --board spiral --reach val_accuracy=0.95
                                                              the smallest networks that reach that on the spiral
  tui-trainer class /srv/class --csv class.csv                all of it as a table
"""


def main(words: list[str]) -> int:
    """Run the command; return 0. Raises UserError for a folder that can't be read, and for wrong options."""
    parser = Parser(
        prog="tui-trainer class",
        description=DESCRIPTION,
        epilog=EXAMPLES,
    )
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="the folder with the folders of all students")
    add("--lesson", metavar="NAME", help="show each student's answers to the questions of a lesson")
    add("--board", metavar="TASK", help="rank the students' best runs on these data, or in this lesson")
    add("--reach", metavar="MEASURE=NUMBER", help="count only runs that reach this, such as val_accuracy=0.95")
    add("--by", metavar="MEASURE", help="rank by this: params, epoch or a measure; default: params, the fewest first")
    add("--csv", metavar="OUT.csv", help="write all lessons, answers and runs to this file")
    add("--force", action="store_true", help="overwrite an older table")
    options = parser.parse_args(words)
    if options.board is None and (options.reach or options.by) is not None:
        raise UserError("--reach" if options.reach else "--by", "it is for a board; name its data with --board")
    goal = None if options.reach is None else _goal(options.reach)
    by = check_value(options.by or "params", "--by")
    folder = confined(options.folder)
    if not is_folder(folder):
        raise UserError("", f"there is no folder {path_in_quotes(options.folder)}")
    students = class_in(folder)
    if options.csv is not None:
        path = confined(options.csv, "--csv")
        check_replaceable(path, "--csv", (), lambda start: start.startswith(b"student,row,"), options.force)
        write_text(path, "--csv", as_csv(students))
    if options.lesson is not None:
        rows = answers(students, options.lesson)
    elif options.board is not None:
        rows = board(students, options.board, goal, by)
    else:
        rows = overview(students)
    for line in format_table(rows, range(len(rows[0]))) if len(rows) > 1 else [_nobody(options.board)]:
        print(line)
    return 0


def _goal(text: str) -> Goal:
    measure, _, number = text.partition("=")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError("--reach", f"expected a measure and a number, such as val_accuracy=0.95; got {quoted(text)}")
    return Goal(check_value(measure.strip(), "--reach"), value)


def _nobody(task: str | None) -> str:
    return "No students." if task is None else "Nobody has handed in such a run."
