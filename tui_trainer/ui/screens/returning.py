"""The part of the training screen that comes back to runs: cut off ones, and those that go on elsewhere."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from textual.reactive import var
from textual.worker import Worker

from tui_trainer.app.editor import SetupScreen
from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol.commands import Attach, Load, Resume, SlowDown, Watch
from tui_trainer.protocol.reports import Attached, Crashed, Offer, State
from tui_trainer.runtime.child import Launch
from tui_trainer.runtime.client import Client
from tui_trainer.ui.status_lines import clock
from tui_trainer.ui.text import plain

from ..keymap import key_of
from ..pacing import Pacing

TRAIN, RESUME = "toggle_training", "resume"
LAST_ANSWER = 1.0  # seconds that the terminal may take for it


class ReturningScreen(SetupScreen):
    """Owns the client. Every load has a number, and reports of another load are not looked at."""

    state: var[State] = var("empty", bindings=True)

    def __init__(self, experiment: Experiment, path: Path | None = None) -> None:
        super().__init__(experiment, path)
        self.pacing = Pacing()
        self.launch = Launch()
        self.client = Client()
        self._run = 0
        self._offer: Offer | None = None
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

    async def show_offer(self, offer: Offer) -> None:
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
