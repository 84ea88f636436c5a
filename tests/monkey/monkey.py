"""A monkey at the app: random keys, mouse and resizes from a seed, weighted so that it gets everywhere."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input

from tui_trainer.app.screen import SMALLEST, MainScreen
from tui_trainer.ui.keymap import keymap

LEAVING = frozenset({"quit", "quit_now", "interrupt"})  # keys, by name
WANDER = ("up", "down", "left", "right", "tab", "shift+tab", "enter", "escape", "space", "pageup", "pagedown")
MOVES = (*WANDER, "home", "end", "backspace", "delete", "ctrl+a", "ctrl+u", "ctrl+k", "ctrl+w")
DIALOGS = ("ctrl+p", "ctrl+p", "ctrl+o", "ctrl+s", "ctrl+e", "i", "M", "question_mark", "slash", "N", "t")
TEXT = "0123456789.,-+eE abcxyz/[]{}()<>=!\"'#\\;:~ßλ漢🙂\u0301"
SIZES = ((120, 40), (80, 24), (60, 16), (100, 30), (59, 15), (20, 5), (1, 1), (200, 60))
LINGERS = 25  # events in another screen than the main one until escape is tried


@dataclass
class Monkey:
    """Does one thing after another, and remembers the last of them."""

    seed: int
    rng: random.Random = field(init=False)
    done: list[str] = field(default_factory=list)
    size: tuple[int, int] = (120, 40)
    away: int = 0  # events since the main screen was seen

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    async def act(self, pilot: Pilot[None]) -> None:
        """One event, or a few that belong together."""
        app, rng = pilot.app, self.rng
        self.away = 0 if isinstance(app.screen, MainScreen) else self.away + 1
        if self.away > LINGERS and rng.random() < 0.3:
            await self.press(pilot, "escape")
        elif (self.size[0] < SMALLEST[0] or self.size[1] < SMALLEST[1]) and rng.random() < 0.15:
            await self.resize(pilot)
        elif isinstance(app.focused, Input) and rng.random() < 0.5:
            await self.type(pilot)
        else:
            chosen: Callable[[Pilot[None]], object] = rng.choices(*zip(*self.ways(), strict=True))[0]
            await chosen(pilot)  # type: ignore[misc]

    def ways(self) -> Sequence[tuple[Callable[[Pilot[None]], object], int]]:
        """What it may do, and how much it likes that."""
        return (
            (self.command, 30),
            (self.tab, 8),
            (self.train, 6),
            (self.move, 22),
            (self.dialog, 4),
            (self.type, 4),
            (self.click, 20),
            (self.drag, 4),
            (self.scroll, 5),
            (self.point, 3),
            (self.resize, 3),
        )

    async def press(self, pilot: Pilot[None], key: str) -> None:
        self.done.append(key)
        await pilot.press(key)

    async def command(self, pilot: Pilot[None]) -> None:
        """Any key of the table but those that leave the app."""
        keys = [key for key in keymap().all if key.name not in LEAVING]
        await self.press(pilot, self.rng.choice(self.rng.choice(keys).keys.split(",")))

    async def tab(self, pilot: Pilot[None]) -> None:
        await self.press(pilot, self.rng.choice("123456789"))

    async def train(self, pilot: Pilot[None]) -> None:
        await self.press(pilot, self.rng.choice(("space", "space", "s", "e", "r")))

    async def move(self, pilot: Pilot[None]) -> None:
        await self.press(pilot, self.rng.choice(MOVES))

    async def dialog(self, pilot: Pilot[None]) -> None:
        await self.press(pilot, self.rng.choice(DIALOGS))

    async def type(self, pilot: Pilot[None]) -> None:
        """A few characters, one after another, then perhaps Enter."""
        for _ in range(self.rng.randint(1, 4)):
            await self.press(pilot, _character_to_key(self.rng.choice(TEXT)))
        if self.rng.random() < 0.3:
            await self.press(pilot, "enter")

    def place(self) -> tuple[int, int]:
        """A cell; rather one where there is much to click on."""
        width, height = self.size
        x = self.rng.randrange(width) if self.rng.random() < 0.6 else self.rng.randrange(min(width, 52))
        y = self.rng.choice((0, height - 1)) if self.rng.random() < 0.1 else self.rng.randrange(height)
        return x, y

    async def click(self, pilot: Pilot[None]) -> None:
        """A click, sometimes with ctrl or shift held, sometimes two, sometimes with another button."""
        x, y = self.place()
        held = self.rng.choices(("", "ctrl", "shift", "meta"), (80, 12, 5, 3))[0]
        button = self.rng.choices((1, 2, 3), (90, 4, 6))[0]
        for _ in range(self.rng.choices((1, 2, 3), (85, 12, 3))[0]):
            self.done.append(f"{held} click {button} at {x},{y}".strip())
            self.mouse(pilot, events.MouseDown, x, y, button, held)
            self.mouse(pilot, events.MouseUp, x, y, button, held)
            await pilot.pause()

    async def drag(self, pilot: Pilot[None]) -> None:
        """From one place to another; now and then the button is let go of outside, or never."""
        (x, y), (to_x, to_y) = self.place(), self.place()
        held = self.rng.choice(("", "", "ctrl"))
        self.done.append(f"{held} drag {x},{y} to {to_x},{to_y}".strip())
        self.mouse(pilot, events.MouseDown, x, y, 1, held)
        for part in range(1, 5):
            self.mouse(pilot, events.MouseMove, x + (to_x - x) * part // 4, y + (to_y - y) * part // 4, 1, held)
        if self.rng.random() < 0.9:
            self.mouse(pilot, events.MouseUp, to_x, to_y, 1, held)
        await pilot.pause()

    async def scroll(self, pilot: Pilot[None]) -> None:
        x, y = self.place()
        kind = self.rng.choice((events.MouseScrollUp, events.MouseScrollDown))
        self.done.append(f"{kind.__name__} at {x},{y}")
        for _ in range(self.rng.randint(1, 5)):
            self.mouse(pilot, kind, x, y, 0, self.rng.choice(("", "", "", "ctrl", "shift")))
        await pilot.pause()

    async def point(self, pilot: Pilot[None]) -> None:
        x, y = self.place()
        self.done.append(f"point at {x},{y}")
        self.mouse(pilot, events.MouseMove, x, y, 0, "")
        await pilot.pause()

    async def resize(self, pilot: Pilot[None]) -> None:
        """One of the usual sizes, or any; now and then several at once."""
        for _ in range(self.rng.choices((1, 4), (9, 1))[0]):
            usual = self.rng.random() < 0.7
            self.size = self.rng.choice(SIZES) if usual else (self.rng.randint(1, 180), self.rng.randint(1, 60))
            self.done.append("resize {}x{}".format(*self.size))
            await pilot.resize_terminal(*self.size)

    def mouse(self, pilot: Pilot[None], kind: type[events.MouseEvent], x: int, y: int, button: int, held: str) -> None:
        """What the terminal tells of the mouse, on the way that it takes from there."""
        flags = (held == "shift", held == "meta", held == "ctrl")
        pilot.app.post_message(kind(None, x, y, 0, 0, button, *flags, x, y))

    def story(self, last: int = 60) -> str:
        """What to say when something has gone wrong."""
        return f"seed {self.seed}, {len(self.done)} events, the last: {'; '.join(self.done[-last:])}"
