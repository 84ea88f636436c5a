"""The Book tab: the lessons with what was done, and the page of the chosen one."""

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
    """Shows the shelf it is given. On a narrow terminal the page of the lesson that is on has all the room."""

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
        self._shelf = LessonIndex()
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
        """The list beside the page that stands alone, or the page alone."""
        self._list_wanted = not self._list_wanted
        self._arrange()

    def _arrange(self) -> None:
        alone = bool(self._on) and self.screen.has_class("-narrow") and not self._list_wanted
        self.set_class(alone, "-reading")
        self.query_one(".hints", Static).update(self._hints(alone))

    def _hints(self, alone: bool) -> str:
        if not alone:
            return hints(ACTIONS)
        view = next((page.lesson.view for page in self._shelf.pages if page.on), "")
        ways = [f"{key_of(f'tab_{tab.name}')} {tab.title.lower()}" for tab in TABS if tab.name == view]
        return "   ".join(["↑ ↓ pgup pgdn scroll", *ways, f"{key_of(BOOK)} all lessons"])

    def show_shelf(self, shelf: LessonIndex, last: str) -> None:
        """Show these lessons; the cursor is on the one that is on, or else on ``last``."""
        self._shelf = shelf
        lessons = self.query_one(LessonList)
        lessons.show(shelf)
        on = next((page.lesson.id for page in shelf.pages if page.on), "")
        if lessons.chosen is None or on != self._on:
            lessons.choose(on or last)
            self._list_wanted = False
        self._on = on
        self._arrange()
        self.query_one(".count", Static).update(f"{shelf.passed} of {len(shelf.pages)} done")
        self._show_page()

    @on(OptionList.OptionHighlighted)
    def _show_page(self) -> None:
        chosen = self.query_one(LessonList).chosen
        for page in self._shelf.pages:
            if page.lesson.id == chosen:
                self.page.show(page)

    def action_choose(self, direction: int) -> None:
        """The next lesson, or the one before; scrolls the page where it stands alone."""
        if self.has_class("-reading"):
            self.page.scroll_relative(y=direction, animate=False)
        else:
            self.query_one(LessonList).move(direction)

    def action_ends(self, direction: int) -> None:
        """The first lesson, or the last."""
        self.query_one(LessonList).move(direction * (len(self._shelf.pages) + len(self._shelf.errors)))

    def action_load(self) -> None:
        """Go through the chosen lesson."""
        chosen = self.query_one(LessonList).chosen
        if chosen is not None:
            self.post_message(LessonChosen(chosen))

    def action_forget(self) -> None:
        """Have nothing done in the chosen lesson."""
        chosen = self.query_one(LessonList).chosen
        if chosen is not None:
            self.post_message(LessonForgotten(chosen))

    def action_turn(self, direction: int) -> None:
        """The page of the lesson down, or up."""
        self.page.scroll_on(direction)


class LessonList(SafeOptionList, can_focus=False):
    """A line a lesson under its chapter; below them what is wrong with files that are no lessons.

    The cursor goes to those too, so that they can be read; their ids are nobody's.
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

    def show(self, shelf: LessonIndex) -> None:
        """Show these lessons; the cursor stays where it is."""
        options = [
            *self._lessons(shelf),
            *(
                Option(Content.styled(printable(error), "$text-error"), id=f"error:{place}")
                for place, error in enumerate(shelf.errors)
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
        """Put the cursor on a lesson."""
        if any(option.id == lesson_id for option in self.options):
            self.highlighted = self.get_option_index(lesson_id)

    def move(self, lines: int) -> None:
        """The cursor so many lessons down, or up; it stops at the ends."""
        ids = [option.id for option in self.options if option.id is not None]
        if ids:
            place = ids.index(self.chosen) if self.chosen in ids else 0
            self.choose(ids[min(max(place + lines, 0), len(ids) - 1)])

    def _lessons(self, shelf: LessonIndex) -> list[Option]:
        options: list[Option] = []
        chapter = None
        for page in shelf.pages:
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
    """The user wants to go through a lesson of the book."""

    lesson_id: str


@dataclass
class LessonForgotten(Message):
    """The user wants a lesson to be as if nothing had been done in it."""

    lesson_id: str
