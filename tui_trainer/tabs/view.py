"""The base class of all tabs, and the hints of their keys."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from rich.cells import cell_len
from textual import events
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import Loaded, Progress, Request, Unavailable, Update
from tui_trainer.settings import Matrix
from tui_trainer.tabs import tab_named
from tui_trainer.ui.keymap import DO, Key, action_of, keymap

if TYPE_CHECKING:
    from tui_trainer.tabs.runs.selection import SelectedRun

GAP = "   "


class TabView(Vertical):
    """The base class of tabs. A tab is created when it is first opened; from then on it gets all news, open or not.

    Its keys are in ``keys.py`` of its folder; a key with action ``x`` runs its method ``action_x``.
    """

    DEFAULT_CSS = """
    TabView {
        .unseen { display: none; height: 1fr; content-align: center middle; color: $text-muted; }
        &.-unseen > * { display: none; }
        &.-unseen > .unseen { display: block; }
    }
    """
    MODE: ClassVar[frozenset[str]] = frozenset()  # actions that exist only ``in_mode``; their keys do nothing else then
    in_mode = False
    requested: Request | None = None  # the last request to the trainer

    @dataclass
    class RequestChanged(Message):
        """The view needs a different content than it requested before."""

    @dataclass
    class FieldChosen(Message):
        """The user changed a field of the experiment in a view; ``sentence`` describes the change."""

        path: str
        value: object
        sentence: str = ""

    @dataclass
    class FieldReworked(Message):
        """Like FieldChosen, with a value computed when the edit is made, since earlier edits may be pending."""

        path: str
        rework: Callable[[Experiment], object]
        sentence: str = ""

    @dataclass
    class WeightSet(Message):
        """The user changed a parameter from ``old`` to ``value`` during the run; ``sentence`` describes the change."""

        index: int
        value: float
        old: float
        sentence: str

    @dataclass
    class MatrixChosen(Message):
        """The user chose what confusion matrices hold, now and later."""

        matrix: Matrix

    @dataclass
    class OfferTaken(Message):
        """The user goes on with what the coach strip offers."""

    @dataclass
    class StatusMessage(Message):
        """A sentence for the message line."""

        sentence: str
        kind: str = ""

    @property
    def mode(self) -> frozenset[str]:
        """The actions of MODE that work now, and shadow other keys."""
        return self.MODE if self.in_mode else frozenset()

    def on_click(self, event: events.Click) -> None:
        """Do what a clicked key of the hints does."""
        line, _ = self.screen.get_widget_at(*event.screen_offset)
        if isinstance(line, Static) and line.has_class("hints") and event.y == 0:
            key = _hint_at(str(line.content), event.x, self._works)
            if key is not None:
                self.call_later(self.screen.run_action, action_of(key.name))

    def _works(self, key: Key) -> bool:
        """Return whether a key works now: other tabs may have one with the same label."""
        return bool(self.screen.check_action(DO, (key.name,)))

    def configure(self, options: dict[str, object]) -> None:
        """Apply the view options of a lesson; missing options get their defaults, unknown ones are ignored."""

    def look_as(self, request: Any) -> None:
        """Look at what ``request`` asks for: the one of this tab in a session that is followed, of another size."""

    @property
    def taken_keys(self) -> frozenset[str]:
        """Keys that the screen uses for something else at the moment, such as a lesson."""
        taken: frozenset[str] = getattr(self.screen, "taken_keys", frozenset())
        return taken

    def python(self, loaded: Loaded) -> str:
        """Return a program for what the tab shows of a run: the network in Keras, where it has no other."""
        from tui_trainer.export.keras import keras_code  # when it is asked for

        return keras_code(loaded.experiment, len(loaded.dataset.features))

    def opened_again(self) -> None:
        """Called when the key of the open tab is pressed again."""

    @property
    def request(self) -> Request | None:
        """The request that the trainer computes while this tab is open; None for nothing."""
        return None

    def ask(self) -> None:
        """Send the request to the trainer, unless it is unchanged or the tab is hidden."""
        request = self.request
        if self.is_on_screen and request != self.requested:
            self.requested = request
            self.post_message(self.RequestChanged())

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the experiment as it is set up now, which the trainer may not have loaded yet."""

    def show_loaded(self, loaded: Loaded) -> None:
        """Called when another run has been loaded and is at its first step."""

    def show_target(self, loaded: Loaded) -> None:
        """Called when another one of several targets is shown: the one of ``loaded.dataset``."""

    def show_progress(self, progress: Progress) -> None:
        """Called when training has advanced."""

    def hide_counts(self, hidden: bool) -> None:
        """Hide the numbers of parameters, since a lesson asks for them, or show them again."""

    def say_unseen(self, reason: str) -> None:
        """Show ``reason`` instead of the content; an empty one shows the content again."""
        if reason and not self.query(".unseen"):
            self.mount(Static(classes="unseen", markup=False))
        if reason:
            self.query_one(".unseen", Static).update(reason)
        self.set_class(bool(reason), "-unseen")

    def show_content(self, content: Any) -> None:
        """Show the computed content, an ``AnyContent`` of the tab's messages."""

    def show_selected_runs(self, runs: tuple[SelectedRun, ...]) -> None:
        """Called when the selection in the Runs tab has changed."""


