"""The training screen: the setup on the left, what is seen on the right, and what happens below."""

from __future__ import annotations

from typing import ClassVar, get_args

from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.reactive import var
from textual.widgets import Footer, Input, Static, TabbedContent, TabPane
from textual.widgets._select import SelectOverlay

from tui_trainer.runtime import protocol

from ..keys import IN_TEXT, KEYS
from ..plotting import PlotWidget
from ..plotting.plot import Markers
from ..widgets.data_panel import DataPanel
from ..widgets.data_view import DataView
from ..widgets.loss_view import LossView
from ..widgets.message_line import MessageLine
from ..widgets.network_panel import NetworkPanel
from ..widgets.status_line import StatusLine
from ..widgets.summary_view import SummaryView
from ..widgets.training_panel import TrainingPanel
from .help import HelpScreen
from .running import RunningScreen

SMALLEST = (60, 16)
WIDE = 100  # columns from which the setup stands beside the tabs
ACTIONS = frozenset(key.action.split("(")[0] for key in KEYS)


class TrainScreen(RunningScreen):
    """Lays everything out, and decides what is seen and where keys go."""

    CSS_PATH = "train.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in KEYS]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 (Textual declares it so)
    AUTO_FOCUS = ""

    setup_open: var[bool] = var(False, toggle_class="-setup")
    setup_closed: var[bool] = var(False, toggle_class="-no-setup")
    too_small: var[bool] = var(False, toggle_class="-too-small")

    tabs = getters.query_one(TabbedContent)

    def compose(self) -> ComposeResult:
        with Horizontal(id="body"):
            with VerticalScroll(id="setup", can_focus=False):
                yield DataPanel()
                yield NetworkPanel()
                yield TrainingPanel()
            with TabbedContent(id="tabs", initial="loss"):
                with TabPane("Loss", id="loss"):
                    yield LossView()
                with TabPane("Data", id="data"):
                    yield DataView()
                with TabPane("Summary", id="summary"):
                    yield SummaryView()
        yield Static(id="too-small")
        yield MessageLine()
        yield StatusLine()
        yield Footer(compact=True, show_command_palette=False)

    async def on_mount(self) -> None:
        await self.show_experiment()
        self.follow_reports()

    async def on_unmount(self) -> None:
        await self.client.close()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.too_small = width < SMALLEST[0] or height < SMALLEST[1]
        sentence = f"This terminal is {width}x{height}; at least {SMALLEST[0]}x{SMALLEST[1]} is needed."
        self.query_one("#too-small", Static).update(sentence)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While text is typed, keys are text, but for those that are not characters."""
        typing = isinstance(self.focused, Input | SelectOverlay)
        return None if typing and action in ACTIONS - IN_TEXT else True

    @property
    def watched(self) -> protocol.View:
        return "loss" if self.tabs.active == "loss" else "other"

    @on(TabbedContent.TabActivated)
    def _change_view(self) -> None:
        self.watch_view()

    def action_log_scale(self) -> None:
        self.loss_view.log_scale = not self.loss_view.log_scale

    def action_batches(self) -> None:
        self.loss_view.batches = not self.loss_view.batches

    def action_markers(self) -> None:
        names = get_args(Markers)
        for plot in self.query(PlotWidget):
            plot.markers = names[(names.index(plot.markers) + 1) % len(names)]

    def action_setup(self) -> None:
        if self.has_class("-narrow"):
            self.setup_open = not self.setup_open
        else:
            self.setup_closed = not self.setup_closed

    def action_tab(self, name: str) -> None:
        self.setup_open = False
        self.tabs.active = name

    def action_leave(self) -> None:
        self.set_focus(None)
        self.setup_open = False

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen())

    def action_quit(self) -> None:
        self.app.exit()

    def action_quit_now(self) -> None:
        self.app.exit()
