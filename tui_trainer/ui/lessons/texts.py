"""What the page of a lesson says, in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_uppercase

from tui_trainer.book.checking import Item

from .advice import advice, waiting, wrong_answer
from .blocks import Block
from .page import Page

MARKS = {
    "done": ("✓ ", "$text-success"),
    "open": ("○ ", "$foreground-muted"),
    "wrong": ("✗ ", "$text-error"),
}
DIM = "$foreground-muted"


def title(page: Page) -> Iterator[Block]:
    """The title, and where in the book it stands."""
    yield Block(page.lesson.title, "bold $text-accent")
    done = ", done" if page.passed else ""
    yield Block(f"{page.lesson.chapter}   {page.place} of {page.count}{done}", DIM, gap=False)


def prose(page: Page) -> Iterator[Block]:
    """The text; formulas and tables as they are."""
    for paragraph in page.lesson.paragraphs:
        yield Block(paragraph, kept=paragraph.startswith("  "))


def question(page: Page) -> Iterator[Block]:
    """What is loaded, and what to answer before running."""
    names = [one.name for one in page.lesson.variants]
    if len(names) > 1 and page.on:
        place = f"{names.index(page.variant) + 1} of {len(names)}"
        text = f"{page.variant}   {place}{', changed' if page.changed else ''}"
        yield Block(text, mark="Variant  ", mark_style="bold", action="screen.next_variant")
    elif len(names) > 1:
        yield Block(", ".join(names), mark="Variants  ", mark_style="bold")
    if page.lesson.question is not None:
        yield Block(page.lesson.question.text, "bold")
        for index, choice in enumerate(page.lesson.question.choices):
            mark, style = _choice_mark(page, index)
            action = f"screen.answer({index})" if page.on else ""
            yield Block(choice, mark=f"{mark}{ascii_uppercase[index]}  ", mark_style=style, action=action, gap=False)
        if not page.on:
            for index, blank in enumerate(page.lesson.question.blanks):
                yield Block(f"{blank.label}: …", mark=f"  {ascii_uppercase[index]}  ", gap=False)


def _choice_mark(page: Page, index: int) -> tuple[str, str]:
    """Right and wrong are told as the item has it; before that, which one was chosen."""
    chosen, item = page.answers == index, page.question
    state = "" if item is None else item.state
    right = page.lesson.question is not None and index == page.lesson.question.answer
    if state == "done" and right:
        return MARKS["done"]
    if state == "wrong" and chosen:
        return MARKS["wrong"]
    return ("● ", "$text-accent") if chosen and state != "done" else ("○ ", DIM)


def tasks(page: Page) -> Iterator[Block]:
    """The answer told, what is to do, how it stands, and what comes next."""
    asked = page.question
    if asked is not None and asked.state == "done":
        yield Block(asked.sentence, "$text-success", "✓ ", "$text-success", gap=False)
    elif asked is not None and asked.state == "wrong":
        yield Block(wrong_answer(page, asked), "$text-error", "✗ ", "$text-error", gap=False)
    elif page.waits:
        yield Block(waiting(page), DIM, "  ", gap=False)
    doing = [item for item in page.items if item is not asked]
    for number, item in enumerate(doing):
        yield from _item(page, item, first=number == 0)


def what_next(page: Page) -> Iterator[Block]:
    """The advice."""
    if page.on:
        yield Block(advice(page), "bold $text-success" if page.done else "bold", "▸ ", "bold")


def _item(page: Page, item: Item, first: bool) -> Iterator[Block]:
    check = next((one for one, own in page.checks if own is item), None)
    elsewhere = check is not None and check.variant not in (None, page.variant)
    mark, style = MARKS[item.state]
    yield Block(item.sentence, DIM if elsewhere and item.state == "open" else "", mark, style, gap=first)
    for detail in item.details:
        yield Block(detail, "$text-warning", "  ", gap=False)
