"""The Textual application: screens, themes and the command palette."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from textual.app import SystemCommand
from textual.css.query import NoMatches
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen
from textual.widget import MountError

from tui_trainer.experiment.confinement import root
from tui_trainer.experiment.schema import Experiment
from tui_trainer.runtime.child import Launch
from tui_trainer.ui.keymap import keymap
from tui_trainer.ui.pacing import spare_the_collector
from tui_trainer.ui.preferences_app import PreferencesApp
from tui_trainer.ui.screens.palette import Palette
from tui_trainer.ui.status_lines import SIGNS
from tui_trainer.ui.terminal.driver import driver_for
from tui_trainer.ui.text import plain

from .preferences import Preferences
from .screen import HIGH, WIDE, TrainScreen

STYLES = ("screen", "low", "few_colors")
NO_COLOR = NoColor()
STARTED = 1.0  # seconds until all that stays has been made


class TrainerApp(PreferencesApp):
    """Opens the training screen on an experiment.

    ``owns_process`` says that nothing else runs in the process: its garbage collector may then be set up too.
    ``lessons`` is a folder with lessons of one's own, ``launch`` how the trainer is started, ``preferences`` the
    user's settings.
    """

    TITLE = "tui-trainer"
    ENABLE_COMMAND_PALETTE = True
    # Were the first the screen's, all styles would be parsed once more.
    CSS_PATH = [f"{name}.tcss" for name in STYLES]  # noqa: RUF012 (Textual declares it so)

    def __init__(
        self,
        experiment: Experiment,
        path: Path | None = None,
        owns_process: bool = False,
        lessons: Path | None = None,
        launch: Launch | None = None,
        preferences: Preferences | None = None,
    ) -> None:
        super().__init__(preferences, driver_for(os.environ))
        self._owns_process = owns_process
        self._experiment, self._path, self._lessons = experiment, path, lessons
        self._launch = launch

    def on_mount(self) -> None:
        # So that the terminal is put right and the run saved. A hang-up is left to end the process at once:
        # there is no terminal to put right, and the trainer notices by itself.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)
        if self._owns_process:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where it was started with hang-ups ignored
        if self._owns_process:
            self.set_timer(STARTED, spare_the_collector)

    def get_default_screen(self) -> TrainScreen:
        """The training screen, with nothing beneath it."""
        screen = TrainScreen(self._experiment, self._path, self._lessons)
        if self._launch is not None:
            screen.start_with(self._launch)
        screen.take_settings(self.preferences.settings)
        # Textual would set these classes with the first resize, and style every widget a second time.
        width, height = self.size
        return screen.add_class(
            "-wide" if width >= WIDE else "-narrow", "-low" if height < HIGH else "-high", update=False
        )

    def window_title(self) -> str:
        screen = next((one for one in self.screen_stack if isinstance(one, TrainScreen)), None)
        progress = None if screen is None else screen.status.progress
        if screen is None or progress is None:
            return super().window_title()
        name = plain(screen.experiment.name)
        return f"{SIGNS[progress.state]} {name} {progress.epoch:,}/{progress.epochs:,} {progress.state}"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colours there are no shades of grey either."""
        return [NO_COLOR if isinstance(one, Monochrome) else one for one in super().get_line_filters()]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours that some themes lack: those of the terminal's own colours have no ``foreground-disabled``."""
        return {"foreground-disabled": "ansi_bright_black"}

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Save the screen as a picture: in the folder where the app was started, or the one it is confined to."""
        return super().deliver_screenshot(filename, path or str(root() or Path.cwd()), time_format)

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Start no browser: over SSH it would be one of text, in this terminal, and a way to a shell."""
        self.copy_to_clipboard(url)

    def action_command_palette(self) -> None:
        if not Palette.is_open(self):  # type: ignore[arg-type]
            self.push_screen(Palette(id="--command-palette"))

    def action_suspend_process(self) -> None:
        """Stay: whoever has nothing but the app would be left without it, and others have other terminals."""

    def _handle_exception(self, error: Exception) -> None:
        """While the app is left, widgets go in any order: one that misses another then is nobody's concern."""
        if not (self._exit and isinstance(error, NoMatches | MountError)):
            super()._handle_exception(error)

    def on_cursor_position(self) -> None:
        """The terminal's answer to the question of ``Pacing``."""
        for screen in self.screen_stack:
            if isinstance(screen, TrainScreen):
                screen.pacing.answered(self)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The key table and the themes; not the commands of Textual's that have a key of ours."""
        for key in keymap().shown:
            if isinstance(screen, TrainScreen):
                yield SystemCommand(f"{key.group}: {key.help} ({key.display})", key.label, _runner(screen, key.action))
        for command in super().get_system_commands(screen):
            if command.title in ("Theme", "Screenshot"):
                yield command


def _runner(screen: Screen[Any], action: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await screen.run_action(action)

    return run
