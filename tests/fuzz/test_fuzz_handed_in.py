"""What students have handed in: files that a teacher's command shows, whatever is in them."""

from __future__ import annotations

import random

import msgspec
from holding import Campaign, Case, check_sentence, check_shown, run_command
from mutators import changed_json, file_of_text

from tui_trainer.book.handed_in import FILE_NAME, HandedIn, HandedInAnswer, HandedInLesson, HandedInRun
from tui_trainer.teaching.classroom import as_csv, class_in

KIND = "handed_in"
ANSWERS = (HandedInAnswer("How many?", "n 81", True, 2), HandedInAnswer("Which?", "", None, 0))
LESSONS = {"book:spiral": HandedInLesson("Spirals", True, 2, 2, ANSWERS, 3), "own:mine": HandedInLesson("Mine")}
VALUES = {"loss": 0.25, "val_accuracy": 0.96, "val_recall[2]": 1.0}
RUNS = (
    HandedInRun("spiral", "8-7-1", 95, 300, VALUES, "book:spiral", 1.7e9),
    HandedInRun("house", "none", 14, 50, {"r2": -0.5}),
)
GOOD = msgspec.json.encode(HandedIn(at=1.7e9, opened="book:spiral", lessons=LESSONS, runs=RUNS)).decode()
COMMANDS = (
    (),
    ("--lesson", "spiral"),
    ("--lesson", "mine"),
    ("--board", "spiral", "--reach", "val_accuracy=0.5"),
    ("--board", "house", "--by", "r2"),
    ("--board", "spiral", "--by", "val_recall[2]"),
)


def handed_in(rng: random.Random) -> bytes:
    """The bytes of a file with something changed in it."""
    return file_of_text(rng, changed_json(rng, GOOD), [GOOD.encode()])


def try_handed_in(case: Case) -> bool:
    names = ("anna", "ben")[: case.rng.choice((1, 1, 2))]
    for name in names:
        case.write(f"class/{name}/{FILE_NAME}", handed_in(case.rng))
    students = class_in(case.folder / "class")
    assert [student.name for student in students] == list(names)
    for student in students:
        if student.handed_in is None:
            check_sentence(student.trouble)
    run_command("class", str(case.folder / "class"), *case.rng.choice(COMMANDS))
    check_shown(*as_csv(students).split("\n"))
    return any(student.handed_in is not None for student in students)


def test_handed_in(campaign: Campaign) -> None:
    campaign.run(try_handed_in)
