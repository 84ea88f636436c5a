"""Pasted text with escape sequences in it, and keys that wait for those before."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from textual import events
from themed_app import ThemedApp

from tui_trainer.system import terminal
from tui_trainer.ui import driver
from tui_trainer.ui.terminal_input import END, START, KeyQueue, PasteParser

NASTY = "a\x1b[A\x1bq\x1b[<0;5;5M\x1b[I\x1b]0;t\x07\x1b[200~\x1b[99zz"


def parsed(*parts: str) -> list[tuple[str, str]]:
    """What comes of input that arrives in these parts: kinds of events, and their text or key."""
    parser = PasteParser()
    found = [event for part in parts for event in parser.feed(part)]
    return [
        (type(event).__name__, event.text if isinstance(event, events.Paste) else getattr(event, "key", ""))
        for event in found
    ]


def test_escape_sequences_in_a_paste_are_no_keys() -> None:
    got = parsed(f"x{START}{NASTY}\nend{END}y")
    assert got == [("Key", "x"), ("Paste", "a[Aq[<0;5;5M[I]0;t[200~[99zz\nend"), ("Key", "y")]


@pytest.mark.parametrize("size", (1, 2, 3, 5, 7))
def test_the_parts_in_which_it_arrives_do_not_matter(size: int) -> None:
    text = f"x{START}{NASTY}{END}\x1b[A{START}{END}{START}b{END}y"
    got = parsed(*(text[place : place + size] for place in range(0, len(text), size)))
    assert got == [*parsed(text)]
    assert [kind for kind, _ in got] == ["Key", "Paste", "Key", "Paste", "Paste", "Key"]


def test_keys_go_on_as_before() -> None:
    assert parsed("a\x1b[A\x1b[B", "\r") == [("Key", "a"), ("Key", "up"), ("Key", "down"), ("Key", "enter")]


@pytest.mark.parametrize(
    "sequence", ["\x1b[1;1:3A", "\x1b[97;5:3u", "\x1b[:1u", "\x1b[9999999999u", "\x1b[97;;99999999999u"]
)
def test_a_key_that_makes_no_sense_is_ignored(sequence: str) -> None:
    """A terminal that reports releases, or numbers of no character; the keys after it are keys."""
    assert parsed(f"x{sequence}y") == [("Key", "x"), ("Key", "y")]


@pytest.mark.parametrize("size", ["30;100;0;0", "0;0;600;800"])
def test_a_terminal_that_does_not_know_its_size(size: str) -> None:
    assert parsed(f"\x1b[48;{size}t\x1b[<0;10;5My") == [("Resize", ""), ("MouseDown", ""), ("Key", "y")]


def test_the_driver_takes_it() -> None:
    assert driver.driver_for({"TERM": "xterm"}) is None
    assert terminal.driver()[1].XTermParser is PasteParser


async def test_a_key_that_ends_the_app_is_waited_for_without_an_error() -> None:
    app = ThemedApp()
    queue = KeyQueue(app, app.on_event, partial(asyncio.sleep, 0))
    async with app.run_test():
        path = queue._path()
        assert path == [app.screen, app]
    await queue._until_quiet(path)
    assert queue._path() == []
