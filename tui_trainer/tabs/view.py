"""What all tabs have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import Loaded, Progress, Request, Unavailable, Update
from tui_trainer.tabs import tab_named
from tui_trainer.ui.keymap import keymap

if TYPE_CHECKING:
    from tui_trainer.tabs.runs.selection import SelectedRun

GAP = "   "


class TabView(Vertical):
    """One tab. It is made when it is first opened, then told all that happens, whether it is open or not.

    Its keys are in ``keys.py`` of its folder; a key with action ``x`` runs its method ``action_x``.
    """

    DEFAULT_CSS = """
    TabView {
        .unseen { display: none; height: 1fr; content-align: center middle; color: $text-muted; }
        &.-unseen > * { display: none; }
        &.-unseen > .unseen { display: block; }
    }
    """
    MODE: ClassVar[frozenset[str]] = frozenset()  # actions there are only ``in_mode``; their keys do nothing else then
    in_mode = False
    requested: Request | None = None  # what the trainer was asked for last

    @dataclass
    class RequestChanged(Message):
        """The view needs something else computed than it asked for before."""

    @dataclass
    class FieldChosen(Message):
        """The user changed a field of the experiment from within a view; ``said`` tells of it."""

        path: str
        value: object
        said: str = ""

    @dataclass
    class FieldReworked(Message):
        """As FieldChosen, with a value made of the experiment as it is then: edits before may be on their way."""

        path: str
        rework: Callable[[Experiment], object]
        said: str = ""

    @dataclass
    class WeightSet(Message):
        """The user gave a parameter ``value`` in place of ``old`` while the run goes on; ``said`` tells of it."""

        index: int
        value: float
        old: float
        said: str

    @dataclass
    class Said(Message):
        """A sentence for the message line."""

        sentence: str
        kind: str = ""

    def configure(self, options: dict[str, object]) -> None:
        """Show what a lesson asks for; options that are missing are as they usually are, unknown ones are ignored."""

    @property
    def taken_keys(self) -> frozenset[str]:
        """Keys that the screen has for something else at the time, as for a lesson."""
        taken: frozenset[str] = getattr(self.screen, "taken_keys", frozenset())
        return taken

    def opened_again(self) -> None:
        """The key of the tab was pressed while it was open."""

    @property
    def request(self) -> Request | None:
        """What the trainer should compute while this tab is open; None for nothing."""
        return None

    def ask(self) -> None:
        """Ask the trainer for what is shown now, unless it was asked for that already or the tab is hidden."""
        request = self.request
        if self.is_on_screen and request != self.requested:
            self.requested = request
            self.post_message(self.RequestChanged())

    def show_experiment(self, experiment: Experiment) -> None:
        """The experiment as it is set up now, before the trainer has seen it."""

    def show_loaded(self, loaded: Loaded) -> None:
        """Another run is at its first step."""

    def show_progress(self, progress: Progress) -> None:
        """Training has gone on."""

    def say_unseen(self, reason: str) -> None:
        """Show ``reason`` in place of everything; empty is back to what there is to see."""
        if reason and not self.query(".unseen"):
            self.mount(Static(classes="unseen", markup=False))
        if reason:
            self.query_one(".unseen", Static).update(reason)
        self.set_class(bool(reason), "-unseen")

    def show_content(self, content: Any) -> None:
        """Show what was computed, an ``AnyContent`` of the tab's messages."""

    def show_selected_runs(self, runs: tuple[SelectedRun, ...]) -> None:
        """Other runs than before are selected in the Runs tab."""


def decode_content(update: Update) -> Any:
    """Decode what an update's tab shows: its ``AnyContent`` or ``Unavailable``. Raises one of ``NO_MESSAGE``."""
    return _content_decoder(update.tab).decode(update.content)


@cache
def _content_decoder(name: str) -> msgspec.msgpack.Decoder[Any]:
    try:
        contents = tab_named(name).load_messages().AnyContent
    except (KeyError, ValueError):  # ValueError: a tab without messages
        raise msgspec.ValidationError("no tab that shows anything computed") from None
    return msgspec.msgpack.Decoder(contents | Unavailable)


def hints(actions: Collection[str], taken: Collection[str] = ()) -> str:
    """Each key of these actions, of a view or the screen, with its label; keys with one label stand together.

    Keys ``taken`` by something else at the time are left out.
    """
    keys_by_label: dict[str, list[str]] = {}
    for key in keymap().listed:
        if key.action in actions and not set(key.keys.split(",")) & set(taken):
            keys_by_label.setdefault(key.label, []).append(key.display)
    return GAP.join(f"{' '.join(keys)} {label.lower()}" for label, keys in keys_by_label.items())


def hints_within(width: int, actions: Sequence[str]) -> str:
    """As many of these actions, the first ones, as fit into ``width`` cells, and the key that tells of all."""
    told = [hints((name,)) for name in actions]
    more = hints(("help",))
    while told and len(GAP.join((*told, more))) > width:
        del told[-1]
    return GAP.join((*told, more))
