"""The part of the training screen that leads through the lessons of the book."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING

from textual import on
from textual.reactive import var

from tui_trainer.ui.keymap import key_of, keymap
from tui_trainer.ui.messages import Answered, LessonChosen, LessonForgotten
from tui_trainer.ui.screens.following import BOOK, FollowingScreen

from .keys import LESSON_ACTIONS

if TYPE_CHECKING:
    from tui_trainer.book.lesson import Lesson


class LessonScreen(FollowingScreen):
    """What the user does in the book: begins lessons, answers, goes on."""

    in_lesson: var[bool] = var(False, bindings=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of lessons are free for others while no lesson is on."""
        return self.in_lesson if action in LESSON_ACTIONS else super().check_action(action, parameters)

    @property
    def taken_keys(self) -> frozenset[str]:
        """Keys that are the lesson's while one is on, whatever they do in the open view."""
        mine = (key for key in keymap().shown if key.action.partition("(")[0] in LESSON_ACTIONS)
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
        book = key_of(f"tab('{BOOK}')")
        self._say_advice(f"{lesson.title}: {book} shows the page." if self.has_class("-narrow") else "")
        view = await self.tabs.open(lesson.view)
        view.configure(dict(lesson.view_options))
        self.watch_view()

    def _answer(self, answers: int | tuple[float | None, ...]) -> None:
        from tui_trainer.ui.lessons.advice import advice, waiting, wrong_answer

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
