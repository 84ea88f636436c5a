"""The wall: a race of networks that differ in one field, in a process of its own, on a screen of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .controller import Controller

if TYPE_CHECKING:
    from tui_trainer.app.dialogs.wall_screen import Racing, WallClient, WallScreen

    from .screen import MainScreen


class Walls(Controller):
    """Opens the wall, and what was chosen there."""

    name = "wall"

    def __init__(self, screen: MainScreen) -> None:
        super().__init__(screen)
        self.client: WallClient | None = None  # while the wall is open
        self._racing: Racing | None = None  # what differed the last time

    def action_wall(self) -> None:
        """Open the wall on the current experiment."""
        self.converse(self._race)

    async def close(self) -> None:
        """End the race, if there is one."""
        client, self.client = self.client, None
        if client is not None:
            await client.close()

    async def _race(self) -> None:
        from tui_trainer.app.dialogs.wall_screen import Racing, WallClient, WallScreen

        trainer = self.screen.trainer
        client = self.client = WallClient(trainer.launch.niceness)
        lesson = self.screen.lessons.tracker.lesson if self.screen.in_lesson else None
        race = None if lesson is None else lesson.race
        racing = Racing(race.field, race.typed) if race is not None else self._racing or Racing()
        wall = WallScreen(self.screen.experiment, racing, client.send, trainer.pacing, self.screen.markers)
        self.run_worker(partial(self._follow, client, wall), group="wall news")
        left = await self.screen.dialogs.ask(wall)
        self.client = None
        self.run_worker(client.close, group="wall end")  # the run that is opened need not wait for it
        if left is None:
            return
        if race is None:
            self._racing = left.racing
        if left.sentence:
            self.show_message(left.sentence, "good")
        if left.run is not None:
            trainer.open_run(left.run)

    async def _follow(self, client: WallClient, wall: WallScreen) -> None:
        """Start the process, and show its events until it has ended."""
        await client.start()
        await self.handle_each(client.events(), wall.show, lambda: client is self.client)
