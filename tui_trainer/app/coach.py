"""The coach strip: one sentence on what is seen, and one suggestion that follows from what was just done.

What it says stands in coach.toml, which is read when it is first needed.
"""

from __future__ import annotations

import asyncio
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui_trainer.errors import plain
from tui_trainer.experiment.schema import Experiment
from tui_trainer.files import user_folder
from tui_trainer.formats import format_measure
from tui_trainer.protocol import AnyReport, Loaded, Progress, ResumeOffer
from tui_trainer.run_state import RUN_STATES
from tui_trainer.settings import CoachMode
from tui_trainer.ui.keymap import action_of, key_of

from .controller import Controller

if TYPE_CHECKING:
    from .screen import MainScreen

LIVE = "live"  # the tab that it belongs to
LEARNT = 5  # different actions after which nobody needs it
FEW_ROWS, FEW_COLUMNS = 36, 100  # of a screen, below which it has a single row
MAX_TITLE = 34  # characters of a lesson or run
SCORES = ("val_accuracy", "accuracy", "val_r2", "r2")  # the first that a run has
ALIKE = 0.01  # two scores that differ by less
AFTER = {"add_layer": "add_layer", "remove_layer": "remove_layer", "reseed": "reseed"}
AFTER |= {"rate_minus": "rate", "rate_plus": "rate"}
NO_ACTION = ("leave", "go_on", "coach", "quit", "quit_now")  # keys that teach nothing
NAME = re.compile(r"\{(\w+)\}")
ELSE = "   {tab_book} the book   {leave} hides this"  # beside the suggestion, where there is room


@dataclass(frozen=True, slots=True)
class Tip:
    """What the strip says: a sentence, a suggestion and where to look, with names in braces, and their values."""

    seen: str
    suggestion: str
    look: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LessonOffer:
    """A lesson that was open when the app was left."""

    lesson_id: str
    values: Mapping[str, str]


