"""The app for a class: no file outside the student's folder, no way to a shell."""

from __future__ import annotations

import errno
import os
import subprocess
import webbrowser
from pathlib import Path

import pytest
from running_app import Start
from systems import CURRENT, not_on_windows
from textual.app import App
from textual.binding import Binding

from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.keys import KEYS
from tui_trainer.app.palette import entries
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import write
from tui_trainer.files import ROOT_VARIABLE


@pytest.fixture
def jail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's folder, and the app confined to it; the teacher's file lies beside it."""
    write(with_field(Experiment(), "name", "solution"), tmp_path / "solution.toml")
    (tmp_path / "marks.csv").write_text("a,b\n1,2\n3,4\n5,6\n")
    folder = tmp_path / "anna"
    folder.mkdir()
    monkeypatch.setenv(ROOT_VARIABLE, str(folder))
    monkeypatch.chdir(folder)
    return folder


async def test_files_are_opened_and_saved_inside_only(start: Start, jail: Path) -> None:
    async with start() as flow:
        for key, path, told in (
            ("ctrl+o", "../solution.toml", "is outside of"),
            ("ctrl+s", "/etc/cron.d/anna", "is outside of"),
            ("ctrl+s", "~/.ssh/rc", "is hidden"),
            ("ctrl+s", "mine.toml", "Saved as"),
        ):
            await flow.press(key)
            (await flow.until_asked(AskPath)).value = path
            await flow.press("enter")
            await flow.until_said(told)
        assert flow.screen.experiment.name != "solution"
    assert [path.name for path in jail.iterdir()] == ["mine.toml"]


async def test_data_come_from_inside_only(start: Start, jail: Path) -> None:
    async with start() as flow:
        await flow.screen.editor.change_field("dataset.path", "../marks.csv")
        await flow.until_said("is outside of")
        assert flow.message.startswith("File: ")


async def test_a_screenshot_is_saved_inside(start: Start, jail: Path) -> None:
    async with start() as flow:
        flow.pilot.app.deliver_screenshot()
        await flow.until(lambda: [path for path in jail.iterdir() if path.stat().st_size], "the picture")
        (picture,) = jail.iterdir()
        assert picture.suffix == ".svg"


@not_on_windows(CURRENT)
async def test_a_screenshot_that_can_not_be_written_is_told(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with start() as flow:
        app = flow.pilot.app
        folder.rmdir()
        app.deliver_screenshot("a.svg")
        app.deliver_screenshot("b.svg", str(tmp_path))
        (tmp_path / "old.svg").write_text("old")
        with monkeypatch.context() as full:
            full.setattr("os.fsync", no_space)
            app.deliver_screenshot("old.svg", str(tmp_path))
        await flow.until(lambda: len(app._notifications) == 3, "a message for each")
        assert [notification.message for notification in app._notifications] == [
            "a.svg can't be written: No such file or directory",
            "Saved as b.svg.",
            "old-2.svg can't be written: No space left on device",
        ]
        assert (tmp_path / "old.svg").read_text() == "old", "it is written beside, then moved"
        assert sorted(path.name for path in tmp_path.glob("*.*")) == ["b.svg", "old.svg"]


def no_space(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_no_way_to_a_shell(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key and no command suspends the app or starts a program."""

    def started(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    async with start() as flow:
        app = flow.pilot.app
        monkeypatch.setattr(subprocess, "Popen", started)
        monkeypatch.setattr(webbrowser, "open", started)
        monkeypatch.setattr("os.kill", started)
        app.open_url("https://example.org")
        assert app.clipboard == "https://example.org"
        await app.run_action("suspend_process")
        await flow.press("ctrl+z")
        known = {f"{key.group}: {key.help} ({key.display})" for key in KEYS}
        others = {entry.title for entry in entries(flow.screen) if entry.help not in known and ":" not in entry.help}
        assert others == {"Screenshot"}, "nothing of Textual's own commands"
    bound = [binding for binding in App.BINDINGS if isinstance(binding, Binding)]
    assert {binding.action for binding in bound} == {"quit", "help_quit"}, "look at what Textual binds now"
