"""The wall: what differs between its networks, the tiles, how the race stands, and the keys; and its process."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widgets import Input, Static

from tui_trainer.errors import plain, printable
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import label_of, on_screen
from tui_trainer.runtime.client import ChildProcess, keeps_newest
from tui_trainer.settings import Markers
from tui_trainer.ui.dropdown import Dropdown, DropdownList
from tui_trainer.ui.fields import TextBox, TextButton
from tui_trainer.ui.pacing import FramePacing, PaintBudget
from tui_trainer.ui.themes import THICK
from tui_trainer.wall import messages
from tui_trainer.wall.messages import FIELDS, PACES, WATCH, RaceNews, RaceReady, suggest

from .dialog import AskingScreen
from .wall_tiles import Order, Wall, WallTiles, arrange, measure_name, networks_for, score_text

SMALLEST = (60, 20)
RETRY = 0.02  # seconds until a terminal that was behind is checked again
MODULE = "tui_trainer.wall.service"
LOADING = "Making the networks ..."


@dataclass(frozen=True, slots=True)
class Racing:
    """What differs: the field, and its values as typed; empty for those that are suggested."""

    path: str = FIELDS[0][1]
    values: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """How the wall was left: what differed, a sentence on who won, and the run to open, if one was chosen."""

    racing: Racing
    sentence: str = ""
    run: int | None = None


class WallScreen(AskingScreen[Left | None]):
    """Shows a race, and starts another one when something else is to differ; ``send`` sends commands to its process.

    ``pacing`` is that of the terminal, and ``markers`` those that were chosen for plots.
    """

    CSS_PATH = "wall_screen.tcss"
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (76, "-narrow"), (100, "-wide")]  # noqa: RUF012 (Textual declares it so)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "train", "Start or pause"),
        Binding("e,n", "epoch", "One epoch"),
        Binding("r", "reset", "Start over"),
        Binding("z", "pace(-1)", "Slower"),
        Binding("Z", "pace(1)", "Faster"),
        Binding("v", "vary", "What differs"),
        Binding("left", "move(-1, 0)", "Left", show=False),
        Binding("right", "move(1, 0)", "Right", show=False),
        Binding("up", "move(0, -1)", "Up", show=False),
        Binding("down", "move(0, 1)", "Down", show=False),
        Binding("enter", "open", "Open"),
        Binding("escape", "leave", "Leave"),
    ]
    tiles = getters.query_one(WallTiles)
    field = getters.query_one(Dropdown)
    values = getters.query_one(TextBox)
    status = getters.query_one("#standing", Static)

    def __init__(
        self,
        experiment: Experiment,
        racing: Racing,
        send: Callable[[messages.AnyCommand], None],
        pacing: FramePacing,
        markers: Markers | None,
    ) -> None:
        super().__init__()
        self._experiment, self._racing, self._send = experiment, racing, send
        self._pacing, self._markers = pacing, markers
        self._race = 0  # the number of the newest race
        self._ready: RaceReady | None = None
        self._news: RaceNews | None = None
        self._order = Order()
        self._chosen: int | None = None  # a network; the leader is opened where none is chosen
        self._pace = WATCH
        self._retry: Timer | None = None
        self._problem = ""  # in place of how the race stands
        self._is_opening = self._is_lost = False  # lost: the process has ended
        self._look: messages.Look | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Static(f"{plain(self._experiment.title)}: a race of", classes="title", markup=False)
            own = self._racing.path not in [path for _, path in FIELDS]  # of a lesson
            choice = Dropdown((*FIELDS, (label_of(self._racing.path), self._racing.path)) if own else FIELDS)
            choice.set_reactive(Dropdown.value, self._racing.path)
            yield choice
            yield TextBox(printable(self._racing.values), placeholder="values, separated by commas")
            yield Static(classes="pace", markup=False)
        yield WallTiles()
        yield Static(LOADING, id="standing", markup=False)
        with Horizontal(id="keys"):
            yield TextButton("start", "train", "space")
            yield TextButton("open", "open", "enter")
            yield TextButton("leave", "leave", "esc")
            yield TextButton("vary", "vary", "v")
            yield TextButton("reset", "reset", "r")
            for label, action, key in (
                ("slower", "pace(-1)", "z"),
                ("faster", "pace(1)", "Z"),
                ("epoch", "epoch", "n"),
            ):
                with_room = TextButton(label, action, key)
                yield with_room.add_class(action.partition("(")[0])

    @property
    def paint_budget(self) -> PaintBudget:
        """How much of the pictures may be painted at once."""
        return self._pacing.budget

    def on_mount(self) -> None:
        thick: Markers | None = "block" if self.app.theme in THICK else None
        self.tiles.markers = self._markers or thick or self.tiles.usual_markers
        self._show_pace()

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Begin the first race once the room is known; ask for pictures of another size when it changes."""
        if self._race == 0:
            self._start(self._racing.values)
        self._ask()
        self._draw()

    def _start(self, values: str = "") -> None:
        """Begin a race at its first step, with the suggested values where none are typed."""
        path = self.field.value or self._racing.path
        count = networks_for(*self.tiles.size)
        typed = values.strip() or suggest(self._experiment, path, count)
        with self.values.prevent(Input.Changed):
            self.values.value = printable(typed)
        self._racing = Racing(path, values.strip())
        self._race += 1
        self._ready = self._news = self._chosen = self._look = None
        self._order = Order()
        self._problem = self._problem if self._is_lost else ""
        self._send(messages.StartRace(self._race, self._experiment, path, typed))
        self._draw()

    def _ask(self) -> None:
        """Ask for what is seen, if that has changed."""
        if self._ready is None:
            return
        look = self.tiles.look(len(self._ready.names))
        if look != self._look:
            self._look = look
            self._send(look)

    # Events

    def show(self, event: messages.AnyEvent) -> None:
        """Show what the process tells."""
        match event:
            case RaceReady() if event.race == self._race:
                self._ready = event
                self._ask()
            case RaceNews() if event.race == self._race:
                self._news = event
                self._draw_when_free()
            case messages.RaceRefused() if event.race == self._race:
                reason = on_screen(event.field, event.reason)
                self._fail(reason[0].upper() + reason[1:])
            case messages.Kept():
                self.dismiss(Left(self._racing, self._result(), event.run))
            case messages.NotKept():
                self._is_opening = False
                self._fail(event.sentence)
            case messages.RaceCrashed():
                self._is_lost = True
                self._fail(f"{event.sentence}. esc leaves; the current run goes on.")

    def _fail(self, sentence: str) -> None:
        self._problem = sentence
        self._draw()

    def _draw_when_free(self) -> None:
        """Draw the newest news, as soon as the terminal has received the frame before."""
        if self._retry is not None:
            return
        if self._pacing.is_behind(self.app):
            self._retry = self.set_timer(RETRY, self._draw_again)
            return
        self._pacing.budget.begin(self._news is not None and self._news.running)
        self._draw()
        self._pacing.drawn(self.app)

    def _draw_again(self) -> None:
        self._retry = None
        self._draw_when_free()

    def _draw(self) -> None:
        if not (self.is_mounted and self.is_attached):
            return
        ready, news = self._ready, self._news
        if ready is not None and news is not None:
            self._order.update(ready, news, time.monotonic())
        chosen = -1 if self._chosen is None else self._chosen
        self.tiles.show(Wall(ready, news, self._order.places, self._order.moved, chosen, self._empty))
        self.status.set_class(bool(self._problem), "-problem")
        self.status.update(printable(self._problem or self._standing()))
        button = self.query("#keys TextButton").first(TextButton)
        button.show("pause" if news is not None and news.running else "start")

    @property
    def _empty(self) -> str:
        """What stands in place of the tiles."""
        width, height = self.size
        if width < SMALLEST[0] or height < SMALLEST[1]:
            return f"This terminal is {width}x{height}; the wall needs at least {SMALLEST[0]}x{SMALLEST[1]}."
        return "" if self._problem else LOADING

    def _standing(self) -> str:
        """Return how the race stands, in a sentence."""
        ready, news = self._ready, self._news
        if ready is None or news is None:
            return LOADING
        if all(network.state == "ready" for network in news.networks):
            return "Which one wins? space starts the race."
        arrangement = arrange(len(ready.names), *self.tiles.size)
        hidden = "" if arrangement is None else len(ready.names) - arrangement.shown
        more = f" {hidden} more have no room." if hidden else ""
        place = "" if news.is_over else f"Epoch {news.epoch:,} of {ready.epochs:,}. "
        return f"{place}{self._result()}{more}"

    def _result(self) -> str:
        """Return who has won, or is ahead, in a sentence; empty before the start."""
        ready, news = self._ready, self._news
        if ready is None or news is None or not self._order.places:
            return ""
        first = self._order.places[0]
        network = news.networks[first]
        if network.state in ("ready", "diverged"):
            return "All networks have diverged: the rate is too high for them." if network.state == "diverged" else ""
        label = next((label for label, path in FIELDS if path == self._racing.path), label_of(self._racing.path))
        score = f"{score_text(network, ready.measure)} {measure_name(ready.measure)}"
        verb = "won" if news.is_over else "is ahead"
        return f"{label[0].upper()}{label[1:]} {plain(ready.names[first])} {verb}: {score}."

    # Keys

    def action_train(self) -> None:
        """Start, pause or go on."""
        if self._news is not None and self._news.is_over:
            self._start(self.values.value)
            self._send(messages.Go(True))
        elif not self._is_lost:
            self._problem = ""
            self._send(messages.Go(self._news is None or not self._news.running))

    def action_epoch(self) -> None:
        """Train for one epoch."""
        self._send(messages.OneEpoch())

    def action_reset(self) -> None:
        """Start over, from the same first weights."""
        self._start(self.values.value)

    def action_pace(self, direction: int) -> None:
        """Take the next slower or faster pace."""
        following = PACES.index(self._pace) + direction
        if 0 <= following < len(PACES):
            self._pace = PACES[following]
            self._send(messages.SetPace(self._pace))
            self._show_pace()

    def action_vary(self) -> None:
        """Race with the next field that can differ."""
        paths = [path for _, path in FIELDS]
        following = paths.index(self._racing.path) + 1 if self._racing.path in paths else 0
        self.field.value = paths[following % len(paths)]
        self._start()

    def action_move(self, columns: int, rows: int) -> None:
        """Choose a tile beside the chosen one; the first one if there is none."""
        arrangement = arrange(len(self._order.places), *self.tiles.size)
        if arrangement is None or not self._order.places:
            return
        if self._chosen is None:
            index = 0
        else:
            row, column = divmod(self._order.places.index(self._chosen), arrangement.columns)
            column = min(max(column + columns, 0), arrangement.columns - 1)
            index = max(row + rows, 0) * arrangement.columns + column
            if index >= arrangement.shown:
                return
        self._chosen = self._order.places[index]
        self._draw()

    def action_open(self) -> None:
        """Open the chosen network, or the leader, as a run in the app."""
        ready, news = self._ready, self._news
        if ready is None or news is None or self._is_opening:
            return
        network = self._order.places[0] if self._chosen is None else self._chosen
        if news.networks[network].state == "ready":
            self._fail("It has not been trained yet: space starts the race.")
            return
        self._is_opening = True
        self._send(messages.Keep(network))

    def action_leave(self) -> None:
        """Leave a field, or the wall."""
        if self.focused is not None:
            self.set_focus(None)
        else:
            self.dismiss(Left(self._racing, self._result()))

    @on(Input.Submitted)
    def _race_typed(self, event: Input.Submitted) -> None:
        event.stop()
        self.set_focus(None)
        self._start(event.value)

    @on(Dropdown.Changed)
    def _race_field(self, event: Dropdown.Changed) -> None:
        event.stop()
        self._start()

    @on(WallTiles.Clicked)
    def _choose(self, event: WallTiles.Clicked) -> None:
        event.stop()
        self._chosen = event.network
        if event.twice:
            self.action_open()
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a list is open, its keys are its own."""
        return not (isinstance(self.focused, DropdownList) and action not in ("leave",))

    def _show_pace(self) -> None:
        self.query_one(".pace", Static).update(f"pace {self._pace.name}")


class WallClient(ChildProcess[messages.AnyCommand, messages.AnyEvent]):
    """The process of one race after another; it never outlives the app."""

    name = "the wall's process"
    patience = 2.0

    def __init__(self, niceness: int) -> None:
        super().__init__(messages.event_decoder, keeps_newest(RaceNews))
        self._niceness = niceness

    async def start(self) -> None:
        """Start the process."""
        await self._start(MODULE, str(self._niceness))

    async def events(self) -> AsyncIterator[messages.AnyEvent]:
        """Yield events as they arrive; if the process ends unexpectedly, the last one is ``RaceCrashed``."""
        async for event in self._messages():
            yield event
        if not self._closing:
            yield messages.RaceCrashed(await self._last_words())

    async def close(self) -> None:
        """End the process, and wait until it has ended."""
        await self._close(None)
