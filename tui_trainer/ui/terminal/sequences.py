"""What is said to the terminal itself: the title of its window, and that a run has ended.

Terminals take such text as the rest of a control sequence, so it is data like any other: nothing in it may end the
sequence or begin another.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui_trainer.errors import printable
from tui_trainer.settings.schema import Notify

from .kind import kind_of

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


def takes_title(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is one whose window has a title that programs may set."""
    return environment.get("TERM", "").lower().startswith(TITLED) and not kind_of(environment).plain


def title(text: str) -> str:
    """The sequence that sets the title."""
    return f"\x1b]2;{_line(text)}{BELL}"


def notification(text: str, how: Notify, environment: Mapping[str, str]) -> str:
    """The sequence that rings, or has the desktop show ``text``.

    There are two of these: OSC 777, which most terminals have, and OSC 9 of iTerm2; sent to a terminal that has
    neither they do nothing. Through tmux and screen they go wrapped, where these let them; the bell goes with them,
    so that there is a sign in any case.
    """
    if how == "none":
        return ""
    if how == "bell" or kind_of(environment).plain:
        return BELL
    if "WT_SESSION" in environment or environment.get("TERM_PROGRAM") == "Apple_Terminal":  # these have none
        return BELL
    of_iterm = "iterm" in (environment.get("LC_TERMINAL", "") + environment.get("TERM_PROGRAM", "")).lower()
    shown = _line(text).replace(";", ",")
    sequence = f"\x1b]9;tui-trainer: {shown}{BELL}" if of_iterm else f"\x1b]777;notify;tui-trainer;{shown}{BELL}"
    if "TMUX" in environment:
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\" + BELL
    if environment.get("TERM", "").startswith("screen"):
        return f"\x1bP{sequence}\x1b\\{BELL}"
    return sequence


def _line(text: str) -> str:
    """``text`` on one line, without anything that a terminal would obey."""
    shown = printable(text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
