"""The part of the training screen that follows what happens, for the lesson that is on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.reactive import var

from tui_trainer.app.tab_bar import Tabs
from tui_trainer.app.trainer_link import RunningScreen
from tui_trainer.errors import printable
from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol.reports import Ended, Loaded, Progress

if TYPE_CHECKING:
    from tui_trainer.tabs.book.guide import Guide
    from tui_trainer.tabs.book.lesson_page import LessonPage

    from ..lessons.page import Page

BOOK = "book"


class FollowingScreen(RunningScreen):
    """Owns the guide: tells it what happens, shows its page, and says what was done and what comes next."""

    page_open: var[bool] = var(False, toggle_class="-page")  # in place of the setup, where there is room

    def __init__(self, experiment: Experiment, path: Path | None = None, lessons: Path | None = None) -> None:
        super().__init__(experiment, path)
        self._lessons = lessons
        self._guide: Guide | None = None
        self._page: Page | None = None  # as shown last
        self._news: list[str] = []  # what this run has done for the lesson

    @property
    def guide(self) -> Guide:
        """The guide; makes it, and so reads the book, when it is first asked for."""
        if self._guide is None:
            from tui_trainer.tabs.book.guide import open_guide

            self._guide = open_guide(self._lessons)
            self._guide.follow(self.experiment)
        return self._guide

    @on(Tabs.Opened)
    def _show_book(self, event: Tabs.Opened) -> None:
        if event.name == BOOK:
            if self.focused is not None and self.tabs not in self.focused.ancestors:
                self.set_focus(None)  # so that arrows choose a lesson
            self._show_shelf()

    def hand_over(self, before: Experiment, said: str) -> None:
        super().hand_over(before, said)
        if self._guide is not None:
            self._guide.follow(self.experiment)
            self._show_page()

    def _load(self, keep_weights: bool = False, weights: str = "") -> None:
        super()._load(keep_weights, weights)
        if self._guide is not None:
            self._news = []
            self._guide.forget_run()
            self._guide.follow(self.experiment)
            self._show_page()

    def _show_loaded(self, loaded: Loaded) -> None:
        super()._show_loaded(loaded)
        if self._guide is not None:
            self._guide.show_loaded(loaded)
            self._guide.follow(self.experiment)
            self._show_page()
            page = self._page
            if page is not None and page.lesson.target and page.changed and not self._news:
                self._say_advice()  # what is still to be built

    def _show_progress(self, progress: Progress) -> None:
        super()._show_progress(progress)
        if self._guide is not None:
            self._guide.show_progress(progress)
            self._show_page()

    def _show_end(self, ended: Ended) -> None:
        super()._show_end(ended)
        if self._page is not None and (self._news or ended.remedy is None):
            self._say_advice("" if self._news else ended.sentence)

    def _show_page(self) -> None:
        """Show the page where it changed, and say what is done now and was not before."""
        before, self._page = self._page, self.guide.page
        page = self._page
        if page == before:
            return
        self._show_shelf()
        if page is None:
            return
        for side in self.query("#lesson"):
            side.show(page)  # type: ignore[attr-defined]
        if before is not None and before.lesson is page.lesson:
            known = {item.key for item in before.items if item.state == "done"}
            new = [item.sentence for item in page.items if item.state == "done" and item.key not in known]
            if new:
                self._news = new
                self._say_advice()

    def _say_advice(self, first: str = "") -> None:
        """What was done last, and what to do next."""
        from tui_trainer.ui.lessons.advice import advice

        if self._page is not None:
            sentences = [first, *self._news[-1:], advice(self._page)]
            self._tell(" ".join(filter(None, sentences)), "good" if self._news else "")

    def _tell(self, sentence: str, kind: str = "") -> None:
        """A sentence that holds words of a lesson's file."""
        self.message_line.say(printable(sentence), kind)

    def _show_shelf(self) -> None:
        """Show the book in its tab, if it was opened."""
        book = self.tabs.made(BOOK)
        if book is not None:
            book.show_shelf(self.guide.shelf(), self.guide.last)  # type: ignore[attr-defined]
        if self.guide.progress.complaint:
            self.message_line.say(self.guide.progress.complaint, "error")
            self.guide.progress.complaint = ""

    def _page_in_sight(self) -> LessonPage | None:
        """The page on the left, or the one in the Book tab; None where neither is in sight."""
        from tui_trainer.tabs.book.lesson_page import LessonPage

        beside = self.page_open and not self.has_class("-narrow")
        holder = self.query_one("#body") if beside else self.tabs.view if self.tabs.active == BOOK else None
        return None if holder is None else holder.query(LessonPage).first()
