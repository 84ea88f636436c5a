"""The part of the app that has the user's settings: palette, keys, motion, and what is said to the terminal."""

from __future__ import annotations

import os

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.theme import Theme
from textual.widgets import Input, TextArea

from tui_trainer.app.preferences import COMMAND, CONFIG, TERMINAL, Preferences

from .keymap import use
from .messages import MarkersChosen, RunEnded
from .plotting.tinted_widget import MANY_COLORS
from .terminal.sequences import KEEP_TITLE, TITLE_BACK, notification, takes_title, title
from .terminal.sixteen import SIXTEEN
from .themes import OURS

COMPLAINING = 12.0  # seconds
RENAMING = 1.0  # seconds between two titles of the window at least
MOST_COMPLAINTS = 2


class PreferencesApp(App[None]):
    """Takes settings on when it is made, and remembers what the user chooses."""

    DEFAULT_CSS = f"""
    {", ".join(f".-theme-{theme.name} Tab" for theme in OURS)} {{
        color: $foreground-muted;
        &.-active, &:hover {{ color: $foreground; }}
    }}
    """

    def __init__(self, preferences: Preferences | None = None, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self.preferences = Preferences() if preferences is None else preferences
        self.animation_level = "none"  # a sliding underline costs many frames, and helps nobody
        for theme in OURS:
            self.register_theme(theme)
        if self.preferences.settings.theme:
            self.theme = self.preferences.settings.theme
        use(self.preferences.keymap)
        self._title: str | None = None  # of the window, as it was set last; None where it is left alone

    def fit_colors(self) -> None:
        """Where there are no more than sixteen colours, take those: others would come out as any of them."""
        few = self.no_color or self.console.color_system not in MANY_COLORS
        if few and self.preferences.sources.get("theme") != COMMAND:
            self.theme = SIXTEEN.name

    def on_mount(self) -> None:
        self._theme_before = self.theme
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        complaints = self.preferences.complaints
        if complaints:
            more = len(complaints) - MOST_COMPLAINTS
            told = [*complaints[:MOST_COMPLAINTS], *([f"{more} more: tui-trainer settings"] if more > 0 else [])]
            self.notify("\n\n".join(told), title="Settings", severity="warning", timeout=COMPLAINING, markup=False)
        if self.preferences.settings.title and takes_title(os.environ) and not self.is_headless and not self.is_web:
            self._title = ""
            self._tell(KEEP_TITLE)
            self.set_interval(RENAMING, self._rename_window)

    def on_unmount(self) -> None:
        if self._title is not None:
            self._tell(TITLE_BACK)

    def window_title(self) -> str:
        """What the title of the window should be now."""
        return self.TITLE or ""

    def _rename_window(self) -> None:
        wanted = self.window_title()
        if wanted != self._title:
            self._title = wanted
            self._tell(title(wanted))

    def _tell(self, sequence: str) -> None:
        """Send the terminal what is not drawn."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def on_run_ended(self, event: RunEnded) -> None:
        """Call the user, who may look elsewhere."""
        self._tell(notification(event.sentence, self.preferences.settings.notify, os.environ))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Have no cursor blink for those who want less motion."""
        if self.preferences.settings.reduced_motion and isinstance(event.widget, Input | TextArea):
            event.widget.cursor_blink = False

    def on_markers_chosen(self, event: MarkersChosen) -> None:
        """Remember them, but not those that only a poor terminal makes one choose."""
        if self.preferences.memory is not None and self.preferences.sources.get("markers") != TERMINAL:
            self.preferences.memory.keep_markers(event.markers)

    def _keep_theme(self, theme: Theme) -> None:
        before, self._theme_before = self._theme_before, theme.name
        if self.preferences.memory is not None and theme.name not in (before, SIXTEEN.name):
            self.preferences.memory.keep_theme(theme.name)
            if self.preferences.sources.get("theme") == CONFIG:
                self.notify(
                    f"At the next start it is {self.preferences.settings.theme} again, as the config file says."
                )
