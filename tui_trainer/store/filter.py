"""Reads a filter: words and comparisons, side by side (and), with ``or``, parentheses, and ``-`` or ``!`` for not."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from typing import NoReturn

from tui_trainer.runtime.catalogue.expression import All, Any, Comparison, Expression, FilterError, Not, Word
from tui_trainer.runtime.catalogue.fields import BY_NAME, FIELDS, STATES, Field
from tui_trainer.runtime.catalogue.lexer import Token, tokens

DEEPEST = 50  # parentheses and signs of negation within one another
UNITS = {"s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
TEXT_OPERATORS = ("=", "!=", "~")


def parse(text: str) -> Expression:
    """What ``text`` asks for; all runs where it is empty. FilterError says what is wrong with it, and where."""
    reader = _Reader(tokens(text), len(text.rstrip()))
    found = reader.any_of()
    extra = reader.peek()
    if extra is not None:
        raise FilterError("there is no ( before this )", extra.start, extra.end)
    return found


class _Reader:
    """Walks along the tokens of a filter that is ``end`` characters long."""

    def __init__(self, found: list[Token], end: int) -> None:
        self._tokens, self._end = found, end
        self._place = self._depth = 0

    def peek(self) -> Token | None:
        """The next token; None at the end."""
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def any_of(self) -> Expression:
        """Alternatives, up to a closing parenthesis or the end."""
        parts = [self._all_of()]
        while self._keyword("or"):
            if self._at_end():
                self._missing("or")
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _all_of(self) -> Expression:
        parts: list[Expression] = []
        while not self._at_end():
            if _is_word(self.peek(), "or"):
                if parts:
                    break
                self._missing("or", before=True)
            if parts and self._keyword("and") and self._at_end():
                self._missing("and")
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Expression:
        token = self._next()
        if token.kind == "not" or (_is_word(token, "not") and not self._is_compared()):
            if self._at_end():
                raise FilterError(f"after {token.text} something is expected that runs should not be", *_span(token))
            return Not(self._deeper(self._one, token))
        if token.kind == "open":
            found = self._deeper(self.any_of, token)
            if self.peek() is None:
                raise FilterError("this ( is not closed", *_span(token))
            self._next()
            return found
        if token.kind == "operator":
            raise FilterError(f"before {token.text} the name of a field is expected", *_span(token))
        if self._is_compared():
            return self._comparison(token)
        return Word(token.text)

    def _comparison(self, name: Token) -> Expression:
        operator = self._next()
        field = BY_NAME.get(name.text.lower())
        if field is None:
            raise FilterError(_no_field(name.text), *_span(name))
        value = self.peek()
        if value is None or value.kind not in ("word", "quoted"):
            raise FilterError(f"after {operator.text} {_expected(field)} is expected", operator.start, operator.end)
        self._next()
        if field.kind in ("text", "tag", "state") and operator.text not in TEXT_OPERATORS:
            raise FilterError(f"{field.name} is a text: it goes with = != and ~ (holds)", *_span(operator))
        if operator.text == "~" and field.kind in ("number", "duration"):
            raise FilterError(f"{field.name} is a number: it goes with = != < <= > and >=", *_span(operator))
        return Comparison(field, operator.text, _value(field, operator.text, value))

    def _deeper(self, read: Callable[[], Expression], token: Token) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FilterError(f"at most {DEEPEST} of these may stand within one another", *_span(token))
        found = read()
        self._depth -= 1
        return found

    def _is_compared(self) -> bool:
        following = self.peek()
        return following is not None and following.kind == "operator"

    def _at_end(self) -> bool:
        following = self.peek()
        return following is None or following.kind == "close"

    def _keyword(self, word: str) -> bool:
        """Step over ``word``, if it comes next and is not the name of a field."""
        if not _is_word(self.peek(), word):
            return False
        self._place += 1
        return True

    def _missing(self, word: str, before: bool = False) -> NoReturn:
        token = self.peek() if before else self._tokens[self._place - 1]
        assert token is not None
        raise FilterError(f"{'before' if before else 'after'} {word} something is expected", *_span(token))

    def _next(self) -> Token:
        token = self._tokens[self._place]
        self._place += 1
        return token


def _is_word(token: Token | None, word: str) -> bool:
    return token is not None and token.kind == "word" and token.text.lower() == word


def _span(token: Token) -> tuple[int, int]:
    return token.start, token.end


def _no_field(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), BY_NAME, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(field.name for field in FIELDS)}"
    return f"there is no field of this name; {hint}"


def _expected(field: Field) -> str:
    """What a field is compared with, in words."""
    words = {"number": "a number", "duration": "a time such as 90, 5min, 2h or 3d", "state": "a state"}
    return words.get(field.kind, "a text")


def _value(field: Field, operator: str, token: Token) -> str | float:
    """The value of a comparison, of the field's kind."""
    text = token.text
    if field.kind == "number":
        share = text.endswith("%")
        return _number(field, token, text.removesuffix("%")) / (100.0 if share else 1.0)
    if field.kind == "duration":
        digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = UNITS.get(text[len(digits) :] or "s")
        if unit is None:
            raise FilterError(f"{_expected(field)} is expected", *_span(token))
        return _number(field, token, digits) * unit
    if field.kind == "state" and operator != "~" and not any(state.startswith(text.lower()) for state in STATES):
        raise FilterError(f"there is no such state; there are {', '.join(STATES)}", *_span(token))
    return text


def _number(field: Field, token: Token, digits: str) -> float:
    try:
        number = float(digits)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise FilterError(f"{_expected(field)} is expected", *_span(token))
    return number
