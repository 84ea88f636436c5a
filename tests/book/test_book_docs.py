"""docs/book.md names every lesson and no other; docs/lessons.md: what it says of lesson files is so."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from book_runs import LESSONS
from test_book_claims import PAGES

from tui_trainer.book.lesson import VIEW_OPTIONS
from tui_trainer.book.reading import loads
from tui_trainer.book.rules import VALUES
from tui_trainer.cli.main import main
from tui_trainer.teaching.trial import try_lesson

DOCS = Path(__file__).resolve().parents[2] / "docs" / "book.md"
TEXT = DOCS.read_text(encoding="utf-8")
LESSONS_TEXT = DOCS.with_name("lessons.md").read_text(encoding="utf-8")


def test_the_table_names_every_lesson_with_its_file() -> None:
    links = set(re.findall(r"\[(\w+)\]\(([^)]+\.toml)\)", TEXT))
    assert {name for name, _ in links} == set(LESSONS)
    for name, target in links:
        assert (DOCS.parent / target).resolve().name == LESSONS[name].file
        assert (DOCS.parent / target).is_file()


ON_PAGE = "test_the_page_has_what_the_book_has"  # which holds what stands on the pages of these lessons, PAGES
# What the book has of each kind, chapter by chapter; a row may stand for several formulas
IN_THE_BOOK = {
    "1 Perceptron": {"figure": 6, "formula": 4, "code": 6, "table": 1},
    "2 Multi-layer perceptrons": {"figure": 3, "formula": 4, "code": 4, "table": 3, "exercise": 3, "theorem": 1},
    "3 Losses": {"figure": 2, "formula": 3},
    "4 Optimization": {"algorithm": 1, "figure": 5, "formula": 4},
    "5 Regularization": {"figure": 2, "formula": 2, "code": 1, "exercise": 1},
    "6 Labs": {"lab": 3},
}


def test_each_part_of_the_book_has_a_lesson_and_a_test_that_are_there() -> None:
    chapters = {part.partition("\n")[0]: part for part in TEXT.split("\n### ")[1:]}
    assert {lesson.chapter for lesson in LESSONS.values()} == set(chapters)
    for chapter, part in chapters.items():
        rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("| ")][1:]
        kinds = Counter(kind.split()[0].rstrip("s") for row in rows for kind in row[0].split(","))
        for kind, count in IN_THE_BOOK.get(chapter, {}).items():
            assert kinds[kind] >= count, f"{chapter}: {kind}"
        for row in rows:
            _, what, lesson, tests = row
            lessons = re.findall(r"\[(\w+)\]\([^)]+\.toml\)", lesson)
            assert lessons, what
            named = re.findall(r"\[(test_\w+)\]\(([^)]+\.py)\)", tests)
            assert named, what
            assert ON_PAGE not in dict(named) or set(lessons) & set(PAGES), what
            for name, target in named:
                assert f"def {name}(" in (DOCS.parent / target).read_text(encoding="utf-8"), f"{what}: {name}"


def test_the_example_is_a_lesson_and_can_be_passed() -> None:
    example = re.search(r"<!-- lesson -->\n````toml\n(.*?)````\n<!-- /lesson -->", LESSONS_TEXT, re.DOTALL)
    assert example
    lesson = loads(example[1], "example.toml", "own:example")
    assert try_lesson(lesson).faults == ()


def test_the_lesson_that_the_docs_write_step_by_step_does_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    section = LESSONS_TEXT[LESSONS_TEXT.index("## In ten minutes") : LESSONS_TEXT.index("## What `lessons check`")]
    (command,) = re.findall(r"^\$ tui-trainer (.*)\n((?:[^`].*\n)*)", section, re.MULTILINE)
    steps = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "01_neurons.toml").write_text("\n".join(steps), encoding="utf-8")
    assert main(command[0].split()) == 0
    assert without_numbers(capsys.readouterr().out) == without_numbers(command[1])


def without_numbers(text: str) -> str:
    """A table without what differs from machine to machine: the time it took, and an accuracy by a sample or two."""
    return re.sub(r"  0\.\d+ +holds", "  0.… holds", re.sub(r"[\d.]+ s$", "… s", text, flags=re.MULTILINE))


def test_all_values_and_options_are_named() -> None:
    measures = DOCS.with_name("measures.md").read_text(encoding="utf-8")
    for name in VALUES:
        assert f"`{name}`" in LESSONS_TEXT or f"| `{name.removeprefix('val_')}` |" in measures, name
    for view, options in VIEW_OPTIONS.items():
        (row,) = re.findall(rf"^\| {view} \|.*$", LESSONS_TEXT, re.MULTILINE)
        assert all(f"`{name}`" in row for name in options)
        assert all(word in row for kind in options.values() if isinstance(kind, tuple) for word in kind)
