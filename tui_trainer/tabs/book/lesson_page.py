"""The page of a lesson: title and text, the question, what is to do, and what comes next."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.lessons import texts
from tui_trainer.ui.lessons.blanks import Blanks
from tui_trainer.ui.lessons.blocks import Blocks
from tui_trainer.ui.lessons.page import Page

TALL = 30  # lines from which text and tasks share the page
KEYS = (
    ("next_lesson", "next"),
    ("previous_lesson", "back"),
    ("next_variant", "variant"),
    ("setup", "setup"),
    ("scroll_page(1)", "↓"),
    ("leave_lesson", "leave"),
)
LOAD = ("in_view('load')", "loads it")


class LessonPage(VerticalScroll, can_focus=False):
    """Shows a page. All of it scrolls; pinned and tall, the text alone does, and the tasks stay in sight below it."""

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
        self._page: Page | None = None

    def compose(self) -> ComposeResult:
        yield Blocks(classes="title")
        with VerticalScroll(classes="text", can_focus=False):
            yield Blocks(classes="prose")
        with VerticalScroll(classes="tasks", can_focus=False):
            yield Blocks(classes="question")
            yield Blocks(classes="progress")
        yield Blocks(classes="advice")
        yield Static(classes="keys")

    def on_mount(self) -> None:
        if self._page is not None:
            self._write(self._page, None)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height >= TALL, "-tall")

    def show(self, page: Page) -> None:
        """Show ``page`` from now on."""
        before, self._page = self._page, page
        if page != before and self.is_mounted:
            self._write(page, before)

    def _write(self, page: Page, before: Page | None) -> None:
        self.query_one(".title", Blocks).show(*texts.title(page))
        self.query_one(".prose", Blocks).show(*texts.prose(page))
        self.query_one(".question", Blocks).show(*texts.question(page))
        self.query_one(".progress", Blocks).show(*texts.tasks(page))
        self.query_one(".advice", Blocks).show(*texts.what_next(page))
        if before is None or (before.lesson, before.on) != (page.lesson, page.on):
            self.query_one(".keys", Static).update(_keys(page))
            self._replace_blanks(page)
            for part in (self, *self.query(VerticalScroll)):
                part.scroll_home(animate=False)
        for blanks in self.query(Blanks):
            blanks.show(page)

    def _replace_blanks(self, page: Page) -> None:
        self.query(Blanks).remove()
        question = page.lesson.question
        if page.on and question is not None and question.blanks:
            self.query_one(".tasks").mount(Blanks(question.blanks), after=self.query_one(".question"))

    def focus_blank(self, index: int) -> None:
        """Put the cursor into a blank."""
        for blanks in self.query(Blanks):
            if blanks.is_mounted:
                blanks.focus_blank(index)
            else:  # the page has just been opened
                blanks.call_after_refresh(blanks.focus_blank, index)

    def scroll_on(self, direction: int) -> None:
        """A page down (1) or up (-1): first the text, then the tasks."""
        for part in [self, *self.query(VerticalScroll)][::direction]:
            if part.allow_vertical_scroll and 0 <= part.scroll_target_y + direction <= part.max_scroll_y:
                part.scroll_relative(y=direction * max(1, part.size.height - 2), animate=False)
                return


def _keys(page: Page) -> Content:
    """The keys, each a button too."""
    several = len(page.lesson.variants) > 1
    pairs = [pair for pair in KEYS if several or pair[0] != "next_variant"] if page.on else [LOAD]
    parts = [Content.styled(f"{key_of(action)} {label}", f"@click=screen.{action}") for action, label in pairs]
    return Content("  ").join(parts)
