"""Rough treatment: a storm of resizes while it trains, terminals that are none, and plots in each kind of marker."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from emulated_app import APP, EmulatedApp
from multiplexers import Open
from pty_app import PtyApp
from terminal_modes import left_behind
from terminal_table import BEST, BRAILLE, TERMINALS, Terminal

pytestmark = pytest.mark.slow

ENDLESS = "name = 'endless'\n[[model.layers]]\nunits = 8\n[training]\nepochs = 10000000\n"
STORM = 300  # resizes
LINES = "[\u2500-\u259f]"  # and blocks


def terminal(name: str) -> Terminal:
    return next(one for one in TERMINALS if one.name == name)


def plot(app: EmulatedApp) -> str:
    """The rows between the tabs and the message."""
    return "\n".join(app.text.splitlines()[2:-3])


def test_a_storm_of_resizes_while_it_trains(open_app: Open) -> None:
    """At its end the screen is whole: the same as after all of it has been drawn once more; and it still trains."""
    app, rng = open_app(terminal(BEST), (80, 24), ENDLESS), random.Random(6)
    app.press(b" ")
    app.until(lambda text: "steps/s" in text or "▶" in text, "training")
    for _ in range(STORM):
        app.resize(rng.randint(1, 200), rng.randint(1, 60))
        app.read_some(0.002)
    app.resize(120, 40)
    before = app.until(epoch, "the status line")
    app.until(lambda text: epoch(text) > epoch(before), "an epoch after the storm")
    app.press(b" ")
    app.until(lambda text: "‖ epoch" in text, "the pause")
    app.press(b"7")
    seen = app.until(lambda text: "Total params" in text, "the summary")
    app.resize(121, 40)
    app.until(lambda text: max(map(len, text.splitlines())) <= 121 and "Total params" in text, "one column more")
    app.resize(120, 40)
    app.until(lambda text: text == seen, "the same screen again")
    use_all_markers(app)
    assert app.quit() == 0, app.bytes[-3000:].decode()
    assert left_behind(app.bytes.decode()) == []


def epoch(text: str) -> int:
    """The epoch that the status line tells of; 0 where it is not seen."""
    found = re.search(r"epoch ([\d,]+)/10,000,000", text)
    return int(found[1].replace(",", "")) if found else 0


def use_all_markers(app: EmulatedApp) -> None:
    """Key k: Braille, blocks, then ASCII, which is nothing but ASCII in the plot."""
    app.resize(80, 24)  # without the setup beside it
    app.press(b"0")
    app.until(lambda text: re.search(BRAILLE, text) and "━ train" in text, "a plot in Braille")
    app.press(b"k")
    app.until(lambda text: re.search("[\u2580-\u259f]", plot(app)) and not re.search(BRAILLE, text), "a plot in blocks")
    app.press(b"k")
    app.until(lambda text: not re.search(LINES, plot(app)), "a plot in ASCII")
    for key in b"3456":
        app.press(bytes([key]))
        app.until(lambda text: not re.search(f"{LINES}|{BRAILLE}", plot(app)), f"ASCII alone in tab {key - 48}")


@pytest.mark.parametrize("name", ["dumb", "unknown"])
def test_a_terminal_that_can_not_draw(name: str, tmp_path: Path) -> None:
    app = PtyApp(APP, data_folder=tmp_path, variables={"TERM": name})
    seen = app.read_until(b"\n")
    assert app.wait() == 2
    assert seen.decode().startswith(f"tui-trainer: the app needs a terminal that can draw, and TERM says '{name}'")
    assert b"\x1b" not in seen and b"Traceback" not in seen


def test_the_app_says_that_it_needs_a_terminal(tmp_path: Path) -> None:
    environment = {**os.environ, "TUI_TRAINER_DATA": str(tmp_path)}
    ended = subprocess.run(APP, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment)
    assert ended.returncode == 2 and ended.stdout == ""
    assert ended.stderr == "tui-trainer: the app needs a terminal; without one, use: tui-trainer train FILE.toml\n"


def test_a_terminal_for_all_but_what_is_drawn_on(tmp_path: Path) -> None:
    """With its third output in a file, the app would run unseen."""
    told = tmp_path / "told"
    words = [sys.executable, "-c", f"import os; os.execv({sys.executable!r}, {list(APP)!r})"]
    app = PtyApp(["sh", "-c", f'exec "$@" 2>{told}', "sh", *words], data_folder=tmp_path)
    assert app.wait() == 2
    assert "the app needs a terminal" in told.read_text()


@pytest.mark.parametrize("encoding", ["ascii", "ascii:strict", "latin-1", "utf-16", "cp437:backslashreplace"])
def test_the_encoding_of_pythons_output_leaves_the_screen_as_it_is(tmp_path: Path, encoding: str) -> None:
    """The terminal counts, as the locale describes it; a screen in another encoding would be garbled."""
    app = EmulatedApp([], (120, 40), tmp_path, {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": encoding})
    try:
        app.until(lambda text: "epoch 0/" in text, "the status line")
        app.press(b"7")
        seen = app.until(
            lambda text: all(part in text for part in ("┏━", "┃ Layer (type)", "│ dense", "╭─ Data")), "the table"
        )
        app.bytes.decode("utf-8")
        assert seen.count("?") == 1, "that of the help"
        assert app.quit() == 0
    finally:
        app.end()
