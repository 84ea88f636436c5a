"""TOML as nested dicts, in bounded time: what a file says, before anybody asks what it means."""

from __future__ import annotations

import re
import tomllib
from typing import Any

MOST_PARTS = 32  # of a key with dots; the longest that means something has five
# One part of a key and the dot after it, bare or in quotes; from the beginning of a part only.
_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_\\-]){_PART}(?:{_PART}){{{MOST_PARTS - 1}}}")


class TooDeep(ValueError):
    """Tables in tables in tables: no text of ours."""


def parsed(text: str) -> dict[str, Any]:
    """The tables of a TOML text; tomllib.TOMLDecodeError, TooDeep, or ValueError for a number of too many digits.

    tomllib's time grows with the square of the parts of a key: a file of a megabyte would keep it for an hour.
    """
    if _LONG_KEY.search(text):
        raise TooDeep
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TooDeep from None
