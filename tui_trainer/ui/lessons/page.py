"""What is shown of a lesson and of the book: frozen, made by the guide, read by the widgets."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trainer.book.checking import Item
from tui_trainer.book.lesson import Check, Lesson

Answers = int | tuple[float | None, ...] | None


@dataclass(frozen=True, slots=True)
class Page:
    """One lesson: ``items`` are its question, its target and its checks, as far as it has them, in this order.

    ``on`` is whether it is the one being gone through, ``variant`` the name of what is set up (``changed``: with
    other settings by now; ``behind``: the run began as another variant), ``waits`` whether an answer is there that
    is not told to be right or wrong before a run.
    """

    lesson: Lesson
    place: int
    count: int
    passed: bool
    items: tuple[Item, ...]
    on: bool = False
    variant: str = ""
    changed: bool = False
    behind: bool = False
    answers: Answers = None
    waits: bool = False

    @property
    def question(self) -> Item | None:
        """How the question stands."""
        return self.items[0] if self.lesson.question is not None else None

    @property
    def shown_by(self) -> str | None:
        """The variant whose run shows whether an answer is right; None: any run does."""
        return None if self.lesson.question is None else self.lesson.question.variant

    @property
    def target(self) -> Item | None:
        """How far the network is the one asked for."""
        return self.items[int(self.lesson.question is not None)] if self.lesson.target else None

    @property
    def checks(self) -> tuple[tuple[Check, Item], ...]:
        """The checks, and how each stands."""
        first = len(self.items) - len(self.lesson.checks)
        return tuple(zip(self.lesson.checks, self.items[first:], strict=True))

    @property
    def done(self) -> bool:
        """Whether all of it is done."""
        return all(item.state == "done" for item in self.items)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The whole book, and a sentence for each file that is no lesson."""

    pages: tuple[Page, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def passed(self) -> int:
        """How many lessons were done."""
        return sum(page.passed for page in self.pages)
