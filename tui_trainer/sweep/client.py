"""The app's side of a sweep: starts its process, sends commands, yields the events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tui_trainer.runtime.child import ChildProcess

from .messages import AnyCommand, AnyNews, Cancel, Start, SweepCrashed, SweepFinished, SweepProgress, news_decoder

MODULE = "tui_trainer.sweep.service"
LOWEST = 19  # niceness


class SweepClient(ChildProcess[AnyCommand, AnyNews]):
    """One process for one sweep, at most; it never outlives the app."""

    name = "the sweep's process"
    patience = 3.0

    def __init__(self, niceness: int) -> None:
        super().__init__(news_decoder, _append_newest)
        self._niceness = min(niceness, LOWEST)
        self._started = self._finished = False  # the sweep

    async def start(self) -> None:
        """Start the process."""
        await self._start(MODULE, str(self._niceness))

    def send(self, command: AnyCommand) -> None:
        """Send a command, or keep it until the process is there; it is dropped if the process has ended."""
        self._started = self._started or isinstance(command, Start)
        super().send(command)

    async def news(self) -> AsyncIterator[AnyNews]:
        """Yield events as they arrive. The last one is ``SweepFinished``, or ``SweepCrashed``."""
        async for event in self._messages():
            if isinstance(event, SweepFinished):
                self._finished = True
                self._hang_up()  # nothing more will come, and its own end takes a moment
            yield event
        if not self._finished and not self._closing:
            yield SweepCrashed(await self._last_words())

    async def close(self) -> None:
        """Cancel the sweep if it is running, end the process, and wait for that."""
        await self._close(Cancel() if self._started and not self._finished else None)


def _append_newest(events: list[AnyNews], event: AnyNews) -> None:
    """Append ``event``; a progress that it follows directly is stale if it is one itself."""
    if events and isinstance(event, SweepProgress) and isinstance(events[-1], SweepProgress):
        events.pop()
    events.append(event)