class Coach(Controller):
    """Decides what the strip says, and when it has said enough."""

    name = "coach"

    def __init__(self, screen: MainScreen) -> None:
        super().__init__(screen)
        self.mode: CoachMode = "never"
        self._actions: set[str] = set()  # the different ones so far
        self._pressed = ""  # the key that was pressed last, until its change of the experiment is known
        self._change = ""  # the last change of the experiment: a table of ``after`` in coach.toml
        self._score: float | None = None  # of the run that has ended
        self._score_before: float | None = None  # of the one before the change
        self._loaded: Loaded | None = None
        self._progress: Progress | None = None
        self._lesson: LessonOffer | None = None
        self._run: ResumeOffer | None = None
        self._looks: Literal["not yet", "now", "done"] = "not yet"  # for a lesson to go on with

    @property
    def strip(self) -> CoachStrip:
        """The widget."""
        return self.screen.query_one(CoachStrip)

    @property
    def offers(self) -> bool:
        """Whether there is something from last time to go on with."""
        return self._offer is not None

    @property
    def _offer(self) -> LessonOffer | ResumeOffer | None:
        """The lesson, else the run; nothing before it is known which: an offer does not become another one."""
        return self._lesson or self._run if self._looks == "done" else None

    def _withdraw(self) -> None:
        self._lesson = self._run = None

    async def on_report(self, report: AnyReport) -> bool:
        match report:
            case Loaded():
                self._loaded, self._progress = report, None
                if self._looks == "not yet" and self.mode != "never":
                    self._looks = "now"
                    self.run_worker(self._look_for_lesson, group="coach")
            case Progress():
                self._on_progress(report)
            case ResumeOffer():
                self._run = report
                self.show()
        return False

    def _on_progress(self, progress: Progress) -> None:
        before, self._progress = self._progress, progress
        if before is not None and before.state == progress.state == "running":
            return
        if RUN_STATES[progress.state].ended and progress.state != "diverged":
            self._score = score_of(progress)
        if progress.state == "running":
            self._withdraw()
        self.show()

    def on_experiment(self, before: Experiment, after: Experiment) -> None:
        pressed, self._pressed = self._pressed, ""
        if pressed in ("undo", "redo") or before.dataset != after.dataset:
            self._change, self._score, self._score_before = "", None, None
        else:
            if self._score is not None:
                self._score_before, self._score = self._score, None
            self._change = AFTER.get(pressed, "other")
        self.show()

    async def _look_for_lesson(self) -> None:
        """Offer the lesson that was open when the app was left, else a run that was cut off; never one, then both."""
        try:
            await self._offer_lesson()
        finally:
            self._looks = "done"
            self.show()

    async def _offer_lesson(self) -> None:
        """Offer the lesson that was open when the app was left; nothing of the book is read if there was none."""
        from tui_trainer.book.library import packaged
        from tui_trainer.book.progress import FILE_NAME, LessonProgress

        opened = (await asyncio.to_thread(LessonProgress, user_folder() / FILE_NAME)).opened
        if not opened or self.screen.in_lesson:
            return
        await asyncio.to_thread(packaged)
        tracker = self.screen.lessons.tracker
        lesson = tracker.find(opened)
        if lesson is not None and not self._actions and not self.screen.in_lesson:
            number = tracker.library.lessons.index(lesson) + 1
            self._lesson = LessonOffer(opened, {"number": str(number), "title": shortened(lesson.title)})

    def note(self, key: str) -> None:
        """Note which key was pressed; after five different ones the strip stays away."""
        self._pressed = key
        if key in NO_ACTION:
            return
        self._withdraw()
        self._actions.add(key)
        if self.mode == "first" and len(self._actions) >= LEARNT:
            self._choose("offers")
        self.show()

    def hide(self) -> bool:
        """Hide the strip for good; return False if it is hidden already."""
        if not self.strip.display:
            return False
        self._withdraw()
        self._choose("offers")
        self.show_message(f"The tips are off; {key_of('coach')} brings them back.")
        return True

    def action_coach(self) -> None:
        """Show the tips from now on, or hide them."""
        if not self.hide():
            self._choose("always")
            where = "" if self.screen.tabs.active == LIVE else " in the Live tab"
            self.show_message(f"The tips are on{where}; {key_of('leave')} hides them.")

    async def go_on(self) -> None:
        """Go on with the lesson or the run from last time."""
        offer = self._offer
        self._withdraw()
        if isinstance(offer, LessonOffer):
            await self.screen.lessons.load(offer.lesson_id)
        elif offer is not None:
            await self.screen.trainer.action_resume()
        self.show()

    def _choose(self, mode: CoachMode) -> None:
        self.mode = mode
        self.screen.post_message(CoachChosen(mode))
        self.show()

    def show(self) -> None:
        """Show what is to be said now, if anything."""
        screen = self.screen
        if not screen.is_mounted:
            return
        tips_are_on = self.mode in ("first", "always")
        visible = (tips_are_on or (self.offers and self.mode != "never")) and not screen.in_lesson
        visible = visible and screen.tabs.active == LIVE and not screen.has_class("-low")
        strip = self.strip
        if visible:
            width, height = screen.size
            strip.tell(self.tip() if self._progress is not None else None, width < FEW_COLUMNS or height < FEW_ROWS)
        strip.display = visible

    def tip(self) -> Tip:
        """Return what is to be said now."""
        said = texts()
        if self._offer is not None:
            kind = "lesson" if isinstance(self._offer, LessonOffer) else "run"
            seen, suggestion = said["offers"][kind]
            return Tip(seen, suggestion, values=self._values())
        data = said["data"][self._data]
        seen, suggestion = self._sentences(said, data)
        return Tip(seen, suggestion, data["look"], self._values())

    def _sentences(self, said: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[str, str]:
        """Return the entry for the state of the run, and for what was done before it."""
        progress, after = self._progress, said["after"].get(self._change)
        state = "ready" if progress is None else progress.state
        if state in ("ready", "paused") and after is not None and self._score is None:
            entry = after["ready"]
        elif state in said["states"] and (state != "finished" or self._score is None):
            entry = said["states"][state]
        elif not RUN_STATES[state].ended:
            entry = data[state if state == "running" else "ready"]
        elif after is not None and self._score is not None and self._score_before is not None:
            entry = after[compared(self._score, self._score_before)]
        elif self._score is None:
            entry = said["states"]["finished"]
        else:
            entry = data["good" if self._score >= data["good_from"] else "poor"]
        return entry[0], entry[1]

    @property
    def _data(self) -> str:
        """The table of the dataset in coach.toml."""
        dataset = self.screen.experiment.dataset
        if dataset.path is None and dataset.name in texts()["data"]:
            return dataset.name
        has_classes = self._loaded is not None and bool(self._loaded.dataset.classes)
        return "own classes" if has_classes else "own numbers"

    def _values(self) -> Mapping[str, str]:
        offer, progress, experiment = self._offer, self._progress, self.screen.experiment
        if isinstance(offer, LessonOffer):
            return offer.values
        if offer is not None:
            return {"title": shortened(plain(offer.experiment.title)), "epoch": f"{offer.epoch:,}"}
        values = {} if progress is None else progress.values
        unit = "R² " if not {"val_accuracy", "accuracy"} & set(values) else ""
        sizes = "-".join(str(layer.units) for layer in experiment.model.layers)
        return {
            "score": format_score(self._score, unit),
            "before": format_score(self._score_before, unit),
            "layers": sizes if 0 < len(sizes) <= MAX_TITLE // 2 else f"{len(experiment.model.layers)} layers",
            "rate": f"{experiment.training.learning_rate:g}",
            "epoch": f"{0 if progress is None else progress.epoch:,}",
        }


@cache
def texts() -> Mapping[str, Any]:
    """Return the tables of coach.toml."""
    return tomllib.loads((files(__package__) / "coach.toml").read_text("utf-8"))


def score_of(progress: Progress) -> float | None:
    """Return accuracy or R², of the validation part if there is one; None if neither is measured."""
    score = next((progress.values[name] for name in SCORES if name in progress.values), None)
    return score if score is not None and math.isfinite(score) else None


def compared(score: float, before: float) -> str:
    """Return whether a score is better or worse than the one before, or the same."""
    return "same" if abs(score - before) < ALIKE else "better" if score > before else "worse"


def format_score(score: float | None, unit: str) -> str:
    """Return a score as the status line has it."""
    return "" if score is None else f"{unit}{format_measure(score)}" if unit else f"{score:.1%}"


def shortened(title: str) -> str:
    """Return a title in few characters."""
    return title if len(title) <= MAX_TITLE else f"{title[: MAX_TITLE - 1]}…"


def written(text: str, values: Mapping[str, str], chips: bool = False) -> Content:
    """Return a text with values and keys in the places of their names; a key can be clicked, ``chips`` has room."""
    parts: list[Content] = []
    for place, part in enumerate(NAME.split(text)):
        if place % 2 == 0:
            parts.append(Content(part))
        elif part in values:
            parts.append(Content(values[part]))
        else:
            key = f" {key_of(part)} " if chips else key_of(part)
            parts.append(Content.styled(key, f"@click=screen.{action_of(part)}"))
    return Content("").join(parts)


def names_in(text: str) -> list[str]:
    """Return the names in braces."""
    return NAME.findall(text)


class CoachStrip(Static):
    """Shows a tip in one row, or in three: plain text, in which keys can be clicked."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    CoachStrip {
        display: none;
        height: 3;
        border-left: outer $accent;
        padding: 0 1;
        background: $surface;
        link-color: $text-accent;
        link-style: bold;
        link-background: $accent-muted;
        link-style-hover: bold reverse;
        &.-one-row { height: 1; link-background: transparent; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: tuple[Tip | None, bool] | None = None

    def tell(self, tip: Tip | None, in_one_row: bool) -> None:
        """Show ``tip``, or nothing yet."""
        if (tip, in_one_row) == self._told:
            return
        self._told = tip, in_one_row
        self.set_class(in_one_row, "-one-row")
        self.update(Content("") if tip is None else told(tip, in_one_row), layout=False)


def told(tip: Tip, in_one_row: bool) -> Content:
    """Return the rows of a tip."""
    seen = written(tip.seen, tip.values).stylize("bold")
    suggestion = written(tip.suggestion, tip.values, chips=not in_one_row)
    if in_one_row:
        return Content.assemble(seen, ("  ", ""), suggestion)
    look = written(tip.look, tip.values).stylize("$foreground-muted")
    return Content("\n").join([seen, look, suggestion + written(ELSE, {}, chips=True)])


@dataclass
class CoachChosen(Message):
    """The user chose when the strip is shown, or has seen enough of it."""

    mode: CoachMode
