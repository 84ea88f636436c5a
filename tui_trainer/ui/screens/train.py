"""The training screen: the setup on the left, what is seen on the right, and what happens below."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, get_args

from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import Footer, Input, Static, TabbedContent, TabPane
from textual.widgets._select import SelectOverlay

from tui_trainer import experiment as experiments
from tui_trainer.experiment import Experiment, ExperimentError
from tui_trainer.runtime import protocol
from tui_trainer.runtime.client import Client
from tui_trainer.runtime.protocol import AnyReport, Crashed, Ended, Loaded, Notice, Offer, Progress, Refused

from ..edits import Edits, keeps_weights, next_rate
from ..keys import IN_TEXT, KEYS
from ..messages import FieldEdited, LayersEdited
from ..plain_text import plain
from ..plotting import PlotWidget
from ..plotting.plot import Markers
from ..widgets.data_panel import DataPanel
from ..widgets.data_view import DataView
from ..widgets.field import Field
from ..widgets.loss_view import LossView
from ..widgets.message_line import MessageLine
from ..widgets.network_panel import NetworkPanel
from ..widgets.panel import Panel
from ..widgets.status_line import StatusLine, clock
from ..widgets.summary_view import SummaryView
from ..widgets.training_panel import TrainingPanel
from .ask_path import AskPath
from .help import HelpScreen

SMALLEST = (60, 16)


class TrainScreen(Screen[None]):
    """Owns the experiment and the client; panels and views only show what they are given."""

    CSS_PATH = "train.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in KEYS]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 (Textual declares it so)
    AUTO_FOCUS = ""

    state: var[protocol.State] = var("empty", bindings=True)
    setup_open: var[bool] = var(False, toggle_class="-setup")
    setup_closed: var[bool] = var(False, toggle_class="-no-setup")
    too_small: var[bool] = var(False, toggle_class="-too-small")

    loss_view = getters.query_one(LossView)
    data_view = getters.query_one(DataView)
    summary_view = getters.query_one(SummaryView)
    data_panel = getters.query_one(DataPanel)
    network_panel = getters.query_one(NetworkPanel)
    status = getters.query_one(StatusLine)
    message_line = getters.query_one(MessageLine)
    tabs = getters.query_one(TabbedContent)

    def __init__(self, experiment: Experiment, path: Path | None = None) -> None:
        super().__init__()
        self.edits = Edits(experiment)
        self.client = Client()
        self.loaded: Loaded | None = None
        self._path = path
        self._run = 0
        self._refused: Refused | None = None
        self._offer: Offer | None = None
        self._crash: Crashed | None = None

    @property
    def experiment(self) -> Experiment:
        """The experiment as it is set up now."""
        return self.edits.current

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
        await self._show_experiment()
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
        if typing and action in {key.action.split("(")[0] for key in KEYS} and action not in IN_TEXT:
            return None
        return True

    # Reports

    @work(exclusive=True, group="reports")
    async def follow_reports(self) -> None:
        """Start the child and show its reports; start another one where it ends unasked."""
        while True:
            await self.client.start()
            self._load()
            self._watch()
            async for report in self.client.reports():
                await self._show_report(report)
            if not self.is_running or not isinstance(report, Crashed):
                return
            self.client = Client()

    async def _show_report(self, report: AnyReport) -> None:
        if isinstance(report, Crashed):
            self._crash = report
            self.message_line.say(f"{report.sentence}. A new trainer has been started.", "error")
        elif isinstance(report, Offer):
            await self._show_offer(report)
        elif isinstance(report, Notice):
            self.message_line.say(report.sentence, "error")
        elif report.run == self._run:
            match report:
                case Loaded():
                    self._show_loaded(report)
                case Refused():
                    self._show_refusal(report)
                case Progress():
                    self._show_progress(report)
                case Ended():
                    self._show_end(report)

    async def _show_offer(self, offer: Offer) -> None:
        self._offer = offer
        if self._crash is None:
            name, ago = plain(offer.experiment.name), clock(offer.seconds_ago)
            self.message_line.say(
                f"The run {name} was cut off at epoch {offer.epoch:,}, {ago} ago: g goes on with it."
            )
            return
        await self.action_resume()
        lost = f"Back at epoch {offer.epoch:,}, step {offer.step:,}; space goes on."
        self.message_line.say(f"{self._crash.sentence}. {lost}", "error")
        self._crash = None

    def _show_loaded(self, loaded: Loaded) -> None:
        self.loaded, self._refused = loaded, None
        self.loss_view.show(())
        self.data_view.show(loaded.dataset)
        self.summary_view.show(loaded)
        self.data_panel.show_dataset(loaded.dataset)
        self.network_panel.show_params(loaded.params)
        self.network_panel.show_inferred(loaded.experiment.model.output)
        self.query_one(TrainingPanel).show_inferred(loaded.experiment.training.loss or "")

    def _show_refusal(self, refused: Refused) -> None:
        self._refused = refused
        self.message_line.say(_sentence(refused.field, refused.reason), "error")
        for field in self.query(Field):
            field.invalid = field.invalid or field.path == refused.field

    def _show_progress(self, progress: Progress) -> None:
        self.state = progress.state
        self.status.progress = progress
        if progress.curves is not None:
            self.loss_view.show(progress.curves)

    def _show_end(self, ended: Ended) -> None:
        self.message_line.say(ended.sentence, "error" if ended.state == "diverged" else "good")

    # Edits

    @on(FieldEdited)
    async def _edit_field(self, event: FieldEdited) -> None:
        try:
            changed = experiments.with_field(self.experiment, event.path, event.value)
        except ExperimentError as error:
            event.field.invalid = True
            self.message_line.say(_sentence(error.field, error.reason), "error")
            return
        await self._change(changed)

    @on(LayersEdited)
    async def _edit_layers(self, event: LayersEdited) -> None:
        await self.run_action(event.action)

    async def _change(self, changed: Experiment, said: str = "") -> None:
        """Make ``changed`` the experiment, if it is another one."""
        before = self.experiment
        if changed != before:
            self.edits.change(changed)
            await self._apply(before, said)

    async def _apply(self, before: Experiment, said: str = "") -> None:
        """Show the present experiment and hand it to the trainer."""
        await self._show_experiment()
        if keeps_weights(before, self.experiment) and self._refused is None:
            self.client.send(protocol.Tune(self.experiment.training))
            self.message_line.say(said)
            return
        was_training = self.state in ("running", "paused")
        self.message_line.say(
            said or ("The settings changed: back to the first step." if was_training else "")
        )
        self._load()

    async def _show_experiment(self) -> None:
        await self.network_panel.show_layers(self.experiment)
        for panel in self.query(Panel):
            panel.show(self.experiment)

    def _load(self) -> None:
        self._run += 1
        self.client.send(protocol.Load(self.experiment, self._run))

    # Actions: training

    def action_toggle_training(self) -> None:
        if self.state == "running":
            self.client.send(protocol.Pause())
        else:
            self._send_if_ready(protocol.Train())

    async def action_resume(self) -> None:
        if self._offer is None:
            self.message_line.say("No run was cut off.")
            return
        offer, self._offer = self._offer, None
        self.edits.change(offer.experiment)
        await self._show_experiment()
        self._run += 1
        self.client.send(protocol.Resume(offer.stored, self._run))
        self.message_line.say(f"Back at epoch {offer.epoch:,}; space goes on.")

    def action_step(self) -> None:
        self._send_if_ready(protocol.Step())

    def action_epoch(self) -> None:
        self._send_if_ready(protocol.Epoch())

    def action_reset(self) -> None:
        self.message_line.say("Back to the first step, with the same weights.")
        self._load()

    async def action_reseed(self) -> None:
        seed = self.experiment.model.seed + 1
        changed = experiments.with_field(self.experiment, "model.seed", seed)
        await self._change(changed, f"Back to the first step, with the weights of seed {seed}.")

    async def action_rate(self, direction: int) -> None:
        rate = next_rate(self.experiment.training.learning_rate, direction)
        await self._change(
            experiments.with_field(self.experiment, "training.learning_rate", rate),
            f"Learning rate {rate:g}.",
        )

    def _send_if_ready(self, command: protocol.AnyCommand) -> None:
        if self._refused is not None:
            self._show_refusal(self._refused)
        elif self.state == "diverged":
            self.message_line.say(
                "This run diverged. Lower the learning rate with [ and press r to start again.", "error"
            )
        else:
            self.message_line.say("")
            self.client.send(command)

    # Actions: network and settings

    async def action_add_layer(self) -> None:
        chosen = self.network_panel.chosen
        index = 0 if chosen is None else chosen + 1
        await self._change(experiments.add_layer(self.experiment, index))
        self.network_panel.choose(index)

    async def action_remove_layer(self) -> None:
        chosen = self.network_panel.chosen
        if chosen is None:
            self.message_line.say("There is no hidden layer to remove: this is a perceptron.")
            return
        await self._change(
            experiments.remove_layer(self.experiment, chosen),
            f"Layer {chosen + 1} removed; u brings it back.",
        )

    async def action_move_layer(self, offset: int) -> None:
        chosen = self.network_panel.chosen
        if chosen is None or not 0 <= chosen + offset < len(self.experiment.model.layers):
            return
        await self._change(experiments.move_layer(self.experiment, chosen, offset))
        self.network_panel.choose(chosen + offset)

    async def action_undo(self) -> None:
        before = self.experiment
        if self.edits.undo():
            await self._apply(before, "Undone; U makes it again.")
        else:
            self.message_line.say("Nothing to undo.")

    async def action_redo(self) -> None:
        before = self.experiment
        if self.edits.redo():
            await self._apply(before, "Done again.")
        else:
            self.message_line.say("Nothing to do again.")

    @work
    async def action_open(self) -> None:
        path = await self.app.push_screen_wait(AskPath("Open the experiment", str(self._path or "")))
        if path is None:
            return
        try:
            opened = experiments.read(Path(path).expanduser())
        except ExperimentError as error:
            self.message_line.say(_sentence(error.field, error.reason), "error")
            return
        self._path = Path(path).expanduser()
        await self._change(opened, f"Opened {path}.")

    @work
    async def action_save(self) -> None:
        suggestion = self._path or Path(f"{self.experiment.name}.toml")
        path = await self.app.push_screen_wait(AskPath("Save the experiment as", str(suggestion)))
        if path is None:
            return
        try:
            experiments.write(self.experiment, Path(path).expanduser())
        except (ExperimentError, OSError) as error:
            self.message_line.say(f"Not saved: {error}", "error")
            return
        self._path = Path(path).expanduser()
        self.message_line.say(f"Saved as {path}.", "good")

    # Actions: view

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

    @on(TabbedContent.TabActivated)
    def _watch(self) -> None:
        self.client.send(protocol.Watch("loss" if self.tabs.active == "loss" else "other"))


def _sentence(field: str, reason: str) -> str:
    return f"{field}: {reason}" if field else reason
