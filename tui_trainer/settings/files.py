"""Where the settings are kept: the user's config folder, or beside the runs where these have a place of their own."""

from __future__ import annotations

import os
from pathlib import Path

from tui_trainer.user_folder import VARIABLE as DATA_VARIABLE
from tui_trainer.user_folder import user_folder

CONFIG_VARIABLE = "TUI_TRAINER_CONFIG"
CONFIG, MEMORY = "config.toml", "remembered.json"


def config_path() -> Path:
    """The user's config file, whether it is there or not.

    Whoever is confined to a folder has their runs there, and so the variable set: the config is theirs to write too.
    """
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    if data := os.environ.get(DATA_VARIABLE):
        return Path(data) / CONFIG
    return Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")) / "tui-trainer" / CONFIG


def memory_path() -> Path:
    """The file of what the app remembers, beside the runs."""
    return user_folder() / MEMORY
