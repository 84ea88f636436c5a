"""The part of the training screen that has many runs done beside the one under work: sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.reactive import var

from tui_trainer.app.dialogs.sweep_progress import SweepLine
from tui_trainer.errors import printable
from tui_trainer.sweep.messages import (
    Cancel,
    PreviewSweep,
    Start,
    SweepCrashed,
    SweepFinished,
    SweepPreview,
    SweepProgress,
    SweepRequest,
)
from tui_trainer.ui.keymap import key_of

from .own_data import OwnDataScreen

if TYPE_CHECKING:
    from tui_trainer.app.dialogs.sweep_form import SweepFormDialog
    from tui_trainer.app.dialogs.sweep_progress import SweepProgressDialog
    from tui_trainer.sweep.client import SweepClient
    from tui_trainer.tabs.runs.view import RunsView

NICER = 5  # than the trainer: the run that is looked at comes first
RUNS, LOSS = "runs", "loss"


class SweepingScreen(OwnDataScreen):
    """Asks what to vary, and shows how the sweep goes; it is done by processes of its own, and goes to the store."""

    sweep_under_way: var[bool] = var(False, bindings=True)
    _sweep: SweepClient | None = None
    _wish: SweepRequest | None = None  # as it was typed last
    _form: SweepFormDialog | None = None
    _standing: SweepProgress | None = None
    _sight: SweepProgressDialog | None = None  # of the standing, while that is looked at

    async def on_unmount(self) -> None:
        await self._end_sweep()

    @on(SweepLine.Pressed)
    def action_sweep(self) -> None:
        """Ask what to vary; while a sweep is under way, show how it stands."""
        if self.sweep_under_way:
            self._look_at_sweep()
        elif self._sweep is None:
            self._begin_sweep()

    @work(exclusive=True, group="sweep")
    async def _begin_sweep(self) -> None:
        from tui_trainer.app.dialogs.sweep_form import SweepFormDialog, first_wish
        from tui_trainer.sweep.client import SweepClient

        client = self._sweep = SweepClient(self.launch.niceness + NICER)
        task = "" if self.loaded is None else self.loaded.dataset.task
        form = self._form = SweepFormDialog(
            first_wish(self.experiment, self._wish), task, lambda wish, number: client.send(PreviewSweep(wish, number))
        )
        await client.start()
        self._follow_sweep(client)
        wish = await self.app.push_screen_wait(form)
        self._wish, self._form = form.typed, None
        if wish is None:
            self._sweep = None
            await client.close()
            return
        self.sweep_under_way, self._standing = True, None
        await self.mount(SweepLine(), before=self.status)
        client.send(Start(wish))
        self.message_line.say(f"The sweep has begun; training goes on meanwhile. {key_of('sweep')} shows it.")

    @work(group="sweep news")
    async def _follow_sweep(self, client: SweepClient) -> None:
        async for news in client.news():
            if client is not self._sweep:
                continue  # it is on its way out, and waits for nobody to read
            match news:
                case SweepPreview():
                    if self._form is not None:
                        self._form.show(news)
                case SweepProgress():
                    self._show_standing(news)
                case SweepFinished():
                    await self._finish(news)
                case SweepCrashed():
                    await self._lose(news)

    def _show_standing(self, standing: SweepProgress) -> None:
        self._standing = standing
        for line in self.query(SweepLine):
            line.standing = standing
        if self._sight is not None:
            self._sight.show(standing)

    async def _finish(self, swept: SweepFinished) -> None:
        """Put the runs where they can be compared, and say what came out."""
        await self._put_away()
        told = swept.sentence
        if swept.kept:
            opened, curves = key_of("tab_runs"), key_of("tab_loss")
            told += f" {opened} and {key_of('open_run')} open it; {curves} shows all curves."
            runs: RunsView = await self.tabs.ready(RUNS)  # type: ignore[assignment]
            runs.show_sweep(swept)
        self.message_line.say(printable(told), "good" if swept.good else "error")

    async def _lose(self, lost: SweepCrashed) -> None:
        if self._form is not None:
            self._form.show_lost(lost.sentence)
            return
        await self._put_away()
        self.message_line.say(f"{lost.sentence}. The runs that were done are kept.", "error")

    async def _put_away(self) -> None:
        self.sweep_under_way = False
        client, self._sweep = self._sweep, None
        if self._sight is not None and self._sight.is_current:
            self._sight.dismiss("go on")
        await self.query(SweepLine).remove()
        if client is not None:
            await client.close()

    def _look_at_sweep(self, leaving: bool = False) -> None:
        from tui_trainer.app.dialogs.sweep_progress import SweepProgressDialog

        self._sight = SweepProgressDialog(self._standing, leaving)
        self.app.push_screen(self._sight, self._obey_sight)

    async def _obey_sight(self, wanted: str | None) -> None:
        self._sight = None
        if wanted == "cancel" and self._sweep is not None:
            self._sweep.send(Cancel())
            self.message_line.say("The sweep ends; what is done is kept.")
        elif wanted == "leave":
            await self.leave()

    async def action_quit(self) -> None:
        """Leave the app; ask before a sweep ends by that."""
        if self.sweep_under_way:
            self._look_at_sweep(leaving=True)
        else:
            await self.leave()

    async def leave(self) -> None:
        await self._end_sweep()
        await super().leave()

    async def _end_sweep(self) -> None:
        client, self._sweep = self._sweep, None
        if client is not None:
            await client.close()
