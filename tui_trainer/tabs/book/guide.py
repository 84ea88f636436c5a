"""Tracks the user's place in the book: the open lesson, the answers, and the progress. No screen."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from string import ascii_uppercase

from msgspec.structs import replace

from tui_trainer.book.checking import Answer, Item, Results, check
from tui_trainer.book.lesson import Check, Lesson, Question, Variant
from tui_trainer.book.library import LessonFolder, Library, packaged
from tui_trainer.book.progress import FILE_NAME, LessonProgress, Place
from tui_trainer.experiment.schema import Experiment, ModelConfig, TrainingConfig
from tui_trainer.export.keras import keras_model
from tui_trainer.protocol import Loaded, Progress, unpack
from tui_trainer.run_state import RUN_STATES
from tui_trainer.ui.keymap import key_of


class LessonTracker:
    """Follows the experiment and its run, and checks them against the open lesson."""

    def __init__(self, library: Library, progress: LessonProgress, folder: LessonFolder | None = None) -> None:
        self._book, self._folder = library, folder  # the lessons that stay as they are, and those of the user's own
        self.library = library if folder is None else library + folder.library
        self.progress = progress
        self.lesson: Lesson | None = None
        self._settings: tuple[tuple[ModelConfig, TrainingConfig], ...] = ()  # those of the lesson opened last
        self._names: frozenset[str] = frozenset()  # of its experiments
        self.changed = False  # whether the experiment is none of the lesson's variants
        self._variant = ""  # the one that the experiment is, or was before it was changed
        self._run_variant = ""  # the one that the run began as
        self._experiment = Experiment()
        self._loaded: Loaded | None = None
        self._progress: Progress | None = None
        self._answers: tuple[Answer, ...] = ()  # one for each question of the open lesson
        self._ended: set[str] = set()  # variants whose run has ended
        self._runs: dict[str, int] = {}  # the newest run of each variant, by its number in the store
        self._items: tuple[Item, ...] = ()

    def begin(self, lesson: Lesson) -> Experiment:
        """Open ``lesson`` where the user left it; return the experiment that it loads."""
        place, names = self.progress.place(lesson), {one.name for one in lesson.variants}
        self.lesson = lesson
        self._settings = tuple((one.experiment.model, one.experiment.training) for one in lesson.variants)
        self._names = frozenset(one.experiment.name for one in lesson.variants)
        self._answers = tuple(map(place.answers.get, (one.key for one in lesson.questions)))
        self._ended = names & {*place.ended}
        self._runs = {name: run for name, run in place.runs.items() if name in names}
        left_at = lesson.variant(place.variant)
        variant = lesson.variants[0] if left_at is None or self.progress.passed(lesson) else left_at
        self._variant = self._run_variant = variant.name
        self.changed = False
        self._experiment = variant.experiment
        self.progress.open(lesson)
        self.forget_run()
        return variant.experiment

    def has_set_up(self, experiment: Experiment) -> bool:
        """Return whether network and training are those of a variant of the lesson that was opened last."""
        return (experiment.model, experiment.training) in self._settings

    def has_named(self, experiment: Experiment) -> bool:
        """Return whether the name is that of the lesson that was opened last."""
        return experiment.name in self._names

    def leave(self) -> None:
        """Close the open lesson."""
        self.lesson, self._items = None, ()
        self.progress.open(None)

    def reread(self) -> tuple[str, ...]:
        """Read the user's own lessons again if a file has changed; return the names of the files that differ.

        The open lesson becomes its new version, with the answers to questions that are the same, or is closed if its
        file is gone.
        """
        files = () if self._folder is None else self._folder.reread()
        if self._folder is None or not files:
            return ()
        self.library, before = self._book + self._folder.library, self.lesson
        if before is None or before in self.library.lessons:
            return files
        self.lesson = lesson = self.find(before.id)
        if lesson is None:
            self.leave()
            return files
        answered = dict(zip((one.key for one in before.questions), self._answers, strict=True))
        self._answers = tuple(answered.get(one.key) for one in lesson.questions)
        names = {one.name for one in lesson.variants}
        self._ended &= names
        self._variant, self._run_variant = (
            name if name in names else lesson.variants[0].name for name in (self._variant, self._run_variant)
        )
        self.follow(self._experiment)
        return files

    def forget(self, lesson: Lesson) -> None:
        """Clear the progress in ``lesson``; if it is open, its current run no longer counts."""
        self.progress.forget(lesson)
        if lesson is self.lesson:
            self._answers, self._ended, self._runs = (None,) * len(lesson.questions), set(), {}
            self.forget_run()

    def find(self, lesson_id: str) -> Lesson | None:
        """Return the lesson with that id."""
        return next((one for one in self.library.lessons if one.id == lesson_id), None)

    def beside(self, offset: int) -> Lesson | None:
        """Return the lesson after the open one, or before it; None at the ends of the book."""
        if self.lesson is None:
            return None
        place = self.library.lessons.index(self.lesson) + offset
        return self.library.lessons[place] if 0 <= place < len(self.library.lessons) else None

    def next_variant(self) -> Variant | None:
        """Return the variant after the current one; the first follows the last."""
        if self.lesson is None:
            return None
        names = [one.name for one in self.lesson.variants]
        return self.lesson.variants[(names.index(self._variant) + 1) % len(names)]

    def follow(self, experiment: Experiment) -> None:
        """Follow the experiment as it is set up now, by the lesson or by the user."""
        self._experiment = experiment
        if self.lesson is not None:
            variant = self.lesson.variant_of(experiment)
            self.changed = variant is None
            self._variant = self._variant if variant is None else variant.name
            if not self._has_begun:
                self._run_variant = self._variant
            self._look()

    def forget_run(self) -> None:
        """Drop the results of the run, as another one is about to be loaded."""
        self._loaded = self._progress = None
        self._look()

    def show_loaded(self, loaded: Loaded) -> None:
        """Called when the run of the experiment is at its first step."""
        self._loaded, self._progress = loaded, None
        self._look()

    def show_progress(self, progress: Progress) -> None:
        """Follow the progress of training."""
        self._progress = progress
        if not progress.steps:
            self._run_variant = self._variant
        if RUN_STATES[progress.state].ended:
            self._ended.add(self._run_variant)
        if progress.stored is not None and self._runs_as_loaded:
            self._runs = {**self._runs, self._run_variant: progress.stored}
        self._look()

    def answer(self, answer: Answer, number: int | None = None) -> None:
        """Record the user's answer: the index of a choice, or a number for each blank (None if empty).

        It is of the question of that ``number``, or of the one that is asked now.
        """
        asked = self._asked if number is None else number
        if asked < len(self._answers):
            self._answers = (*self._answers[:asked], answer, *self._answers[asked + 1 :])
            self._look()

    @property
    def _runs_as_loaded(self) -> bool:
        """Whether the run is one of the variant's own experiment."""
        variant = None if self.lesson is None else self.lesson.variant(self._run_variant)
        return variant is not None and self._has_begun and not self.changed

    @property
    def other_runs(self) -> tuple[tuple[int, str], ...]:
        """The newest runs of the variants that are not being run, by number and name, in the lesson's order."""
        if self.lesson is None:
            return ()
        names = [one.name for one in self.lesson.variants if one.name != self._run_variant]
        return tuple((self._runs[name], name) for name in names if name in self._runs)

    @property
    def variant(self) -> Variant | None:
        """The variant of the open lesson that is set up, or was before it was changed."""
        return None if self.lesson is None else self.lesson.variant(self._variant)

    @property
    def page(self) -> LessonState | None:
        """The page of the open lesson."""
        return None if self.lesson is None else self._page(self.lesson)

    def index(self) -> LessonIndex:
        """Return all lessons with their progress, and what is wrong with invalid files."""
        return LessonIndex(tuple(map(self._page, self.library.lessons)), tuple(map(str, self.library.errors)))

    @property
    def last(self) -> str:
        """The id of the last open lesson, or of the first one that is not passed."""
        ids = [one.id for one in self.library.lessons]
        if self.progress.opened in ids:
            return self.progress.opened
        return next((one.id for one in self.library.lessons if not self.progress.passed(one)), ids[0] if ids else "")

    def _page(self, lesson: Lesson) -> LessonState:
        on = lesson is self.lesson
        place = self.library.lessons.index(lesson) + 1
        return LessonState(
            lesson=lesson,
            place=place,
            count=len(self.library.lessons),
            passed=self.progress.passed(lesson),
            items=self._items if on else self._done_before(lesson),
            on=on,
            variant=self._variant if on else lesson.variants[0].name,
            changed=on and self.changed,
            asked=self._asked if on else 0,
            answers=self._answers if on else (None,) * len(lesson.questions),
            behind=on and self._has_begun and self._run_variant != self._variant,
            waiting=tuple(map(self._waits, range(len(lesson.questions)))) if on else (False,) * len(lesson.questions),
            is_seen=on and bool(lesson.questions) and self._tells(self._asked),
            declaration=self._declaration if on else "",
        )

    @property
    def _declaration(self) -> str:
        """The user's network as it is declared in Keras, once everything of an exercise is done."""
        lesson, loaded = self.lesson, self._loaded
        if lesson is None or loaded is None or not lesson.declaration:
            return ""
        if any(item.state != "done" for item in self._items):
            return ""
        return keras_model(loaded.experiment, len(loaded.dataset.features))

    @property
    def _has_begun(self) -> bool:
        """Whether the run has taken a step."""
        return self._progress is not None and self._progress.steps > 0

    @property
    def question(self) -> Question | None:
        """The question of the open lesson that is asked now; None if there is none."""
        return None if self.lesson is None or not self.lesson.questions else self.lesson.questions[self._asked]

    @property
    def _asked(self) -> int:
        """The number of the question that is asked now: the first to be answered, else the first with a wrong answer.

        Without any, it is the first whose answer waits for a run, and where all answers are right, the last one.
        """
        lesson = self.lesson
        if lesson is None or not lesson.questions:
            return 0
        numbers = range(len(lesson.questions))
        states = [item.state for item in self._items[: len(numbers)]] or ["open" for _ in numbers]
        to_answer = (one for one in numbers if states[one] == "open" and not self._waits(one))
        wrong = (one for one in numbers if states[one] == "wrong")
        waiting = (one for one in numbers if states[one] != "done")
        return next(chain(to_answer, wrong, waiting), numbers[-1])

    def _waits(self, number: int) -> bool:
        """Return whether an answer is there that is judged only after a run, and was not right before."""
        is_done = number < len(self._items) and self._items[number].state == "done"
        return self._answers[number] is not None and not self._tells(number) and not is_done

    def _tells(self, number: int) -> bool:
        """Return whether an answer is judged yet: numbers at once, a prediction after the run it is about."""
        lesson = self.lesson
        if lesson is None:
            return True
        question = lesson.questions[number]
        if question.blanks:
            return True
        if question.variant is not None:
            return question.variant in self._ended
        return bool(self._ended) or not (lesson.checks or lesson.target)

    @property
    def _judged(self) -> tuple[Answer, ...]:
        """The answers that are judged by now, None in place of the others."""
        return tuple(one if self._tells(number) else None for number, one in enumerate(self._answers))

    def _look(self) -> None:
        """Check the lesson, and save what is newly done, and where the user is."""
        if self.lesson is None:
            return
        keys = (one.key for one in self.lesson.questions)
        answers = {key: answer for key, answer in zip(keys, self._answers, strict=True) if answer is not None}
        self.progress.remember(self.lesson, Place(self._variant, tuple(sorted(self._ended)), answers, self._runs))
        results = self._results()
        if results is None:
            self._items = self._done_before(self.lesson)
            return
        verdict = check(self.lesson, results, self.progress.done(self.lesson))
        self.progress.record(self.lesson, verdict)
        running = results.state == "running"
        self._items = tuple(map(_without_numbers, verdict.items)) if running else verdict.items

    def _results(self) -> Results | None:
        loaded, progress = self._loaded, self._progress
        if loaded is None:
            return None
        tuned = self._experiment.training
        training = replace(loaded.experiment.training, learning_rate=tuned.learning_rate, epochs=tuned.epochs)
        results = Results(
            experiment=replace(loaded.experiment, training=training),
            params=loaded.params,
            inputs=len(loaded.dataset.features),
            layer_params=tuple(layer.params for layer in loaded.layers),
            answers=self._judged,
            variant=self._run_variant,
        )
        if progress is None:
            return results
        return replace(
            results,
            values=progress.values,
            epoch=progress.epoch,
            steps=progress.steps,
            state=progress.state,
            weights=tuple(unpack(progress.weights).tolist()) if progress.weights else None,
            dead_units=progress.dead_units,
        )

    def _done_before(self, lesson: Lesson) -> tuple[Item, ...]:
        """Return what was done in a lesson before, without a run to check."""
        answers = self._judged if lesson is self.lesson else ()
        results = Results(experiment=lesson.experiment, answers=answers)
        return tuple(map(_without_numbers, check(lesson, results, self.progress.done(lesson)).items))


