"""The part of the training screen that talks to the trainer: commands out, reports in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace
from textual import getters, on, work
from textual.css.query import NoMatches
from textual.message import Message
from textual.reactive import var
from textual.timer import Timer
from textual.worker import Worker

from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.setup.data_panel import DataPanel
from tui_trainer.app.setup.training_panel import TrainingPanel
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.files import confined, free_folder
from tui_trainer.plotting.lines import warm_up
from tui_trainer.protocol.commands import (
    AnyCommand,
    Attach,
    Epoch,
    Export,
    Load,
    Pause,
    Resume,
    SetWeight,
    SlowDown,
    Step,
    SwapBest,
    Train,
    Tune,
    Watch,
)
from tui_trainer.protocol.reports import (
    AnyReport,
    Attached,
    Crashed,
    Ended,
    Loaded,
    Notice,
    Opened,
    Progress,
    Refused,
    Remedy,
    ResumeOffer,
    TakenOver,
    Update,
    newest,
)
from tui_trainer.run_state import RunState
from tui_trainer.runtime.client import Client
from tui_trainer.runtime.launch import Launch
from tui_trainer.tabs.runs.messages import RunCurves, RunList
from tui_trainer.tabs.runs.view import RunOpened, RunsChosen, RunsEdited, UndoAsked
from tui_trainer.ui.fields import Field
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.pacing import FramePacing
from tui_trainer.ui.status_lines import StatusLine, clock
from tui_trainer.ui.text import plain

from .editor import SetupScreen, keeps_weights, next_rate, swaps_points

SLOW_MOTIONS = (None, 10.0, 2.0)  # steps a second
MAX_FAILURES = 3  # trainers in a row that end at once until no more are started
FIX, UNDO = "fix", "undo"
RETRY = 0.05  # seconds until a terminal that was behind is looked at again
TRAIN, RESUME = "toggle_training", "resume"
LAST_ANSWER = 1.0  # seconds that the terminal may take for it
LOSS = "loss"


class ReturningScreen(SetupScreen):
    """Owns the client. Every load has a number, and reports of another load are not looked at."""

    state: var[RunState] = var("empty", bindings=True)

    def __init__(self, experiment: Experiment, path: Path | None = None) -> None:
        super().__init__(experiment, path)
        self.pacing = FramePacing()
        self.launch = Launch()
        self.client = Client()
        self._run = 0
        self._offer: ResumeOffer | None = None
        self._crash: Crashed | None = None
        self._motion: float | None = None  # steps a second; full speed without

    def start_with(self, launch: Launch) -> None:
        """Start the trainer so; called before it is started."""
        self.launch, self.client = launch, Client(launch)

    def renew_client(self) -> None:
        """For another trainer: whatever was come back to has gone with the last one."""
        self.start_with(replace(self.launch, attach="", offer=None))

    async def leave(self) -> None:
        """End the app. A run that goes on without it is told of on the terminal."""
        await self.pacing.settle(LAST_ANSWER)
        goes_on = self.client.stays and self.state == "running"
        self.app.exit(message="The run goes on; tui-trainer --resume comes back to it." if goes_on else None)

    async def give_way(self) -> None:
        """Another client has the session now."""
        await self.pacing.settle(LAST_ANSWER)
        self.app.exit(message="Another terminal has taken this session over.")

    def send_first(self) -> None:
        """The first command of a new trainer, or of the session that is come back to."""
        if self.launch.attach:
            self._run += 1
            self.client.send(Attach(self._run))
        else:
            self._load()
        self.watch_view()
        if self._motion is not None:
            self.client.send(SlowDown(self._motion))

    def watch_view(self) -> None:
        """Tell the trainer what is on the screen."""
        self.client.send(Watch(self.tabs.request))

    def _load(self, keep_weights: bool = False, weights: str = "") -> None:
        self._run += 1
        self.edits.forget_weights()
        self.client.send(Load(self.experiment, self._run, keep_weights, weights))

    async def show_offer(self, offer: ResumeOffer) -> None:
        """Tell of a run to come back to; at once back to one that was asked for, or whose trainer has crashed."""
        name, ago = plain(offer.experiment.name), clock(offer.seconds_ago)
        if offer.alone and self._crash is not None:
            return
        self._offer = offer
        if self._crash is not None:
            await self.action_resume()
            back = f"Back at epoch {offer.epoch:,}, step {offer.step:,}; {key_of(TRAIN)} goes on."
            self.message_line.say(f"{self._crash.sentence}. {back}", "error")
            self._crash = None
        elif offer.stored == self.launch.offer:
            await self.action_resume()
        elif offer.alone:
            where = f"goes on without a screen, at epoch {offer.epoch:,}"
            self.message_line.say(f"The run {name} {where}: {key_of(RESUME)} comes back to it.")
        else:
            cut = f"The run {name} stopped at epoch {offer.epoch:,}, {ago} ago"
            self.message_line.say(f"{cut}: {key_of(RESUME)} goes on with it.")

    async def show_attached(self, attached: Attached) -> None:
        """Take on the experiment of the session that was called, and how fast it goes."""
        self._motion = attached.steps_per_second
        await self._take_on(attached.experiment)
        self.message_line.say("Back in the session.")

    async def action_resume(self) -> None:
        if self._offer is None:
            self.message_line.say("No run was cut off.")
            return
        offer, self._offer = self._offer, None
        if offer.alone:
            await self._call(offer.alone)
            return
        await self._take_on(offer.experiment)
        self._run += 1
        self.edits.forget_weights()
        self.client.send(Resume(offer.stored, self._run))
        self.message_line.say(f"Back at epoch {offer.epoch:,}; {key_of(TRAIN)} goes on.")

    async def _call(self, session: str) -> None:
        """Leave the trainer, and look at another session instead."""
        left = self.client
        self.start_with(replace(self.launch, attach=session, offer=None))
        self.follow_reports()
        await left.close()

    def follow_reports(self) -> Worker[None]:
        """Start the trainer and show its reports."""
        raise NotImplementedError

    async def start_over(self, experiment: Experiment) -> None:
        """Make ``experiment`` the present one, and go back to its first step even if only the rate differs."""
        await self._take_on(experiment)
        self._load()

    async def _take_on(self, experiment: Experiment) -> None:
        if experiment != self.experiment:
            self.edits.change(experiment)
        await self.show_experiment()


class KeepingScreen(ReturningScreen):
    """Hands on what is wanted of stored runs."""

    def __init__(self, experiment: Experiment, path: Path | None = None) -> None:
        super().__init__(experiment, path)
        self._is_opening = False  # a run that was chosen, rather than one that was offered

    @on(RunOpened)
    def _open_run(self, event: RunOpened) -> None:
        self._run += 1
        self._is_opening = True
        self.edits.forget_weights()
        self.client.send(Resume(event.run, self._run))

    async def show_opened(self, opened: Opened) -> None:
        """Take on the experiment of a run that is under work now, and show its curves."""
        await self._take_on(opened.experiment)
        if self._is_opening:
            self._is_opening = False
            self.tabs.active = LOSS
            self.message_line.say(f"Opened {plain(opened.name)} at epoch {opened.epoch:,}; {key_of(TRAIN)} trains on.")

    @on(RunsEdited)
    def _edit_runs(self, event: RunsEdited) -> None:
        self.client.send(event.command)

    @on(UndoAsked)
    async def _undo(self) -> None:
        await self.action_undo()

    @on(RunsChosen)
    def _lay_beside(self, event: RunsChosen) -> None:
        loss = self.tabs.made(LOSS)
        if loss is not None:
            loss.lay_beside(event.chosen)  # type: ignore[attr-defined]


class RunningScreen(KeepingScreen):
    """Shows what the trainer reports, and sends it what keys ask for."""

    data_panel = getters.query_one(DataPanel)
    training_panel = getters.query_one(TrainingPanel)
    status = getters.query_one(StatusLine)

    def __init__(self, experiment: Experiment, path: Path | None = None) -> None:
        super().__init__(experiment, path)
        self.loaded: Loaded | None = None
        self._refused: Refused | None = None
        self._remedy: Remedy | None = None  # for the run that diverged
        self._held: Progress | None = None  # not drawn yet
        self._held_seen: Update | None = None
        self._retry: Timer | None = None
        self._failures = 0  # trainers in a row that ended before they had loaded anything

    def hand_over(self, before: Experiment, said: str) -> None:
        """Hand an edited experiment to the trainer: from the first step, unless the weights may stay."""
        if keeps_weights(before, self.experiment) and self._refused is None:
            self.client.send(Tune(self.experiment.training))
            self.message_line.say(said)
            return
        was_training = self.state in ("running", "paused")
        swapped = swaps_points(before, self.experiment)
        back = "Other points; the weights stay." if swapped else "The settings changed: back to the first step."
        self.message_line.say(said or (back if was_training else ""))
        self._load(keep_weights=swapped)

    def send_weight(self, index: int, value: float) -> None:
        """Set a weight of the run, without a reset."""
        self.client.send(SetWeight(index, value))

    @work(exclusive=True, group="reports")
    async def follow_reports(self) -> None:
        """Start the child and show its reports; start another one where it ends unasked."""
        while True:
            self.send_first()
            await self.client.start()
            async for report in self.client.reports():
                try:
                    await self._show_report(report)
                except NoMatches:  # the app is closing, and the widgets have gone
                    return
            if not self.is_running or self._crash is None:
                return
            self._failures += 1
            if self._failures == MAX_FAILURES:
                self.message_line.say(
                    f"{self._crash.sentence}. It can't be started; {key_of(TRAIN)} tries again.", "error"
                )
                self.state = "empty"
                return
            self.renew_client()

    async def _show_report(self, report: AnyReport) -> None:
        match report:
            case Crashed():
                self._crash = report
                self.message_line.say(f"{report.sentence}. A new trainer has been started.", "error")
            case ResumeOffer():
                await self.show_offer(report)
            case Notice():
                self.message_line.say(report.sentence, "good" if report.good else "error")
            case TakenOver():
                await self.give_way()
            case Update(content=RunList() | RunCurves()):  # of the store, whatever run is under work
                self.tabs.show_seen(report)
            case _ if report.run != self._run:
                return
            case Opened():
                await self.show_opened(report)
            case Attached():
                await self.show_attached(report)
            case Loaded():
                self._show_loaded(report)
            case Refused():
                self._show_refusal(report)
            case Progress():
                self._show_progress(report)
            case Update():
                self._held_seen = report
                self._draw_progress()
            case Ended():
                self._show_end(report)

    def _show_end(self, ended: Ended) -> None:
        self._remedy = ended.remedy
        key = "" if ended.remedy is None else f" Key {key_of(FIX)} {ended.remedy.said} and runs again."
        self.message_line.say(ended.sentence + key, "error" if ended.state == "diverged" else "good")
        self.post_message(RunEnded(f"{self.experiment.name}: {ended.sentence}"))

    def _show_loaded(self, loaded: Loaded) -> None:
        if self.loaded is None:
            self.run_worker(warm_up, thread=True, group="warm up")
        self.loaded, self._refused, self._crash, self._failures = loaded, None, None, 0
        self.tabs.show_loaded(loaded)
        self.data_panel.show_dataset(loaded.dataset)
        self.network_panel.show_params(loaded.params)
        self.network_panel.show_inferred(loaded.experiment.model.output)
        self.training_panel.show_inferred(loaded.experiment.training.loss or "")

    def _show_refusal(self, refused: Refused) -> None:
        self._refused = refused
        self.message_line.say(": ".join(part for part in (refused.field, refused.reason) if part), "error")
        for field in self.query(Field):
            field.invalid = field.invalid or field.path == refused.field
        self.status.before = "nothing is loaded: change what is told above, or open something else"
        if self.state == "running" and self.status.progress is not None:  # the trainer has paused that run
            self._show_progress(replace(self.status.progress, state="paused", curves=None))

    def _show_progress(self, progress: Progress) -> None:
        self.state = progress.state
        self._held = progress if self._held is None else newest(self._held, progress)  # type: ignore[assignment]
        self._draw_progress()

    def _draw_progress(self) -> None:
        """Draw what is newest, as soon as the terminal has taken what was drawn before."""
        if self.pacing.is_behind(self.app):
            if self._retry is None:
                self._retry = self.set_timer(RETRY, self._draw_again)
            return
        progress, seen = self._held, self._held_seen
        self._held = self._held_seen = None
        if progress is not None and progress.run == self._run:
            self.status.progress = progress
            self.tabs.show_progress(progress)
        if seen is not None and seen.run == self._run:
            self.tabs.show_seen(seen)
        self.pacing.drawn(self.app)

    def _draw_again(self) -> None:
        self._retry = None
        self._draw_progress()

    def _send_if_ready(self, command: AnyCommand) -> None:
        if self._failures == MAX_FAILURES:
            self._failures = 0
            self.renew_client()
            self.message_line.say("Starting another trainer ...")
            self.follow_reports()
        elif self._refused is not None:
            self._show_refusal(self._refused)
        elif self.state == "diverged":
            fix = "" if self._remedy is None else f" {key_of(FIX)} {self._remedy.said} and runs again;"
            again = f"lower the rate with {key_of('rate_minus')} and press {key_of('reset')}"
            self.message_line.say(f"This run diverged.{fix} or {again}.", "error")
        else:
            self.message_line.say("")
            self.client.send(command)

    def action_toggle_training(self) -> None:
        if self.state == "running":
            self.client.send(Pause())
        else:
            self._send_if_ready(Train())

    def action_slow(self) -> None:
        """The next slower motion, then full speed again."""
        self._motion = SLOW_MOTIONS[(SLOW_MOTIONS.index(self._motion) + 1) % len(SLOW_MOTIONS)]
        self.client.send(SlowDown(self._motion))
        told = "Full speed." if self._motion is None else f"Slow motion: {self._motion:g} steps a second."
        self.message_line.say(told)

    def action_swap_best(self) -> None:
        """The weights of the best epoch, or the newest ones back."""
        self.client.send(SwapBest())

    @work
    async def action_export(self) -> None:
        """Ask for a folder, and have the network written into it."""
        suggestion = str(free_folder(self.experiment.name, Path(".")))
        path = await self.app.push_screen_wait(AskPath("Export the network to the folder", suggestion))
        if path is None:
            return
        try:
            folder = confined(path)
        except UserError as error:
            self.message_line.say(str(error), "error")
            return
        self.client.send(Export(os.path.abspath(folder)))

    def begin_with(self, weights: Path) -> None:
        """Go back to the first step, with the weights of a file."""
        self._load(weights=os.path.abspath(weights))

    def action_step(self) -> None:
        self._send_if_ready(Step())

    def action_epoch(self) -> None:
        self._send_if_ready(Epoch())

    def action_reset(self) -> None:
        self.message_line.say("Back to the first step, with the same weights.")
        self._load()

    async def action_reseed(self) -> None:
        seed = self.experiment.model.seed + 1
        said = f"Back to the first step, with the weights of seed {seed}."
        await self.change_field("model.seed", seed, said)

    async def action_rate(self, direction: int) -> None:
        rate = next_rate(self.experiment.training.learning_rate, direction)
        await self.change_field("training.learning_rate", rate, f"Learning rate {rate:g}.")

    async def action_fix(self) -> None:
        """Make the change that helps a run that diverged, and run again."""
        if self._remedy is None or self.state != "diverged":
            self.message_line.say("Nothing to fix: no run has diverged.")
            return
        remedy, changed = self._remedy, self.experiment
        for path, value in remedy.changes.items():
            changed = with_field(changed, path, value)
        await self.start_over(changed)
        self.client.send(Train())
        self.message_line.say(f"Again from the first step: {remedy.said}; {key_of(UNDO)} takes it back.", "good")


@dataclass
class RunEnded(Message):
    """The run under work has come to its end, or diverged."""

    sentence: str
