"""The Textual application: screens, themes and the command palette."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events
from textual._files import generate_datetime_filename
from textual.app import App
from textual.css.query import NoMatches
from textual.dom import NoScreen
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen
from textual.theme import Theme, ThemeProvider
from textual.widget import MountError
from textual.widgets import Input, TextArea
from textual.worker import WorkerFailed

from tui_trainer.errors import UserError, plain
from tui_trainer.experiment.schema import Experiment
from tui_trainer.files import free_name, root, user_folder, write_output
from tui_trainer.run_state import RUN_STATES
from tui_trainer.runtime import Launch
from tui_trainer.system.terminal import TERMINATION, call_on_signals, end_on_hang_up
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.driver import driver_for
from tui_trainer.ui.keymap import use
from tui_trainer.ui.pacing import freeze_startup_objects, use_exact_compositor, written_to
from tui_trainer.ui.plot_widgets import MANY_COLORS
from tui_trainer.ui.terminal import RESTORE_TITLE, SAVE_TITLE, notification, takes_title, title
from tui_trainer.ui.terminal_input import KeyQueue
from tui_trainer.ui.themes import APP_THEMES, DARK, SIXTEEN, theme_defaults

from .coach import CoachChosen
from .error_net import ErrorNet, keep_widgets_alive
from .preferences import COMMAND, CONFIG, TERMINAL, Preferences
from .screen import HIGH, TALL, WIDE, MainScreen, MarkersChosen
from .trainer_link import PaceChosen, RunEnded

if TYPE_CHECKING:
    from tui_trainer.runtime.playback import Playback

STYLES = ("screen", "low", "few_colors")
NO_COLOR = NoColor()
STARTED = 1.0  # seconds until all that stays has been made
COMPLAINING = 12.0  # seconds
RENAMING = 1.0  # seconds between two titles of the window at least
MAX_COMPLAINTS = 2


class TrainerApp(App[None]):
    """The app: opens the main screen on an experiment, applies the user's settings, and remembers the user's choices.

    ``owns_process`` says that nothing else runs in the process: its garbage collector may then be set up too.
    ``lessons`` is a folder with the user's own lessons, ``launch`` how the trainer is started, ``preferences`` the
    user's settings, ``hand_in`` the file in which the user's progress is handed in to a teacher, and ``client`` what is
    shown instead of a trainer.
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
        hand_in: Path | None = None,
        client: Playback | None = None,
    ) -> None:
        use_exact_compositor()
        super().__init__(driver_class=driver_for(os.environ))
        self.preferences = Preferences() if preferences is None else preferences
        self.animation_level = "none"  # a sliding underline costs many frames, and helps nobody
        for theme in APP_THEMES:
            self.register_theme(theme)
        self.theme = self.preferences.settings.theme or DARK.name
        use(self.preferences.keymap)
        self._title: str | None = None  # of the window, as it was set last; None where it is left alone
        self._owns_process = owns_process
        self.error_net: ErrorNet | None = None  # without one, an unexpected error ends the app with its traceback
        if owns_process:
            self.error_net = ErrorNet(user_folder())
            keep_widgets_alive()
        self._experiment, self._path, self._lessons, self._hand_in = experiment, path, lessons, hand_in
        self._launch, self._client = launch, client
        self.keys_received = KeyQueue(self, super().on_event, self._dialog_opening)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self.keys_received.receive(event)
        else:
            await super().on_event(event)

    async def _dialog_opening(self) -> None:
        """Wait for a dialog that a key has asked for, so that the keys after it go there."""
        screen = self._main_screen
        if screen is not None:
            await screen.dialogs.opening()

    def on_mount(self) -> None:
        # So that the terminal is restored and the run saved. A hang-up ends the process at once:
        # there is no terminal to restore, and the trainer notices by itself.
        call_on_signals(asyncio.get_running_loop(), TERMINATION, self.exit)
        if self._owns_process:
            end_on_hang_up()
            self.set_timer(STARTED, freeze_startup_objects)
        self._theme_before = self.theme
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        complaints = self.preferences.complaints
        if complaints:
            more = len(complaints) - MAX_COMPLAINTS
            lines = [*complaints[:MAX_COMPLAINTS], *([f"{more} more: tui-trainer settings"] if more > 0 else [])]
            self.notify("\n\n".join(lines), title="Settings", severity="warning", timeout=COMPLAINING, markup=False)
        if self.preferences.settings.title and takes_title(os.environ) and not self.is_headless and not self.is_web:
            self._title = ""
            self._send_sequence(SAVE_TITLE)
            self.set_interval(RENAMING, self._rename_window)

    def fit_colors(self) -> None:
        """Use the sixteen-colour theme on terminals with at most sixteen colours, which would distort all others."""
        few = self.no_color or self.console.color_system not in MANY_COLORS
        source = self.preferences.sources.get("theme")
        if not few or source == COMMAND or self.theme == SIXTEEN.name:
            return
        if source == CONFIG:
            told = f"theme: {self.theme} needs more colours than this terminal has; {SIXTEEN.name} is used instead"
            self.preferences = replace(self.preferences, complaints=(*self.preferences.complaints, told))
        self.theme = SIXTEEN.name

    def on_unmount(self) -> None:
        if self._title is not None:
            self._send_sequence(RESTORE_TITLE)

    def _rename_window(self) -> None:
        new_title = self.window_title()
        if new_title != self._title:
            self._title = new_title
            self._send_sequence(title(new_title))

    def _send_sequence(self, sequence: str) -> None:
        """Send the terminal a sequence that draws nothing."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def on_run_ended(self, event: RunEnded) -> None:
        """Notify the user, who may be looking at another window."""
        self._send_sequence(notification(event.sentence, self.preferences.settings.notify, os.environ))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Turn off the blinking cursor for users who want less motion."""
        if self.preferences.settings.reduced_motion and isinstance(event.widget, Input | TextArea):
            event.widget.cursor_blink = False

    def on_markers_chosen(self, event: MarkersChosen) -> None:
        """Draw frames as the plots, and remember the markers, unless a limited terminal left no other choice."""
        self.set_class(event.markers == "ascii", "-ascii")
        if self.preferences.memory is not None and self.preferences.sources.get("markers") != TERMINAL:
            self.preferences.memory.keep_markers(event.markers)

    def on_pace_chosen(self, event: PaceChosen) -> None:
        """Remember the pace."""
        if self.preferences.memory is not None:
            self.preferences.memory.keep_pace(event.pace.name)

    def on_tab_view_matrix_chosen(self, event: TabView.MatrixChosen) -> None:
        """Remember what the confusion matrix holds, unless the config file says that."""
        if self.preferences.memory is not None and self.preferences.sources.get("matrix") != CONFIG:
            self.preferences.memory.keep_matrix(event.matrix)

    def on_coach_chosen(self, event: CoachChosen) -> None:
        """Remember when the coach strip is shown, unless the config file says that."""
        if self.preferences.memory is not None and self.preferences.sources.get("coach") != CONFIG:
            self.preferences.memory.keep_coach(event.mode)

    def _keep_theme(self, theme: Theme) -> None:
        before, self._theme_before = self._theme_before, theme.name
        if self.preferences.memory is not None and theme.name not in (before, SIXTEEN.name):
            self.preferences.memory.keep_theme(theme.name)
            if self.preferences.sources.get("theme") == CONFIG:
                self.notify(
                    f"At the next start it will be {self.preferences.settings.theme} again, as the config file says."
                )

    def get_default_screen(self) -> MainScreen:
        """Return the training screen, with nothing beneath it."""
        screen = MainScreen(self._experiment, self._path, self._lessons, self._hand_in)
        if self._launch is not None:
            screen.trainer.start_with(self._launch)
        screen.take_settings(self.preferences.settings)
        if self._client is not None:
            screen.trainer.client = self._client
        self.set_class(self.preferences.settings.markers == "ascii", "-ascii")
        # Textual would set these classes with the first resize, and style every widget a second time.
        width, height = self.size
        rows = "-low" if height < HIGH else "-high" if height < TALL else "-tall"
        return screen.add_class("-wide" if width >= WIDE else "-narrow", rows, update=False)

    def window_title(self) -> str:
        """Return the current title of the window."""
        screen = self._main_screen
        progress = None if screen is None else screen.status.progress
        if screen is None or progress is None:
            return self.TITLE
        name = plain(screen.experiment.title)
        return f"{RUN_STATES[progress.state].sign} {name} {progress.epoch:,}/{progress.epochs:,} {progress.state}"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Remove greys, too, if there are no colours."""
        return [NO_COLOR if isinstance(one, Monochrome) else one for one in super().get_line_filters()]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_defaults(self.current_theme)

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Save the screen as a picture: in the folder where the app was started or to which it is confined.

        A browser gets it as a download.
        """
        if self.is_web:
            return super().deliver_screenshot(filename, path, time_format)
        name = filename or generate_datetime_filename(self.title, ".svg", time_format)
        try:
            name = free_name(Path(path or root() or ""), name)
            write_output(Path(path or root() or "", name), self.export_screenshot().encode())
        except (OSError, UserError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.notify(f"{plain(name)} can't be written: {reason}", title="Screenshot", severity="error", markup=False)
        else:
            self.notify(f"Saved as {plain(name)}.", title="Screenshot", markup=False)
        return None

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Do nothing: over SSH, a text browser would open in this terminal, and give access to a shell."""
        self.copy_to_clipboard(url)

    def action_command_palette(self) -> None:
        from .palette import Commands, Palette

        self._open_palette(Palette([Commands], id="--command-palette"))

    def search_themes(self) -> None:
        from .palette import Palette

        self._open_palette(Palette(providers=[ThemeProvider], placeholder="Search for themes…"))

    def _open_palette(self, palette: Screen[None]) -> None:
        """Open the palette, but only over the main screen: only one dialog is open at a time."""
        screen = self.screen
        if isinstance(screen, MainScreen):
            screen.dialogs.open(palette)

    def action_suspend_process(self) -> None:
        """Do nothing: users who have nothing but the app would be stuck, and others can open another terminal."""

    def _handle_exception(self, error: Exception) -> None:
        """Handle an unexpected error: with an error net, it is only reported; a second one in a row ends the app.

        Errors while the app closes are ignored: widgets are removed in any order, and may miss one another.
        """
        cause = error.error if isinstance(error, WorkerFailed) else error
        is_closing = self._exit or not self._running
        if is_closing and isinstance(cause, NoMatches | MountError | NoScreen):
            return
        net, screen = self.error_net, self._main_screen
        if net is not None and net.catch(cause) and screen is not None and screen.is_mounted:
            sentence = f"Something unexpected went wrong ({type(cause).__name__}); the run goes on. {net.where}"
            with suppress(NoMatches):  # the line is about to go
                screen.message_line.show_message(sentence, "error")
        elif net is None or not self._exit:
            super()._handle_exception(error)

    @property
    def _main_screen(self) -> MainScreen | None:
        return next((screen for screen in self.screen_stack if isinstance(screen, MainScreen)), None)

    def _fatal_error(self) -> None:
        """End the app without Textual's traceback: the caller of the app reports ``unexpected_error``."""
        self._close_messages_no_wait()

    @property
    def unexpected_error(self) -> Exception | None:
        """The error that has ended the app."""
        return self._exception

    def on_resize(self) -> None:
        """Paint all anew: a terminal may drop what a smaller size has no room for."""
        written_to(self.console).forget()

    def on_cursor_position(self) -> None:
        """Pass on the terminal's answer to the query of ``Pacing``."""
        screen = self._main_screen
        if screen is not None:
            screen.trainer.pacing.answered(self)
