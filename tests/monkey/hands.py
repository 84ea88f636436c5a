"""Quick hands: keys and clicks that are queued before the app has finished with those before."""

from __future__ import annotations

import asyncio
import random
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from cage import Cage
from textual import events
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot

from tui_trainer.ui.keymap import keymap

LEAVING = frozenset({"quit", "quit_now", "interrupt"})  # keys, by name
TABS = tuple("123456789")
LESSONS = ("9", "n", "n", "n", "p", "p", "V", "A", "B", "j", "L", "enter")
DIALOGS = ("ctrl+p", "ctrl+o", "ctrl+s", "ctrl+e", "i", "M", "T", "equals_sign", "question_mark")
ANSWERS = ("enter", "escape", "escape", "tab", "down", "up", "backspace", "z")
EDITS = ("a", "x", "u", "U", "ctrl+up", "ctrl+down", "R", "[", "]", "space", "s", "e", "r", "m", "k")
WITHIN = 0.05  # seconds that a pair or a triple of keys takes at most
SLOWEST, QUICKEST = 8.0, 60.0  # actions a second
ROUND = 60  # actions until the hands rest, and somebody looks at what they have done
AWAY = 15  # groups of actions in dialogs until escape is tried


def key_event(name: str) -> events.Key:
    """The event that a terminal's key makes."""
    key = _character_to_key(name) if len(name) == 1 else name
    original = REPLACED_KEYS.get(key, key)
    try:
        character = unicodedata.lookup(_get_unicode_name_from_key(original))
    except KeyError:
        character = name if len(name) == 1 else None
    return events.Key(key, character)


def post_key(pilot: Pilot[None], name: str) -> None:
    """Queue a key, and go on at once."""
    pilot.app.post_message(key_event(name))


def post_click(pilot: Pilot[None], x: int, y: int) -> None:
    """Queue a press of the mouse and its end."""
    for kind in (events.MouseDown, events.MouseUp):
        pilot.app.post_message(kind(None, x, y, 0, 0, 1, False, False, False, x, y))


async def burst(cage: Cage, *keys: str, seconds: float = 0.0) -> None:
    """Post keys, so many seconds apart, and wait until they have had their effect."""
    for key in keys:
        post_key(cage.pilot, key)
        if seconds:
            await asyncio.sleep(seconds)
    await settle(cage)


async def settle(cage: Cage) -> None:
    """Wait until nothing is left to be done, twice in a row: handlers queue more; fail if the app has crashed."""
    for _ in range(2):
        await asyncio.sleep(0.05)
        await cage.until(lambda: not waiting_messages(cage), "all messages handled")


def waiting_messages(cage: Cage) -> int:
    """How many messages the nodes of all screens have not handled yet."""
    app = cage.pilot.app
    return sum(node.message_queue_size for node in (app, *app.screen.walk_children(with_self=True)))


@dataclass
class Hands:
    """Types and clicks from a seed: singles, pairs and triples within 50 ms, ``slowest`` to 60 actions a second."""

    seed: int
    slowest: float = SLOWEST
    rng: random.Random = field(init=False)
    done: list[str] = field(default_factory=list)
    screens: Counter[str] = field(default_factory=Counter)  # in which a group of actions began
    away: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        keys = [key for key in keymap().all if key.name not in LEAVING]
        self._commands = sorted({name for key in keys for name in key.keys.split(",")})

    async def let_loose(self, cage: Cage, actions: int) -> None:
        """So many actions; AssertionError at the first that does harm."""
        left = actions
        while left > 0:
            pace = self.rng.uniform(self.slowest, QUICKEST)
            for _ in range(min(ROUND, left)):
                left -= await self._group(cage, pace)
            await settle(cage)
            assert not cage.crashes, f"{cage.crashes}; {self.story()}"
            if cage.screen.trainer.refused is not None:  # nothing trains until that is undone
                await cage.come_back()
                await cage.start_over()

    async def _group(self, cage: Cage, pace: float) -> int:
        """One to three actions; returns how many."""
        pilot, rng = cage.pilot, self.rng
        screen = type(pilot.app.screen).__name__
        self.screens[screen if screen != "MainScreen" else cage.screen.tabs.active] += 1
        self.away = 0 if screen == "MainScreen" else self.away + 1
        count = rng.choices((1, 2, 3), (20, 45, 35))[0]
        for _ in range(count):
            if self.away > AWAY and rng.random() < 0.4:
                self._press(pilot, "escape")
            elif rng.random() < 0.12:
                x, y = rng.randrange(120), rng.randrange(40)
                self.done.append(f"click {x},{y}")
                post_click(pilot, x, y)
            else:
                kinds = (self._commands, TABS, LESSONS, DIALOGS, ANSWERS, EDITS)
                self._press(pilot, rng.choice(rng.choices(kinds, (20, 12, 22, 12, 20, 14))[0]))
            if rng.random() < 0.5:
                await asyncio.sleep(rng.uniform(0, WITHIN / count))
        await asyncio.sleep(count / pace)
        assert pilot.app._exception is None, f"{pilot.app._exception!r}; {self.story()}"
        return count

    def _press(self, pilot: Pilot[None], name: str) -> None:
        self.done.append(name)
        post_key(pilot, name)

    def story(self, last: int = 40) -> str:
        """What to say when something has gone wrong."""
        return f"seed {self.seed}, {len(self.done)} actions, the last: {'; '.join(self.done[-last:])}"
