"""What is remembered, and which place counts where several say something."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from systems import PIPES, WINDOWS, not_on_windows

from tui_trainer.app.preferences import preferences_for
from tui_trainer.cli.main import main
from tui_trainer.errors import UserError
from tui_trainer.settings import RememberedSettings


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for both files, and a good terminal."""
    for name in ("TUI_TRAINER_CONFIG", "NO_COLOR", "LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    return tmp_path


def test_each_choice_is_kept_beside_the_other(place: Path) -> None:
    memory = RememberedSettings(place / "deep" / "remembered.json")
    memory.keep_theme("light")
    RememberedSettings(place / "deep" / "remembered.json").keep_markers("block")  # another window
    memory.keep_theme("color-blind")
    found = memory.recall()
    assert (found.theme, found.markers) == ("color-blind", "block")
    assert [path.name for path in (place / "deep").iterdir()] == ["remembered.json"]
    assert WINDOWS or (place / "deep" / "remembered.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"theme": 3}', b'{"markers": "dots"}', b"[" * 9000, b"\xff"], ids=range(6)
)
def test_a_damaged_memory_is_none(place: Path, content: bytes) -> None:
    path = place / "remembered.json"
    path.write_bytes(content)
    memory = RememberedSettings(path)
    assert memory.recall().theme is None and memory.recall().markers is None
    memory.keep_markers("ascii")
    assert memory.recall().markers == "ascii"


@not_on_windows(PIPES)
def test_a_memory_that_cannot_be_written_is_no_error(place: Path) -> None:
    (place / "file").write_text("")
    RememberedSettings(place / "file" / "remembered.json").keep_theme("light")
    os.mkfifo(place / "pipe")
    assert RememberedSettings(place / "pipe").recall().theme is None


def test_the_command_line_comes_first_then_the_file_then_what_is_remembered(place: Path) -> None:
    memory = RememberedSettings(place / "remembered.json")
    memory.keep_theme("light")
    memory.keep_markers("block")
    found = preferences_for({})
    assert (found.settings.theme, found.settings.markers, found.settings.mouse) == ("light", "block", True)
    assert found.sources == {"theme": "remembered", "markers": "remembered"}
    memory.keep_matrix("recall")
    assert preferences_for({}).settings.matrix == "recall"
    (place / "config.toml").write_text('theme = "high-contrast"\nmouse = false\nmarkers = "dots"\n')
    found = preferences_for({})
    assert (found.settings.theme, found.settings.markers, found.settings.mouse) == ("high-contrast", "block", False)
    assert len(found.complaints) == 1
    found = preferences_for({"theme": "color-blind", "markers": "ascii", "notify": "bell"})
    assert (found.settings.theme, found.settings.markers) == ("color-blind", "ascii")
    assert (found.settings.notify, found.sources["notify"]) == ("bell", "command line")


def test_what_the_terminal_needs_comes_before_what_is_remembered_of_others(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    RememberedSettings(place / "remembered.json").keep_markers("braille")
    monkeypatch.setenv("TERM", "linux")
    assert preferences_for({}).settings.markers == "ascii"
    (place / "config.toml").write_text('markers = "block"')
    assert preferences_for({}).settings.markers == "block"


def test_a_theme_that_is_gone_is_forgotten_and_one_that_is_asked_for_is_told_of(place: Path) -> None:
    RememberedSettings(place / "remembered.json").keep_theme("gone")
    assert preferences_for({}).settings.theme == ""
    with pytest.raises(UserError, match="there is no theme 'ligth', did you mean light"):
        preferences_for({"theme": "ligth"})


def test_the_commands_tell_of_all_this(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 0 and main(["keys"]) == 0
    out = capsys.readouterr().out
    assert "config.toml (does not exist)" in out and "toggle_training    space" in out
    (place / "config.toml").write_text('notify = "bell"\n[keys]\ntoggle_training = "f5"\nstep = "q"\n')
    assert main(["settings"]) == 2
    told = capsys.readouterr()
    assert "notify          bell             config file" in told.out and "1 changed" in told.out
    assert (
        told.err == "tui-trainer: config.toml, line 4: keys.step: q is already the key of quit; change that one first\n"
    )
    assert main(["keys"]) == 2
    assert "toggle_training    f5 " in capsys.readouterr().out