def _without_numbers(item: Item) -> Item:
    """Return an open item without its details, which change with every step; they are shown when the run pauses."""
    return Item(item.key, item.state, item.sentence) if item.state == "open" else item


def open_guide(folder: Path | None) -> LessonTracker:
    """Return a tracker of the packaged lessons and those in ``folder``, with the saved progress."""
    from tui_trainer.store.store import default_path

    progress = LessonProgress(default_path().with_name(FILE_NAME))
    return LessonTracker(packaged(), progress, None if folder is None else LessonFolder(folder))


@dataclass(frozen=True, slots=True)
class LessonState:
    """The state of a lesson: ``items`` are its questions, target and checks, as far as it has them, in this order.

    ``on`` says whether it is open, ``variant`` is the name of the variant that is set up (``changed``: with
    other settings by now; ``behind``: the run began as another variant). ``asked`` is the number of the question that
    is asked now; of each question ``answers`` has the answer, and ``waiting`` whether it is judged only after a run.
    With ``is_seen``, what that question asks for was shown already. ``declaration`` is the code of the user's network
    in an exercise that was passed.
    """

    lesson: Lesson
    place: int
    count: int
    passed: bool
    items: tuple[Item, ...]
    on: bool = False
    variant: str = ""
    changed: bool = False
    behind: bool = False
    asked: int = 0
    answers: tuple[Answer, ...] = ()
    waiting: tuple[bool, ...] = ()
    is_seen: bool = False
    declaration: str = ""

    @property
    def question(self) -> Item | None:
        """The item of the question that is asked now."""
        return self.items[self.asked] if self.lesson.questions else None

    @property
    def asked_question(self) -> Question | None:
        """The question that is asked now."""
        return self.lesson.questions[self.asked] if self.lesson.questions else None

    @property
    def answer(self) -> Answer:
        """The answer to the question that is asked now."""
        return self.answers[self.asked] if self.lesson.questions else None

    @property
    def waits(self) -> bool:
        """Whether the answer to the question that is asked now is judged only after a run."""
        return bool(self.waiting) and self.waiting[self.asked]

    @property
    def hides_counts(self) -> bool:
        """Whether the numbers of parameters are hidden: a question asks for them."""
        asked = self.items[: len(self.lesson.questions)]
        return self.on and self.lesson.hides_counts and any(item.state != "done" for item in asked)

    @property
    def shown_by(self) -> str | None:
        """The variant whose run shows whether that answer is right; None if any run does."""
        return None if self.asked_question is None else self.asked_question.variant

    @property
    def target(self) -> Item | None:
        """The item of the target network."""
        return self.items[len(self.lesson.questions)] if self.lesson.target else None

    @property
    def checks(self) -> tuple[tuple[Check, Item], ...]:
        """The checks with their items."""
        first = len(self.items) - len(self.lesson.checks)
        return tuple(zip(self.lesson.checks, self.items[first:], strict=True))

    @property
    def done(self) -> bool:
        """Whether every item is done."""
        return all(item.state == "done" for item in self.items)


