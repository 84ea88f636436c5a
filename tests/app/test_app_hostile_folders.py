"""Lessons from somewhere, and a store that somebody has written in: their text is shown, and nothing of it obeyed."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from stored_runs import store_runs
from systems import WINDOWS

from tui_trainer.book.library import from_folder
from tui_trainer.errors import printable
from tui_trainer.tabs.book.view import BookView
from tui_trainer.tabs.runs.view import RunsView
from tui_trainer.ui.terminal import notification, title

if TYPE_CHECKING:
    from running_app import Flow, Start

ODD = "[b]\x1b[31m\x9b2J\x1b]0;t\x07\u202e\u200b\x00[@click=app.quit]x[/]"
SHOWN = "[b]�[31m"
LESSON = """
title = {0}
chapter = {0}
text = {0}
view = "loss"
[question]
text = {0}
choices = [{0}, "b"]
answer = 0
because = {0}
[[variants]]
name = "a"
[[variants]]
name = {0}
set = {{ "training.epochs" = 3 }}
"""


def assert_clean(flow: Flow) -> None:
    """Nothing on the screen is a control or format character."""
    found = {char for char in flow.screen_text() if unicodedata.category(char)[0] == "C"} - {"\n"}
    assert not found, [f"U+{ord(char):04X}" for char in found]


async def test_what_lessons_and_stored_runs_say_is_text(start: Start, tmp_path: Path) -> None:
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    (lessons / "1.toml").write_text(LESSON.format(json.dumps(ODD)), encoding="utf-8")
    odd_name = "2[2J.toml" if WINDOWS else "2\x1b[2J.toml"
    (lessons / odd_name).write_text("nothing", encoding="utf-8")
    assert [one.title for one in from_folder(lessons).lessons] == [ODD], from_folder(lessons).errors
    store_runs(tmp_path / "store", {"one": {}, "two": {}})
    connection = sqlite3.connect(tmp_path / "store" / "runs.sqlite")
    for column in ("name", "tags", "dataset", "layers", "activation", "optimizer", "state"):
        connection.execute(f"UPDATE cards SET {column} = ?", (ODD,))
    connection.execute("UPDATE runs SET name = ?, state = ?", (ODD, ODD))
    connection.commit()
    connection.close()
    async with start(lessons=lessons) as flow:
        await flow.press("8")
        await flow.until(lambda: isinstance(flow.screen.tabs.view, RunsView), "the Runs tab")
        await flow.until_shown(SHOWN)
        assert_clean(flow)
        await flow.press("enter")
        await flow.until_said("Opened")
        assert SHOWN in flow.message and flow.message.isprintable()
        await flow.press("9")
        await flow.until(lambda: isinstance(flow.screen.tabs.view, BookView), "the Book tab")
        await flow.press("end")
        await flow.until_shown(SHOWN)
        await flow.until_shown(printable(odd_name))
        assert_clean(flow)
        await flow.press("up", "enter")
        await flow.until(lambda: flow.screen.in_lesson, "the lesson")
        await flow.until_shown(SHOWN)
        await flow.press("A")
        assert_clean(flow)
        assert flow.pilot.app.is_running, "no link of theirs was followed"


def test_what_the_terminal_itself_is_told_ends_no_sequence() -> None:
    for sequence in (title(ODD), notification(ODD, "desktop", {"TERM": "xterm-256color"})):
        assert sequence.startswith("\x1b]") and sequence.endswith("\x07")
        assert sequence[2:-1].isprintable()
