"""A filter as typed, cut into words, operators, parentheses and signs of negation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .expression import FilterError

LONGEST = 500  # characters
PIECE = re.compile(
    r"""\s*(?:
        (?P<operator><=|>=|!=|<>|==|=|<|>|~)
      | (?P<open>\()
      | (?P<close>\))
      | (?P<quoted>"[^"]*")
      | (?P<unclosed>"[^"]*)
      | (?P<not>[-!])
      | (?P<word>(?:[^\s()<>=!~"]|!(?!=))+)
    )""",
    re.VERBOSE,
)
VALUE = re.compile(r"\s*(?P<word>-(?:[^\s()<>=!~\"]|!(?!=))+)")  # a minus after an operator is part of a number
OPERATORS = {"<>": "!=", "==": "="}

Kind = Literal["operator", "open", "close", "quoted", "not", "word"]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter, and from which to which character it stands."""

    kind: Kind
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The pieces of ``text`` in their order; FilterError where it is too long or a quote is not closed."""
    if len(text) > LONGEST:
        raise FilterError(f"a filter has at most {LONGEST} characters", LONGEST, len(text))
    found: list[Token] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        after_operator = bool(found) and found[-1].kind == "operator"
        match = (VALUE.match(text, place) if after_operator else None) or PIECE.match(text, place)
        assert match is not None and match.lastgroup is not None  # every character begins some piece
        kind, (start, place) = match.lastgroup, match.span(match.lastgroup)
        if kind == "unclosed":
            raise FilterError('the quote is not closed; put a " at its end', start, end)
        piece = match[kind]
        piece = piece[1:-1] if kind == "quoted" else OPERATORS.get(piece, piece)
        found.append(Token(kind, piece, start, place))  # type: ignore[arg-type]
    return found
