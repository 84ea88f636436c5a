"""A file that somebody might open, and what is expected of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """``content`` is the file; ``config`` are fields of the dataset's configuration beside its path.

    Either it loads, with these ``features``, ``task``, number of ``rows``, first ``values`` of the first row of x and
    parts of its dialect's sentence and notes (``told``), as far as they are given; or it is ``refused`` with a sentence
    that holds this part.
    """

    name: str
    content: bytes
    config: dict[str, Any] = field(default_factory=dict)
    features: tuple[str, ...] | None = None
    task: str | None = None
    rows: int | None = None
    values: tuple[float, ...] | None = None
    told: tuple[str, ...] = ()
    refused: str = ""


def text(*lines: str, end: str = "\n") -> bytes:
    """Lines as UTF-8, each with its end."""
    return "".join(line + end for line in lines).encode()


TABLE = ("a,b,c", "1,2.5,x", "3,4.5,y", "5,0.5,x", "7,1.5,y")
SEMICOLONS = ("a;b;c", "1;2,5;x", "3;4,5;y", "5;0,5;x", "7;1,5;y")
USUAL: dict[str, Any] = {"features": ("a", "b"), "task": "binary", "rows": 4, "values": (1, 2.5)}
