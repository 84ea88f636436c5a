"""Text in blocks: wrapped, set in, kept as it is, and harmless."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Size

from tui_trainer.book.library import packaged
from tui_trainer.tabs.book import lesson_page
from tui_trainer.tabs.book.guide import LessonState
from tui_trainer.tabs.book.lesson_page import Block, Blocks

BESIDE = 48  # columns of the page beside a view


def lines(block: Block, width: int) -> list[str]:
    return [line.plain for line in block.lines(width)]


def test_lines_after_the_first_are_set_in() -> None:
    block = Block("one two three four", mark="○ A  ")
    assert lines(block, 15) == ["○ A  one two", "     three four"]


def test_formulas_are_kept_as_they_are() -> None:
    formula = "  a = φ(o)\n    o = w x"
    assert lines(Block(formula, kept=True), 30) == ["  a = φ(o)", "    o = w x"]
    assert lines(Block(formula), 30) != ["  a = φ(o)", "    o = w x"]


def test_what_a_terminal_would_obey_is_not_in_it() -> None:
    assert lines(Block("a\x1b[2Jb\r\nc", kept=True), 30) == ["a�[2Jb�", "c"]
    assert lines(Block("[red]no[/red] [/]"), 30) == ["[red]no[/red] [/]"]


@pytest.mark.parametrize(
    ("text", "shown", "spans"),
    [
        ("**Bold**, *italic* and `code*`.", "Bold, italic and code*.", ["bold", "italic", "$text-accent"]),
        ("***Both***", "Both", ["italic bold"]),
        ("With w* = 3.65, w* and val_loss_2, 2 * 3 * 4.", "With w* = 3.65, w* and val_loss_2, 2 * 3 * 4.", []),
        (r"\*plain\*", "*plain*", []),
        ("[red]*x*[/] <b> [a](b) &amp; **open", "[red]x[/] <b> [a](b) &amp; **open", ["italic"]),
        ("`[@click=app.quit]x[/]`", "[@click=app.quit]x[/]", ["$text-accent"]),
    ],
)
def test_mark_up_is_that_of_markdown_and_nothing_else(text: str, shown: str, spans: list[str]) -> None:
    (line,) = Block(text, markdown=True).lines(80)
    assert line.plain == shown and [span.style for span in line.spans] == spans


def test_wide_characters_are_counted_as_they_are_shown() -> None:
    assert all(len(line) <= 5 for line in lines(Block("数据" * 9), 10))


@pytest.mark.parametrize("lesson", packaged().lessons, ids=lambda lesson: lesson.file)
def test_no_formula_of_the_book_is_broken_beside_a_view(lesson: object) -> None:
    page = LessonState(lesson, 1, 1, False, ())  # type: ignore[arg-type]
    for block in lesson_page.prose(page):
        assert not block.kept or lines(block, BESIDE) == block.text.split("\n")


class Host(App[None]):
    """Three blocks."""

    def compose(self) -> ComposeResult:
        yield Blocks()


async def test_height_follows_text_and_width() -> None:
    async with Host().run_test(size=(20, 10)) as pilot:
        blocks = pilot.app.query_one(Blocks)
        assert blocks.size.height == 0
        blocks.show(Block("one two three four five six"), Block("seven", gap=False), Block("eight"))
        await pilot.pause()
        assert blocks.render().plain.split("\n") == ["one two three four", "five six", "seven", "", "eight"]
        assert blocks.size == Size(20, 5)
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert blocks.size == Size(40, 4)
        blocks.show()
        await pilot.pause()
        assert blocks.size.height == 0


@pytest.mark.parametrize(
    ("typed", "number"),
    [("0,001", 0.001), ("24,5", 24.5), (".5", 0.5), ("1,024", 1024.0), ("1,024.5", 1024.5), ("1,2,3", None)],
)
def test_a_blank_takes_a_decimal_comma_or_commas_between_thousands(typed: str, number: float | None) -> None:
    assert lesson_page._number(typed) == number
