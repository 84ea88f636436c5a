"""What is said to the terminal: the title of its window, a bell, a notification; text in it is data."""

from __future__ import annotations

import re

import pytest

from tui_trainer.settings import Notify
from tui_trainer.ui.terminal import MAX_LENGTH, notification, takes_title, title

XTERM = {"TERM": "xterm-256color"}
HOSTILE = "a\x07b\x1b]0;c\x9cd\u202e\n;e\x1b\\" + "f" * 1000


@pytest.mark.parametrize(
    "term", ["xterm", "xterm-kitty", "screen.xterm-256color", "tmux-256color", "foot", "rxvt-unicode"]
)
def test_these_have_a_title(term: str) -> None:
    assert takes_title({"TERM": term})


@pytest.mark.parametrize("term", ["", "linux", "vt100", "vt220", "dumb", "ansi", "cons25", "eterm", "sun"])
def test_others_may_print_it(term: str) -> None:
    assert not takes_title({"TERM": term})


def test_a_title_ends_where_it_should() -> None:
    assert title("▶ iris 3/60 running") == "\x1b]2;▶ iris 3/60 running\x07"
    text = title(HOSTILE)
    assert re.fullmatch(r"\x1b\]2;[^\x00-\x1f\x7f-\x9f\u202e]+\x07", text) and len(text) == MAX_LENGTH + 5


@pytest.mark.parametrize(
    ("how", "environment", "sent"),
    [
        ("none", XTERM, ""),
        ("bell", XTERM, "\x07"),
        ("desktop", XTERM, "\x1b]777;notify;tui-trainer;iris: done\x07"),
        ("desktop", {**XTERM, "LC_TERMINAL": "iTerm2"}, "\x1b]9;tui-trainer: iris: done\x07"),
        ("desktop", {**XTERM, "WT_SESSION": "1"}, "\x07"),
        ("desktop", {**XTERM, "TERM_PROGRAM": "Apple_Terminal"}, "\x07"),
        ("desktop", {"TERM": "linux"}, "\x07"),
        (
            "desktop",
            {"TERM": "screen", "TMUX": "1"},
            "\x1bPtmux;\x1b\x1b]777;notify;tui-trainer;iris: done\x07\x1b\\\x07",
        ),
        ("desktop", {"TERM": "screen"}, "\x1bP\x1b]777;notify;tui-trainer;iris: done\x07\x1b\\\x07"),
    ],
)
def test_how_the_user_is_called(how: Notify, environment: dict[str, str], sent: str) -> None:
    assert notification("iris: done", how, environment) == sent


def test_a_notification_holds_no_more_than_its_text() -> None:
    for environment in (XTERM, {**XTERM, "LC_TERMINAL": "iTerm2"}):
        sent = notification(HOSTILE, "desktop", environment)
        assert re.fullmatch(r"\x1b\](?:777;notify;tui-trainer;|9;tui-trainer: )[^\x00-\x1f\x7f-\x9f\u202e;]+\x07", sent)
        assert len(sent) < MAX_LENGTH + 40
