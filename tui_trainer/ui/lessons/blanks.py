"""The numbers to fill in, one below the other."""

from __future__ import annotations

import math
import re
from string import ascii_uppercase

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from tui_trainer.book.lesson import Blank
from tui_trainer.errors import printable
from tui_trainer.tabs.view import View
from tui_trainer.ui.text import plain

from ..messages import Answered
from ..widgets.text_box import TextBox
from .page import Page
from .texts import MARKS

THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)


class Blanks(Vertical):
    """Tells the numbers with ``Answered`` when one was typed, by enter or by leaving it; enter goes to the next."""

    DEFAULT_CSS = """
    Blanks { height: auto; }
    Blanks .blank { height: auto; }
    Blanks .label { width: 1fr; height: auto; }
    Blanks .mark { width: 3; height: 1; padding-left: 1; }
    Blanks Input { width: 14; background: $surface-lighten-1; padding: 0; }
    Blanks Input:focus { background: $primary-muted; }
    Blanks .-done { color: $text-success; }
    Blanks .-wrong { color: $text-error; }
    """

    def __init__(self, blanks: tuple[Blank, ...]) -> None:
        super().__init__()
        self._blanks = blanks
        self._told: tuple[float | None, ...] = ()
        self._page: Page | None = None

    def compose(self) -> ComposeResult:
        for index, blank in enumerate(self._blanks):
            with Horizontal(classes="blank"):
                yield Static(f"{ascii_uppercase[index]}  {printable(blank.label)}", classes="label", markup=False)
                yield TextBox(compact=True, select_on_focus=True)
                yield Static(classes="mark", markup=False)

    def on_mount(self) -> None:
        if self._page is not None:
            self._write(self._page)

    def show(self, page: Page) -> None:
        """Show the numbers given so far, and which of them are right; another lesson's are not looked at."""
        if page.lesson.question is not None and page.lesson.question.blanks is self._blanks:
            self._page = page
            if self.is_mounted:
                self._write(page)

    def _write(self, page: Page) -> None:
        done = page.question is not None and page.question.state == "done"
        given = page.answers if isinstance(page.answers, tuple) else (None,) * len(self._blanks)
        self._told = given
        for blank, number, box, mark in zip(
            self._blanks, given, self.query(Input), self.query(".mark").results(Static), strict=True
        ):
            number = blank.answer if done and number is None else number
            if _number(box.value) != number and not box.has_focus:
                box.value = "" if number is None else f"{number:.10g}"
            state = "open" if number is None else "done" if abs(number - blank.answer) <= blank.within else "wrong"
            mark.update("" if state == "open" else MARKS[state][0])
            mark.set_class(state == "done", "-done")
            mark.set_class(state == "wrong", "-wrong")

    def focus_blank(self, index: int) -> None:
        """Put the cursor into a blank."""
        boxes = list(self.query(Input))
        if index < len(boxes):
            self.screen.set_focus(boxes[index])

    @on(Input.Submitted)
    def _go_on(self, event: Input.Submitted) -> None:
        event.stop()
        self._tell(event.input)
        boxes = list(self.query(Input))
        place = boxes.index(event.input) + 1
        self.screen.set_focus(boxes[place] if place < len(boxes) else None)

    @on(Input.Blurred)
    def _finish(self, event: Input.Blurred) -> None:
        event.stop()
        self._tell(event.input)

    def _tell(self, box: Input) -> None:
        numbers = tuple(_number(one.value) for one in self.query(Input))
        if box.value.strip() and _number(box.value) is None:
            self.post_message(View.Said(f"Expected a number, such as 12 or 0.5, got {plain(box.value)}.", "error"))
        elif numbers != self._told:
            self._told = numbers
            self.post_message(Answered(numbers))


def _number(text: str) -> float | None:
    """The number typed, commas between thousands left out; None for what is none."""
    text = text.strip()
    try:
        found = float(text.replace(",", "") if THOUSANDS.fullmatch(text) else text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