@dataclass(frozen=True, slots=True)
class LessonIndex:
    """The whole book, a sentence for each invalid lesson file, and whether a teacher sees the progress."""

    pages: tuple[LessonState, ...] = ()
    errors: tuple[str, ...] = ()
    is_handed_in: bool = False

    @property
    def passed(self) -> int:
        """The number of finished lessons."""
        return sum(page.passed for page in self.pages)


def advice(page: LessonState) -> str:
    """Return a sentence on what to do next."""
    asked, target = page.question, page.target
    if page.done:
        done = "Lesson done" if page.items else "There is nothing to do here"
        last = page.place == page.count
        return f"{done}. That was the last one." if last else f"{done}; {key_of('next_lesson')} goes to the next."
    if page.behind:
        return f"{key_of('reset')} starts over with {page.variant}."
    building = target is not None and target.state != "done"
    if asked is not None and asked.state == "open" and not page.waits and not (building and page.changed):
        return _invitation(page)
    if target is not None and building:
        if page.changed and target.details:
            return f"Still to build: {target.details[0]}."
        return f"Build it in the setup; {key_of('setup')} switches between it and this page."
    undone = [(lesson_check, item) for lesson_check, item in page.checks if item.state != "done"]
    for lesson_check, item in sorted(undone, key=lambda pair: pair[0].variant not in (None, page.variant)):
        return item.sentence if lesson_check.variant in (None, page.variant) else _way_to(page, lesson_check.variant)
    return _way_to(page, page.shown_by) if page.waits else "Only the question is left: change your answer."


