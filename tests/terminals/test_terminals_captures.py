"""What is seen of each tab in each terminal and size, kept as text. REMAKE_CAPTURES=1 makes the texts anew.

Terminals that show what others show are not looked at in each tab every time; ALL_TABS=1 does it.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from emulated_app import EmulatedApp
from multiplexers import Open
from terminal_modes import left_behind
from terminal_table import CAPTURES, SIZES, TABS, TERMINALS, Terminal

pytestmark = pytest.mark.slow

REMAKE = "REMAKE_CAPTURES" in os.environ
ALL = REMAKE or "ALL_TABS" in os.environ
TOO_SMALL = (40, 10)


@pytest.mark.parametrize("terminal", TERMINALS, ids=lambda terminal: terminal.name)
def test_every_tab_in_every_size(terminal: Terminal, open_app: Open) -> None:
    app = open_app(terminal)
    app.press(b" ")
    app.until(lambda text: "Finished 40 epochs" in text, "the end of the training")
    for size in terminal.sizes:
        app.resize(*size)
        for tab in TABS if ALL else terminal.tabs:
            app.press(TABS[tab].encode())
            look(app, terminal, size, tab)
    app.resize(*TOO_SMALL)
    app.until(
        lambda text: "at least" in text and "60x16" in " ".join(text.split()), "a sentence that says what it needs"
    )
    app.resize(*SIZES[1])
    compare(app, terminal, SIZES[1], tab)
    assert app.quit() == 0
    if not terminal.through:  # what is sent in there is not seen
        assert terminal.broken_promises(app.bytes.decode()) == []
        assert left_behind(app.bytes.decode()) == []
    if terminal.name in ("linux", "vt100"):  # there is no other screen to go back to
        assert app.text.strip() == ""


def look(app: EmulatedApp, terminal: Terminal, size: tuple[int, int], tab: str) -> None:
    """Compare the screen with what was kept of it, or keep it."""
    if REMAKE:
        remake(steady(app.until_quiet()), terminal, size, tab)
    compare(app, terminal, size, tab)


def steady(text: str) -> str:
    """The text without the store's size, which depends on the version of SQLite."""
    return re.sub(r"[\d.]+ [kM]?B on disk", "N kB on disk", text)


def compare(app: EmulatedApp, terminal: Terminal, size: tuple[int, int], tab: str) -> None:
    """Wait until the screen is as it was kept."""
    file = terminal.kept(size, tab)
    assert file.is_file(), f"{file.name} is missing; REMAKE_CAPTURES=1 makes it"
    kept = file.read_text()
    try:
        app.until(lambda text: steady(text) == kept, file.name)
    except AssertionError:
        difference = difflib.unified_diff(kept.splitlines(), app.text.splitlines(), file.name, "seen", lineterm="", n=1)
        pytest.fail("\n".join([f"{terminal.name}, {size[0]}x{size[1]}, {tab}:", *difference]))


def remake(seen: str, terminal: Terminal, size: tuple[int, int], tab: str) -> None:
    """Keep the text, unless the terminal that this one is like has the same."""
    own = terminal.file(size, tab)
    own.unlink(missing_ok=True)
    file = terminal.kept(size, tab)
    if not file.is_file() or file.read_text() != seen:
        CAPTURES.mkdir(exist_ok=True)
        own.write_text(seen)


def captures() -> Iterator[Path]:
    return iter(sorted(CAPTURES.glob("*.txt")))


def test_the_captures_are_those_of_the_table() -> None:
    """None is left of what is no longer looked at, and none has a line that sticks out or a cut-off frame."""
    names = {terminal.file(size, tab).name for terminal in TERMINALS for size in SIZES for tab in TABS}
    found = list(captures())
    assert {file.name for file in found} <= names and len(found) >= len(SIZES) * len(TABS)
    for file in found:
        columns, rows = map(int, file.stem.rsplit("-", 2)[1].split("x"))
        lines = file.read_text().splitlines()
        assert len(lines) == rows and max(map(len, lines)) <= columns, file.name
        assert lines[-1].endswith("help") and "epoch 40/40" in lines[0], file.name
        assert " 9 " in lines[1], file.name
