"""docs/settings.md tells of every setting and every theme of the app's own, and its example is right."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.keys import changed_keymap
from tui_trainer.app.preferences import THEMES
from tui_trainer.cli.commands import DEFAULTS
from tui_trainer.experiment.schema import Experiment
from tui_trainer.plotting.colors import SOLID
from tui_trainer.settings import Settings, read_config
from tui_trainer.ui.themes import APP_THEMES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")


def test_all_settings_and_themes_are_told_of() -> None:
    named = re.findall(r"^\| `\[?([\w-]+)\]?` \|", PAGE, re.MULTILINE)
    assert {one.name for one in fields(Settings)} | {theme.name for theme in APP_THEMES} <= set(named)
    assert SOLID in PAGE


def test_the_example_is_right(tmp_path: Path) -> None:
    match = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert match is not None
    path = tmp_path / "config.toml"
    path.write_text(match[1])
    config = read_config(path, THEMES)
    keymap, complaints = changed_keymap(config)
    assert (config.complaints, complaints) == ((), [])
    assert set(config.values) == {one.name for one in fields(Settings)} and len(keymap.changes) == 4


def test_the_theme_that_is_told_of_as_the_default_is_the_one_of_the_app() -> None:
    assert DEFAULTS["theme"] == TrainerApp(Experiment()).theme == APP_THEMES[0].name
