"""A teacher's folder of lessons: files that are read, or refused for their author, and lessons that are checked."""

from __future__ import annotations

import os
import random
from functools import cache

from holding import Campaign, Case, check_sentence, check_shown
from mutators import changed_toml, file_of_text

from tui_trainer.book import library
from tui_trainer.book.checking import Results, check
from tui_trainer.book.lesson import Lesson
from tui_trainer.book.library import from_folder

KIND = "lessons"
WHOLE = """\
title = "A lesson"
chapter = "1 Perceptron"
text = \"\"\"
Prose
over two lines.

  a = φ(o)
\"\"\"
view = "landscape"

[view_options]
kind = "curve"
low = -2.0
high = 10
parameter = 0

[experiment.dataset]
name = "boston_rm"

[experiment.model]
layers = []

[experiment.training]
epochs = 10

[question]
text = "Which?"
choices = ["this", "that"]
answer = 1
because = "That."

[[variants]]
name = "as it is"

[[variants]]
name = "slow"

[variants.set]
"training.learning_rate" = 0.000001

[[checks]]
done = "Low."
missing = "Train."
value = "loss"
at_most = 0.5
epoch = 10

[[checks]]
done = "Slow."
missing = "Slow down."
field = "training.learning_rate"
at_most = 0.1

[[checks]]
done = "Gone."
missing = "Let it go."
state = "diverged"
variant = "slow"

[target]
"model.layers" = 1
"model.layers[0].units" = 100
"model.output.activation" = "relu"
"""
BLANKS = """\
title = "Numbers"
chapter = "2"
text = "Reckon."
view = "loss"

[question]
text = "How many?"
because = "So many."

[[question.blanks]]
label = "weights"
answer = 12
within = 0.5

[[question.blanks]]
label = "biases"
answer = 3
"""
NAMES = (
    *(
        "a.toml",
        "01_a.toml",
        "1 - b.toml",
        ".hidden.toml",
        "a\x1b[2J.toml",
        "\u202ea.toml",
        "[red].toml",
        ".toml",
        "12.toml",
    ),
    *("CON.toml", "a b.toml", "ä.toml", "x" * 200 + ".toml", "a\nb.toml", "a.TOML", "a:b.toml", "'.toml", "book.toml"),
)
ANSWERS = (None, 0, 1, (), (12.0,), (12.0, None), (float("nan"), 3.0))
RESULTS = {"loss": 0.4, "val_loss": float("nan"), "accuracy": float("inf"), "r2": -0.5}


@cache
def good() -> tuple[str, ...]:
    """Lessons of the book, and two that have one of each."""
    folder = library.files(library.__package__ or "") / "lessons"
    book = [
        path.read_text() for path in sorted(folder.iterdir(), key=lambda path: path.name) if path.name.endswith("toml")
    ]
    return (*book, WHOLE, WHOLE, BLANKS, WHOLE, BLANKS)


def lesson_file(rng: random.Random) -> bytes:
    """The bytes of a lesson with something changed in it."""
    return file_of_text(rng, changed_toml(rng, rng.choice(good()), good()), [text.encode() for text in good()])


def check_lesson(lesson: Lesson, rng: random.Random) -> None:
    """Go through it as the app does: its pages, its variants, its checks, before and after a run."""
    assert lesson.paragraphs is not None and lesson.title and lesson.variants
    assert lesson.variant_of(lesson.experiment) is not None
    answers = tuple(rng.choice(ANSWERS) for _ in range(rng.choice((0, 1, 2))))
    results = Results(
        experiment=rng.choice(lesson.variants).experiment,
        values=RESULTS,
        epoch=10_000_000,
        state=rng.choice(("ready", "finished", "diverged")),
        weights=rng.choice((None, (), (1.0, float("nan")))),
        layer_params=(7,),
        answers=answers,
        variant=rng.choice(lesson.variants).name,
    )
    for item in check(lesson, results).items:
        assert item.sentence, item
    check(lesson, Results(experiment=lesson.experiment))


def try_lessons(case: Case) -> bool:
    folder = case.folder / "lessons"
    folder.mkdir()
    for _ in range(case.rng.choice((1, 1, 2))):
        name = case.rng.choice(NAMES) if case.rng.random() < 0.2 else "mine.toml"
        case.write(f"lessons/{name}", lesson_file(case.rng))
    found = from_folder(folder)
    for error in found.errors:
        check_sentence(error)
    for lesson in found.lessons:
        check_shown(lesson.file)
        check_lesson(lesson, case.rng)
    visible = [name for name in os.listdir(folder) if name.endswith(".toml") and not name.startswith(".")]
    assert len(found.lessons) + len(found.errors) == len(visible)
    return bool(found.lessons)


def test_lessons(campaign: Campaign) -> None:
    campaign.run(try_lessons)
