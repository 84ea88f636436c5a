"""What the terminal can display, according to the environment. It is used before Textual is imported."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

from tui_trainer.errors import plain
from tui_trainer.settings import Markers, Notify

NOT_A_TERMINAL = ("dumb", "unknown")
# Without colours, or anything but ASCII
OLD_TERMINALS = ("vt1", "vt2", "vt3", "vt4", "vt5", "cons25", "wyse", "adm", "ansi")
CONSOLE = "linux"
CONSOLE_CHARSET = "cp437"  # the characters of all console fonts; some have more
LOCALE_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")  # the first that is set counts
UTF_8_SUFFIXES = ("utf-8", "utf8")
# Repaints per second. A key waits for half an interval on average, and at Textual's usual 60 that is a third of its
# total delay. ``ui.pacing`` decides how often training is drawn.
FRAMES_PER_SECOND = "250"
COERCED_LOCALES = ("C.UTF-8", "C.utf8", "UTF-8")  # what Python itself sets LC_CTYPE to if LANG is C
MAX_LENGTH = 120  # characters
BELL = "\x07"
SAVE_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"  # push the title onto the terminal's stack, and pop it
# By the start of TERM; other terminals may print a title instead of setting it.
TERMINALS_WITH_TITLE = (
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
    """The abilities of a terminal.

    ``charset`` is the codec of the characters it can show, empty for all. ``plain``: it may print private sequences
    instead of ignoring them, and has no alternate screen.
    """

    is_screen: bool = True
    charset: str = ""
    plain: bool = False
    color: bool = True
    truecolor: bool = True


def detect_terminal(environment: Mapping[str, str]) -> Terminal:
    """Return the terminal described by the environment; an unknown one is assumed to be fully capable."""
    name = environment.get("TERM", "").lower()
    old, console = name.startswith(OLD_TERMINALS), name.startswith(CONSOLE)
    return Terminal(
        is_screen=name not in NOT_A_TERMINAL,
        charset="ascii" if old or not _is_utf_8(environment) else CONSOLE_CHARSET if console else "",
        plain=old or console,
        color=not old,
        # COLORTERM may come from the terminal in which screen was started; screen misreads true-colour codes.
        truecolor=not (old or console or (name.startswith("screen") and "TMUX" not in environment)),
    )


def prepare(environment: MutableMapping[str, str]) -> None:
    """Adjust the variables that Textual reads on import to this terminal, and raise the frame rate for quick keys."""
    environment.setdefault("TEXTUAL_FPS", FRAMES_PER_SECOND)
    terminal = detect_terminal(environment)
    if not terminal.truecolor:
        environment.pop("COLORTERM", None)
    if not terminal.color:
        environment["NO_COLOR"] = "1"


def takes_title(environment: Mapping[str, str]) -> bool:
    """Return whether the terminal has a window title that programs may set."""
    return (
        environment.get("TERM", "").lower().startswith(TERMINALS_WITH_TITLE) and not detect_terminal(environment).plain
    )


def title(text: str) -> str:
    """Return the sequence that sets the title."""
    return f"\x1b]2;{plain(text, MAX_LENGTH)}{BELL}"


def notification(text: str, how: Notify, environment: Mapping[str, str]) -> str:
    """Return the sequence that rings the bell, or shows ``text`` as a desktop notification.

    There are two of the latter: OSC 777, which most terminals support, and OSC 9 of iTerm2; terminals that support
    neither ignore them. Inside tmux and screen they are wrapped, which these may block, so the bell is sent as well.
    """
    if how == "none":
        return ""
    if how == "bell" or detect_terminal(environment).plain:
        return BELL
    # These have no notifications.
    if "WT_SESSION" in environment or environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return BELL
    is_iterm = "iterm" in (environment.get("LC_TERMINAL", "") + environment.get("TERM_PROGRAM", "")).lower()
    safe_text = plain(text, MAX_LENGTH).replace(";", ",")
    sequence = (
        f"\x1b]9;tui-trainer: {safe_text}{BELL}" if is_iterm else f"\x1b]777;notify;tui-trainer;{safe_text}{BELL}"
    )
    if "TMUX" in environment:
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\" + BELL
    if environment.get("TERM", "").startswith("screen"):
        return f"\x1bP{sequence}\x1b\\{BELL}"
    return sequence


def default_markers(environment: Mapping[str, str]) -> Markers | None:
    """Return ASCII if the terminal may lack other characters; else None: each plot has its default, Braille for curves.

    The fonts of the Linux console have no Braille, and few have the quadrants that blocks need. ASCII is also used
    without colours: it gives each series its own character; otherwise they could not be told apart.
    """
    return "ascii" if detect_terminal(environment).charset or "NO_COLOR" in environment else None


def _is_utf_8(environment: Mapping[str, str]) -> bool:
    """Return whether the locale is UTF-8; without a locale, as in many containers, the terminal almost always is."""
    settings = [environment.get(name, "") for name in LOCALE_VARIABLES]
    if settings[1] in COERCED_LOCALES and settings[2] in ("C", "POSIX"):
        settings[1] = ""
    locale = next(filter(None, settings), "")
    return not locale or locale.lower().partition("@")[0].endswith(UTF_8_SUFFIXES)
