"""Lesson files: what a right one becomes, and the sentence for whatever is wrong with one."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lesson_texts import changed, lesson_of, whole, without

from tui_trainer.book.checking import Results, check
from tui_trainer.book.lesson import LessonError
from tui_trainer.book.library import files, packaged
from tui_trainer.book.reading import loads


def refusal(data: dict[str, Any]) -> LessonError:
    with pytest.raises(LessonError) as raised:
        lesson_of(data)
    assert raised.value.file == "mine.toml" and raised.value.reason
    assert str(raised.value).startswith("mine.toml: ")
    return raised.value


def test_a_whole_lesson_is_read() -> None:
    lesson = lesson_of(whole())
    assert (lesson.id, lesson.file, lesson.title, lesson.view) == ("own:mine", "mine.toml", "A lesson", "landscape")
    assert lesson.paragraphs == ("Prose over two lines.", "  a = φ(o)\n  o = w x", "More prose.")
    assert lesson.experiment.name == "mine" and lesson.experiment.training.epochs == 10
    assert lesson.experiment == lesson.variants[0].experiment
    assert lesson.variants[1].experiment.training.learning_rate == 1e-6
    assert lesson.view_options == {"kind": "curve", "low": -2.0, "high": 10}
    assert [check.state for check in lesson.checks] == [None, None, "diverged"]


def test_lists_and_code_are_parts_of_their_own() -> None:
    text = """
Two ways:
- step by *step*,
  slowly;
- at once.

1. Load
2.  it.

```
w = 0

- not an item
```
  o = w x
