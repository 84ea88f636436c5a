"""Write the table of docs/keys.md from the app's own table of keys.

python docs/make_keys.py
"""

from __future__ import annotations

import re
import sys
from itertools import groupby
from pathlib import Path

# This checkout's app, not an older one that is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tui_trainer.app.keys import FIXED, KEYS
from tui_trainer.ui.keymap import Key

PAGE = Path(__file__).parent / "keys.md"


def table() -> str:
    """The keys by group, in the order of the app."""
    rows = ["| | key | what it does | name in the settings |", "|---|---|---|---|"]
    for group, keys in groupby(KEYS, key=lambda key: key.group):
        title = f"**{group}**"
        for key in keys:
            rows.append(f"| {title} | `{key.display}` | {key.help} | {_name(key)} |")
            title = ""
    return "\n".join(rows)


def _name(key: Key) -> str:
    """Return its name in [keys] of the settings; empty where it can't be changed."""
    return "" if key.action in FIXED else f"`{key.name}`"


def main() -> None:
    """Put the table between its two comments."""
    page = PAGE.read_text(encoding="utf-8")
    marked = f"<!-- keys -->\n{table()}\n<!-- /keys -->"
    PAGE.write_text(re.sub(r"<!-- keys -->.*<!-- /keys -->", lambda _: marked, page, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
