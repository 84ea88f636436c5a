"""Sweeps: many runs beside the current one, in processes of their own, saved to the store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tui_trainer.app.dialogs.sweep_progress import SweepLine
from tui_trainer.sweep import messages
from tui_trainer.ui.keymap import key_of

from .controller import Controller

if TYPE_CHECKING:
    from tui_trainer.app.dialogs.sweep_form import SweepFormDialog
    from tui_trainer.app.dialogs.sweep_progress import SweepProgressDialog
    from tui_trainer.sweep.client import SweepClient
    from tui_trainer.tabs.runs.view import RunsView

    from .screen import MainScreen

NICER = 5  # than the trainer: the current run comes first
RUNS = "runs"


class Sweeps(Controller):
    """Asks what to vary, starts the sweep, and shows its progress."""

    name = "sweeps"

    def __init__(self, screen: MainScreen) -> None:
        super().__init__(screen)
        self.is_under_way = False
        self.client: SweepClient | None = None  # from the opening of the form to the end of the sweep
        self._request: messages.SweepRequest | None = None  # as it was typed last
        self._form: SweepFormDialog | None = None
        self._progress: messages.SweepProgress | None = None
        self._progress_dialog: SweepProgressDialog | None = None  # while it is open

    def action_sweep(self) -> None:
        """Ask what to vary; if a sweep is running, show its progress."""
        if self.is_under_way:
            self.open_progress()
        elif self.client is None:
            self.converse(self._begin)

    def open_progress(self, leaving: bool = False) -> None:
        """Show the progress of the sweep; when ``leaving``, ask whether to end it by leaving the app."""
        from tui_trainer.app.dialogs.sweep_progress import SweepProgressDialog

        dialog = SweepProgressDialog(self._progress, leaving)
        if self.screen.dialogs.open(dialog, self._on_progress_closed):
            self._progress_dialog = dialog

    async def close(self) -> None:
        """End the sweep, if there is one."""
        client, self.client = self.client, None
        if client is not None:
            await client.close()

    async def _begin(self) -> None:
        from tui_trainer.app.dialogs.sweep_form import SweepFormDialog, initial_request
        from tui_trainer.sweep.client import SweepClient

        trainer = self.screen.trainer
        client = self.client = SweepClient(trainer.launch.niceness + NICER)
        task = "" if trainer.loaded is None else trainer.loaded.dataset.task
        form = self._form = SweepFormDialog(
            initial_request(self.screen.experiment, self._request),
            task,
            lambda request, number: client.send(messages.PreviewSweep(request, number)),
        )
        await client.start()
        self.run_worker(partial(self._follow, client), group="sweep news")
        request = await self.screen.dialogs.ask(form)
        self._request, self._form = form.typed, None
        if request is None:
            self.client = None
            self.run_worker(client.close, group="sweep end")  # the next form needs not wait for this process to end
            return
        self.is_under_way, self._progress = True, None
        await self.screen.mount(SweepLine(), before=self.screen.status)
        client.send(messages.Start(request))
        self.show_message(f"The sweep has started; training continues meanwhile. {key_of('sweep')} shows it.")

    async def _follow(self, client: SweepClient) -> None:
        """Handle the events of a sweep until its process has ended."""
        await self.handle_each(client.events(), self._on_event, lambda: client is self.client)

    async def _on_event(self, event: messages.AnyEvent) -> None:
        match event:
            case messages.SweepPreview():
                if self._form is not None:
                    self._form.show(event)
            case messages.SweepProgress():
                self._show_progress(event)
            case messages.SweepFinished():
                await self._on_finished(event)
            case messages.SweepCrashed():
                await self._on_crashed(event)

    def _show_progress(self, progress: messages.SweepProgress) -> None:
        self._progress = progress
        for line in self.screen.query(SweepLine):
            line.progress = progress
        if self._progress_dialog is not None:
            self._progress_dialog.show(progress)

    async def _on_finished(self, finished: messages.SweepFinished) -> None:
        """Select the runs of the sweep for comparison, and show its result."""
        await self._clear()
        message = finished.sentence
        if finished.kept:
            runs_key, loss_key = key_of("tab_runs"), key_of("tab_loss")
            message += f" {runs_key} and {key_of('open_run')} open it; {loss_key} shows all curves."
            runs: RunsView = await self.screen.tabs.ready(RUNS)  # type: ignore[assignment]
            runs.show_sweep(finished)
        self.show_message(message, "good" if finished.good else "error")

    async def _on_crashed(self, crashed: messages.SweepCrashed) -> None:
        if self._form is not None:
            self._form.show_lost(crashed.sentence)
            return
        await self._clear()
        self.show_message(f"{crashed.sentence}. Finished runs are kept.", "error")

    async def _clear(self) -> None:
        """Hide the progress, and end the process."""
        self.is_under_way = False
        client, self.client = self.client, None
        if self._progress_dialog is not None:
            self._progress_dialog.dismiss("go on")
        await self.screen.query(SweepLine).remove()
        if client is not None:
            await client.close()

    async def _on_progress_closed(self, answer: str | None) -> None:
        self._progress_dialog = None
        if answer == "cancel" and self.client is not None:
            self.client.send(messages.Cancel())
            self.show_message("The sweep was cancelled; finished runs are kept.")
        elif answer == "leave":
            await self.screen.leave()
