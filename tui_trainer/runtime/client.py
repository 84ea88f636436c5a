"""The app's side of the trainer: starts one or attaches to one, sends commands, yields reports."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tui_trainer.protocol import (
    AnyCommand,
    AnyReport,
    Attached,
    Close,
    Crashed,
    TakenOver,
    queue_newest,
    report_decoder,
)
from tui_trainer.store.live_trainers import call, folder_beside

from .child import ChildProcess
from .launch import Launch

MODULE = "tui_trainer.runtime.worker"


class Client(ChildProcess[AnyCommand, AnyReport]):
    """One trainer: a child process that ends with the app unless it stays, or a live session that was attached to."""

    name = "the trainer"
    patience = 1.0  # it saves its run

    def __init__(self, launch: Launch | None = None) -> None:
        super().__init__(report_decoder, queue_newest)
        self._launch = launch or Launch()
        self._unreachable = "The trainer was not started"
        self._displaced = False
        self.stays = self._launch.stays  # whether it trains on when this client goes

    async def start(self) -> None:
        """Start the child, or attach to the session."""
        if not self._launch.attach:
            await self._start(MODULE, self._launch.as_argument())
            return
        from tui_trainer.store.store import default_path  # with SQLite: not before the first frame

        try:
            connection = call(folder_beside(default_path()), self._launch.attach)
        except OSError as error:
            self._unreachable = f"The session can't be reached: {error.strerror or error}"
            return
        await self._connect(connection)

    async def reports(self) -> AsyncIterator[AnyReport]:
        """Yield reports as they arrive. If the trainer ends unexpectedly, the last one is ``Crashed``."""
        if self._reader is None:
            yield Crashed(0, self._unreachable)
            return
        async for report in self._messages():
            if isinstance(report, Attached):
                self.stays = report.stays
            self._displaced = self._displaced or isinstance(report, TakenOver)
            yield report
        if self._closing or self._displaced:
            return
        attached = self._process is None and not self._reader.garbled
        yield Crashed(0, "The session has ended" if attached else await self._last_words())

    async def close(self) -> None:
        """Let the trainer save its run and end, or train on alone if it stays, and wait for that."""
        if self._displaced:
            await self._close(None, outlives=True)
        else:
            await self._close(Close(), outlives=self.stays)
