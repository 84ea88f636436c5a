"""The commands that tell of settings: what is in force and where it comes from, and the keys with their names."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields

from tui_trainer.app.preferences import THEMES, Preferences, preferences_for
from tui_trainer.errors import BAD_INPUT
from tui_trainer.settings import Settings, config_path

USUAL = {"theme": "textual-dark", "markers": "each plot's own"}


def settings(words: list[str]) -> int:
    """Print the settings in force; 2 where something is wrong in the config file."""
    description = "The settings in force, where each comes from, and what is wrong in the config file."
    argparse.ArgumentParser(prog="tui-trainer settings", description=description).parse_args(words)
    found = preferences_for({})
    path = config_path()
    print(f"config file     {path}{'' if path.exists() else ' (there is none)'}")
    for name in (one.name for one in fields(Settings)):
        print(f"{name:<15} {_shown(found, name):<16} {found.sources.get(name, 'usual')}")
    print(f"themes          {', '.join(THEMES)}")
    return _complain(found)


def keys(words: list[str]) -> int:
    """Print the active keys, with their names in the config file."""
    description = "The keys, each with the name that [keys] in the config file knows it by."
    argparse.ArgumentParser(prog="tui-trainer keys", description=description).parse_args(words)
    found = preferences_for({})
    for key in found.keymap.listed:
        print(f"{key.name:<18} {key.display:<9} {key.group}: {key.help}")
    return _complain(found)


def _shown(found: Preferences, name: str) -> str:
    value = getattr(found.settings, name)
    if name == "keys":
        return f"{len(found.keymap.changes)} changed"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value or USUAL[name])


def _complain(found: Preferences) -> int:
    for complaint in found.complaints:
        print(f"tui-trainer: {complaint}", file=sys.stderr)
    return BAD_INPUT if found.complaints else 0
