"""The Book tab: the list of lessons with their progress, and the page of the chosen one."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_trainer.errors import printable
from tui_trainer.tabs import TABS
from tui_trainer.tabs.view import TabView, hints
from tui_trainer.ui.dropdown import SafeOptionList
from tui_trainer.ui.keymap import key_of

from .guide import LessonIndex, LessonState
from .lesson_page import LessonPage

BESIDE = 92  # columns from which the page stands beside the list
BOOK = "tab_book"
ACTIONS = ("choose", "turn", "load")


class BookView(TabView):
    """Shows the list of lessons. On a narrow terminal, the page of the open lesson takes all the room."""

    DEFAULT_CSS = """
    BookView {
        padding: 0 1;
        .count { height: 1; color: $text-muted; }
        .list { height: 2fr; margin-bottom: 1; }
        .list LessonList { height: 1fr; }
        LessonPage { height: 3fr; }
        .hints { height: 1; color: $text-muted; }
        &.-reading .list { display: none; }
        &.-beside .both { layout: horizontal; }
        &.-beside .list { width: 40; height: 1fr; margin: 0 2 0 0; }
        &.-beside LessonPage { width: 1fr; height: 1fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._index = LessonIndex()
        self._on = ""  # id of the lesson that is on
        self._list_wanted = False  # on a narrow terminal, while a lesson is on
        self.page = LessonPage()

    def compose(self) -> ComposeResult:
        with Container(classes="both"):
            with Vertical(classes="list"):
                yield Static(classes="count", markup=False)
                yield LessonList()
            yield self.page
        yield Static(classes="hints", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= BESIDE, "-beside")
        self._arrange()

    def opened_again(self) -> None:
        """Switch between the page alone and the list."""
        self._list_wanted = not self._list_wanted
        self._arrange()

    def _arrange(self) -> None:
        alone = bool(self._on) and self.screen.has_class("-narrow") and not self._list_wanted
        self.set_class(alone, "-reading")
        self.query_one(".hints", Static).update(self._hints(alone))

    def _hints(self, alone: bool) -> str:
        if not alone:
            return hints(ACTIONS)
        view = next((page.lesson.view for page in self._index.pages if page.on), "")
        ways = [f"{key_of(f'tab_{tab.name}')} {tab.title.lower()}" for tab in TABS if tab.name == view]
        return "   ".join(["↑ ↓ pgup pgdn scroll", *ways, f"{key_of(BOOK)} all lessons"])

    def show_index(self, index: LessonIndex, last: str) -> None:
        """Show these lessons, with the cursor on the open one, or on ``last``."""
        self._index = index
        lessons = self.query_one(LessonList)
        lessons.show(index)
        on = next((page.lesson.id for page in index.pages if page.on), "")
        if lessons.chosen is None or on != self._on:
            lessons.choose(on or last)
            self._list_wanted = False
        self._on = on
        self._arrange()
        seen = "; your teacher sees this" if index.is_handed_in else ""
        self.query_one(".count", Static).update(f"{index.passed} of {len(index.pages)} done{seen}")
        self._show_page()

    @on(OptionList.OptionHighlighted)
    def _show_page(self) -> None:
        chosen = self.query_one(LessonList).chosen
        for page in self._index.pages:
            if page.lesson.id == chosen:
                self.page.show(page)

    def action_choose(self, direction: int) -> None:
        """Choose the next or previous lesson; if the page stands alone, scroll it."""
        if self.has_class("-reading"):
            self.page.scroll_relative(y=direction, animate=False)
        else:
            self.query_one(LessonList).move(direction)

    def action_ends(self, direction: int) -> None:
        """Choose the first lesson, or the last."""
        self.query_one(LessonList).move(direction * (len(self._index.pages) + len(self._index.errors)))

    def action_load(self) -> None:
        """Start the chosen lesson."""
        chosen = self.query_one(LessonList).chosen
        if chosen is not None:
            self.post_message(LessonChosen(chosen))

    @on(events.Click)
    def _load_clicked(self, event: events.Click) -> None:
        """Start a lesson of the list by a double click."""
        if event.chain == 2 and self.screen.get_widget_at(*event.screen_offset)[0] is self.query_one(LessonList):
            self.action_load()

    def action_forget(self) -> None:
        """Clear the progress in the chosen lesson."""
        chosen = self.query_one(LessonList).chosen
        if chosen is not None:
            self.post_message(LessonForgotten(chosen))

    def action_turn(self, direction: int) -> None:
        """Scroll the page of the lesson down or up."""
        self.page.scroll_on(direction)


class LessonList(SafeOptionList, can_focus=False):
    """Lists the lessons by chapter, one per line; below them, what is wrong with invalid files.

    The cursor can go to these, too, so that they can be read; their ids belong to no lesson.
    """

    DEFAULT_CSS = """
    LessonList {
        border: none; padding: 0; background: transparent; scrollbar-size-vertical: 1;
        & > .option-list--option-disabled { color: $foreground; }
    }
    """

    def __init__(self) -> None:
        super().__init__(compact=True, markup=False)
        self._shown: tuple[Content, ...] = ()

    @property
    def chosen(self) -> str | None:
        """The id of the lesson under the cursor."""
        option = self.highlighted_option
        return None if option is None else option.id

    def show(self, index: LessonIndex) -> None:
        """Show these lessons, and keep the cursor."""
        options = [
            *self._lessons(index),
            *(
                Option(Content.styled(printable(error), "$text-error"), id=f"error:{place}")
                for place, error in enumerate(index.errors)
            ),
        ]
        prompts = tuple(option.prompt for option in options if isinstance(option.prompt, Content))
        if prompts == self._shown:
            return
        chosen, self._shown = self.chosen, prompts
        self.set_options(options)
        if chosen is not None:
            self.choose(chosen)

    def choose(self, lesson_id: str) -> None:
        """Move the cursor to a lesson."""
        if any(option.id == lesson_id for option in self.options):
            self.highlighted = self.get_option_index(lesson_id)

    def move(self, lines: int) -> None:
        """Move the cursor by so many lessons, at most to the ends."""
        ids = [option.id for option in self.options if option.id is not None]
        if ids:
            place = ids.index(self.chosen) if self.chosen in ids else 0
            self.choose(ids[min(max(place + lines, 0), len(ids) - 1)])

    def _lessons(self, index: LessonIndex) -> list[Option]:
        options: list[Option] = []
        chapter = None
        for page in index.pages:
            if page.lesson.chapter != chapter:
                chapter = page.lesson.chapter
                options.append(Option(Content.styled(printable(chapter), "bold"), disabled=True))
            options.append(Option(_line(page), id=page.lesson.id))
        return options


def _line(page: LessonState) -> Content:
    begun = any(item.state == "done" for item in page.items)
    done = "✓" if page.passed else "·" if begun else " "
    return Content.assemble(
        ("▸" if page.on else " ", "$text-accent"),
        (done, "$text-success"),
        f"{page.place:>3}  {printable(page.lesson.title)}",
    )


@dataclass
class LessonChosen(Message):
    """The user started a lesson of the book."""

    lesson_id: str


@dataclass
class LessonForgotten(Message):
    """The user cleared the progress in a lesson."""

    lesson_id: str
