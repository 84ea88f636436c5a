"""What to do next in a lesson, and what is said of an answer: one sentence each."""

from __future__ import annotations

from string import ascii_uppercase

from tui_trainer.book.checking import Item

from ..keymap import key_of
from .page import Page


def advice(page: Page) -> str:
    """What to do next."""
    asked, target = page.question, page.target
    if page.done:
        last = page.place == page.count
        return "Lesson done. It is the last one." if last else f"Lesson done; {key_of('next_lesson')} goes to the next."
    if page.behind:
        return f"{key_of('reset')} starts again, as {page.variant}."
    building = target is not None and target.state != "done"
    if asked is not None and asked.state == "open" and not page.waits and not (building and page.changed):
        return _invitation(page)
    if target is not None and building:
        if page.changed and target.details:
            return f"Still to build: {target.details[0]}."
        return f"Build it in the setup; {key_of('setup')} shows it, and this page again."
    undone = [(check, item) for check, item in page.checks if item.state != "done"]
    for check, item in sorted(undone, key=lambda pair: pair[0].variant not in (None, page.variant)):
        return item.sentence if check.variant in (None, page.variant) else _way_to(page, check.variant)
    return _way_to(page, page.shown_by) if page.waits else "What is left is the question: change the answer."


def waiting(page: Page) -> str:
    """When the answer will be told to be right or wrong."""
    return "Noted. The run will tell." if page.shown_by is None else f"Noted. The run of {page.shown_by} will tell."


def wrong_answer(page: Page, item: Item) -> str:
    """That an answer is not right, which one, and that it may be changed."""
    if isinstance(page.answers, int):
        return f"{ascii_uppercase[page.answers]} is not it. Look again, and choose another."
    return f"Not yet: {'; '.join(item.details)}. Count again, and change it."


def _invitation(page: Page) -> str:
    question = page.lesson.question
    if question is None or question.blanks:
        return f"Fill in the numbers: {ascii_uppercase[0]} goes to the first."
    last = ascii_uppercase[len(question.choices) - 1]
    return f"Predict first: {ascii_uppercase[0]} to {last} choose an answer."


def _way_to(page: Page, variant: str | None) -> str:
    """How to load a variant, or to train it where it is loaded."""
    if variant is None or variant == page.variant:
        return f"Train it to its end: {key_of('toggle_training')}."
    names = [one.name for one in page.lesson.variants]
    steps = (names.index(variant) - names.index(page.variant)) % len(names)
    return f"{' '.join([key_of('next_variant')] * steps)} loads {variant}."
