"""What the terminal can show, as far as the environment tells. Imports nothing: it is asked before Textual is there."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

from tui_trainer.settings import Markers, Notify

from .text import plain

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
LONGEST = 120  # characters
BELL = "\x07"
KEEP_TITLE, TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"  # onto the terminal's stack of titles, and back from it
# By the start of TERM; others may print a title rather than take it.
TITLED = (
    "xterm",
    "screen",
    "tmux",
    "rxvt",
    "alacritty",
    "foot",
    "kitty",
    "wezterm",
    "ghostty",
    "konsole",
    "gnome",
    "vte",
    "st-",
    "putty",
    "mintty",
    "contour",
)


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


def detect_terminal(environment: Mapping[str, str]) -> Terminal:
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
    terminal = detect_terminal(environment)
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


def takes_title(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is one whose window has a title that programs may set."""
    return environment.get("TERM", "").lower().startswith(TITLED) and not detect_terminal(environment).plain


def title(text: str) -> str:
    """The sequence that sets the title."""
    return f"\x1b]2;{plain(text, LONGEST)}{BELL}"


def notification(text: str, how: Notify, environment: Mapping[str, str]) -> str:
    """The sequence that rings, or has the desktop show ``text``.

    There are two of these: OSC 777, which most terminals have, and OSC 9 of iTerm2; sent to a terminal that has
    neither they do nothing. Through tmux and screen they go wrapped, where these let them; the bell goes with them,
    so that there is a sign in any case.
    """
    if how == "none":
        return ""
    if how == "bell" or detect_terminal(environment).plain:
        return BELL
    if "WT_SESSION" in environment or environment.get("TERM_PROGRAM") == "Apple_Terminal":  # these have none
        return BELL
    of_iterm = "iterm" in (environment.get("LC_TERMINAL", "") + environment.get("TERM_PROGRAM", "")).lower()
    shown = plain(text, LONGEST).replace(";", ",")
    sequence = f"\x1b]9;tui-trainer: {shown}{BELL}" if of_iterm else f"\x1b]777;notify;tui-trainer;{shown}{BELL}"
    if "TMUX" in environment:
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\" + BELL
    if environment.get("TERM", "").startswith("screen"):
        return f"\x1bP{sequence}\x1b\\{BELL}"
    return sequence


def default_markers(environment: Mapping[str, str]) -> Markers | None:
    """ASCII where other characters may not be shown; else None: each plot has its own, Braille for curves.

    The fonts of the Linux console have no Braille, and few have the quarters that blocks are made of. Without colours
    ASCII too: there each series has a character of its own, and otherwise they can't be told apart.
    """
    return "ascii" if detect_terminal(environment).charset or "NO_COLOR" in environment else None
