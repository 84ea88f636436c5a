"""The command palette: commands, fields, datasets, lessons, runs and settings, found by their labels first.

Only what works now is offered; a key of another tab opens that tab first. What was chosen last comes first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from textual.app import ComposeResult
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider

from tui_trainer.datasets.catalog import CATALOG, choose
from tui_trainer.errors import plain
from tui_trainer.experiment.edit import is_hidden
from tui_trainer.experiment.validation import screen_name, to_plain
from tui_trainer.pace import PACES
from tui_trainer.settings import Markers
from tui_trainer.tabs import TABS
from tui_trainer.tabs.runs.view import RunsView
from tui_trainer.ui.dropdown import SafeOptionList
from tui_trainer.ui.fields import Field
from tui_trainer.ui.keymap import Key, keymap

from .dialogs.dialog import AskingScreen
from .keys import MODES
from .setup.panel import Panel

if TYPE_CHECKING:
    from .screen import MainScreen

MAX_RECENT = 8
# How well an entry matches, from the best: a whole label, its start, the start of a word in it, any part of it; then
# the same of the help text, of which the whole is never typed.
WHOLE, START, WORD, PART = 8.0, 7.0, 6.0, 5.0
HELP_WORD, HELP_PART = 3.0, 2.0
BONUS_RECENT = 0.5
LAYER_DETAILS = {  # fields of each hidden layer that are folded
    "dropout": "Fraction of the outputs dropped during training",
    "initializer": "How the weights are initialized",
    "use_bias": "Whether each neuron has a bias",
    "l1": "Factor of the sum of |W| of this layer in the loss, instead of that of the training",
    "l2": "Factor of the sum of W squared of this layer in the loss, instead of that of the training",
    "initializer_scale": "What the variance of the initial weights is multiplied by",
    "batch_norm": "Whether what goes into the activation is normalized over each mini-batch",
    "trainable": "Whether training changes the weights and biases of this layer",
}
WITH_REMEDY = "fix"  # a key that only works after a divergence


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to choose: its title, what it does, and other labels under which it is found.

    Of two that match as well, the one with the smaller ``rank`` comes first.
    """

    title: str
    help: str
    run: Callable[[], Any]
    also: tuple[str, ...] = ()
    rank: int = 0

    def score(self, query: str) -> float:
        """Return how well the entry matches a query; 0 if it does not."""
        typed = query.lower().strip()
        labels = [label.lower() for label in (self.title, *self.also)]
        score = max(_match(label, typed) for label in labels)
        if score == 0.0:
            text = f" {self.title} {self.help}".lower()
            words = typed.split()
            if all(f" {word}" in text for word in words):
                score = HELP_WORD
            elif all(word in text for word in words):
                score = HELP_PART
        return score - self.rank / 100 if score else 0.0


def _match(label: str, typed: str) -> float:
    if label == typed:
        return WHOLE
    if label.startswith(typed):
        return START
    return WORD if f" {typed}" in label else PART if typed in label else 0.0


def entries(screen: MainScreen) -> Iterator[Entry]:
    """Yield all that can be chosen now; where the app only follows a session, what changes nothing of that."""
    yield from _keys(screen)
    if screen.following.is_on:
        yield from _looks(screen)
        return
    yield from _fields(screen)
    yield from _datasets(screen)
    yield from _lessons(screen)
    yield from _runs(screen)
    yield from _settings(screen)
    yield from _looks(screen)


def found(screen: MainScreen, query: str) -> list[Entry]:
    """Return the entries that match a query, the best first; of equals, those that were chosen last."""
    recent = screen.recent_commands
    scored = [(entry.score(query) + BONUS_RECENT * (entry.title in recent), entry) for entry in entries(screen)]
    return [entry for score, entry in sorted(scored, key=lambda pair: -pair[0]) if score > BONUS_RECENT]


def offered(screen: MainScreen) -> list[Entry]:
    """Return what is offered before anything is typed: what was chosen last, then the keys."""
    all_entries = list(entries(screen))
    recent = [entry for title in screen.recent_commands for entry in all_entries if entry.title == title]
    return [*recent, *(entry for entry in all_entries if entry not in recent)]


def _keys(screen: MainScreen) -> Iterator[Entry]:
    """Yield the commands that have keys; those of a tab that is not open last."""
    tabs = {tab.name: tab.title for tab in TABS}
    for key in keymap().listed:
        title = key.label if key.name[:4] != "tab_" else f"{key.label} tab"
        help_text = f"{key.group}: {key.help} ({key.display})"
        if key.name == WITH_REMEDY and screen.state != "diverged":
            continue
        if screen.following.is_on and not key.when_following:
            continue
        if screen.works(key):
            yield Entry(title, help_text, partial(screen.action_do, key.name), (key.help,), rank=key.of_tab)
        elif key.owner in tabs and key.group not in MODES:
            yield Entry(title, help_text, partial(_open_and_do, screen, key), rank=10)


async def _open_and_do(screen: MainScreen, key: Key) -> None:
    screen.following.look_around()
    await screen.tabs.open(key.owner)
    if screen.works(key):
        await screen.action_do(key.name)


