"""The tabs: creates a view when it is first opened, and passes news to all views."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import TabbedContent, TabPane

from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import NOTHING, Loaded, Progress, Unavailable, Update, Watch, encode
from tui_trainer.tabs import TABS, Tab, tab_named
from tui_trainer.tabs.view import TabView, decode_content

if TYPE_CHECKING:
    from tui_trainer.tabs.runs.selection import SelectedRun

FIRST = "live"


class Tabs(TabbedContent):
    """The tabs of the main screen. A view that is created late is brought up to date."""

    @dataclass
    class Opened(Message):
        """Another tab was opened, and its view is ready."""

        name: str

    def __init__(self) -> None:
        super().__init__(id="tabs", initial=FIRST)
        self._views: dict[str, TabView] = {}
        self._making = asyncio.Lock()  # two requests for one view at the same time get the same
        self._titles_are_whole = True
        self._up_to_date = {FIRST}  # the tabs whose views are mounted and up to date
        self._experiment = Experiment()
        self._loaded: Loaded | None = None
        self._progress: Progress | None = None
        self._selected_runs: tuple[SelectedRun, ...] = ()

    def compose(self) -> ComposeResult:
        self._views[FIRST] = tab_named(FIRST).load_view()()
        for tab in TABS:
            self.compose_add_child(
                TabPane(tab.title, *([self._views[FIRST]] if tab.name == FIRST else []), id=tab.name)
            )
        yield from super().compose()

    def on_resize(self, event: events.Resize) -> None:
        """Use short titles if the full ones would be cut off."""
        whole = sum(len(tab.title) + 1 for tab in TABS) + 1 <= event.size.width
        if whole == self._titles_are_whole:
            return
        self._titles_are_whole = whole
        for tab in TABS:
            self.get_tab(tab.name).label = tab.title if whole else tab.short or tab.title

    @property
    def view(self) -> TabView | None:
        """The view of the open tab; None until it is mounted and up to date."""
        return self._views[self.active] if self.active in self._up_to_date else None

    def watch_command(self) -> Watch:
        """Return the command that has the trainer compute for the open tab."""
        view = self.view
        if view is None:
            return Watch(self.active)
        view.requested = view.request
        return Watch(self.active, NOTHING if view.requested is None else encode(view.requested))

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

    def show_progress(self, progress: Progress) -> None:
        """Tell all views that training has advanced."""
        self._progress = progress
        for view in self._known():
            view.show_progress(progress)

    def show_update(self, update: Update) -> None:
        """Show computed content in the view that requested it. Raises one of ``NO_MESSAGE``."""
        content = decode_content(update)
        view = self.view
        if view is None or update.tab != self.active:
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

    @on(TabbedContent.TabActivated)
    async def _open(self) -> None:
        name = self.active
        await self.ready(name)
        self.post_message(self.Opened(name))

    async def _make(self, tab: Tab) -> None:
        view = self._views[tab.name] = tab.load_view()()
        panes = [pane for pane in self.query(TabPane) if pane.id == tab.name and pane.is_attached]
        if panes:
            await panes[0].mount(view)
        if not view.is_mounted:  # the app is being left
            return
        self._up_to_date.add(tab.name)
        view.show_experiment(self._experiment)
        if self._loaded is not None:
            view.show_loaded(self._loaded)
        if self._progress is not None:
            view.show_progress(self._progress)
        if self._selected_runs:
            view.show_selected_runs(self._selected_runs)