The end, 2. of all.
"""
    assert lesson_of({**whole(), "text": text}).paragraphs == (
        "Two ways:",
        "- step by *step*, slowly;",
        "- at once.",
        "1. Load",
        "2. it.",
        "  w = 0\n  \n  - not an item",
        "  o = w x\nThe end, 2. of all.",
    )


def test_without_variants_there_is_one() -> None:
    data = without("variants")
    del data["checks"][2]
    lesson = lesson_of(data)
    assert [variant.name for variant in lesson.variants] == ["as loaded"]


WRONG = [
    ("title", "", "title", "a text of 1 to 120 characters"),
    ("title", 3, "title", "got 3"),
    ("text", "x" * 2001, "text", "a text of 1 to 2000 characters"),
    ("view", "plot", "view", "one of: boundary, data, landscape"),
    ("colour", "red", "", "unknown field 'colour'; the fields here are: title, chapter"),
    ("race", {"field": "training.rate", "values": [1, 2]}, "race", "training"),
    ("race", {"field": "training.epochs", "values": [1]}, "race.values", "2 values at least, got 1"),
    ("race", {"field": "training.epochs", "values": [1, "ten"]}, "race", "got 'ten'"),
    ("view_options/zoom", 2, "view_options", "no option 'zoom'; its options are: kind, variants, algorithms"),
    ("view_options/kind", "hill", "view_options.kind", "expected one of: curve, contour"),
    ("view_options/low", "-2", "view_options.low", "expected a number, got '-2'"),
    ("view_options/low", True, "view_options.low", "expected a number, got true"),
    ("view_options/low", [1], "view_options.low", "expected a number, got a list of 1"),
    ("view_options/high", -2.0, "view_options.high", "expected more than low"),
    ("experiment/training/epochs", 0, "experiment.training.epochs", "an integer from 1 to"),
    ("experiment/dataset/nmae", "x", "experiment.dataset", "did you mean name?"),
    ("experiment", 3, "experiment", "expected a table, got 3"),
    ("question/answer", 2, "question.answer", "expected 0 to 1, got 2"),
    ("question/answer", "that", "question.answer", "expected an integer"),
    ("question/choices", ["one"], "question.choices", "at least two choices"),
    ("questions", [whole()["question"]], "question", "there are questions, too; write it as one of them"),
    ("question/blanks", [{"label": "x", "answer": 1}], "question", "choices and blanks"),
    ("variants/1/name", "as it is", "variants[1].name", "two variants 'as it is'"),
    ("variants/1/set", {"training.rate": 1}, "variants[1].set", "unknown field 'rate'"),
    ("variants/1/set", {"training": {"epochs": 3}}, "variants[1].set.training", "write the path in quotes"),
    ("variants/1/set", {"training.epochs": -1}, "variants[1].set", "training.epochs: expected an integer"),
    ("checks/0/value", "los", "checks[0].value", "there is no value 'los'; the values are: loss"),
    ("checks/0/value", "weight[x]", "checks[0].value", "there is no value 'weight[x]'"),
    ("checks/0/value", "val_loss - los", "checks[0].value", "there is no value 'los'"),
    ("checks/0/value", "loss - loss - loss", "checks[0].value", "the difference of two, got 3 values"),
    ("checks/0/value", "accuracy[0]", "checks[0].value", "there is no value 'accuracy[0]'"),
    ("checks/0/state", "diverged", "checks[0]", "exactly one of value, field and state, got value and state"),
    ("checks/0/near", 1.0, "checks[0]", "near and within belong together"),
    ("checks/0/equals", 1, "checks[0]", "are for fields"),
    ("checks/0/at_most", "low", "checks[0].at_most", "expected a finite number, got 'low'"),
    ("checks/0/at_most", float("nan"), "checks[0].at_most", "expected a finite number, got nan"),
    ("checks/0/done", "", "checks[0].done", "a text of 1 to 400 characters"),
    ("checks/1/field", "training", "checks[1].field", "'training' is not the path of a field"),
    ("checks/1/field", "no path!", "checks[1].field", "is not the path of a field"),
    ("checks/1/field", "model.layers[99].units", "checks[1].field", "an index below 32"),
    ("checks/1/one_of", ["fast"], "checks[1].field", "training.learning_rate: expected a finite number"),
    ("checks/2/at_most", 1, "checks[2].at_most", "a check of the state needs no condition"),
    ("checks/2/variant", "slwo", "checks[2].variant", "there is no variant 'slwo', did you mean 'slow'?"),
    ("question/variant", "slwo", "question.variant", "there is no variant 'slwo', did you mean 'slow'?"),
    ("target/model.layers[0].units", "many", "target", "model.layers[0].units: expected an integer"),
    ("target/model.layers", -1, "target", "give the number of its entries"),
    ("target/model", {"layers": 1}, "target", "put paths in quotes"),
    ("title", datetime.date(2026, 1, 1), "title", "got a value of type date"),
    ("experiment/name", 10**400, "experiment.name", "more than 40 digits"),
    ("checks/0/at_most", 10**400, "checks[0].at_most", "more than 40 digits"),
    ("view_options/low", 10**400, "view_options.low", "more than 40 digits"),
    ("target/model.layers", 2**63, "target.model.layers", "at most 64 bits"),
]


@pytest.mark.parametrize(("path", "value", "field", "words"), WRONG)
def test_what_is_wrong_is_said_with_its_field(path: str, value: object, field: str, words: str) -> None:
    error = refusal(changed(path, value))
    assert error.field == field and words in error.reason, error


@pytest.mark.parametrize(
    ("path", "field", "words"),
    [
        ("title", "", "expected a field 'title', which is not there"),
        ("question/because", "question", "'because'"),
        ("question/answer", "question.answer", "give the index of the right choice"),
        ("checks/0/at_most", "checks[0]", "there is no condition"),
        ("checks/0/value", "checks[0]", "got none of them"),
    ],
)
def test_what_is_missing_is_said(path: str, field: str, words: str) -> None:
    error = refusal(without(path))
    assert error.field == field and words in error.reason, error


def test_a_page_with_nothing_to_do_is_done_when_it_is_read() -> None:
    data = {name: whole()[name] for name in ("title", "chapter", "text")}
    lesson = lesson_of({**data, "view": "loss"})
    assert check(lesson, Results(experiment=lesson.experiment)).passed


def test_several_questions_are_told_apart() -> None:
    data, question = without("question"), whole()["question"]
    assert lesson_of({**data, "questions": [question, {**question, "text": "Or?"}]}).questions[1].text == "Or?"
    error = refusal({**data, "questions": [question, {**question, "answer": 2}]})
    assert error.field == "questions[1].answer" and "expected 0 to 1" in error.reason
    assert "the same question is there twice" in refusal({**data, "questions": [question, question]}).reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = ", "not valid TOML"),
        ("a = " + "[" * 20_000, "nested too deeply"),
        ("a = 1" + "0" * 5000, "too many digits"),
        ("a = 0x" + "f" * 5000, "more than 40 digits"),  # which Python reads, but does not write
        ('title = "\x1b[31m"', "not valid TOML"),
    ],
)
def test_what_is_no_toml_is_refused(text: str, words: str) -> None:
    with pytest.raises(LessonError) as raised:
        loads(text, "mine.toml", "own:mine")
    assert words in raised.value.reason and raised.value.reason.isprintable()


@pytest.mark.parametrize("odd", ["[bold red]x[/]", "\x1b[2J\x07", "\u202egnp.exe", "[/nothing]", "a\x00b"])
def test_markup_and_control_characters_are_data(odd: str) -> None:
    data = changed("title", odd)
    data["text"], data["variants"][1]["name"], data["checks"][2]["variant"] = odd + " text", odd, odd
    data["question"]["choices"][0] = odd
    lesson = lesson_of(data)
    assert lesson.title == odd and lesson.text == odd + " text"
    assert lesson.variants[1].name == odd and lesson.questions[0].choices[0] == odd


def test_errors_quote_odd_text_so_that_it_can_be_printed() -> None:
    odd = "\x1b[2J\u202e"
    for path, value in (("view", odd), ("checks/0/value", odd), ("checks/2/variant", odd), (odd, 1)):
        assert str(refusal(changed(path, value))).isprintable()


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["loss", "weight[0]", "training.epochs", "model.layers", "diverged", "slow"])
)
NESTED = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
PATHS = [path for path, *_ in WRONG] + ["question", "variants", "checks", "target", "checks/0", "variants/1/set"]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # the first draw is, on a busy machine
@given(st.dictionaries(st.sampled_from(PATHS), NESTED, max_size=3))
def test_broken_files_end_in_a_lesson_error_or_a_lesson(changes: dict[str, Any]) -> None:
    data = whole()
    for path, value in changes.items():
        *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
        holder: Any = data
        try:
            for step in way:
                holder = holder[step]
            holder[last] = value
        except (TypeError, KeyError, IndexError):
            continue
    try:
        text = tomli_w.dumps(data)
    except (TypeError, ValueError, AttributeError):
        return  # no TOML, None for one
    try:
        assert loads(text, "mine.toml", "own:mine").id == "own:mine"
    except LessonError as error:
        assert error.reason and error.file == "mine.toml"


@given(st.text(max_size=200), st.integers(0, 400), st.integers(0, 400))
def test_any_text_ends_in_a_lesson_error_or_a_lesson(noise: str, start: int, length: int) -> None:
    text = tomli_w.dumps(whole())
    try:
        assert loads(text[:start] + noise + text[start + length :], "mine.toml", "own:mine").file == "mine.toml"
    except LessonError as error:
        assert str(error).startswith("mine.toml: ")


def test_packaged_lessons_are_where_the_package_is() -> None:
    assert len(list((files("tui_trainer.book") / "lessons").iterdir())) == len(packaged().lessons)
