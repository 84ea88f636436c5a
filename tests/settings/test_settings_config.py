"""config.toml: what is right counts, what is wrong is told with its place and what is allowed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from systems import PIPES, WINDOWS, not_on_windows

from tui_trainer.settings import config_path, memory_path, read_config

THEMES = ("light", "dark")


def read(tmp_path: Path, text: str | bytes) -> tuple[dict[str, object], tuple[str, ...]]:
    """The values of a file with this text, and the complaints."""
    path = tmp_path / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    config = read_config(path, THEMES)
    return dict(config.values), config.complaints


def test_a_file_that_is_right(tmp_path: Path) -> None:
    text = 'theme = "light"\nmarkers = "ascii"\nreduced_motion = true\nnotify = "bell"\ntitle = false\nmouse = false\n'
    values, complaints = read(tmp_path, text + '[keys]\nstep = "f8"\n')
    assert complaints == ()
    expected = {"theme": "light", "markers": "ascii", "reduced_motion": True, "notify": "bell"}
    assert values == expected | {"title": False, "mouse": False, "keys": {"step": "f8"}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('theme = "ligth"', "line 1: theme: expected one of: light, dark, got 'ligth', did you mean light?"),
        ("\nmarkers = 3", "line 2: markers: expected one of: braille, block, ascii, got 3"),
        ("notify = true", "line 1: notify: expected one of: none, bell, desktop, got true"),
        ("mouse = 0", "line 1: mouse: expected true or false, got 0"),
        ("title = 2020-01-01", "line 1: title: expected true or false, got a date or time"),
        ("reduced_motion = []", "line 1: reduced_motion: expected true or false, got a list"),
        ("mose = true", "line 1: mose: there is no such setting, did you mean mouse?; there are: theme, markers"),
        ("keys = 1", "line 1: keys: expected a table, [keys], got 1"),
        ("[keys]\n\nstep = 5", 'line 3: keys.step: expected keys in quotes, as "f5" or "x,delete", got 5'),
        ('"a\\u001b" = 1', "config.toml: a\\x1b: there is no such setting"),
        ("theme = ", "config.toml is ignored: this is not valid TOML: invalid value"),
        ('theme = "\x1b[2J"', "config.toml is ignored: this is not valid TOML: illegal character '\\x1b'"),
        pytest.param("x = " + "1" * 5000, "a number has too many digits", id="digits"),
        pytest.param("x" * 5000 + " = 1", "line 1: " + "x" * 59 + "…: there is no such setting", id="a long name"),
        pytest.param("x = " + "[" * 5000, "it is nested too deeply", id="deep"),
        pytest.param("a." * 40_000 + "a = 1", "it is nested too deeply", id="a key of many parts"),
        (b"theme = '\xff'", "byte 9 is not UTF-8"),
        pytest.param("#" * 200_000, "larger than 100 KB", id="large"),
    ],
)
def test_what_is_wrong_is_told_and_left_out(tmp_path: Path, text: str | bytes, told: str) -> None:
    values, complaints = read(tmp_path, text)
    assert values in ({}, {"keys": {}}) and len(complaints) == 1
    assert told in complaints[0]
    assert complaints[0].isprintable()


def test_one_wrong_value_leaves_the_others(tmp_path: Path) -> None:
    values, complaints = read(tmp_path, 'theme = "x"\nmarkers = "block"\n[keys]\nstep = 1\nepoch = "f6"\n')
    assert values == {"markers": "block", "keys": {"epoch": "f6"}} and len(complaints) == 2


def test_no_file_is_no_error_unless_it_was_named(tmp_path: Path) -> None:
    assert read_config(tmp_path / "config.toml", THEMES).complaints == ()
    assert "There is no file" in read_config(tmp_path / "config.toml", THEMES, named=True).complaints[0]


@not_on_windows(PIPES)
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        config = read_config(path, THEMES)
        assert config.values == {} and "can't be read" in config.complaints[0]


def test_where_the_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TUI_TRAINER_CONFIG", "TUI_TRAINER_DATA", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("USERPROFILE" if WINDOWS else "HOME", "/somewhere/anna")
    assert config_path() == Path("/somewhere/anna/.config/tui-trainer/config.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_path() == tmp_path / "tui-trainer" / "config.toml"
    monkeypatch.setenv("TUI_TRAINER_DATA", "/srv/class/anna/.tui-trainer")
    folder = Path("/srv/class/anna/.tui-trainer")
    assert (config_path(), memory_path()) == (folder / "config.toml", folder / "remembered.json")
    monkeypatch.setenv("TUI_TRAINER_CONFIG", "/etc/trainer.toml")
    assert (config_path(), memory_path()) == (Path("/etc/trainer.toml"), folder / "remembered.json")
