"""What the terminal can show, as far as the environment tells. Imports nothing: it is asked before Textual is there."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

NOT_A_SCREEN = ("dumb", "unknown")
OLD = ("vt", "cons25", "wyse", "adm", "ansi")  # what came before colours, or before anything but ASCII
CONSOLE = "linux"
LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")  # the first that is set counts
UTF_8 = ("utf-8", "utf8")


@dataclass(frozen=True, slots=True)
class Terminal:
    """One terminal.

    ``ascii_only``: other characters don't arrive, or can't be shown. ``plain``: private sequences may be printed
    rather than ignored, and there is no second screen. ``console``: the font is the Linux console's, with blocks
    but without Braille.
    """

    is_screen: bool = True
    ascii_only: bool = False
    plain: bool = False
    console: bool = False
    color: bool = True
    truecolor: bool = True


def kind_of(environment: Mapping[str, str]) -> Terminal:
    """The terminal that the variables tell of; one that says nothing is taken for a good one."""
    name = environment.get("TERM", "").lower()
    old, console = name.startswith(OLD), name.startswith(CONSOLE)
    return Terminal(
        is_screen=name not in NOT_A_SCREEN,
        ascii_only=old or not _is_utf_8(environment),
        plain=old or console,
        console=console,
        color=not old,
        # COLORTERM may be that of the terminal in which screen was started; screen takes such colours for other codes.
        truecolor=not (old or console or (name.startswith("screen") and "TMUX" not in environment)),
    )


def prepare(environment: MutableMapping[str, str]) -> None:
    """Put the variables right that Textual reads, for a terminal that has less than they say."""
    terminal = kind_of(environment)
    if not terminal.truecolor:
        environment.pop("COLORTERM", None)
    if not terminal.color:
        environment["NO_COLOR"] = "1"


def _is_utf_8(environment: Mapping[str, str]) -> bool:
    """Whether the locale is one of UTF-8; where none is set, as in many containers, the terminal hardly ever is not."""
    locale = next((value for name in LOCALE if (value := environment.get(name))), "")
    return not locale or locale.lower().partition("@")[0].endswith(UTF_8)
