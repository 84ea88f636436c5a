"""What an app has switched on in a terminal and not off again."""

from __future__ import annotations

import re

# Private modes as they are before: the cursor is seen and lines wrap; nothing is told of mouse, pastes and focus.
USUAL = {7: "h", 25: "h", 1000: "l", 1002: "l", 1003: "l", 1004: "l", 1006: "l", 1015: "l", 1016: "l", 1049: "l"}
USUAL |= {2004: "l", 2026: "l", 2048: "l"}
MODE = re.compile(r"\x1b\[\?([0-9;]+)([hl])")
PAIRS = {  # what is pushed, and what takes it away again
    "the keyboard protocol": (r"\x1b\[>[0-9;]*u", r"\x1b\[<[0-9;]*u"),
    "the title": (r"\x1b\[22;[0-9;]*t", r"\x1b\[23;[0-9;]*t"),
    "synchronized output": (r"\x1b\[\?2026h", r"\x1b\[\?2026l"),
}


def left_behind(sent: str) -> list[str]:
    """A sentence for each thing that is not as it was."""
    last = {int(mode): state for modes, state in MODE.findall(sent) for mode in modes.split(";")}
    found = [f"mode {mode} is left at {state}" for mode, state in last.items() if USUAL.get(mode) != state]
    for name, (on, off) in PAIRS.items():
        if len(re.findall(on, sent)) != len(re.findall(off, sent)):
            found.append(f"{name} is not taken back")
    if re.search(r"\x1b\][012];", sent) and not re.search(PAIRS["the title"][0], sent):
        found.append("a title is set, and the one before it was not kept")
    return found
