"""The page of a lesson: title and text, the question, the tasks, and what to do next."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from string import ascii_uppercase

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from tui_trainer.book.checking import Item, ItemState
from tui_trainer.book.lesson import ITEM, Blank, Lesson, Question
from tui_trainer.errors import plain, printable
from tui_trainer.experiment.validation import number_text
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.fields import TextBox
from tui_trainer.ui.keymap import action_of, key_of

from .guide import LessonState, advice, waiting, wrong_answer
from .markdown import styled

STRIP_ROWS, USUAL_WIDTH = 4, 76  # of the strip, and its columns before it has a size
TALL = 30  # lines from which text and tasks share the page
KEYS = (
    ("next_lesson", "next"),
    ("previous_lesson", "back"),
    ("next_variant", "variant"),
    ("setup", "setup"),
    ("scroll_page_plus", "↓"),
    ("leave_lesson", "leave"),
)
LOAD = ("load", "loads it")
IN_NUMBERS = frozenset("0123456789.,+-eE ")  # what can be typed into a blank
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)
MARKS = {
    "done": ("✓ ", "$text-success"),
    "open": ("○ ", "$foreground-muted"),
    "wrong": ("✗ ", "$text-error"),
}
DIM = "$foreground-muted"


class LessonPage(VerticalScroll, can_focus=False):
    """Shows a page. All of it scrolls; if pinned and tall, only the text does, and the tasks stay visible below."""

    DEFAULT_CSS = """
    LessonPage {
        scrollbar-size-vertical: 1;
        .text, .tasks { height: auto; scrollbar-size-vertical: 1; }
        .text { margin-top: 1; }
        .tasks { padding-top: 1; }
        .progress, .advice { margin-top: 1; }
        .keys { height: auto; link-style: none; link-color: $foreground-muted; link-style-hover: underline; }
        &.-pinned.-tall { overflow: hidden; }
        &.-pinned.-tall .text { height: 1fr; }
        &.-pinned.-tall .tasks { max-height: 66%; }
    }
    """

    def __init__(self, name: str = "", classes: str = "") -> None:
        super().__init__(id=name or None, classes=classes)
        self._page: LessonState | None = None
        self._title, self._prose = Blocks(classes="title"), Blocks(classes="prose")
        self._question, self._progress = Blocks(classes="question"), Blocks(classes="progress")
        self._advice, self._keys = Blocks(classes="advice"), Static(classes="keys")
        self._text = VerticalScroll(self._prose, classes="text", can_focus=False)
        self._tasks = VerticalScroll(self._question, self._progress, classes="tasks", can_focus=False)
        self._blanks: Blanks | None = None  # of the page, if its question is one of numbers
        self._is_composed = False

    def compose(self) -> ComposeResult:
        yield from (self._title, self._text, self._tasks, self._advice, self._keys)

    def on_mount(self) -> None:
        self._is_composed = True
        self._mount_blanks()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height >= TALL, "-tall")

    def show(self, page: LessonState) -> None:
        """Show ``page``, even if this widget is not mounted yet."""
        before, self._page = self._page, page
        if page == before:
            return
        self._title.show(*title(page))
        self._prose.show(*prose(page))
        self._question.show(*question(page))
        self._progress.show(*tasks(page))
        self._advice.show(*what_next(page))
        if before is None or (before.lesson, before.on) != (page.lesson, page.on):
            self._keys.update(_keys(page))
            self._replace_blanks(page)
            for part in self._parts if self._is_composed else ():
                part.scroll_home(animate=False)
        elif before.asked != page.asked:
            self._replace_blanks(page)
        elif self._blanks is not None:
            self._blanks.show(page)

    @property
    def _parts(self) -> tuple[VerticalScroll, ...]:
        """Return the parts that can scroll, from outer to inner and from top to bottom."""
        return self, self._text, self._tasks

    def _replace_blanks(self, page: LessonState) -> None:
        if self._blanks is not None and self._blanks.is_attached:
            self._blanks.remove()
        asked = page.asked_question
        self._blanks = Blanks(page, asked.blanks) if page.on and asked is not None and asked.blanks else None
        self._mount_blanks()

    def _mount_blanks(self) -> None:
        if self._blanks is not None and self._is_composed:
            self._tasks.mount(self._blanks, after=self._question)

    def focus_blank(self, index: int) -> None:
        """Focus a blank."""
        blanks = self._blanks
        if blanks is None:
            return
        if blanks.is_mounted:
            blanks.focus_blank(index)
        else:  # the page has just been opened
            blanks.call_after_refresh(blanks.focus_blank, index)

    def scroll_on(self, direction: int) -> None:
        """Scroll a page down (1) or up (-1): first the text, then the tasks."""
        for part in self._parts[::direction]:
            if part.allow_vertical_scroll and 0 <= part.scroll_target_y + direction <= part.max_scroll_y:
                part.scroll_relative(y=direction * max(1, part.size.height - 2), animate=False)
                return


def _keys(page: LessonState) -> Content:
    """Return the keys, each of which is also a button."""
    several = len(page.lesson.variants) > 1
    pairs = [pair for pair in KEYS if several or pair[0] != "next_variant"] if page.on else [LOAD]
    parts = [Content.styled(f"{key_of(name)} {label}", f"@click=screen.{action_of(name)}") for name, label in pairs]
    return Content("  ").join(parts)


class NumberBlank(TextBox):
    """The input of a blank: what can't be part of a number is refused, with a message."""

    async def _on_key(self, event: events.Key) -> None:
        if event.character is None or not event.is_printable or event.character in IN_NUMBERS:
            return
        event.stop()
        event.prevent_default()
        typed, leave = plain(event.character), key_of("leave")
        sentence = f"Expected a number, such as 12 or 0.5, got {typed}; {leave} leaves the field."
        self.post_message(TabView.StatusMessage(sentence, "error"))


