"""The link to the trainer: sends commands, receives reports, and starts a new process after a crash."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.message import Message
from textual.timer import Timer

from tui_trainer import protocol
from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.dialogs.preview_data import name_of
from tui_trainer.errors import plain
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import on_screen
from tui_trainer.files import confined, free_folder, free_name, safe_name
from tui_trainer.formats import format_clock
from tui_trainer.pace import FULL, PACE_NAMES, PACES, Pace
from tui_trainer.plotting.lines import warm_up
from tui_trainer.run_state import RUN_STATES
from tui_trainer.runtime import Launch
from tui_trainer.runtime.client import Client
from tui_trainer.tabs import tab_named
from tui_trainer.ui.fields import Field
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.pacing import FramePacing
from tui_trainer.ui.plot_widgets import FrameWidget
from tui_trainer.ui.status_lines import description

from .controller import Controller
from .editor import keeps_weights, swaps_points

if TYPE_CHECKING:
    from tui_trainer.runtime.playback import Playback

    from .screen import MainScreen

MAX_FAILURES = 3  # trainers in a row that end at once until no more are started
FIX, UNDO = "fix", "undo"
RETRY = 0.01  # seconds until a terminal that was behind is checked again
TRAIN, RESUME = "toggle_training", "resume"
LAST_ANSWER = 1.0  # seconds that the terminal may take for it
LOSS = "loss"


class TrainerLink(Controller):
    """Owns the client. Every load has a number; reports with another number are stale and dropped."""

    name = "trainer"

    def __init__(self, screen: MainScreen) -> None:
        super().__init__(screen)
        self.pacing = FramePacing()
        self.launch = Launch()
        self.client: Client | Playback = Client()
        self.loaded: protocol.Loaded | None = None
        self.refused: protocol.Refused | None = None  # the newest load, until another one succeeds
        self.chosen_pace = self.pace = FULL  # the user's, and the present one: a lesson may have its own
        self._run = 0  # the number of the newest load
        self._opening = 0  # the number of the load that opens a run chosen in the Runs tab
        self._offer: protocol.ResumeOffer | None = None
        self._crash: protocol.Crashed | None = None  # until the next trainer has loaded something
        self._remedy: protocol.Remedy | None = None  # for the run that has ended
        self._end = ""  # the sentence on how it ended
        self._fix_asked = False  # before the remedy has arrived
        self._is_reading = False  # the user's file, for the newest load
        self._pending_progress: protocol.Progress | None = None  # received, but not drawn yet
        self._pending_update: protocol.Update | None = None
        self._retry: Timer | None = None
        self._failures = 0  # trainers in a row that ended before they had loaded anything
        self._counts_dead = False  # as the trainer was told last
        self._target = ""  # the one that the user looked at last, of several
        self._watched_target = 0  # the index of the one for which the trainer computes

    # The trainer's process

    def start_with(self, launch: Launch) -> None:
        """Set how the trainer is started; called before the start."""
        self.launch, self.client = launch, Client(launch)

    def follow_reports(self) -> None:
        """Start the trainer and handle its reports, instead of those of the previous trainer."""
        self.run_worker(self._follow_reports, exclusive=True, group="reports")

    async def leave(self) -> None:
        """End the app. A message in the terminal mentions a run that goes on without it."""
        await self.pacing.settle(LAST_ANSWER)
        goes_on = self.client.stays and self.screen.state == "running"
        self.screen.app.exit(message="The run continues; tui-trainer --resume returns to it." if goes_on else None)

    async def _follow_reports(self) -> None:
        """Start the child and handle its reports; start another one if it ends unexpectedly."""
        while True:
            self._send_first()
            await self.client.start()
            await self.handle_each(self.client.reports(), self.screen.on_report)
            if not self.screen.is_running or self._crash is None:
                return
            self._failures += 1
            if self._failures == MAX_FAILURES:
                self.show_message(
                    f"{self._crash.sentence}. It could not be started; {key_of(TRAIN)} tries again.", "error"
                )
                self.screen.state = "empty"
                return
            self._renew_client()

    def _renew_client(self) -> None:
        """Prepare another trainer, which resumes nothing: the last one has already done so."""
        self.start_with(replace(self.launch, attach="", offer=None))

    def _send_first(self) -> None:
        """Send the first commands to a new trainer, or to the session to attach to."""
        if self.launch.attach:
            self._run += 1
            self.client.send(protocol.Attach(self._run))
        elif self.launch.follow:
            self.client.send(protocol.Follow())
        else:
            self.load()
        self.watch_view()
        if self.pace != FULL:
            self.client.send(protocol.SetPace(self.pace))
        if self._counts_dead:
            self.client.send(protocol.CountDead(True))

    # Commands

    def watch_view(self) -> None:
        """Tell the trainer what the open tab needs."""
        command = self.screen.tabs.watch_command()
        self._watched_target = command.target
        self.client.send(command)

    def count_dead(self, is_on: bool) -> None:
        """Have dead units counted, for a lesson that asks for them, or no longer."""
        if is_on != self._counts_dead:
            self._counts_dead = is_on
            self.client.send(protocol.CountDead(is_on))

    def load(self, keep_weights: bool = False, weights: str = "") -> None:
        """Run the current experiment from its first step, optionally with the current weights or those of a file."""
        self._run += 1
        self.screen.editor.history.forget_weights()
        self.client.send(protocol.Load(self.screen.experiment, self._run, keep_weights, weights))
        self.screen.on_load()

    def load_weights(self, file: Path) -> None:
        """Go back to the first step, with the weights of a file."""
        self.load(weights=os.path.abspath(file))

    async def start_over(self, experiment: Experiment) -> None:
        """Make ``experiment`` the current one, and go back to its first step even if only the rate differs."""
        await self.screen.editor.adopt_experiment(experiment)
        self.load()

    def apply_edit(self, before: Experiment, after: Experiment, message: str) -> None:
        """Send an edited experiment to the trainer: from the first step, unless the weights may stay."""
        if keeps_weights(before, after) and self.refused is None:
            self.client.send(protocol.Tune(after.training))
            self.show_message(message)
            return
        was_training = self.screen.state in ("running", "paused")
        swapped = swaps_points(before, after)
        if was_training:
            message = message or ("New points; the weights stay." if swapped else "The settings changed.")
            message += "" if swapped else " Back to the first step."
        self.show_message(message)
        self.load(keep_weights=swapped)

    def send_weight(self, index: int, value: float) -> None:
        """Set a weight of the run, without a reset."""
        self.client.send(protocol.SetWeight(index, value))

    def open_run(self, run: int) -> None:
        """Load a run of the store, where it was saved."""
        self._opening = self._resume(run)

    def _resume(self, run: int) -> int:
        """Ask the trainer to resume a run of the store; returns the number of that load."""
        self._run += 1
        self.screen.editor.history.forget_weights()
        self.client.send(protocol.Resume(run, self._run))
        return self._run

    async def _attach(self, session: str) -> None:
        """Leave the trainer, and attach to another session instead."""
        old_client = self.client
        self.start_with(replace(self.launch, attach=session, offer=None))
        self.follow_reports()
        await old_client.close()

    def _send_if_ready(self, command: protocol.AnyCommand) -> None:
        """Send a training command; if nothing can be trained, say why, or start another trainer."""
        if self._failures == MAX_FAILURES:
            self._failures = 0
            self._renew_client()
            self.show_message("Starting another trainer ...")
            self.follow_reports()
        elif self.refused is not None:
            self._show_refusal(self.refused)
        elif self.screen.state == "diverged":
            fix = "" if self._remedy is None else f" {key_of(FIX)} {self._remedy.said} and trains again;"
            again = f"lower the rate with {key_of('rate_minus')} and press {key_of('reset')}"
            self.show_message(f"This run diverged.{fix} or {again}.", "error")
        else:
            self.show_message("")
            self.client.send(command)

    # Reports

    async def on_report(self, report: protocol.AnyReport) -> bool:
        match report:
            case protocol.Previewed() | protocol.PredictingProgress() | protocol.Predicted():  # of files, not of a run
                return False
            case protocol.Crashed() if self.screen.following.is_on:
                await self._end_with(f"{report.sentence}.")
            case protocol.Crashed():
                self._crash = report
                self.show_message(f"{report.sentence}. A new trainer has been started.", "error")
            case protocol.ResumeOffer():
                await self._show_offer(report)
            case protocol.Notice():
                self.show_message(report.sentence, "good" if report.good else "error")
            case protocol.TakenOver():
                await self._end_with("Another terminal has taken over this session.")
            case protocol.Followed():
                await self._show_followed(report)
            case protocol.Update():
                self._pending_update = report
                self._draw_pending()
            case _ if report.run != self._run:
                return True
            case protocol.Opened():
                await self._show_opened(report)
            case protocol.Attached():
                await self._show_attached(report)
            case protocol.LoadingProgress():
                self._show_reading(report)
            case protocol.Loaded():
                self._end_reading()
                self._show_loaded(report)
            case protocol.Refused():
                self._end_reading()
                await self.screen.editor.reveal(report.field)
                self._show_refusal(report)
            case protocol.Progress():
                self._show_progress(report)
                return report.now is not None  # nobody else takes an earlier moment for the present
            case protocol.Ended():
                await self._show_end(report)
            case protocol.Finding():
                self._show_finding(report)
        return False

    async def _end_with(self, sentence: str) -> None:
        """Leave the app, as there is no session for it any more."""
        self.screen.dialogs.is_closed = True
        await self.pacing.settle(LAST_ANSWER)
        self.screen.app.exit(message=sentence)

    async def _show_offer(self, offer: protocol.ResumeOffer) -> None:
        """Offer a run that can be resumed; resume it if requested, or if its trainer has crashed."""
        name, ago = plain(offer.experiment.title), format_clock(offer.seconds_ago)
        crash = self._crash
        if offer.alone and crash is not None:
            return
        self._offer = offer
        if crash is not None:
            await self.action_resume()
            back = f"Back at epoch {offer.epoch:,}, step {offer.step:,}; {key_of(TRAIN)} continues."
            self.show_message(f"{crash.sentence}. {back}", "error")
            self._crash = None
        elif offer.stored == self.launch.offer:
            await self.action_resume()
        elif offer.alone:
            where = f"is running without a screen, at epoch {offer.epoch:,}"
            self.show_message(f"The run {name} {where}: {key_of(RESUME)} returns to it.")
        else:
            stopped = f"The run {name} stopped at epoch {offer.epoch:,}, {ago} ago"
            self.show_message(f"{stopped}: {key_of(RESUME)} resumes it.")

    async def _show_attached(self, attached: protocol.Attached) -> None:
        """Adopt the experiment and the pace of the attached session."""
        await self._adopt(attached.experiment, attached.pace)
        self.show_message("Back in the session.")

    async def _show_followed(self, followed: protocol.Followed) -> None:
        """Take what is set in the session, and the number of its run."""
        self._run = followed.run
        await self._adopt(followed.experiment, followed.pace)

    async def _adopt(self, experiment: Experiment, pace: Pace) -> None:
        self.pace = pace
        self.screen.header.pace = pace.name
        await self.screen.editor.adopt_experiment(experiment)

    async def _show_opened(self, opened: protocol.Opened) -> None:
        """Adopt the experiment of a run of the store, and show its curves if it was opened in the Runs tab."""
        await self.screen.editor.adopt_experiment(opened.experiment)
        if opened.run == self._opening:
            self.screen.tabs.active = LOSS
            self.show_message(
                f"Opened {plain(opened.name)} at epoch {opened.epoch:,}; {key_of(TRAIN)} continues training."
            )

    def _show_reading(self, reading: protocol.LoadingProgress) -> None:
        self._is_reading = True
        name = name_of(self.screen.experiment.dataset.path or "")
        self.show_message(f"Reading {name}: {reading.fraction:.0%}; {key_of(TRAIN)} stops it.")

    def _end_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self.show_message("")

    def _show_loaded(self, loaded: protocol.Loaded) -> None:
        screen = self.screen
        if self.loaded is None:
            screen.run_worker(warm_up, thread=True, group="warm up")
        self.loaded, self.refused, self._crash, self._failures = loaded, None, None, 0
        self._pending_progress = self._pending_update = None  # of the run before
        if len(loaded.dataset.targets) > 1 and self._target in loaded.dataset.targets:
            self.loaded = loaded = replace(loaded, dataset=loaded.dataset.showing(self._target))
        screen.status.loss_unit = loaded.dataset.loss_unit
        screen.status.largest_class = loaded.dataset.largest_class
        screen.header.run = description(loaded)
        screen.tabs.show_loaded(loaded)
        screen.data_panel.show_dataset(loaded.dataset)
        screen.network_panel.show_params(loaded.params)
        screen.network_panel.show_inferred(loaded.experiment.model.output)
        screen.training_panel.show_inferred(loaded.experiment.training.loss or "")
        if loaded.dataset.target_index != self._watched_target:
            self.watch_view()

    def _show_refusal(self, refused: protocol.Refused) -> None:
        self.refused = refused
        self.show_message(on_screen(refused.field, refused.reason), "error")
        for field in self.screen.walk_children(Field):
            field.invalid = field.invalid or field.path == refused.field
        status = self.screen.status
        status.before = "nothing loaded: see the message above, or open something else"
        if self.screen.state == "running" and status.progress is not None:  # the trainer has paused that run
            paused = replace(status.progress, state="paused")
            self._show_progress(paused)
            self.screen.lessons.show_progress(paused)

    async def _show_end(self, ended: protocol.Ended) -> None:
        self._remedy, self._end = ended.remedy, ended.sentence
        self.show_message(ended.sentence + _key(ended.remedy), "error" if ended.state == "diverged" else "good")
        self.screen.post_message(RunEnded(f"{self.screen.experiment.title}: {ended.sentence}"))
        if self._fix_asked:
            await self.action_fix()

    def _show_finding(self, finding: protocol.Finding) -> None:
        """Show what is wrong with the run that has ended; a lesson says itself what is to be seen."""
        if RUN_STATES[self.screen.state].ended and not self.screen.in_lesson:
            self._remedy = finding.remedy
            others = f" {finding.others} more: key {key_of('tab_summary')}." if finding.others else ""
            words = f"{finding.sentence}{_key(finding.remedy)}{others}"
            if finding.nothing_learnt:
                self.show_message(words, "error")
            else:
                self.show_message(f"{self._end} {words}")

    def _show_progress(self, progress: protocol.Progress) -> None:
        self.screen.state = progress.state
        if progress.state in ("running", "ready"):
            self._remedy, self._fix_asked = None, False
        self.screen.moments.on_progress(progress)
        self._pending_progress = progress
        self._draw_pending()

    def _draw_pending(self) -> None:
        """Draw the newest reports, as soon as the terminal has received the previous frame."""
        if self.pacing.is_behind(self.screen.app):
            if self._retry is None:
                self._retry = self.screen.set_timer(RETRY, self._draw_again)
            return
        progress, update = self._pending_progress, self._pending_update
        self._pending_progress = self._pending_update = None
        budget = self.pacing.budget
        is_training = self.screen.state == "running" and self.screen.moments.shown is None
        has_rest = budget.limit is not None or not is_training  # else the next frame is here before it is painted
        owing = (
            [picture for picture in self.screen.walk_children(FrameWidget) if picture.is_owed]
            if has_rest and budget.owed
            else []
        )
        if progress is None and update is None and not owing:
            return
        budget.begin(is_training and not self.pacing.paints_all)
        if progress is not None and progress.run == self._run:
            self.screen.header.progress = self.screen.status.progress = progress
            self.screen.tabs.show_progress(progress)
        if update is not None:
            self._show_update(update)
        for picture in owing:
            picture.paint_rest()
        self.pacing.drawn(self.screen.app)
        if has_rest and self._retry is None:
            self._retry = self.screen.set_timer(RETRY, self._draw_again)  # for what is left of the pictures

    def _show_update(self, update: protocol.Update) -> None:
        """Show computed content; if it can't be decoded, end the trainer, as for an invalid message."""
        try:
            if update.run == self._run or not tab_named(update.tab).about_run:
                self.screen.tabs.show_update(update)
        except (KeyError, *protocol.NO_MESSAGE):
            self.client.reject()

    def _draw_again(self) -> None:
        self._retry = None
        self._draw_pending()

    # Keys

    def action_toggle_training(self) -> None:
        """Train or pause; if a file is being read, stop that; from an earlier moment, only go back to now."""
        if self.screen.moments.back_to_now(TRAIN):
            return
        if self._is_reading or self.screen.state == "running":
            self.client.send(protocol.Pause())
        else:
            self._send_if_ready(protocol.Train())

    def action_step(self) -> None:
        """Train on one mini-batch."""
        if not self.screen.moments.back_to_now("step"):
            self._send_if_ready(protocol.Step())

    def action_epoch(self) -> None:
        """Train to the end of an epoch."""
        if not self.screen.moments.back_to_now("epoch"):
            self._send_if_ready(protocol.Epoch())

    def action_reset(self) -> None:
        """Go back to the first step."""
        self.show_message("Back to the first step, with the same weights.")
        self.load()

    def action_train_to_end(self) -> None:
        """Train at full speed until the run ends; the pace stays for the next one."""
        if not self.screen.moments.back_to_now("train_to_end"):
            self._send_if_ready(protocol.Train(to_end=True))

    def action_next_target(self) -> None:
        """Show the next one of several targets in all tabs."""
        if self.loaded is None:
            return
        targets, index = self.loaded.dataset.targets, self.loaded.dataset.target_index
        if len(targets) == 1:
            self.show_message(
                f"There is one target, {plain(targets[0])}; several columns of your own data can be chosen."
            )
            return
        following = (index + 1) % len(targets)
        self.show_target(following)
        self.show_message(f"Target {following + 1} of {len(targets)}: {plain(self._target)}.")

    def show_target(self, index: int) -> None:
        """Show another one of several targets in all tabs; nothing changes if it is shown, or there is none."""
        if self.loaded is None or index not in range(len(self.loaded.dataset.targets)):
            return
        if index == self.loaded.dataset.target_index:
            return
        self._target = self.loaded.dataset.targets[index]
        self.loaded = replace(self.loaded, dataset=self.loaded.dataset.showing(self._target))
        self.screen.header.run = description(self.loaded)
        self._pending_update = None
        self.screen.tabs.show_target(self.loaded)
        self.watch_view()

    def action_pace(self, direction: int) -> None:
        """Switch to the next faster pace (1), or the next slower one (-1)."""
        following = PACE_NAMES.index(self.pace.name) + direction
        if not 0 <= following < len(PACES):
            self.show_message(f"This is the {'fastest' if direction > 0 else 'slowest'} pace. {self.pace.sentence}")
            return
        self.choose_pace(PACES[following])

    def next_pace(self) -> None:
        """Take the next faster pace; after the fastest comes the slowest."""
        self.choose_pace(PACES[(PACE_NAMES.index(self.pace.name) + 1) % len(PACES)])

    def choose_pace(self, pace: Pace) -> None:
        """Take a pace that the user has chosen: for good, unless the lesson has its own."""
        if self.pace == self.chosen_pace:
            self.chosen_pace = pace
            self.screen.post_message(PaceChosen(pace))
        self.set_pace(pace)
        self.show_message(pace.sentence)

    def set_pace(self, pace: Pace | None) -> None:
        """Train at ``pace`` from now on; None is the pace chosen by the user."""
        self.pace = pace = pace or self.chosen_pace
        self.screen.header.pace = pace.name
        self.client.send(protocol.SetPace(pace))

    def action_swap_best(self) -> None:
        """Load the weights of the best epoch, or the newest ones again."""
        self.client.send(protocol.SwapBest())

    async def action_resume(self) -> None:
        """Resume the run that was offered, or attach to its session."""
        if self._offer is None:
            self.show_message("No run was cut off.")
            return
        offer, self._offer = self._offer, None
        if offer.alone:
            await self._attach(offer.alone)
            return
        await self.screen.editor.adopt_experiment(offer.experiment)
        self._resume(offer.stored)
        self.show_message(f"Back at epoch {offer.epoch:,}; {key_of(TRAIN)} continues.")

    async def action_fix(self) -> None:
        """Apply what helps the run that has ended, and train again."""
        remedy, changed = self._remedy, self.screen.experiment
        if remedy is None and self.screen.state == "diverged" and not self._fix_asked:
            self._fix_asked = True  # the trainer is still trying what helps
            self.show_message("Trying what helps ...")
            return
        self._fix_asked = False
        if remedy is None and self.screen.editor.has_offer:
            await self.screen.editor.take_offer()
            return
        if remedy is None:
            self.show_message("Nothing to fix: the run shows nothing that would help it.")
            return
        for path, value in remedy.changes.items():
            changed = with_field(changed, path, value)
        await self.start_over(changed)
        self.client.send(protocol.Train())
        self.show_message(f"Again from the first step: {remedy.said}; {key_of(UNDO)} undoes it.", "good")

    def action_export(self) -> None:
        """Ask for a folder, and export the network into it."""
        self.converse(self._export)

    async def _export(self) -> None:
        suggestion = str(free_folder(self.screen.experiment.short_name, Path(".")))
        question = AskPath("Export the network to the folder", suggestion)
        path = await self.screen.dialogs.ask(question)
        if path is not None:
            self.client.send(protocol.Export(os.path.abspath(confined(path))))

    def ask_for_report(self) -> None:
        """Ask for a file, and write a report of the run to it."""
        self.converse(self._write_report)

    async def _write_report(self) -> None:
        suggestion = free_name(Path("."), f"{safe_name(self.screen.experiment.title)}-report.md")
        path = await self.screen.dialogs.ask(AskPath("Write a report of the run to the file", suggestion))
        if path is not None:
            self.client.send(protocol.WriteReport(os.path.abspath(confined(path))))


def _key(remedy: protocol.Remedy | None) -> str:
    return "" if remedy is None else f" Key {key_of(FIX)} {remedy.said} and trains again."


@dataclass
class RunEnded(Message):
    """The current run has finished, or diverged."""

    sentence: str


@dataclass
class PaceChosen(Message):
    """The user chose another pace."""

    pace: Pace
