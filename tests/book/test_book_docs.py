"""docs/book.md: its table names every lesson and no other, and what it says of lesson files is so."""

from __future__ import annotations

import re
from pathlib import Path

from book_runs import LESSONS, results_of, right_answers, trained

from tui_trainer.book.checking import check
from tui_trainer.book.lesson import VIEW_OPTIONS
from tui_trainer.book.reading import loads
from tui_trainer.book.rules import VALUES

DOCS = Path(__file__).resolve().parents[2] / "docs" / "book.md"
TEXT = DOCS.read_text(encoding="utf-8")


def test_the_table_names_every_lesson_with_its_file() -> None:
    links = set(re.findall(r"\[(\w+)\]\(([^)]+)\)", TEXT))
    assert {name for name, _ in links} == set(LESSONS)
    for name, target in links:
        assert (DOCS.parent / target).resolve().name == LESSONS[name].file
        assert (DOCS.parent / target).is_file()


def test_the_example_is_a_lesson_and_can_be_passed() -> None:
    example = re.search(r"<!-- lesson -->\n```toml\n(.*?)```\n<!-- /lesson -->", TEXT, re.DOTALL)
    assert example
    lesson = loads(example[1], "example.toml", "own:example")
    done: frozenset[str] = frozenset()
    for variant in lesson.variants:
        verdict = check(lesson, results_of(trained(variant.experiment), variant.name, right_answers(lesson)), done)
        done |= verdict.done
    assert verdict.passed, verdict


def test_all_values_and_options_are_named() -> None:
    measures = DOCS.with_name("measures.md").read_text(encoding="utf-8")
    for name in VALUES:
        assert f"`{name}`" in TEXT or f"| `{name.removeprefix('val_')}` |" in measures, name
    for view, options in VIEW_OPTIONS.items():
        (row,) = re.findall(rf"^\| {view} \|.*$", TEXT, re.MULTILINE)
        assert all(f"`{name}`" in row for name in options)
        assert all(word in row for kind in options.values() if isinstance(kind, tuple) for word in kind)
