"""TOML as nested dicts, in bounded time: what a file says, before anybody asks what it means."""

from __future__ import annotations

import re
import tomllib
from typing import Any

MOST_PARTS = 32  # of a key with dots; the longest that means something has five
MOST_SPACED = 100  # with blanks around the dots, where it may be a text of short sentences
# One part of a key, bare or in quotes.
_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""


def _longer_than(parts: int, dot: str) -> re.Pattern[str]:
    """From the beginning of a part only, so that a text without end is looked through once."""
    return re.compile(rf"(?<![A-Za-z0-9_\\-])(?:{_PART}{dot}){{{parts}}}")


_LONG_KEYS = (_longer_than(MOST_PARTS, r"\."), _longer_than(MOST_SPACED, r"[ \t]*+\.[ \t]*+"))


class TooDeep(ValueError):
    """Tables in tables in tables: no text of ours."""


def parsed(text: str) -> dict[str, Any]:
    """The tables of a TOML text; tomllib.TOMLDecodeError, TooDeep, or ValueError for a number of too many digits.

    tomllib's time grows with the square of the parts of a key: a file of a megabyte would keep it for an hour.
    """
    if any(one.search(text) for one in _LONG_KEYS):
        raise TooDeep
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TooDeep from None