class Blanks(Vertical):
    """Posts the numbers with ``Answered`` when one was typed, on enter or blur; enter goes to the next blank."""

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

    def __init__(self, page: LessonState, blanks: tuple[Blank, ...]) -> None:
        super().__init__()
        self._lesson, self._number, self._blanks = page.lesson, page.asked, blanks
        self._boxes = [NumberBlank(compact=True, select_on_focus=True) for _ in blanks]
        self._marks = [Static(classes="mark", markup=False) for _ in blanks]
        self._given: tuple[float | None, ...] = ()
        self.show(page)

    def compose(self) -> ComposeResult:
        for letter, blank, box, mark in zip(ascii_uppercase, self._blanks, self._boxes, self._marks, strict=False):
            label = Static(f"{letter}  {printable(blank.label)}", classes="label", markup=False)
            yield Horizontal(label, box, mark, classes="blank")

    def show(self, page: LessonState) -> None:
        """Show the numbers given so far in this lesson, and which are right."""
        done = page.question is not None and page.question.state == "done"
        given = page.answer if isinstance(page.answer, tuple) else (None,) * len(self._blanks)
        self._given = given
        for blank, number, box, mark in zip(self._blanks, given, self._boxes, self._marks, strict=True):
            number = blank.answer if done and number is None else number
            if _number(box.value) != number and not box.has_focus:
                box.value = "" if number is None else f"{number:.10g}"
            state = _state_of(blank, number)
            mark.update("" if state == "open" else MARKS[state][0])
            mark.set_class(state == "done", "-done")
            mark.set_class(state == "wrong", "-wrong")

    def focus_blank(self, index: int) -> None:
        """Focus a blank."""
        if index < len(self._boxes) and self._boxes[index].is_attached:
            self.screen.set_focus(self._boxes[index])

    @on(Input.Submitted)
    def _go_on(self, event: Input.Submitted) -> None:
        event.stop()
        self._tell(event.input)
        self.screen.set_focus(next((after for box, after in pairwise(self._boxes) if box is event.input), None))

    @on(Input.Blurred)
    def _finish(self, event: Input.Blurred) -> None:
        event.stop()
        self._tell(event.input)

    def _tell(self, box: Input) -> None:
        numbers = tuple(_number(one.value) for one in self._boxes)
        if box.value.strip() and _number(box.value) is None:
            self.post_message(
                TabView.StatusMessage(f"Expected a number, such as 12 or 0.5, got {plain(box.value)}.", "error")
            )
        elif numbers != self._given:
            self._given = numbers
            self.post_message(Answered(self._lesson, self._number, numbers))


