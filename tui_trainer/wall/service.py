"""The process of a race that the app starts: it trains the networks at a pace, and tells many times a second of them.

It is started as ``python -m tui_trainer.wall.service NICENESS`` with a socket as its standard input, and ends
immediately when the app closes that, or ends.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import sys
import time

import msgspec

from tui_trainer.errors import UserError, printable
from tui_trainer.pace import Schedule
from tui_trainer.runtime.connection import read_commands, reserved_connection, send_event, start_thread
from tui_trainer.store.store import StoreError
from tui_trainer.sweep.workers import with_absolute_path
from tui_trainer.system.processes import lower_priority

from . import messages
from .race import Race

SLICE = 0.012  # seconds of training between two looks at what the app wants
IDLE = 60.0  # seconds between two looks at nothing


class WallService:
    """Trains one race after another, as the app says."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._inbox: queue.SimpleQueue[messages.AnyCommand] = queue.SimpleQueue()
        self._race: Race | None = None
        self._look: messages.Look | None = None
        self._pace = messages.WATCH
        self._schedule: Schedule | None = None  # while it runs
        self._chunk = 1  # ticks that are trained between two looks at the clock
        self._told_at = 0.0
        self._is_told = True  # whether the app has seen where the race is now

    def serve(self) -> None:
        """Handle commands, train, and tell, until the app has gone."""
        start_thread(read_commands, self._socket, messages.command_decoder, self._inbox.put)
        while True:
            with contextlib.suppress(queue.Empty):
                self._handle(self._inbox.get(timeout=self._wait()))
            if self._race is not None:
                self._train(self._race)
                if not self._is_told and time.perf_counter() - self._told_at >= 1.0 / messages.FRAMES:
                    self._tell(self._race)

    def _wait(self) -> float:
        """Return the seconds until there is something to do, if the app wants nothing."""
        now, waits = time.perf_counter(), [IDLE]
        if self._schedule is not None and self._race is not None:
            waits.append(self._schedule.wait(self._race.tick, now))
        if not self._is_told:
            waits.append(self._told_at + 1.0 / messages.FRAMES - now)
        return max(0.0, min(waits))

    def _handle(self, command: messages.AnyCommand) -> None:
        self._is_told = False
        match command:
            case messages.StartRace():
                self._start(command)
            case messages.Look():
                self._look = command
            case messages.SetPace(pace):
                self._pace = pace
                self._set_running(self._schedule is not None)
            case messages.Go(running):
                self._set_running(running)
            case messages.OneEpoch() if self._race is not None:
                self._schedule = None
                self._race.advance(self._race.ticks_per_epoch - self._race.tick % self._race.ticks_per_epoch)
            case messages.Keep(network) if self._race is not None:
                self._keep(self._race, network)

    def _start(self, command: messages.StartRace) -> None:
        self._race = self._schedule = None
        try:
            experiment = with_absolute_path(command.experiment)
            self._race = Race(command.race, experiment, command.path, command.values)
        except UserError as error:
            self._send(messages.RaceRefused(command.race, error.field, error.reason))
        except MemoryError:
            reason = "the networks don't fit into memory; race fewer, or smaller ones"
            self._send(messages.RaceRefused(command.race, "", reason))
        else:
            self._send(self._race.ready)

    def _set_running(self, running: bool) -> None:
        race, self._schedule = self._race, None
        if race is not None and running and not race.is_over:
            self._schedule = Schedule(self._pace, 0, race.ticks, race.tick)

    def _train(self, race: Race) -> None:
        """Train what is due now, for about a slice of time."""
        deadline = time.perf_counter() + SLICE
        while self._schedule is not None and self._inbox.empty():
            now = time.perf_counter()
            ticks = self._schedule.steps_due(race.tick, now, self._chunk)
            if ticks == 0 or now >= deadline:
                return
            race.advance(ticks)
            self._is_told = False
            took = time.perf_counter() - now
            if took > SLICE / 2:
                self._chunk = max(1, self._chunk // 2)
            elif took < SLICE / 8 and ticks == self._chunk:
                self._chunk *= 2
            if race.is_over or race.tick >= race.ticks:
                self._schedule = None

    def _tell(self, race: Race) -> None:
        self._is_told, self._told_at = True, time.perf_counter()
        networks = race.news(self._look)
        epoch = race.tick // race.ticks_per_epoch
        running = self._schedule is not None
        self._send(messages.RaceNews(race.number, running, epoch, networks, *race.picture_size(self._look)))

    def _keep(self, race: Race, network: int) -> None:
        self._schedule = None
        try:
            self._send(messages.Kept(*race.keep(network)))
        except StoreError as error:
            self._send(messages.NotKept(f"This network could not be saved: {printable(str(error))}"))
        except UserError as error:
            self._send(messages.NotKept(error.reason))

    def _send(self, event: msgspec.Struct) -> None:
        send_event(self._socket, event)


def main() -> None:
    """Serve the app that has started this process."""
    connection = reserved_connection()
    lower_priority(int(sys.argv[1]))
    WallService(connection).serve()


if __name__ == "__main__":
    main()