def waiting(page: LessonState) -> str:
    """Return a sentence on when the answer will be judged."""
    return "Noted. The run will show." if page.shown_by is None else f"Noted. The run of {page.shown_by} will show."


def wrong_answer(page: LessonState, item: Item) -> str:
    """Return a sentence on which answer is wrong, and that it can be changed."""
    if isinstance(page.answer, int):
        return f"{ascii_uppercase[page.answer]} is not right. Look again, and choose another."
    return f"Not yet: {'; '.join(item.details)}. Count again, and change it."


def _invitation(page: LessonState) -> str:
    question = page.asked_question
    if question is None or question.blanks:
        return f"Fill in the numbers: {ascii_uppercase[0]} goes to the first."
    last = ascii_uppercase[len(question.choices) - 1]
    if page.is_seen:
        return f"You have seen it by now: {ascii_uppercase[0]} to {last} choose the answer."
    return f"Predict first: {ascii_uppercase[0]} to {last} choose an answer."


def _way_to(page: LessonState, variant: str | None) -> str:
    """Return how to load a variant, or how to train it if it is loaded."""
    if variant is None or variant == page.variant:
        return f"Train it to the end: {key_of('toggle_training')}."
    names = [one.name for one in page.lesson.variants]
    steps = (names.index(variant) - names.index(page.variant)) % len(names)
    return f"{' '.join([key_of('next_variant')] * steps)} loads {variant}."