def _fields(screen: MainScreen) -> Iterator[Entry]:
    """Yield the fields of the setup, folded or not: some are made only when they are unfolded."""
    experiment = screen.experiment
    helps = {
        field.path: (field.label, field.help_text)
        for field in screen.query("#setup Field").results(Field)
        if not field.has_class("-fixed")
    }
    for panel in screen.query(Panel):
        helps |= {row.path: (row.label, row.help_text) for row in panel.shown_rows}
    for index in range(len(experiment.model.layers)):
        for name, help_text in LAYER_DETAILS.items():
            helps.setdefault(f"model.layers[{index}].{name}", ("", help_text))
    for path, (label, help_text) in helps.items():
        if path and not is_hidden(experiment, path):
            name = screen_name(path)
            bare = name.split(" ", 2)[-1] if path.startswith("model.layers[") else name  # without "Layer 1"
            also = (bare, label)
            yield Entry(name, f"Field: {help_text}", partial(screen.go_to_field, path), also, rank=2)


def _datasets(screen: MainScreen) -> Iterator[Entry]:
    for name, dataset in CATALOG.items():
        also = (name, dataset.title.removeprefix("Toy: "))
        yield Entry(dataset.title, "Dataset: train on it", partial(_use_dataset, screen, name), also, rank=4)


async def _use_dataset(screen: MainScreen, name: str) -> None:
    config = screen.experiment.dataset
    await screen.editor.change_field("dataset", to_plain(choose(config, name)))


def _lessons(screen: MainScreen) -> Iterator[Entry]:
    for page in screen.lessons.tracker.index().pages:
        lesson = page.lesson
        start = partial(screen.lessons.load, lesson.id)
        yield Entry(plain(lesson.title), f"Lesson: {plain(lesson.chapter)}", start, rank=6)


def _runs(screen: MainScreen) -> Iterator[Entry]:
    view = screen.tabs.made("runs")
    for row in view.listed.rows if isinstance(view, RunsView) and view.listed is not None else ():
        help_text = f"Run {row.run}: {plain(row.dataset)}, {plain(row.layers)}"
        yield Entry(plain(row.name), help_text, partial(screen.trainer.open_run, row.run), (str(row.run),), rank=8)


def _settings(screen: MainScreen) -> Iterator[Entry]:
    for pace in PACES:
        help_text = f"Setting: {pace.sentence}"
        yield Entry(f"Pace {pace.name}", help_text, partial(screen.trainer.choose_pace, pace), (pace.name,), rank=3)
    report = "Write a report of the run: Markdown with scores, mistakes and figures"
    yield Entry("Report", report, screen.trainer.ask_for_report, rank=3)


def _looks(screen: MainScreen) -> Iterator[Entry]:
    """Yield how things look, and the picture of the screen."""
    app = screen.app
    for theme in app.available_themes:
        yield Entry(f"Theme {theme}", "Setting: colours of the app", partial(setattr, app, "theme", theme), rank=9)
    for markers in get_args(Markers):
        choose_markers = partial(screen.choose_markers, markers)
        yield Entry(f"Markers {markers}", "Setting: how plots are drawn", choose_markers, (markers,), rank=3)
    yield Entry("Screenshot", "Save the screen as a picture (SVG)", app.action_screenshot, rank=3)


class Commands(Provider):
    """Gives the palette what can be chosen on the main screen."""

    async def discover(self) -> Hits:
        for entry in offered(self._main_screen):
            yield DiscoveryHit(entry.title, self._choose(entry), help=entry.help)

    async def search(self, query: str) -> Hits:
        matches = found(self._main_screen, query)
        for place, entry in enumerate(matches):
            yield Hit(1.0 - place / (len(matches) + 1), entry.title, self._choose(entry), entry.title, entry.help)

    @property
    def _main_screen(self) -> MainScreen:
        return self.screen  # type: ignore[return-value]  # the palette opens over no other

    def _choose(self, entry: Entry) -> Callable[[], Awaitable[None]]:
        screen = self._main_screen

        async def run() -> None:
            recent = screen.recent_commands
            screen.recent_commands = [entry.title, *(title for title in recent if title != entry.title)][:MAX_RECENT]
            await screen.perform(entry.run)

        return run


class SafeCommandList(CommandList, SafeOptionList, can_focus=False):
    """The list of a palette, which is filled anew while somebody clicks on it."""


class Palette(CommandPalette, AskingScreen[None]):
    """A command palette that closes only once, with the frame of the other dialogs."""

    DEFAULT_CSS = """
    Palette {
        & > Vertical { width: 90; max-width: 100%; margin-top: 2; background: $surface; }
        #--input { border: round $border; background: $surface; }
        #--input.--list-visible { border-bottom: none; }
        #--input Label, #--input CommandInput { margin: 0; }
        CommandInput, CommandInput:focus { border: none; height: 1; }
        CommandList, CommandList:focus { border: round $border; border-top: none; background: $surface; }
    }
    """

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            yield SafeCommandList() if isinstance(widget, CommandList) else widget
