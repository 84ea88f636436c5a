"""The table of what is looked at: terminals, sizes and tabs, and what each terminal is promised."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

CAPTURES = Path(__file__).parent / "captures"
SIZES = ((120, 40), (80, 24), (60, 16))
TABS = {  # and their keys
    "loss": "0",
    "data": "2",
    "landscape": "3",
    "boundary": "4",
    "network": "5",
    "predictions": "6",
    "summary": "7",
    "runs": "8",
    "book": "9",
}

EXPERIMENT = """\
name = "looked_at"
[dataset]
name = "iris"
[[model.layers]]
units = 8
[[model.layers]]
units = 4
[model]
dtype = "float64"
[training]
epochs = 40
learning_rate = 0.05
"""

BRAILLE = "[\u2800-\u28ff]"
NOT_ASCII = "[^\x00-\x7f]"
NOT_CONSOLE = f"[^\\x00-\\x7f{bytes(range(128, 256)).decode('cp437')}]"  # what all its fonts have
PRIVATE = r"\x1b\[[<>=]|\x1b\[\?(?!25[hl]|7[hl])|\x1b[\]P]|\x1b\[[0-9;]*\$"
TRUECOLOR, INDEXED, COLOR = r"[34]8;2;", r"[34]8;5;", r"\x1b\[(?:[0-9;]*;)?(?:[34][0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m"


@dataclass(frozen=True)
class Terminal:
    """One line of the table.

    ``like`` names the terminals whose captures are its own where none is kept under its name, ``never`` are patterns
    of what is not sent to it, ``through`` is the program that the app runs in.
    """

    name: str
    variables: dict[str, str] = field(default_factory=dict)
    like: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    through: str = ""
    sizes: tuple[tuple[int, int], ...] = SIZES
    tabs: tuple[str, ...] = tuple(TABS)  # that every test run looks at; with ALL_TABS=1 it looks at all

    @property
    def environment(self) -> dict[str, str | None]:
        """The variables to set, and those to leave out."""
        names = (
            "COLORTERM",
            "NO_COLOR",
            "LC_ALL",
            "LC_CTYPE",
            "TMUX",
            "STY",
            "TEXTUAL_THEME",
            "SSH_CONNECTION",
            "SSH_TTY",
        )
        return {**dict.fromkeys(names), "TERM": self.name, "LANG": "C.UTF-8", **self.variables}

    def kept(self, size: tuple[int, int], tab: str) -> Path:
        """The file of a capture, or of the one that it is to be like."""
        files = [self.file(size, tab), *(CAPTURES / capture_name(name, size, tab) for name in self.like)]
        return next((file for file in files if file.is_file()), files[0])

    def file(self, size: tuple[int, int], tab: str) -> Path:
        """The file under its own name."""
        return CAPTURES / capture_name(self.name, size, tab)

    def broken_promises(self, sent: str) -> list[str]:
        """The patterns that are found in what was sent, each with a piece of it."""
        found = ((pattern, re.search(pattern, sent)) for pattern in self.never)
        return [f"{pattern}: {sent[match.start() - 20 : match.end() + 20]!r}" for pattern, match in found if match]


def capture_name(terminal: str, size: tuple[int, int], tab: str) -> str:
    """The name of a file."""
    return f"{terminal}-{size[0]}x{size[1]}-{tab}.txt"


BEST = "xterm-256color"
PICTURES = ("loss", "boundary", "network")
OLD_LOCALE = {"LANG": "C", "COLORTERM": "truecolor"}
OF_ANOTHER = {"COLORTERM": "truecolor"}  # a terminal that this one was started in
TERMINALS = (
    Terminal(BEST, never=(TRUECOLOR,)),
    Terminal("xterm", like=(BEST,), never=(TRUECOLOR, INDEXED), tabs=PICTURES),
    Terminal("no-color", {"TERM": BEST, "NO_COLOR": "1"}, (BEST,), (COLOR, BRAILLE)),
    Terminal("linux", OF_ANOTHER, ("xterm", BEST), (TRUECOLOR, INDEXED, PRIVATE, NOT_CONSOLE), tabs=PICTURES),
    Terminal("vt100", never=(COLOR, PRIVATE, NOT_ASCII)),
    Terminal("c-locale", {**OLD_LOCALE, "TERM": BEST}, ("vt100",), (NOT_ASCII,), sizes=SIZES[1:2], tabs=PICTURES),
    Terminal("tmux-256color", {"TERM": BEST}, (BEST,), through="tmux", tabs=PICTURES),
    Terminal("screen", {**OF_ANOTHER, "TERM": BEST}, ("xterm", BEST), through="screen", tabs=PICTURES),
)
