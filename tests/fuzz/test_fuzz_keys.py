"""What a terminal sends, cut, doubled and mixed up: keys, mouse, pastes and answers, as fast as they come."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import forked_trainer
import pytest
from cage import Cage, cage
from hands import LEAVING, settle
from holding import Campaign, Case
from mutators import NASTY_BYTES, damaged
from running_app import forked_trainers, quick
from textual import events
from textual.message import Message

from tui_trainer.files import ROOT_VARIABLE
from tui_trainer.ui.keymap import keymap
from tui_trainer.ui.terminal_input import PasteParser

__all__ = ["forked_trainers", "quick"]  # fixtures
KIND = "keys"
LONGEST = 80  # keys and clicks of a burst
ARROWS = b"\x1b[A\x1b[B\x1b[C\x1b[D\x1bOA\x1b[1;5A\x1b[5~\x1b[6~\x1b[H\x1b[F\x1b[3~\x1b[2~"
SENT = (
    ARROWS,
    b"\x1bOP\x1b[15~\x1b[24~\x1b[1;2P\x1b\x1b[A",
    b"\x1b[200~0.05\x1b[201~\r",
    b"\x1b[200~tt1-q1ZKSSzOVrJSqlWyUkpKLE4FAA\n\x1b[201~",
    b"\x1b[200~" + b"long text " * 500 + b"\x1b[201~",
    b"\x1b[<0;10;10M\x1b[<0;10;10m\x1b[<64;30;20M\x1b[<65;30;20M\x1b[<35;50;12M",
    b"\x1b[<0;999;999M\x1b[<0;0;0m",
    b"\x1b[I\x1b[O\x1b[?1;2c\x1b[24;80R\x1b[?2026;2$y\x1b[48;30;100;0;0t",
    b"\x1b[97u\x1b[97;5u\x1b[57358u\x1b[1;1:3A",
    b"12345678999nnpV\r", b"??\x1b", b"\x0f\x1b", b"\x10theme\x1b", b"i12\r\x1b", b"M\x1b", b"\x13x\r\x1b",
    b" s e r m k ", b"axuUR[]<>", b"\t\t\t\x1b[Z0.5\r", b"\x1bx\x1b[\x1bO\x1b", "äß日本\U0001f984e\u0301".encode(),
)  # fmt: skip


def sent_by_terminal(rng: random.Random) -> str:
    """A burst of input, as the driver decodes it."""
    commands = [one for key in keymap().all for one in key.keys.split(",") if len(one) == 1]
    parts = [
        rng.choice(SENT) if rng.random() < 0.6 else rng.choice(commands).encode() for _ in range(rng.randrange(3, 12))
    ]
    data = b"".join(damaged(rng, part, NASTY_BYTES)[:6000] if rng.random() < 0.5 else part for part in parts)
    return data.decode("utf-8", "replace")


def parsed(rng: random.Random, text: str) -> Iterator[Message]:
    """What the parser makes of it, however it is cut."""
    parser = PasteParser()
    while text:
        length = rng.choice((1, 2, 7, 40, len(text)))
        yield from parser.feed(text[:length])
        text = text[length:]
    yield from parser.feed("")


async def press(one: Cage, rng: random.Random) -> int:
    """Post what was sent at once; return how much came of it."""
    leaving = {press for key in keymap().all if key.name in LEAVING for press in key.keys.split(",")}
    count = 0
    for message in parsed(rng, sent_by_terminal(rng)):
        if isinstance(message, events.Key) and message.key in leaving | {"ctrl+c", "ctrl+q", "ctrl+z"}:
            continue
        one.pilot.app.post_message(message)
        count += 1
        if count == LONGEST:
            break
        if count % 20 == 0:
            await settle(one)
    await settle(one)
    return count


async def burst(case: Case) -> bool:
    async with cage(case.rng.randrange(10**6)) as one:
        count = await press(one, case.rng)
        assert one.pilot.app._exception is None and not one.crashes
        assert not list(Path("../data").glob("errors.txt")), Path("../data/errors.txt").read_text()[-3000:]
        await one.come_back()
        await one.pilot.press("7")
        await one.until(lambda: one.screen.tabs.active == "summary", "a key that is obeyed")
        for strip in one.pilot.app.screen._compositor.render_strips():
            assert strip.text.isprintable(), repr(strip.text)
    return count > 0


def try_keys(case: Case) -> bool:
    case.outputs |= {"files", "data"}
    (case.folder / "files").mkdir()
    return asyncio.run(in_folder(case))


async def in_folder(case: Case) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(case.folder / "files")
        patch.setenv("TUI_TRAINER_DATA", str(case.folder / "data"))
        patch.setenv(ROOT_VARIABLE, str(case.folder / "files"))
        return await burst(case)


@pytest.fixture(scope="module", autouse=True)
def prepared() -> None:
    """Start the process that trainers are copies of before the folders are those of a campaign."""
    forked_trainer.prepare()


def test_keys(campaign: Campaign, quick: None, forked_trainers: None) -> None:
    campaign.run(try_keys, kept_open=3)  # Textual remembers some of the apps that have ended
