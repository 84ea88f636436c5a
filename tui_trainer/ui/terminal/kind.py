"""What the terminal can show, as far as the environment tells. Imports nothing: it is asked before Textual is there."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

NOT_A_SCREEN = ("dumb", "unknown")
OLD = ("vt1", "vt2", "vt3", "vt4", "vt5", "cons25", "wyse", "adm", "ansi")  # without colours, or anything but ASCII
CONSOLE = "linux"
FONT = "cp437"  # what all fonts of the console have; some have more
LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")  # the first that is set counts
UTF_8 = ("utf-8", "utf8")
# Times a second that what has changed may be painted. A key waits for half of one on average, and at Textual's usual 60
# that is a third of what it takes; how often training is drawn is up to ``ui.pacing``.
PAINTS = "120"
COERCED = ("C.UTF-8", "C.utf8", "UTF-8")  # what Python itself makes LC_CTYPE where LANG is C


@dataclass(frozen=True, slots=True)
class Terminal:
    """One terminal.

    ``charset``: the codec of the characters that can be shown, where that are not all. ``plain``: private sequences
    may be printed rather than ignored, and there is no second screen.
    """

    is_screen: bool = True
    charset: str = ""
    plain: bool = False
    color: bool = True
    truecolor: bool = True


def kind_of(environment: Mapping[str, str]) -> Terminal:
    """The terminal that the variables tell of; one that says nothing is taken for a good one."""
    name = environment.get("TERM", "").lower()
    old, console = name.startswith(OLD), name.startswith(CONSOLE)
    return Terminal(
        is_screen=name not in NOT_A_SCREEN,
        charset="ascii" if old or not _is_utf_8(environment) else FONT if console else "",
        plain=old or console,
        color=not old,
        # COLORTERM may be that of the terminal in which screen was started; screen takes such colours for other codes.
        truecolor=not (old or console or (name.startswith("screen") and "TMUX" not in environment)),
    )


def prepare(environment: MutableMapping[str, str]) -> None:
    """Put the variables right that Textual reads when it is imported, for this terminal and for quick keys."""
    environment.setdefault("TEXTUAL_FPS", PAINTS)
    terminal = kind_of(environment)
    if not terminal.truecolor:
        environment.pop("COLORTERM", None)
    if not terminal.color:
        environment["NO_COLOR"] = "1"


def _is_utf_8(environment: Mapping[str, str]) -> bool:
    """Whether the locale is one of UTF-8; where none is set, as in many containers, the terminal hardly ever is not."""
    said = [environment.get(name, "") for name in LOCALE]
    if said[1] in COERCED and said[2] in ("C", "POSIX"):
        said[1] = ""
    locale = next(filter(None, said), "")
    return not locale or locale.lower().partition("@")[0].endswith(UTF_8)
