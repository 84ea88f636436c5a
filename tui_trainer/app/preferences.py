"""Combines the user's settings from all sources; the first source that has a setting decides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from textual.theme import BUILTIN_THEMES

from tui_trainer.errors import UserError, quoted, suggestion
from tui_trainer.pace import WATCH
from tui_trainer.settings import CONFIG_VARIABLE, RememberedSettings, Settings, config_path, memory_path, read_config
from tui_trainer.ui.keymap import Keymap
from tui_trainer.ui.terminal import default_markers
from tui_trainer.ui.themes import APP_THEMES

from .keys import changed_keymap, keymap_with

THEMES = (*(theme.name for theme in APP_THEMES), *BUILTIN_THEMES)
COMMAND, CONFIG, TERMINAL, MEMORY = "command line", "config file", "this terminal", "remembered"


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings, and the source of each one that is not the default.

    ``complaints`` are sentences on what is wrong in the config file. Without a ``memory``, nothing is remembered.
    """

    settings: Settings = field(default_factory=Settings)
    keymap: Keymap = field(default_factory=keymap_with)
    sources: Mapping[str, str] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    memory: RememberedSettings | None = None


def preferences_for(given: Mapping[str, Any]) -> Preferences:
    """Return the settings ``given`` on the command line, then those of the config file, then the remembered ones.

    What this terminal needs comes before what is remembered from others. Raises UserError for an unknown theme on the
    command line; anything else that is wrong becomes a complaint.
    """
    theme = given.get("theme", THEMES[0])
    if theme not in THEMES:
        reason = f"there is no theme {quoted(theme)}{suggestion(theme, THEMES) or ';'} there are: {', '.join(THEMES)}"
        raise UserError("--theme", reason)
    config = read_config(config_path(), THEMES, named=CONFIG_VARIABLE in os.environ)
    keymap, of_keys = changed_keymap(config)
    memory = RememberedSettings(memory_path())
    chosen = memory.recall()
    remembered = {
        "theme": chosen.theme if chosen.theme in THEMES else None,
        "markers": chosen.markers,
        "pace": chosen.pace,
        "coach": chosen.coach,
        "matrix": chosen.matrix,
    }
    by_source = {
        COMMAND: given,
        CONFIG: config.values,
        TERMINAL: {"markers": default_markers(os.environ)},
        MEMORY: remembered,
    }
    values: dict[str, Any] = {"pace": WATCH.name, "coach": "first"}
    sources = {}
    for name in (setting.name for setting in fields(Settings)):
        for source, available in by_source.items():
            if available.get(name) is not None:
                values[name], sources[name] = available[name], source
                break
    return Preferences(Settings(**values), keymap, sources, (*config.complaints, *of_keys), memory)