def decode_content(update: Update) -> Any:
    """Decode the content of an update: the tab's ``AnyContent``, or ``Unavailable``. Raises one of ``NO_MESSAGE``."""
    return _content_decoder(update.tab).decode(update.content)


@cache
def _content_decoder(name: str) -> msgspec.msgpack.Decoder[Any]:
    try:
        contents = tab_named(name).load_messages().AnyContent
    except (KeyError, ValueError):  # ValueError: a tab without messages
        raise msgspec.ValidationError("no tab that shows anything computed") from None
    return msgspec.msgpack.Decoder(contents | Unavailable)


def hints(actions: Collection[str], taken: Collection[str] = (), labels: Mapping[str, str] | None = None) -> str:
    """Return the keys of these actions, of a view or the screen, with labels; keys with the same label are joined.

    Keys ``taken`` by something else at the moment are left out. Where an action does something else than usual, its
    other label is in ``labels``.
    """
    keys_by_label: dict[str, list[str]] = {}
    for key in keymap().listed:
        if key.action in actions and not set(key.keys.split(",")) & set(taken):
            keys_by_label.setdefault((labels or {}).get(key.action, key.label), []).append(key.display)
    return GAP.join(f"{' '.join(keys)} {label.lower()}" for label, keys in keys_by_label.items())


def _hint_at(text: str, x: int, works: Callable[[Key], bool]) -> Key | None:
    """Return the key of the hint at column ``x`` that ``works``: the one under it, or else the first of that hint."""
    start = 0
    for hint in text.split(GAP):
        if start <= x < start + cell_len(hint):
            words = hint.split(" ")
            there = [key for key in keymap().listed if key.display in words[:-1]]
            named = [key for key in there if key.label.lower() in hint] or there
            keys = [key for key in named if works(key)]
            pointed = text[text.rfind(" ", 0, x + 1) + 1 :].split(" ")[0]
            return next((key for key in keys if key.display == pointed), keys[0] if keys else None)
        start += cell_len(hint) + len(GAP)
    return None


def hints_within(width: int, actions: Sequence[str], labels: Mapping[str, str] | None = None) -> str:
    """Return hints for as many of the first actions as fit into ``width`` cells, and for the key of the help."""
    shown_hints = [hints((name,), labels=labels) for name in actions]
    more = hints(("help",))
    while shown_hints and len(GAP.join((*shown_hints, more))) > width:
        del shown_hints[-1]
    return GAP.join((*shown_hints, more))
