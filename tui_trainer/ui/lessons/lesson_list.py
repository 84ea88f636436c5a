"""The list of lessons, chapter by chapter, with what was done."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui_trainer.errors import printable

from .page import Page, Shelf


class LessonList(OptionList, can_focus=False):
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

    def show(self, shelf: Shelf) -> None:
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

    def _lessons(self, shelf: Shelf) -> list[Option]:
        options: list[Option] = []
        chapter = None
        for page in shelf.pages:
            if page.lesson.chapter != chapter:
                chapter = page.lesson.chapter
                options.append(Option(Content.styled(printable(chapter), "bold"), disabled=True))
            options.append(Option(_line(page), id=page.lesson.id))
        return options


def _line(page: Page) -> Content:
    begun = any(item.state == "done" for item in page.items)
    done = "✓" if page.passed else "·" if begun else " "
    return Content.assemble(
        ("▸" if page.on else " ", "$text-accent"),
        (done, "$text-success"),
        f"{page.place:>3}  {printable(page.lesson.title)}",
    )
