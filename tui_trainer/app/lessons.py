"""The part of the training screen that leads through the lessons of the book."""

from __future__ import annotations

from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING

from textual import on
from textual.reactive import var

from tui_trainer.errors import printable
from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol.reports import Ended, Loaded, Progress
from tui_trainer.tabs.book.lesson_page import Answered
from tui_trainer.tabs.book.view import LessonChosen, LessonForgotten
from tui_trainer.ui.keymap import key_of, keymap

from .tab_bar import Tabs
from .trainer_link import RunningScreen

if TYPE_CHECKING:
    from tui_trainer.book.lesson import Lesson
    from tui_trainer.tabs.book.guide import LessonState, LessonTracker
    from tui_trainer.tabs.book.lesson_page import LessonPage

BOOK = "book"
LESSONS = "lessons"  # owner of keys


class FollowingScreen(RunningScreen):
    """Owns the guide: tells it what happens, shows its page, and says what was done and what comes next."""

    page_open: var[bool] = var(False, toggle_class="-page")  # in place of the setup, where there is room

    def __init__(self, experiment: Experiment, path: Path | None = None, lessons: Path | None = None) -> None:
        super().__init__(experiment, path)
        self._lessons = lessons
        self._guide: LessonTracker | None = None
        self._page: LessonState | None = None  # as shown last
        self._news: list[str] = []  # what this run has done for the lesson

    @property
    def guide(self) -> LessonTracker:
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
        from tui_trainer.tabs.book.guide import advice

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


class LessonScreen(FollowingScreen):
    """What the user does in the book: begins lessons, answers, goes on."""

    in_lesson: var[bool] = var(False, bindings=True)

    @property
    def taken_keys(self) -> frozenset[str]:
        """Keys that are the lesson's while one is on, whatever they do in the open view."""
        mine = (key for key in keymap().listed if key.owner == LESSONS)
        return frozenset(name for key in mine for name in key.keys.split(",")) if self.in_lesson else frozenset()

    @on(LessonChosen)
    async def _load_chosen(self, event: LessonChosen) -> None:
        lesson = self.guide.find(event.lesson_id)
        if lesson is not None:
            await self._begin(lesson)

    @on(LessonForgotten)
    def _forget(self, event: LessonForgotten) -> None:
        lesson = self.guide.find(event.lesson_id)
        if lesson is not None:
            self.guide.forget(lesson)
            self._show_page()
            self._show_shelf()
            self._tell(f"Nothing is done in {lesson.title} any more.")

    async def action_next_lesson(self) -> None:
        """Go through the lesson after this one."""
        await self._go(1)

    async def action_previous_lesson(self) -> None:
        """Go through the lesson before this one."""
        await self._go(-1)

    async def _go(self, offset: int) -> None:
        lesson = self.guide.beside(offset)
        if lesson is None:
            self.message_line.say("This is the last lesson." if offset > 0 else "This is the first lesson.")
        else:
            await self._begin(lesson)

    async def action_next_variant(self) -> None:
        """Load the next variant of the lesson, an edit that can be taken back."""
        variant = self.guide.next_variant()
        if variant is not None:
            await self.start_over(variant.experiment)
            self._say_advice(f"{variant.name}:")

    def action_leave_lesson(self) -> None:
        """Close the page; the experiment stays as it is."""
        self.guide.leave()
        self.in_lesson = self.page_open = False
        self._show_page()
        self.message_line.say("The lesson is left; its settings stay.")

    async def action_answer(self, index: int) -> None:
        """Answer with a choice, or go to a blank."""
        page = self._page
        question = None if page is None else page.lesson.question
        if question is None:
            self.message_line.say("There is no question on this page.")
        elif question.blanks:
            await self._focus_blank(index)
        elif index < len(question.choices):
            self._answer(index)

    async def _focus_blank(self, index: int) -> None:
        if self._page_in_sight() is None:
            await self.tabs.open(BOOK)
            self._show_shelf()
        page = self._page_in_sight()
        if page is not None:
            page.focus_blank(index)

    @on(Answered)
    def _take_answers(self, event: Answered) -> None:
        self._answer(event.answers)

    def action_scroll_page(self, direction: int) -> None:
        """The page of the lesson down, or up."""
        page = self._page_in_sight()
        if page is not None:
            page.scroll_on(direction)

    async def _begin(self, lesson: Lesson) -> None:
        """Load the lesson, open its view, and show its page beside it."""
        self.set_focus(None)
        experiment = self.guide.begin(lesson)
        if not self.query("#lesson"):
            from tui_trainer.tabs.book.lesson_page import LessonPage

            await self.query_one("#body").mount(LessonPage("lesson", classes="-pinned"), before="#setup")
        self.in_lesson = self.page_open = True
        await self.start_over(experiment)
        if self.guide.lesson is not lesson:  # another one was chosen meanwhile
            return
        book = key_of("tab_book")
        self._say_advice(f"{lesson.title}: {book} shows the page." if self.has_class("-narrow") else "")
        view = await self.tabs.open(lesson.view)
        view.configure(dict(lesson.view_options))
        self.watch_view()

    def _answer(self, answers: int | tuple[float | None, ...]) -> None:
        from tui_trainer.tabs.book.guide import advice, waiting, wrong_answer

        self._news = []
        self.guide.answer(answers)
        self._show_page()
        page = self._page
        if page is None or page.question is None or self._news:
            return
        if page.waits and isinstance(answers, int):
            self._tell(f"{ascii_uppercase[answers]}. {waiting(page)} {advice(page)}")
        elif page.question.state == "wrong":
            self._tell(wrong_answer(page, page.question))
        else:
            self._say_advice()
