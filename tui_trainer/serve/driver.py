"""Textual's driver for browsers, which here ends the app when nobody is at the other end any more."""

from __future__ import annotations

import os
import threading

from textual import messages
from textual.drivers.web_driver import WebDriver

PATIENCE = 3.0  # seconds that the app may take to save its run and end


class TabDriver(WebDriver):
    """Input that ends is a server that has gone: killed, perhaps. Textual's own driver would let the app live on."""

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        finally:
            if not self.exit_event.is_set():
                last = threading.Timer(PATIENCE, os._exit, (1,))  # the app may wait for a reader of its output
                last.daemon = True
                last.start()
                self._app.post_message(messages.ExitApp())
