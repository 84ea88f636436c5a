"""Where what a user keeps lies: the store of runs, the progress in the book, what the app remembers."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "TUI_TRAINER_DATA"


def user_folder() -> Path:
    """The folder that the variable names, or else the user's usual place for data; it need not be there yet."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    import platformdirs  # not needed where it is named

    return platformdirs.user_data_path("tui-trainer")