def _number(text: str) -> float | None:
    """Return the number typed, with a decimal point or comma, or commas between thousands; None if it is none."""
    text = number_text(text)
    try:
        found = float(text.replace(",", "") if THOUSANDS.fullmatch(text) else text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or lines kept as they are. A click on it acts as a key."""

    text: str
    style: str = ""
    mark: str = ""  # stands before the first line; the others are set in as far
    mark_style: str = ""
    key: str = ""  # its name
    kept: bool = False
    gap: bool = True  # an empty line before it, unless it is the first
    markdown: bool = False  # whether the text has mark-up

    def lines(self, width: int) -> list[Content]:
        """Return the block in lines of at most ``width`` cells."""
        style, mark_style = (self._clickable(one) for one in (self.style, self.mark_style))
        room = max(8, width - len(self.mark))
        lines: list[Content] = []
        for line in self.text.split("\n") if self.kept else [self.text]:
            text = printable(line)
            lines += (styled(text) if self.markdown else Content.styled(text, style)).wrap(room)
        first = Content.styled(self.mark, mark_style)
        blank = Content(" " * len(self.mark))
        return [(blank if place else first) + line for place, line in enumerate(lines)]

    def _clickable(self, style: str) -> str:
        """Return the style with the key, not as @click: that would give all that can be clicked one colour."""
        return f"{style} @key={self.key}".strip() if self.key else style


class Blocks(Widget):
    """Shows blocks, one below another."""

    DEFAULT_CSS = "Blocks { height: auto; width: 1fr; }"

    def __init__(self, classes: str = "") -> None:
        super().__init__(classes=classes)
        self._blocks: tuple[Block, ...] = ()
        self._width = 0
        self._lines: list[Content] = []  # the blocks, wrapped to that width

    def show(self, *blocks: Block) -> None:
        """Show these blocks."""
        if blocks != self._blocks:
            height, self._blocks = len(self._lines), blocks
            self._wrap(self._width)
            self.refresh(layout=len(self._lines) != height)

    async def on_click(self, event: events.Click) -> None:
        if name := event.style.meta.get("@key"):
            event.stop()
            await self.screen.run_action(action_of(name))

    def render(self) -> Content:
        return Content("\n").join(self._wrapped(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._wrapped(width))

    def _wrapped(self, width: int) -> list[Content]:
        if width != self._width:
            self._wrap(width)
        return self._lines

    def _wrap(self, width: int) -> None:
        self._width, self._lines = width, []
        for place, block in enumerate(self._blocks):
            self._lines += [Content("")] * (block.gap and place > 0) + block.lines(width)


class LessonStrip(Vertical):
    """Shows a part of the page, which scrolls, and the question with its answers and the next step, below a picture."""

    DEFAULT_CSS = """
    LessonStrip {
        display: none; height: auto; border-left: outer $accent; padding: 0 1; background: $surface;
        .excerpt { height: 15vh; min-height: 3; scrollbar-size-vertical: 1; color: $text-muted; }
        .tasks { height: 4; }
    }
    """

    def __init__(self) -> None:
        self._prose, self._tasks = Blocks(), Static(classes="tasks", markup=False)
        self._excerpt = VerticalScroll(self._prose, classes="excerpt", can_focus=False)
        super().__init__(self._excerpt, self._tasks)
        self._page: LessonState | None = None

    def show(self, page: LessonState) -> None:
        """Show ``page`` from its beginning, if it is another lesson's, and what is to be done on it."""
        before, self._page = self._page, page
        if before is None or before.lesson != page.lesson:
            self._prose.show(*(replace(block, gap=False) for block in prose(page)))
            self._excerpt.scroll_home(animate=False)
        width = self._tasks.content_size.width or USUAL_WIDTH
        self._tasks.update(Content("\n").join(strip_lines(page, width)), layout=False)

    def on_resize(self) -> None:
        self.call_after_refresh(self._wrap_again)

    def _wrap_again(self) -> None:
        """Show the page that is the newest by now, in the new width."""
        if self._page is not None:
            self.show(self._page)

    def scroll_on(self, direction: int) -> None:
        """Scroll the part of the page down (1) or up (-1), all but one of its lines."""
        lines = direction * max(1, self._excerpt.size.height - 1)
        self._excerpt.scroll_to(y=self._excerpt.scroll_target_y + lines, animate=False, immediate=True)


def strip_lines(page: LessonState, width: int) -> list[Content]:
    """Return four rows: the question and its answers while it is open, else what was right and the tasks; a step."""
    asked, lesson_question, step = page.question, page.asked_question, advice(page)
    lines: list[Content] = []
    if asked is not None and lesson_question is not None and asked.state != "done" and not page.waits:
        lines += Content.styled(printable(lesson_question.text), "bold").wrap(width)
        lines += Content("   ").join(_strip_answers(page, lesson_question)).wrap(width)
    else:
        if page.waits:
            lines.append(Content.styled(waiting(page), DIM))
        for item in page.items[len(page.lesson.questions) :]:
            if item.sentence == step:
                continue
            mark, style = MARKS[item.state]
            lines.append(Content.assemble((mark, style), printable(item.sentence)))
        if asked is not None and asked.state == "done":
            right = Content.assemble(MARKS["done"], printable(asked.sentence)).wrap(width)
            lines = [*right, *lines] if len(right) + len(lines) < STRIP_ROWS else lines
    advice_line = Content.assemble(("▸ ", "bold"), (step, "bold $text-success" if page.done else "bold"))
    if len(lines) > STRIP_ROWS - 1:
        more = Content.styled(f" … {key_of('tab_book')} page", DIM)
        last = lines[STRIP_ROWS - 2]
        lines = [*lines[: STRIP_ROWS - 2], last.truncate(max(width - more.cell_length, 0)) + more]
    return [line.truncate(width, ellipsis=True) for line in (*lines, advice_line)]


def _strip_answers(page: LessonState, asked: Question) -> Iterator[Content]:
    """Return the choices, or the blanks with the numbers given so far; a chosen or wrong one is marked."""
    for index, choice in enumerate(asked.choices):
        mark, style = _choice_mark(page, index) if page.answer == index else ("", "")
        yield Content.assemble((mark, style), f"{ascii_uppercase[index]} {printable(choice)}")
    given = page.answer if isinstance(page.answer, tuple) else (None,) * len(asked.blanks)
    for letter, blank, number in zip(ascii_uppercase, asked.blanks, given, strict=False):
        mark, style = ("", "") if number is None else MARKS[_state_of(blank, number)]
        filled = "" if number is None else f" {number:.10g}"
        yield Content.assemble((mark, style), f"{letter} {printable(blank.label)}{filled}")


def _state_of(blank: Blank, number: float | None) -> ItemState:
    """Return whether a number is right for a blank."""
    return "open" if number is None else "done" if abs(number - blank.answer) <= blank.within else "wrong"


def title(page: LessonState) -> Iterator[Block]:
    """Return the title, and its place in the book."""
    yield Block(page.lesson.title, "bold")
    done = ", done" if page.passed else ""
    yield Block(f"{page.lesson.chapter}   {page.place} of {page.count}{done}", DIM, gap=False)


def prose(page: LessonState) -> Iterator[Block]:
    """Return the text, with formulas, tables and code as they are."""
    list_before = ""  # the kind of list that the paragraph before is an item of
    for paragraph in page.lesson.paragraphs:
        item = ITEM.match(paragraph)
        if item:
            kind = "-" if item[1] == "-" else "1."
            mark = "• " if kind == "-" else f"{item[1]} "
            yield Block(paragraph[item.end() :], mark=mark, gap=kind != list_before, markdown=True)
            list_before = kind
        else:
            kept = paragraph.startswith("  ")
            yield Block(paragraph, kept=kept, markdown=not kept)
            list_before = ""


def question(page: LessonState) -> Iterator[Block]:
    """Return what is loaded, and the question to answer before running."""
    names = [one.name for one in page.lesson.variants]
    if len(names) > 1 and page.on:
        place = f"{names.index(page.variant) + 1} of {len(names)}"
        text = f"{page.variant}   {place}{', changed' if page.changed else ''}"
        yield Block(text, mark="Variant  ", mark_style="bold", key="next_variant")
    elif len(names) > 1:
        yield Block(", ".join(names), mark="Variants  ", mark_style="bold")
    asked = page.asked_question
    if asked is None:
        return
    count = len(page.lesson.questions)
    place = f"{page.asked + 1} of {count}  " if count > 1 else ""
    yield Block(asked.text, "bold", mark=place, mark_style=DIM)
    for index, choice in enumerate(asked.choices):
        mark, style = _choice_mark(page, index)
        key = f"answer_{index}" if page.on else ""
        yield Block(choice, mark=f"{mark}{ascii_uppercase[index]}  ", mark_style=style, key=key, gap=False)
    if not page.on:
        for index, blank in enumerate(asked.blanks):
            yield Block(f"{blank.label}: …", mark=f"  {ascii_uppercase[index]}  ", gap=False)


def _choice_mark(page: LessonState, index: int) -> tuple[str, str]:
    """Return the mark of a choice: right or wrong once judged, before that whether it is chosen."""
    chosen, item = page.answer == index, page.question
    state = "" if item is None else item.state
    right = page.asked_question is not None and index == page.asked_question.answer
    if state == "done" and right:
        return MARKS["done"]
    if state == "wrong" and chosen:
        return MARKS["wrong"]
    return ("● ", "$text-accent") if chosen and state != "done" else ("○ ", DIM)


def tasks(page: LessonState) -> Iterator[Block]:
    """Return the judged answers, the tasks with their state, and what to do next."""
    count = len(page.lesson.questions)
    for number, item in enumerate(page.items[:count]):
        if item.state == "done":
            yield Block(item.sentence, "$text-success", "✓ ", "$text-success", gap=False)
        elif number == page.asked and item.state == "wrong":
            yield Block(wrong_answer(page, item), "$text-error", "✗ ", "$text-error", gap=False)
        elif number == page.asked and page.waits:
            yield Block(waiting(page), DIM, "  ", gap=False)
        elif number != page.asked and page.on:
            yield Block(item.sentence, DIM, "● " if page.waiting[number] else "○ ", DIM, gap=False)
    for number, item in enumerate(page.items[count:]):
        yield from _item(page, item, first=number == 0)
    if page.declaration:
        yield Block("Your declaration, and the book's:", "bold")
        yield Block(page.declaration, DIM, kept=True)
        yield Block(page.lesson.declaration, kept=True)


def what_next(page: LessonState) -> Iterator[Block]:
    """Return the advice on what to do next."""
    if page.on:
        yield Block(advice(page), "bold $text-success" if page.done else "bold", "▸ ", "bold")


def _item(page: LessonState, item: Item, first: bool) -> Iterator[Block]:
    check = next((one for one, own in page.checks if own is item), None)
    elsewhere = check is not None and check.variant not in (None, page.variant)
    mark, style = MARKS[item.state]
    yield Block(item.sentence, DIM if elsewhere and item.state == "open" else "", mark, style, gap=first)
    for detail in item.details:
        yield Block(detail, "$text-warning", "  ", gap=False)


@dataclass
class Answered(Message):
    """The user filled in blanks of a lesson's question of that number: a value for each, None for an empty one."""

    lesson: Lesson
    number: int
    answers: tuple[float | None, ...]
