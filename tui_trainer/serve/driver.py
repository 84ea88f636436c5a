"""Textual's driver for browsers, changed to end the app when the server has gone."""

from __future__ import annotations

import os
import threading

from textual import messages
from textual.drivers import web_driver
from textual.drivers.web_driver import WebDriver

from tui_trainer.ui.terminal_input import PasteParser

web_driver.XTermParser = PasteParser  # type: ignore[attr-defined]  # the name by which the driver makes its parser

PATIENCE = 3.0  # seconds for the app to save its run and end


class TabDriver(WebDriver):
    """Ends the app when its input ends, as the server has gone then; Textual's own driver would keep it running."""

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        finally:
            if not self.exit_event.is_set():
                timer = threading.Timer(PATIENCE, os._exit, (1,))  # the app may wait for a reader of its output
                timer.daemon = True
                timer.start()
                self._app.post_message(messages.ExitApp())
