"""The line of tabs, and the tabs: creates a view when it is first opened, and passes news to all views."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.reactive import var
from textual.widgets import ContentSwitcher

from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import NOTHING, Loaded, Progress, Unavailable, Update, Watch, encode
from tui_trainer.tabs import TABS, Tab, tab_named
from tui_trainer.tabs.view import TabView, decode_content
from tui_trainer.ui.dropdown import DropdownList
from tui_trainer.ui.keymap import keymap
from tui_trainer.ui.status_lines import Part, StyledLine

if TYPE_CHECKING:
    from tui_trainer.tabs.runs.selection import SelectedRun

FIRST = "live"


class TabBar(StyledLine):
    """The tabs on one line, each with its key in front; names are short, or left out, where there is no room."""

    DEFAULT_CSS = "TabBar { pointer: pointer; }"
    active: var[str] = var(FIRST)

    def watch_active(self) -> None:
        self.redraw()

    def parts(self, width: int) -> Iterable[Part]:
        wordings = (
            [tab.title for tab in TABS],
            [tab.short or tab.title for tab in TABS],
            [tab.title if tab.name == self.active else "" for tab in TABS],
        )
        parts: list[Part] = []
        for titles in wordings:
            parts = [part for tab, title in zip(TABS, titles, strict=True) for part in self._tab(tab, title)]
            if (room := width - sum(len(part.text) for part in parts)) >= 0:
                # A space between the two colours of the open tab, where there is one to spare.
                return [replace(part, text=f" {part.text}") if room and part.role == "open" else part for part in parts]
        return parts

    def _tab(self, tab: Tab, title: str) -> Iterable[Part]:
        is_open, target = tab.name == self.active, f"open_tab('{tab.name}')"
        key = next((key.display for key in keymap().listed if key.name == f"tab_{tab.name}"), tab.key)
        yield Part(f" {key} ", "chip" if is_open else "number", target)
        if title:
            yield Part(f"{title} ", "open" if is_open else "dim", target)


class Tabs(ContentSwitcher):
    """The views of the tabs, of which one is shown. A view that is created late is brought up to date."""

    @dataclass
    class Opened(Message):
        """Another tab was opened, and its view is ready."""

        name: str

    def __init__(self) -> None:
        super().__init__(id="tabs", initial=FIRST)
        self._views: dict[str, TabView] = {}
        self._making = asyncio.Lock()  # two requests for one view at the same time get the same
        self._up_to_date = {FIRST}  # the tabs whose views are mounted and up to date
        self._experiment = Experiment()
        self._loaded: Loaded | None = None
        self._progress: Progress | None = None
        self._selected_runs: tuple[SelectedRun, ...] = ()
        self._hides_counts = False

    def compose(self) -> ComposeResult:
        self._views[FIRST] = tab_named(FIRST).load_view()()
        for tab in TABS:
            yield Container(*([self._views[FIRST]] if tab.name == FIRST else []), id=tab.name, classes="pane")

    def on_mount(self) -> None:
        self.post_message(self.Opened(FIRST))

    @property
    def active(self) -> str:
        """The name of the open tab."""
        return self.current or FIRST

    @active.setter
    def active(self, name: str) -> None:
        self.current = name

    def watch_current(self, old: str | None, new: str | None) -> None:
        """Show another tab, and bring its view up to date."""
        super().watch_current(old, new)
        if new is not None:
            self.call_later(self._open, new)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Give the focus to the view by a click into it: its keys are to work at once."""
        is_in_view = self.screen.get_focusable_widget_at(event.screen_x, event.screen_y) is None
        if is_in_view and not isinstance(self.screen.focused, DropdownList):  # a click beside that only closes it
            self.screen.set_focus(None)

    @property
    def view(self) -> TabView | None:
        """The view of the open tab; None until it is mounted and up to date."""
        return self._views[self.active] if self.active in self._up_to_date else None

    def watch_command(self) -> Watch:
        """Return the command that has the trainer compute for the open tab."""
        view = self.view
        if view is None:
            return Watch(self.active, target=self._target_index)
        view.requested = view.request
        return Watch(self.active, NOTHING if view.requested is None else encode(view.requested), self._target_index)

    @property
    def _target_index(self) -> int:
        """The index of the target that is shown."""
        return 0 if self._loaded is None else self._loaded.dataset.target_index

    def show_experiment(self, experiment: Experiment) -> None:
        """Pass the current experiment to all views."""
        self._experiment = experiment
        for view in self._known():
            view.show_experiment(experiment)

    def show_loaded(self, loaded: Loaded) -> None:
        """Tell all views that another run is at its first step."""
        self._loaded, self._progress = loaded, None
        for view in self._known():
            view.show_loaded(loaded)

    def show_target(self, loaded: Loaded) -> None:
        """Tell all views that another one of several targets is shown."""
        self._loaded = loaded
        for view in self._known():
            view.show_target(loaded)

    def show_progress(self, progress: Progress) -> None:
        """Tell all views that training has advanced."""
        self._progress = progress
        for view in self._known():
            view.show_progress(progress)

    def show_update(self, update: Update) -> None:
        """Show computed content in the view that requested it. Raises one of ``NO_MESSAGE``."""
        content = decode_content(update)
        view = self.view
        if view is None or update.tab != self.active or update.target != self._target_index:
            return
        if isinstance(content, Unavailable):
            view.say_unseen(content.reason)
        else:
            view.say_unseen("")
            view.show_content(content)

    def show_selected_runs(self, runs: tuple[SelectedRun, ...]) -> None:
        """Tell all views that the selection in the Runs tab has changed."""
        self._selected_runs = runs
        for view in self._known():
            view.show_selected_runs(runs)

    def hide_counts(self, hidden: bool) -> None:
        """Have all views hide the numbers of parameters, or show them again."""
        if hidden != self._hides_counts:
            self._hides_counts = hidden
            for view in self._known():
                view.hide_counts(hidden)

    def made(self, name: str) -> TabView | None:
        """Return the view of a tab; None until it is mounted and up to date."""
        return self._views[name] if name in self._up_to_date else None

    async def open(self, name: str) -> TabView:
        """Open a tab; return its view."""
        view = await self.ready(name)
        self.active = name
        return view

    async def ready(self, name: str) -> TabView:
        """Return the view of a tab, created if necessary; the open tab stays open."""
        async with self._making:
            if name not in self._up_to_date:
                await self._make(tab_named(name))
        return self._views[name]

    def _known(self) -> list[TabView]:
        """The views that are mounted and can get news."""
        return [view for name, view in self._views.items() if name in self._up_to_date]

    async def _open(self, name: str) -> None:
        await self.ready(name)
        self.post_message(self.Opened(name))

    async def _make(self, tab: Tab) -> None:
        view = self._views[tab.name] = tab.load_view()()
        panes = [pane for pane in self.children if pane.id == tab.name and pane.is_attached]
        if panes:
            await panes[0].mount(view)
        if not view.is_mounted:  # the app is being left
            return
        self._up_to_date.add(tab.name)
        view.hide_counts(self._hides_counts)
        view.show_experiment(self._experiment)
        if self._loaded is not None:
            view.show_loaded(self._loaded)
        if self._progress is not None:
            view.show_progress(self._progress)
        if self._selected_runs:
            view.show_selected_runs(self._selected_runs)
