"""Parses filters: words and comparisons, joined by spaces (and) or ``or``, parentheses, and ``-`` or ``!`` for not."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NoReturn

from tui_trainer.run_state import RUN_STATES

from .schema import RUN_COLUMNS, STATE, FieldKind

DEEPEST = 50  # parentheses and signs of negation within one another
UNITS = {"s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
TEXT_OPERATORS = ("=", "!=", "~")
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
TokenKind = Literal["operator", "open", "close", "quoted", "not", "word"]
STATES = [state for state, traits in RUN_STATES.items() if traits.is_stored]
Parameters = dict[str, str | float]


def parse(text: str) -> Expression:
    """Return the expression in ``text``; an empty one matches all runs. FilterError says what is wrong, and where."""
    reader = _Reader(tokens(text), len(text.rstrip()))
    expression = reader.any_of()
    extra = reader.peek()
    if extra is not None:
        raise FilterError("this ) has no matching (", extra.start, extra.end)
    return expression


class _Reader:
    """Parses the tokens of a filter that is ``end`` characters long."""

    def __init__(self, pieces: list[Token], end: int) -> None:
        self._tokens, self._end = pieces, end
        self._position = self._depth = 0

    def peek(self) -> Token | None:
        """Return the next token; None at the end."""
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def any_of(self) -> Expression:
        """Parse alternatives, up to a closing parenthesis or the end."""
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
                raise FilterError(f"after {token.text} a condition is expected", *_span(token))
            return Not(self._deeper(self._one, token))
        if token.kind == "open":
            expression = self._deeper(self.any_of, token)
            if self.peek() is None:
                raise FilterError("this ( is not closed", *_span(token))
            self._next()
            return expression
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
            raise FilterError(f"{field.name} is a text: it goes with = != and ~ (contains)", *_span(operator))
        if operator.text == "~" and field.kind in ("number", "duration"):
            raise FilterError(f"{field.name} is a number: it goes with = != < <= > and >=", *_span(operator))
        return Comparison(field, operator.text, _value(field, operator.text, value))

    def _deeper(self, read: Callable[[], Expression], token: Token) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FilterError(f"at most {DEEPEST} of these can be nested", *_span(token))
        expression = read()
        self._depth -= 1
        return expression

    def _is_compared(self) -> bool:
        following = self.peek()
        return following is not None and following.kind == "operator"

    def _at_end(self) -> bool:
        following = self.peek()
        return following is None or following.kind == "close"

    def _keyword(self, word: str) -> bool:
        """Skip ``word`` if it comes next and is not the name of a field; return whether it did."""
        if not _is_word(self.peek(), word):
            return False
        self._position += 1
        return True

    def _missing(self, word: str, before: bool = False) -> NoReturn:
        token = self.peek() if before else self._tokens[self._position - 1]
        assert token is not None
        raise FilterError(f"{'before' if before else 'after'} {word} a condition is expected", *_span(token))

    def _next(self) -> Token:
        token = self._tokens[self._position]
        self._position += 1
        return token


def _is_word(token: Token | None, word: str) -> bool:
    return token is not None and token.kind == "word" and token.text.lower() == word


def _span(token: Token) -> tuple[int, int]:
    return token.start, token.end


def _no_field(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), BY_NAME, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(field.name for field in FIELDS)}"
    return f"there is no such field; {hint}"


def _expected(field: Field) -> str:
    """Describe what a field is compared with."""
    words = {"number": "a number", "duration": "a time such as 90, 5min, 2h or 3d", "state": "a state"}
    return words.get(field.kind, "a text")


def _value(field: Field, operator: str, token: Token) -> str | float:
    """Return the value of a comparison, converted to the field's kind."""
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


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter, and the range of its characters."""

    kind: TokenKind
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Return the tokens of ``text``; raise FilterError if it is too long or a quote is not closed."""
    if len(text) > LONGEST:
        raise FilterError(f"a filter has at most {LONGEST} characters", LONGEST, len(text))
    pieces: list[Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        after_operator = bool(pieces) and pieces[-1].kind == "operator"
        match = (VALUE.match(text, position) if after_operator else None) or PIECE.match(text, position)
        assert match is not None and match.lastgroup is not None  # every character begins some piece
        kind, (start, position) = match.lastgroup, match.span(match.lastgroup)
        if kind == "unclosed":
            raise FilterError('the quote is not closed; add a " at its end', start, end)
        piece = match[kind]
        piece = piece[1:-1] if kind == "quoted" else OPERATORS.get(piece, piece)
        pieces.append(Token(kind, piece, start, position))  # type: ignore[arg-type]
    return pieces


class FilterError(Exception):
    """An invalid filter: the ``reason``, and the range of characters at fault."""

    def __init__(self, reason: str, start: int, end: int) -> None:
        super().__init__(reason)
        self.reason, self.start, self.end = reason, start, end


@dataclass(frozen=True, slots=True)
class Word:
    """The name, a tag, the dataset or the state contains this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of a field with a value, a number or a text: = != < <= > >= or ~ (contains the text)."""

    field: Field
    operator: str
    value: str | float


@dataclass(frozen=True, slots=True)
class Not:
    """The negation of an expression."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class All:
    """All of these; true if there are none."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of these."""

    parts: tuple[Expression, ...]


Expression = Word | Comparison | Not | All | Any


@dataclass(frozen=True, slots=True)
class Field:
    """A field of filters: its name, its kind, its SQL, and other names for it."""

    name: str
    kind: FieldKind
    sql: str
    others: tuple[str, ...] = ()


FIELDS = tuple(
    Field(column.field or column.name, column.kind, column.sql, column.aliases)
    for column in RUN_COLUMNS
    if column.kind is not None
)
BY_NAME = {name: field for field in FIELDS for name in (field.name, *field.others)}


def order_by(name: str, descending: bool) -> str:
    """Return SQL that sorts by a field: pinned runs first, runs without a value last, newer before older ones."""
    field = BY_NAME.get(name, BY_NAME["age"])
    order, opposite = ("DESC", "ASC") if descending else ("ASC", "DESC")
    if field.name == "age":  # the only order that an index gives, and the usual one
        return f"pinned DESC, updated {opposite}, run {opposite}"
    if field.kind in ("text", "tag"):
        return f"pinned DESC, {field.sql} = '', fold({field.sql}) {order}, run DESC"
    return f"pinned DESC, {field.sql} IS NULL, {field.sql} {order}, run DESC"


def condition(expression: Expression) -> tuple[str, Parameters]:
    """Return an SQL condition on the run index, and its parameters; it is 0 or 1, even for runs without a value."""
    parameters: Parameters = {}
    return _condition(expression, parameters), parameters


def _condition(expression: Expression, parameters: Parameters) -> str:
    match expression:
        case All(parts):
            return _joined(" AND ", parts, parameters) if parts else "1"
        case Any(parts):
            return _joined(" OR ", parts, parameters)
        case Not(inner):
            return f"NOT {_condition(inner, parameters)}"
        case Word(text):
            parameter = _parameter(text.casefold(), parameters)
            return f"(instr(words, {parameter}) > 0 OR instr({STATE}, {parameter}) > 0)"
        case Comparison():
            return _comparison(expression, parameters)


def _comparison(comparison: Comparison, parameters: Parameters) -> str:
    field, value = comparison.field, comparison.value
    if not isinstance(value, str):
        return f"coalesce({field.sql} {comparison.operator} {_parameter(value, parameters)}, 0)"
    folded = value.casefold()
    if comparison.operator == "~":
        return f"(instr(fold({field.sql}), {_parameter(folded, parameters)}) > 0)"
    if field.kind == "tag":
        sql = f"(instr(' ' || fold(tags) || ' ', {_parameter(f' {folded} ', parameters)}) > 0)"
    elif field.kind == "state":
        sql = f"({STATE} LIKE {_parameter(_pattern(folded) + '%', parameters)} ESCAPE '\\')"
    else:
        sql = f"(fold({field.sql}) LIKE {_parameter(_pattern(folded), parameters)} ESCAPE '\\')"
    return sql if comparison.operator == "=" else f"NOT {sql}"


def _joined(word: str, parts: tuple[Expression, ...], parameters: Parameters) -> str:
    return f"({word.join(_condition(part, parameters) for part in parts)})"


def _pattern(text: str) -> str:
    """Return the LIKE pattern of a text in which * stands for anything."""
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return text.replace("*", "%")


def _parameter(value: str | float, parameters: Parameters) -> str:
    name = f"value_{len(parameters)}"
    parameters[name] = value
    return f":{name}"
