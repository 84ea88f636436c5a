"""Plays a run of this process to the app, moment by moment, in place of a trainer: nothing is trained on, or saved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from msgspec.structs import replace

from tui_trainer import protocol
from tui_trainer.experiment.schema import Experiment
from tui_trainer.run_state import RunState
from tui_trainer.tabs.computing import TabComputing, TrainerContext
from tui_trainer.training.session import Session
from tui_trainer.training.timeline import LookBack, Moment

from . import reporting


class Playback:
    """Stands in for a ``Client``: answers what the open tab requests for the moment that is shown.

    Other commands have no effect. ``stays`` and ``heard`` are as of a client.
    """

    stays = False

    def __init__(self, session: Session) -> None:
        self.heard = 0
        self._session, self._look_back = session, LookBack(session)
        self._reports: asyncio.Queue[protocol.AnyReport] = asyncio.Queue()
        self._is_waited_for = False
        self._moment: Moment | None = None
        self._watch: protocol.Watch | None = None
        self._tabs: TabComputing | None = None
        self._run = 0

    @property
    def experiment(self) -> Experiment:
        """The experiment of the run, as requested."""
        return self._session.requested

    @property
    def newest(self) -> int:
        """The newest epoch of the run."""
        return self._session.trainer.epochs

    @property
    def is_idle(self) -> bool:
        """Whether every report was handled."""
        return self._is_waited_for and self._reports.empty()

    def show(self, epoch: int, budget: float) -> Moment:
        """Show the run after ``epoch``, or the nearest moment that takes no longer than ``budget`` seconds to train.

        Raises UserError if there is none.
        """
        self._moment = self._look_back.at(epoch, budget)
        if self._tabs is None:
            self._tabs = TabComputing(TrainerContext(self._moment.session))
        session = self._session
        state: RunState = "running" if self._moment.epoch else "ready"
        if self._moment.epoch == session.trainer.epochs:
            state = session.state
        progress = reporting.progress(self._moment.session, self._run)
        self._reports.put_nowait(replace(progress, state=state))
        self._update()
        return self._moment

    async def start(self) -> None:
        """Nothing has to be started."""

    async def close(self) -> None:
        """Nothing has to be ended."""

    def reject(self) -> None:
        """There is nobody to reject."""

    def send(self, command: protocol.AnyCommand) -> None:
        """Answer a command."""
        match command:
            case protocol.Load():
                self._run = command.run
                self._reports.put_nowait(reporting.loaded(self._session, self._run))
            case protocol.Watch():
                self._watch = command
                self._update()

    async def reports(self) -> AsyncIterator[protocol.AnyReport]:
        """Yield reports as they come."""
        while True:
            self._is_waited_for = True  # the one before was handled
            report = await self._reports.get()
            self._is_waited_for = False
            self.heard += 1
            yield report

    def _update(self) -> None:
        """Compute the open tab for the moment that is shown."""
        if self._tabs is None or self._moment is None or self._watch is None:
            return
        self._tabs.watch(self._watch)
        computed = self._tabs.compute()
        if computed is not None:
            tab, content = computed
            steps = self._moment.session.steps
            self._reports.put_nowait(
                protocol.Update(self._run, tab, steps, protocol.encode(content), self._tabs.target)
            )
