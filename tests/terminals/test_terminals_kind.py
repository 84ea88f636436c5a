"""What is made of the environment: the kind of terminal, its markers, characters and sequences."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from rich.cells import cell_len
from terminal_modes import left_behind

from tui_trainer.ui.driver import PRIVATE, LimitedDriver, driver_for, within
from tui_trainer.ui.terminal import FRAMES_PER_SECOND, default_markers, detect_terminal, prepare

UTF_8 = {"LANG": "en_US.UTF-8"}


@pytest.mark.parametrize(
    ("environment", "charset", "markers"),
    [
        ({"TERM": "xterm-256color"}, "", None),
        ({"TERM": "xterm-256color", **UTF_8}, "", None),
        ({"TERM": "xterm", "LANG": "de_DE.utf8@euro"}, "", None),
        ({}, "", None),
        ({"TERM": "xterm", "LANG": "C"}, "ascii", "ascii"),
        ({"TERM": "xterm", "LANG": "C", "LC_CTYPE": "C.UTF-8"}, "ascii", "ascii"),  # as Python sets it
        ({"TERM": "xterm", "LC_CTYPE": "C.UTF-8"}, "", None),
        ({"TERM": "xterm", "LC_ALL": "POSIX", **UTF_8}, "ascii", "ascii"),
        ({"TERM": "xterm", "LC_ALL": "", "LC_CTYPE": "UTF-8"}, "", None),
        ({"TERM": "xterm", "LANG": "en_US.ISO-8859-1"}, "ascii", "ascii"),
        ({"TERM": "linux", **UTF_8}, "cp437", "ascii"),
        ({"TERM": "vt100", **UTF_8}, "ascii", "ascii"),
        ({"TERM": "vt220"}, "ascii", "ascii"),
        ({"TERM": "vte-256color"}, "", None),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", **UTF_8}, "", "ascii"),
    ],
)
def test_the_terminal_decides_characters_and_markers(
    environment: dict[str, str], charset: str, markers: str | None
) -> None:
    assert detect_terminal(environment).charset == charset and default_markers(environment) == markers


@pytest.mark.parametrize(
    ("environment", "colors", "no_color"),
    [
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"}, True, False),
        ({"TERM": "screen-256color", "TMUX": "/tmp/x,1,0"}, True, False),
        ({"TERM": "screen"}, False, False),
        ({"TERM": "screen.xterm-256color", "STY": "1.x"}, False, False),
        ({"TERM": "linux"}, False, False),
        ({"TERM": "vt100"}, False, True),
    ],
)
def test_colors_are_not_taken_from_another_terminal(environment: dict[str, str], colors: bool, no_color: bool) -> None:
    environment = {**environment, "COLORTERM": "truecolor"}
    prepare(environment)
    assert ("COLORTERM" in environment, "NO_COLOR" in environment) == (colors, no_color)


def test_keys_are_painted_sooner_than_is_usual_unless_somebody_says_otherwise() -> None:
    """Textual reads it once, when it is imported; nothing that is needed to ask may import it."""
    code = (
        "import os, sys, tui_trainer.cli.app as opening; assert 'textual' not in sys.modules; "
        "opening.prepare(os.environ); from textual.screen import UPDATE_PERIOD; print(round(1 / UPDATE_PERIOD))"
    )
    for given, expected in ({}, FRAMES_PER_SECOND), ({"TEXTUAL_FPS": "30"}, "30"):
        environment = {name: value for name, value in os.environ.items() if name != "TEXTUAL_FPS"} | given
        shown = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        assert shown.stdout.split() == [expected]


def test_characters_are_as_wide_as_they_were() -> None:
    text = "━─│╸▐X▌ ✔ ρ φ ℒ Σⱼ ∂² ⣿▙ é ﬁ 漢字 ● ▶▸ ‖ … − ▁▃▕ ▼ ← \u0301 🙂"
    for charset in ("ascii", "cp437"):
        shown = within(text, charset)
        assert cell_len(shown) == cell_len(text) and (charset != "ascii" or shown.isascii())
    assert within("▐X▌ loss ρ ▸ 漢", "ascii") == "[X] loss r > ??"
    assert within("━─▐X▌ ρ⣿φ ✔", "cp437") == "=─▐X▌ r⣿φ *", "marks of plots stay, for whoever chose them"


def test_private_sequences_are_left_out_and_the_others_stay() -> None:
    modes, questions = "\x1b[?1049h\x1b[?1003h\x1b[>25u\x1b[<u", "\x1b[?2026$p\x1b[22;2t"
    private = f"{modes}{questions}\x1b]2;title\x07\x1b]52;c;eA==\x1b\\\x1bPtmux;x\x1b\\"
    kept = "\x1b[?25l\x1b[?7l\x1b[3;4Hloss\x1b[1;7m \x1b[0m\x1b[2J\x1b[6n"
    assert PRIVATE.sub("", f"{private}{kept}{private}") == kept


def test_a_driver_of_ones_own_only_where_it_is_needed() -> None:
    assert driver_for({"TERM": "xterm-256color", **UTF_8}) is None
    assert driver_for({"TERM": "linux", **UTF_8, "TEXTUAL_DRIVER": "web"}) is None
    fitted = driver_for({"TERM": "linux", **UTF_8})
    assert fitted is not None and issubclass(fitted, LimitedDriver) and fitted.terminal.plain


def test_what_is_left_behind_is_noticed() -> None:
    """The check itself: each thing that a careless app leaves."""
    clean = "\x1b[?1049h\x1b[?25l\x1b[>25u\x1b[?1003h\x1b[?1003l\x1b[<u\x1b[?1049l\x1b[?25h"
    assert left_behind(clean) == []
    for missing in ("\x1b[?1003l", "\x1b[<u", "\x1b[?1049l", "\x1b[?25h"):
        assert len(left_behind(clean.replace(missing, ""))) == 1
    assert left_behind("\x1b]2;title\x07") == ["a title is set, and the one before it was not kept"]
