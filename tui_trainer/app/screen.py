"""The main screen: the setup on the left, the tabs on the right, status and messages below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import isawaitable
from pathlib import Path
from typing import Any, get_args

from msgspec.structs import replace
from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import BindingsMap
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.dom import DOMNode
from textual.message import Message
from textual.reactive import Reactive, var
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from tui_trainer.app.dialogs.dialog import Dialogs
from tui_trainer.app.dialogs.help import HelpScreen, JumpScreen
from tui_trainer.app.dialogs.sweep_progress import SweepLine
from tui_trainer.app.setup.data_panel import DataPanel, DatasetField
from tui_trainer.app.setup.network_panel import LayersEdited, NetworkPanel
from tui_trainer.app.setup.training_panel import TrainingPanel
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import on_screen
from tui_trainer.pace import pace_named
from tui_trainer.protocol import AnyReport
from tui_trainer.run_state import RunState
from tui_trainer.settings import Markers, Matrix, Settings
from tui_trainer.tabs.book.lesson_page import Answered
from tui_trainer.tabs.book.view import LessonChosen, LessonForgotten
from tui_trainer.tabs.runs.selection import SelectedRun
from tui_trainer.tabs.runs.view import RunOpened, RunsChosen, RunsEdited, UndoAsked
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.dropdown import DropdownList
from tui_trainer.ui.fields import Field, FieldEdited, TextField
from tui_trainer.ui.keymap import DO, OPEN_TAB, Key, action_of, key_of, keymap
from tui_trainer.ui.pacing import PaintBudget
from tui_trainer.ui.plot_widgets import FrameWidget, PlotWidget
from tui_trainer.ui.status_lines import CHECK_EVERY, HeaderLine, KeyLine, MessageLine, StatusLine
from tui_trainer.ui.themes import THICK

from .coach import Coach, CoachStrip
from .controller import Controller
from .editor import ExperimentEditor
from .following import CHANGES, OF_MOMENT, Following
from .keys import footer
from .lessons import BOOK, LESSONS, Lessons
from .moments import Moments
from .own_data import OwnData
from .sweeps import Sweeps
from .tab_bar import TabBar, Tabs
from .trainer_link import TrainerLink
from .wall import Walls

SMALLEST = (60, 16)
CALM = 0.5  # seconds between two frames, for those who want less motion
WIDE = 100  # columns from which the setup is beside the tabs
HIGH = 20  # rows from which nothing has to give way
TALL = 30  # rows from which a lesson's page, picture and question have room for all of it
NO_TARGET = "There is nothing to jump to: no field or button on the screen can be used."
LEAVING = frozenset({"quit", "quit_now", "interrupt"})  # names of keys


class MainScreen(Screen[None]):
    """The main screen: lays everything out, decides what is visible and where keys go; its controllers do the rest."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 (Textual declares it so)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (HIGH, "-high"), (TALL, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = ""
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)  # who gains or loses it is painted, not the screen

    tabs = getters.query_one(Tabs)
    data_panel = getters.query_one(DataPanel)
    network_panel = getters.query_one(NetworkPanel)
    training_panel = getters.query_one(TrainingPanel)
    message_line = getters.query_one(MessageLine)
    header = getters.query_one(HeaderLine)
    status = getters.query_one(StatusLine)

    setup_open: var[bool] = var(False, toggle_class="-setup")
    setup_closed: var[bool] = var(False, toggle_class="-no-setup")
    page_open: var[bool] = var(False, toggle_class="-page")  # of a lesson, in place of the setup, where there is room
    too_small: var[bool] = var(False, toggle_class="-too-small")
    state: var[RunState] = var("empty", bindings=True)
    in_lesson: var[bool] = var(False, bindings=True, toggle_class="-lesson")

    def __init__(
        self,
        experiment: Experiment,
        path: Path | None = None,
        lessons: Path | None = None,
        hand_in: Path | None = None,
    ) -> None:
        super().__init__()
        self.dialogs = Dialogs(self)
        self.recent_commands: list[str] = []  # of the palette, by their titles, the last first
        self.markers: Markers | None = None  # as chosen; until then each plot has its own
        self.matrix: Matrix = "counts"  # what confusion matrices hold
        self._chosen_runs: tuple[SelectedRun, ...] = ()  # in the Runs tab
        self._overlays: tuple[SelectedRun, ...] = ()  # as they are shown
        self.trainer, self.editor = TrainerLink(self), ExperimentEditor(self, experiment, path)
        self.lessons, self.own_data, self.sweeps = Lessons(self, lessons, hand_in), OwnData(self), Sweeps(self)
        self.wall, self.coach, self.moments = Walls(self), Coach(self), Moments(self)
        self.following = Following(self)
        # In the order in which they hear reports.
        self.controllers: tuple[Controller, ...] = (
            self.trainer,
            self.lessons,
            self.own_data,
            self.sweeps,
            self.wall,
            self.editor,
            self.coach,
            self.moments,
            self.following,
        )
        self._owners = {controller.name: controller for controller in self.controllers}  # of keys
        # Textual makes bindings for the class, once; these are those of the active keymap.
        self._bindings = BindingsMap.merge((self._bindings, BindingsMap(key.binding() for key in keymap().all)))

    @property
    def experiment(self) -> Experiment:
        """The experiment as it is set up now."""
        return self.editor.experiment

    @property
    def paint_budget(self) -> PaintBudget:
        """How much of the pictures may be painted at once."""
        return self.trainer.pacing.budget

    @property
    def is_leaving(self) -> bool:
        """Whether the app is closing: keys no longer have any effect."""
        return self.dialogs.is_closed

    def take_settings(self, settings: Settings) -> None:
        """Apply the user's settings."""
        self.markers = settings.markers
        self.matrix = settings.matrix
        self.coach.mode = settings.coach
        self.trainer.chosen_pace = self.trainer.pace = pace_named(settings.pace)
        self.trainer.start_with(replace(self.trainer.launch, moments_memory=settings.moments_memory))
        self.trainer.pacing.min_interval = CALM if settings.reduced_motion else 0.0

    def compose(self) -> ComposeResult:
        yield HeaderLine()
        yield TabBar()
        with Horizontal(id="body"):
            with VerticalScroll(id="setup", can_focus=False):
                with Vertical(classes="cards"):
                    yield DataPanel()
                    yield NetworkPanel()
                yield TrainingPanel()
            yield Tabs()
        yield Static(id="too-small")
        yield CoachStrip()
        yield MessageLine()
        yield StatusLine()
        yield KeyLine(lambda: self.following.chips if self.following.is_on else footer(self.state, self.in_lesson))

    async def on_mount(self) -> None:
        if self.following.is_on:
            self.following.begin()
        await self.editor.show_experiment()
        self.header.pace = self.trainer.pace.name
        self.coach.show()
        self.watch(self.tabs, "current", self._mark_tab, init=False)
        self.watch(self.app, "theme", self._use_markers, init=False)
        self.trainer.pacing.drawn(self.app)
        self.trainer.follow_reports()
        self.set_interval(CHECK_EVERY, lambda: self.status.check_silence(self.trainer.client.heard))

    async def on_unmount(self) -> None:
        await self.trainer.client.close()
        await self.sweeps.close()
        await self.wall.close()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Skip the first update of styles: they have just been computed, and Textual would do it again."""
        if self.stack_updates == 0:
            event.refresh_styles = False

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.too_small = width < SMALLEST[0] or height < SMALLEST[1]
        if self.too_small:
            sentence = f"This terminal is {width}x{height}; at least {SMALLEST[0]}x{SMALLEST[1]} is needed."
            self.query_one("#too-small", Static).update(sentence)
        self.call_after_refresh(self._show_strips)

    def _show_strips(self) -> None:
        self.coach.show()
        self.lessons.show_strip()

    def watch_in_lesson(self) -> None:
        """Leave the room to the lesson, or take it back."""
        self.coach.show()

    def on_key(self) -> None:
        """Take off a refusal, also by a key that has no effect."""
        self.following.drop_refusal()

    def on_mouse_down(self) -> None:
        """Close an open list on a click beside it."""
        if isinstance(self.focused, DropdownList):
            self.focused.action_close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a key works now; None if it has no effect at the moment.

        While text is typed, character keys are text; so are letters in a list.
        A view in a mode of its own shadows other keys, and keys of lessons work only in a lesson. A key that comes
        before the widgets are there, typed ahead on a slow machine, has nothing to work on; only the app can be left.
        Nothing works any more once it is being left.
        """
        if self.is_leaving:
            return False
        if action != DO:
            return super().check_action(action, parameters)
        key = keymap()[str(parameters[0])]
        if not self.is_mounted and key.name not in LEAVING:
            return False
        return self.works(key) if self._leaves_free(key) else None

    def works(self, key: Key) -> bool:
        """Return whether a key works now, were it not typed into what has the focus."""
        if key.name in keymap().shadowed_by(self._mode):
            return False
        if key.owner == LESSONS:
            return self.in_lesson and self.lessons.takes(key)
        if self.in_lesson and self.lessons.needs(key):
            return False
        return not key.of_tab or self._works_in_view(key)

    def _leaves_free(self, key: Key) -> bool:
        """Return whether the focused widget doesn't need the key itself."""
        if isinstance(self.focused, DropdownList):
            return key.name in keymap().in_list
        return key.in_text or not isinstance(self.focused, Input)

    @property
    def _mode(self) -> frozenset[str]:
        """The actions of the open view that take precedence now."""
        view = self.tabs.view if self.is_mounted else None
        return view.mode if view is not None and self._view_is_free else frozenset()

    @property
    def _view_is_free(self) -> bool:
        """Whether nothing but the open view has the focus."""
        return self.focused is None or self.focused is self.tabs.view

    def _works_in_view(self, key: Key) -> bool:
        """Return whether the open view has the key's action; an arrow key is left to a focused widget."""
        view = self.tabs.view if self.is_mounted else None
        if view is None or not (key.owner == self.tabs.active or _is_shared(key, view)):
            return False
        if key.action in view.MODE:
            return key.action in self._mode
        return key.action not in keymap().of_arrows or self._view_is_free

    async def action_do(self, name: str) -> None:
        """Perform the action of the key with that name."""
        key = keymap()[name]
        if self.following.takes(key):
            return
        self.coach.note(name)
        owner = self.tabs.view if key.of_tab else self._owners.get(key.owner, self)
        await self.perform(getattr(owner, f"action_{key.action}"), *key.arguments)

    def check_message_enabled(self, message: Message) -> bool:
        """Leave out what widgets say when the user changes something, where the app only follows a session."""
        if isinstance(message, CHANGES) and self.following.refuses():
            return False
        return super().check_message_enabled(message)

    async def perform(self, action: Callable[..., Any], *arguments: Any) -> None:
        """Call the handler of a key, a message or a worker; show a UserError as a message."""
        try:
            result = action(*arguments)
            if isawaitable(result):
                await result
        except UserError as error:
            self.message_line.show_message(on_screen(error.field, error.reason), "error")

    @property
    def taken_keys(self) -> frozenset[str]:
        """The keys that an open lesson uses, whatever they do in the open view."""
        keys = (key for key in keymap().listed if key.owner == LESSONS)
        return frozenset(name for key in keys for name in key.keys.split(",")) if self.in_lesson else frozenset()

    # News for the controllers

    async def on_report(self, report: AnyReport) -> None:
        """Pass a report of the trainer to the controllers, until one stops it."""
        for controller in self.controllers:
            if await controller.on_report(report):
                return

    def on_experiment(self, before: Experiment, after: Experiment) -> None:
        """Tell the controllers that an edit of the experiment has been sent to the trainer."""
        for controller in self.controllers:
            controller.on_experiment(before, after)

    def on_load(self) -> None:
        """Tell the controllers that the trainer was told to run the experiment from its first step."""
        for controller in self.controllers:
            controller.on_load()

    @on(TextField.CommandTyped)
    async def _do_typed(self, event: TextField.CommandTyped) -> None:
        """Perform the command of a key that can't be part of the number in focus; an edit of that comes before."""
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            key = next((key for key in keymap().all if action_of(key.name) == binding.action), None)
            if key is not None and self.works(key):
                await self.action_do(key.name)
                return

    @on(events.DescendantFocus)
    def _explain_field(self, event: events.DescendantFocus) -> None:
        """Show what the field in focus is for."""
        field = next((node for node in event.widget.ancestors if isinstance(node, Field)), None)
        self.message_line.show_hint("" if field is None else field.help_text)

    @on(events.DescendantBlur)
    def _drop_explanation(self) -> None:
        self.message_line.show_hint("")

    @on(FieldEdited)
    async def _edit_field(self, event: FieldEdited) -> None:
        await self.perform(self.editor.edit_field, event)

    @on(TabView.FieldChosen)
    async def _change_field(self, event: TabView.FieldChosen) -> None:
        await self.perform(self.editor.change_field, event.path, event.value, event.sentence)

    @on(TabView.FieldReworked)
    async def _rework_field(self, event: TabView.FieldReworked) -> None:
        await self.perform(lambda: self.editor.change_field(event.path, event.rework(self.experiment), event.sentence))

    @on(TabView.WeightSet)
    def _set_weight(self, event: TabView.WeightSet) -> None:
        if self.moments.shown is None:
            self.editor.set_weight(event)
        else:
            reason = "Weights of an earlier moment can't be changed"
            self.message_line.show_message(f"{reason}; {key_of('leave')} goes back to now.", "error")

    @on(TabView.OfferTaken)
    async def _go_on(self) -> None:
        await self.perform(self.coach.go_on)

    @on(TabView.StatusMessage)
    def _show_message(self, event: TabView.StatusMessage) -> None:
        self.message_line.show_message(event.sentence, event.kind)

    @on(LayersEdited)
    async def _edit_layers(self, event: LayersEdited) -> None:
        await self.run_action(event.action)

    @on(UndoAsked)
    async def _undo(self) -> None:
        await self.perform(self.editor.action_undo)

    @on(DatasetField.OwnFileRequested)
    async def _open_data(self) -> None:
        await self.perform(self.own_data.action_open_data)

    async def action_predict_rows(self) -> None:
        """Ask for a file of new rows, and predict them."""
        if self.following.refuses():
            return
        await self.perform(self.own_data.action_predict_rows)

    @on(RunOpened)
    def _open_run(self, event: RunOpened) -> None:
        self.trainer.open_run(event.run)

    @on(RunsEdited)
    def _edit_runs(self, event: RunsEdited) -> None:
        self.trainer.client.send(event.command)

    @on(RunsChosen)
    def _show_overlays(self, event: RunsChosen) -> None:
        self._chosen_runs = event.chosen
        self.show_overlays()

    def show_overlays(self) -> None:
        """Compare the run with those that were chosen in the Runs tab, or else with those of a lesson's variants."""
        overlays = self._chosen_runs or self.lessons.overlays
        if overlays != self._overlays:
            self._overlays = overlays
            self.tabs.show_selected_runs(overlays)

    @on(LessonChosen)
    async def _load_lesson(self, event: LessonChosen) -> None:
        await self.perform(self.lessons.load, event.lesson_id)

    @on(LessonForgotten)
    def _forget_lesson(self, event: LessonForgotten) -> None:
        self.lessons.forget(event.lesson_id)

    @on(Answered)
    def _answer(self, event: Answered) -> None:
        self.lessons.fill_in(event.lesson, event.number, event.answers)

    @on(SweepLine.Pressed)
    def _show_sweep(self) -> None:
        self.sweeps.action_sweep()

    @on(TabView.RequestChanged)
    def _watch_view(self) -> None:
        self.trainer.watch_view()

    @on(Tabs.Opened)
    def _on_tab_opened(self, event: Tabs.Opened) -> None:
        self.refresh_bindings()
        self._show_strips()
        if self.tabs.view is not None:
            self._use_markers_in(self.tabs.view)
        self.following.on_tab_opened()
        self.trainer.watch_view()
        if event.name == BOOK:
            self.lessons.show_book()

    async def leave(self) -> None:
        """End the sweep, if any, and the app; keys have no effect from now on."""
        self.dialogs.is_closed = True
        await self.sweeps.close()
        await self.wall.close()
        await self.trainer.leave()

    def action_markers(self) -> None:
        names = get_args(Markers)
        now = self.markers or self.query(PlotWidget).first().markers
        self.choose_markers(names[(names.index(now) + 1) % len(names)])

    def choose_markers(self, markers: Markers) -> None:
        """Draw all plots with these markers, now and later."""
        self.markers = markers
        self.post_message(MarkersChosen(self.markers))
        self._use_markers()

    def _use_markers(self) -> None:
        """Draw all plots with the chosen markers, or those that suit the theme."""
        self._use_markers_in(self)

    def _use_markers_in(self, part: DOMNode) -> None:
        """Draw the plots in a part of the screen with them: a view may have just been made."""
        markers = self.markers or ("block" if self.app.theme in THICK else None)
        for plot in part.walk_children(FrameWidget):
            plot.markers = markers or plot.usual_markers

    def action_look_at(self, epoch: int) -> None:
        if not self.following.refuses(OF_MOMENT):
            self.moments.look_at(epoch)

    def action_next_pace(self) -> None:
        if not self.following.refuses():
            self.trainer.next_pace()

    def action_setup(self) -> None:
        if self.has_class("-narrow"):
            self.setup_open = not self.setup_open
            self.lessons.show_strip()
        elif self.in_lesson:
            self.setup_closed, self.page_open = False, not self.page_open
        else:
            self.setup_closed = not self.setup_closed

    async def go_to_field(self, path: str) -> None:
        """Give the field at ``path`` the focus, in the setup, which is shown for it."""
        self.setup_open, self.setup_closed, self.page_open = True, False, False
        await self.editor.reveal(path)
        boxes = (
            node for field in self.walk_children(Field) if field.path == path for node in field.walk_children(Widget)
        )
        box = next((node for node in boxes if node.focusable), None)
        if box is not None:
            self.call_after_refresh(box.focus)

    def action_jump(self) -> None:
        """Put a letter on every field and control, to jump to it."""
        targets = [widget for widget in self.focus_chain if self._is_seen(widget)]
        if targets:
            self.dialogs.open(JumpScreen(targets), self._jump_to)
        else:
            self.message_line.show_message(NO_TARGET)

    def _jump_to(self, widget: Widget | None) -> None:
        if widget is not None:
            self.set_focus(widget)

    def _is_seen(self, widget: Widget) -> bool:
        """Return whether the first cell of a widget is on the screen."""
        x, y = widget.region.offset
        return self.region.contains(x, y) and widget in self.get_widget_at(x, y)[0].ancestors_with_self

    async def action_tab(self, name: str) -> None:
        if name == self.tabs.active and self.tabs.view is not None and not self.setup_open:
            self.tabs.view.opened_again()
        self.setup_open = False
        self.following.look_around()
        self.tabs.active = name
        self.lessons.show_strip()
        await self.tabs.ready(name)  # the next key is for its view, which a first opening has to make

    async def action_open_tab(self, name: str) -> None:
        """Open a tab that was clicked; its view gets the keys, whatever had the focus."""
        self.set_focus(None)
        await self.action_tab(name)

    def _mark_tab(self, name: str) -> None:
        self.query_one(TabBar).active = name

    def action_leave(self) -> None:
        if not isinstance(self.focused, Input) and self.own_data.stop_predicting():
            return
        if self.focused is None and not self.setup_open:
            if self.moments.shown is not None and not self.following.is_on:
                self.moments.show_now()
                return
            self.coach.hide()
        self.set_focus(None)
        self.setup_open = False

    def action_help(self) -> None:
        self.dialogs.open(HelpScreen(self.following.is_on))

    async def action_quit(self) -> None:
        """Leave the app; ask first if that would end a sweep."""
        if self.sweeps.is_under_way:
            self.sweeps.open_progress(leaving=True)
        else:
            await self.leave()

    async def action_quit_now(self) -> None:
        await self.leave()

    async def action_interrupt(self) -> None:
        """Copy the text that is selected on the screen; without any, leave the app."""
        if self.get_selected_text():
            self.action_copy_text()
            self.clear_selection()
            self.message_line.show_message("Copied.", "good")
        else:
            await self.leave()


def _is_shared(key: Key, view: TabView) -> bool:
    """Return whether several tabs share the key, including this view's."""
    return key.owner == OPEN_TAB and hasattr(view, f"action_{key.action}")


@dataclass
class MarkersChosen(Message):
    """The user chose other markers for plots."""

    markers: Markers
