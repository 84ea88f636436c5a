"""The app's side of a sweep: starts its process, sends commands and yields its events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tui_trainer.runtime.client import ChildProcess, keeps_newest

from .messages import AnyCommand, AnyEvent, Cancel, Start, SweepCrashed, SweepFinished, SweepProgress, event_decoder

MODULE = "tui_trainer.sweep.service"
MAX_NICENESS = 19  # the lowest priority


class SweepClient(ChildProcess[AnyCommand, AnyEvent]):
    """The process of at most one sweep; it never outlives the app."""

    name = "the sweep's process"
    patience = 3.0

    def __init__(self, niceness: int) -> None:
        super().__init__(event_decoder, keeps_newest(SweepProgress))
        self._niceness = min(niceness, MAX_NICENESS)
        self._started = self._finished = False  # about the sweep, not the process

    async def start(self) -> None:
        """Start the process."""
        await self._start(MODULE, str(self._niceness))

    def send(self, command: AnyCommand) -> None:
        """Send a command, or queue it until the process is ready; it is dropped if the process has ended."""
        self._started = self._started or isinstance(command, Start)
        super().send(command)

    async def events(self) -> AsyncIterator[AnyEvent]:
        """Yield events as they arrive. The last one is ``SweepFinished``, or ``SweepCrashed``."""
        async for event in self._messages():
            if isinstance(event, SweepFinished):
                self._finished = True
                self._hang_up()  # no more events will come, and the process takes a moment to end
            yield event
        if not self._finished and not self._closing:
            yield SweepCrashed(await self._last_words())

    async def close(self) -> None:
        """Cancel the sweep if it is running, end the process, and wait until it has ended."""
        await self._close(Cancel() if self._started and not self._finished else None)
