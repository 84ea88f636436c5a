"""The lessons of the book: starts them, tracks progress in them, and shows their page."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING

from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import label_of
from tui_trainer.pace import pace_named
from tui_trainer.protocol import AnyReport, Ended, Loaded, Progress
from tui_trainer.tabs.runs.selection import LETTERS, SelectedRun
from tui_trainer.ui.keymap import Key, key_of

from .controller import Controller
from .hand_in import HandIn

if TYPE_CHECKING:
    from tui_trainer.book.lesson import Lesson, Variant
    from tui_trainer.tabs.book.guide import LessonState, LessonTracker
    from tui_trainer.tabs.book.lesson_page import LessonPage, LessonStrip

    from .screen import MainScreen

BOOK = "book"
LOOK_EVERY = 1.0  # seconds between two looks at the files of the user's own lessons
LESSONS = "lessons"  # owner of keys


class Lessons(Controller):
    """Owns the lesson tracker; reports progress in a lesson and what to do next."""

    name = LESSONS

    def __init__(self, screen: MainScreen, folder: Path | None, hand_in: Path | None) -> None:
        super().__init__(screen)
        self._hand_in = HandIn(hand_in)
        self._folder = folder  # with lessons of the user's own
        self._tracker: LessonTracker | None = None
        self._page: LessonState | None = None  # as shown last
        self._side_page: LessonPage | None = None  # beside the tabs; made for the first lesson
        self._strip: LessonStrip | None = None  # below the tabs, where the page has no room beside them
        self._steps = 0  # of the run, as they were last
        self._configured = ""  # the tab whose view has the options of the lesson
        self._new_sentences: list[str] = []  # on what the current run has done for the lesson

    @property
    def tracker(self) -> LessonTracker:
        """The lesson tracker, created when it is first needed, since that reads the book."""
        if self._tracker is None:
            from tui_trainer.tabs.book.guide import open_guide

            self._tracker = open_guide(self._folder)
            self._tracker.follow(self.screen.experiment)
            if self._folder is not None:
                self.screen.set_interval(LOOK_EVERY, self._look_at_files)
        return self._tracker

    async def on_report(self, report: AnyReport) -> bool:
        match report:
            case Loaded():
                self._on_loaded(report)
            case Progress():
                self.show_progress(report)
            case Ended():
                self._on_ended(report)
        self._hand_in.on_report(report, self._page)
        self._show_complaint(self._hand_in.take_complaint())
        return False

    def on_experiment(self, before: Experiment, after: Experiment) -> None:
        if self._tracker is not None:
            self._tracker.follow(after)
            self._show_page()

    def on_load(self) -> None:
        if self._tracker is not None:
            self._new_sentences = []
            self._tracker.forget_run()
            self._tracker.follow(self.screen.experiment)
            self._show_page()

    def _on_loaded(self, loaded: Loaded) -> None:
        if self._tracker is not None:
            self._tracker.show_loaded(loaded)
            self._tracker.follow(self.screen.experiment)
            self._show_page()
            page = self._page
            if page is not None and page.lesson.target and page.changed and not self._new_sentences:
                self._show_advice()  # on what is still to be built

    def show_progress(self, progress: Progress) -> None:
        """Follow the progress of the current run."""
        if self._tracker is not None:
            self._tracker.show_progress(progress)
            self._show_page()
            self._show_picture(progress)

    def _show_picture(self, progress: Progress) -> None:
        """Go from the page to the picture when the first steps are taken, where only one of them has room."""
        screen, lesson = self.screen, self.tracker.lesson
        begins, self._steps = progress.steps > self._steps, progress.steps
        if lesson is not None and begins and screen.has_class("-narrow") and screen.tabs.active == BOOK:
            screen.tabs.active = lesson.view

    def show_strip(self) -> None:
        """Show question and next step below a picture, where the page has no room beside it."""
        if self._strip is not None:
            screen, page = self.screen, self._page
            visible = (
                page is not None and screen.in_lesson and screen.has_class("-narrow") and screen.tabs.active != BOOK
            )
            if page is not None and visible:
                self._strip.show(page)
            self._strip.display = visible and not screen.setup_open

    def _on_ended(self, ended: Ended) -> None:
        if ended.progress is not None:  # which was not seen while an earlier moment is shown
            self.show_progress(ended.progress)
        if self._page is not None and (self._new_sentences or ended.state != "diverged" or ended.remedy is None):
            self._show_advice("" if self._new_sentences else ended.sentence)

    def show_book(self) -> None:
        """Show the list of lessons when the Book tab is opened; the arrow keys choose a lesson there."""
        focused = self.screen.focused
        if focused is not None and self.screen.tabs not in focused.ancestors:
            self.screen.set_focus(None)
        self._show_index()

    def _look_at_files(self) -> None:
        """Read the user's own lessons again if a file has changed, and show what is new."""
        before, variant = self.tracker.lesson, self.tracker.variant
        files = self.tracker.reread()
        if not files:
            return
        lesson = self.tracker.lesson
        self._show_page()
        self._show_index()
        errors = [str(error) for error in self.tracker.library.errors if error.file in files]
        if before is not None and lesson is None:
            self._close()
            self.show_message(f"{before.file} is gone; its settings stay.", "error")
        elif errors:
            self.show_message(errors[0], "error")
        else:
            self.show_message(f"{', '.join(files)}: read again.")
        if before is not None and lesson is not None and lesson is not before:
            self.run_worker(partial(self._show_new_version, before, variant), group="lessons", exclusive=True)

    async def _show_new_version(self, before: Lesson, variant_before: Variant | None) -> None:
        """Load the open lesson's experiment and open its view again, as far as these differ from those ``before``.

        An experiment that the user has changed, or that trains, stays.
        """
        lesson, variant = self.tracker.lesson, self.tracker.variant
        if lesson is None or variant is None:
            return
        if variant_before is None or variant.experiment != variant_before.experiment:
            is_users = variant_before is None or self.screen.experiment != variant_before.experiment
            if is_users or self.screen.state == "running":
                ways = f"{key_of('tab_book')} and {key_of('load')}"
                self.show_message(f"{lesson.file}: read again. Its experiment has changed; {ways} load it.")
            else:
                await self.screen.trainer.start_over(variant.experiment)
        if self.tracker.lesson is lesson and (lesson.view, lesson.view_options) != (before.view, before.view_options):
            await self._show_view(lesson)

    @property
    def overlays(self) -> tuple[SelectedRun, ...]:
        """The runs of the open lesson's other variants, to be compared with the run."""
        if self._tracker is None or self._tracker.lesson is None:
            return ()
        slots = {one.name: slot for slot, one in enumerate(self._tracker.lesson.variants)}
        return tuple(
            SelectedRun(run, name, slots[name] if slots[name] < len(LETTERS) else None)
            for run, name in self._tracker.other_runs
        )

    def has_set_up(self, experiment: Experiment) -> bool:
        """Return whether network and training are those of a lesson that was opened, as it loads them."""
        return self._tracker is not None and self._tracker.has_set_up(experiment)

    def has_named(self, experiment: Experiment) -> bool:
        """Return whether an experiment has its name from the lesson that was opened last."""
        return self._tracker is not None and self._tracker.has_named(experiment)

    async def load(self, lesson_id: str) -> None:
        """Start the lesson with that id."""
        lesson = self.tracker.find(lesson_id)
        if lesson is not None:
            await self._begin(lesson)

    def forget(self, lesson_id: str) -> None:
        """Clear the progress in the lesson with that id."""
        lesson = self.tracker.find(lesson_id)
        if lesson is not None:
            self.tracker.forget(lesson)
            self._show_page()
            self._show_index()
            self.show_message(f"The progress in {lesson.title} is cleared.")

    def fill_in(self, lesson: Lesson, number: int, numbers: tuple[float | None, ...]) -> None:
        """Answer a question of ``lesson`` with numbers typed into its blanks, unless another lesson is open by now."""
        if self.tracker.lesson == lesson:
            self.answer(numbers, number)

    def answer(self, answer: int | tuple[float | None, ...], number: int | None = None) -> None:
        """Answer a question of the page, or the one that is asked now: the index of a choice, or a number a blank."""
        from tui_trainer.tabs.book.guide import advice, waiting, wrong_answer

        self._new_sentences = []
        asked = self._page.asked if number is None and self._page is not None else number
        self.tracker.answer(answer, asked)
        is_whole = not isinstance(answer, tuple) or None not in answer
        if self._page is not None and asked is not None and is_whole:
            self._hand_in.count_attempt(self._page.lesson, asked)
        self._show_page()
        page = self._page
        if page is None or page.question is None or asked is None or self._new_sentences:
            return
        if isinstance(answer, int) and page.waiting[asked]:
            self.show_message(f"{ascii_uppercase[answer]}. {waiting(replace(page, asked=asked))} {advice(page)}")
        elif page.question.state == "wrong":
            self.show_message(wrong_answer(page, page.question))
        else:
            self._show_advice()

    async def action_next_lesson(self) -> None:
        """Start the next lesson."""
        await self._move(1)

    async def action_previous_lesson(self) -> None:
        """Start the previous lesson."""
        await self._move(-1)

    async def action_next_variant(self) -> None:
        """Load the next variant of the lesson, as an edit that can be undone."""
        variant = self.tracker.next_variant()
        if variant is not None:
            await self.screen.trainer.start_over(variant.experiment)
            self._show_advice(f"{variant.name}:")

    def action_leave_lesson(self) -> None:
        """Close the lesson's page; the experiment stays as it is."""
        self.tracker.leave()
        self._close()
        self.show_message("You left the lesson; its settings stay.")

    def _close(self) -> None:
        """Put away the page of a lesson that is no longer open."""
        self._clear_view_options()
        self.screen.trainer.set_pace(None)
        self.screen.in_lesson = self.screen.page_open = False
        self._show_page()
        self.show_strip()

    async def action_answer(self, index: int) -> None:
        """Choose an answer, or focus a blank."""
        question = self.tracker.question  # of a lesson whose page may not be shown yet
        if question is None:
            self.show_message("There is no question on this page.")
        elif question.blanks:
            await self._focus_blank(index)
        elif index < len(question.choices):
            self.answer(index)

    def needs(self, key: Key) -> bool:
        """Return whether the page's question needs the key for one of its answers."""
        return not self._letters.isdisjoint(key.keys.split(","))

    def takes(self, key: Key) -> bool:
        """Return whether a key of lessons has an effect now; small letters have none once the question is answered."""
        return key.action != "answer" or key.keys.isupper() or key.keys in self._letters

    @property
    def _letters(self) -> frozenset[str]:
        """The letters that answer the question of the page: small ones, too, while it is open."""
        question, page = self.tracker.question, self.tracker.page
        if question is None or page is None:
            return frozenset()
        letters = ascii_uppercase[: len(question.choices or question.blanks)]
        # A blank is only gone to; the small letters are needed where a network is to be built.
        is_open = page.answer is None and page.question is not None and page.question.state == "open"
        return frozenset(letters + (letters.lower() if is_open and question.choices else ""))

    def action_scroll_page(self, direction: int) -> None:
        """Scroll the page of the lesson down (1) or up (-1)."""
        page = self._visible_page() or self._strip
        if page is not None:
            page.scroll_on(direction)

    async def _move(self, offset: int) -> None:
        lesson = self.tracker.beside(offset)
        if lesson is None:
            self.show_message("This is the last lesson." if offset > 0 else "This is the first lesson.")
        else:
            await self._begin(lesson)

    async def _begin(self, lesson: Lesson) -> None:
        """Load the lesson, open its view, and show its page beside it."""
        screen = self.screen
        screen.set_focus(None)
        experiment = self.tracker.begin(lesson)
        screen.in_lesson = screen.page_open = True
        if self._side_page is None:
            from tui_trainer.tabs.book.lesson_page import LessonPage, LessonStrip

            self._side_page, self._strip = LessonPage("lesson", classes="-pinned"), LessonStrip()
            await screen.query_one("#body").mount(self._side_page, before="#setup")
            await screen.mount(self._strip, before=screen.message_line)
        screen.trainer.set_pace(None if lesson.pace is None else pace_named(lesson.pace))
        await screen.trainer.start_over(experiment)
        if self.tracker.lesson is not lesson:  # another one was chosen meanwhile
            return
        self._show_advice()
        if not await self._show_view(lesson):
            return
        screen.setup_open = False
        screen.trainer.watch_view()
        self.show_strip()
        if lesson.race is not None:
            what = f"{len(lesson.race.values)} values of {label_of(lesson.race.field)}"
            self.show_message(f"{key_of('wall')} opens the wall: a race of {what}.")

    async def _show_view(self, lesson: Lesson) -> bool:
        """Open the lesson's view with its options; return False if another lesson was chosen meanwhile."""
        view = await self.screen.tabs.ready(lesson.view)
        if self.tracker.lesson is not lesson:
            return False
        self._clear_view_options()
        self._configured = lesson.view
        options: dict[str, object] = dict(lesson.view_options)
        if options.pop("variants", False):
            options["companions"] = [(variant.name, variant.experiment) for variant in lesson.variants]
        view.configure(options)
        # Where both have no room, the page is read first; training shows the picture.
        self.screen.tabs.active = BOOK if self.screen.has_class("-narrow") else lesson.view
        return True

    def _clear_view_options(self) -> None:
        """Take the options of a lesson back from its view: they are of no other lesson, and of nothing else."""
        view = self.screen.tabs.made(self._configured) if self._configured else None
        if view is not None:
            view.configure({})
        self._configured = ""

    async def _focus_blank(self, index: int) -> None:
        if self._visible_page() is None:
            await self.screen.tabs.open(BOOK)
            self._show_index()
        page = self._visible_page()
        if page is not None:
            page.focus_blank(index)

    def _visible_page(self) -> LessonPage | None:
        """The page on the left, or the one in the Book tab; None if neither is visible."""
        screen = self.screen
        if screen.page_open and not screen.has_class("-narrow"):
            return self._side_page
        book = screen.tabs.view if screen.tabs.active == BOOK else None
        return None if book is None else book.page  # type: ignore[attr-defined]

    def _show_page(self) -> None:
        """Show the page if it has changed, and report newly completed tasks."""
        before, page = self._page, self.tracker.page
        self._page = page
        self.screen.show_overlays()
        if page == before:
            return
        self._show_index()
        hidden = page is not None and page.hides_counts
        self.screen.tabs.hide_counts(hidden)
        self.screen.network_panel.hide_counts(hidden)
        self.screen.trainer.count_dead(page is not None and page.lesson.counts_dead)
        if page is None:
            return
        if self._side_page is not None:
            self._side_page.show(page)
        self.show_strip()
        self._hand_in.show_page(page)
        if before is not None and before.lesson is page.lesson:
            known = {item.key for item in before.items if item.state == "done"}
            new = [item.sentence for item in page.items if item.state == "done" and item.key not in known]
            if new:
                self._new_sentences = new
                self._show_advice()

    def _show_index(self) -> None:
        """Show the list of lessons in the Book tab, if the tab was ever opened."""
        book = self.screen.tabs.made(BOOK)
        if book is not None:
            index = replace(self.tracker.index(), is_handed_in=self._hand_in.file is not None)
            book.show_index(index, self.tracker.last)  # type: ignore[attr-defined]
        self._show_complaint(self.tracker.progress.complaint)
        self.tracker.progress.complaint = ""

    def _show_complaint(self, sentence: str) -> None:
        if sentence:
            self.show_message(sentence, "error")

    def _show_advice(self, first: str = "") -> None:
        """Show a message: ``first``, what was done last, and what to do next, unless the strip has that below it."""
        from tui_trainer.tabs.book.guide import advice

        if self._page is not None:
            in_strip = self._strip is not None and self._strip.display and bool(self._new_sentences)
            sentences = [first, *self._new_sentences[-1:], "" if in_strip else advice(self._page)]
            self.show_message(" ".join(filter(None, sentences)), "good" if self._new_sentences else "")
