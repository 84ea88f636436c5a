"""Filters: what they mean, what is wrong with some and where, and that SQL finds what a plain reading finds."""

from __future__ import annotations

import sqlite3
from fnmatch import translate
from re import match

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.store.filter import (
    BY_NAME,
    FIELDS,
    LONGEST,
    STATES,
    All,
    Any,
    Comparison,
    Expression,
    FilterError,
    Not,
    Word,
    condition,
    parse,
)

NOW = 1000.0
TEXTS = ("name", "dataset", "layers", "activation", "optimizer")
MEASURED = ("rate", "batch", "epoch", "seed", "loss", "val_loss", "accuracy", "r2", "mae", "seconds")
COLUMNS = ("run", *TEXTS, "tags", "words", "state", "owner", *MEASURED, "updated")
Row = dict[str, object]


def compared(name: str, operator: str, value: str | float) -> Comparison:
    return Comparison(BY_NAME[name], operator, value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", All(())),
        ("  \t ", All(())),
        ("iris", Word("iris")),
        ("iris  deep", All((Word("iris"), Word("deep")))),
        ("iris and deep", All((Word("iris"), Word("deep")))),
        ("a or b c", Any((Word("a"), All((Word("b"), Word("c")))))),
        ("(a OR b) c", All((Any((Word("a"), Word("b"))), Word("c")))),
        ("-diverged", Not(Word("diverged"))),
        ("!a", Not(Word("a"))),
        ("not a b", All((Not(Word("a")), Word("b")))),
        ("--a", Not(Not(Word("a")))),
        ("-(a b)", Not(All((Word("a"), Word("b"))))),
        ("()", All(())),
        ("small-rate wow!", All((Word("small-rate"), Word("wow!")))),
        ('"or" "a b"', All((Word("or"), Word("a b")))),
        ("loss<0.1", compared("loss", "<", 0.1)),
        ("loss < .1", compared("loss", "<", 0.1)),
        ("val>=1e-3", compared("val_loss", ">=", 1e-3)),
        ("r2>-1", compared("r2", ">", -1.0)),
        ("loss<>inf", compared("loss", "!=", float("inf"))),
        ("accuracy>=97%", compared("accuracy", ">=", 0.97)),
        ("LR==0.05", compared("lr", "=", 0.05)),
        ("-loss<0.1", Not(compared("loss", "<", 0.1))),
        ("layers=16-8", compared("layers", "=", "16-8")),
        ("tag=-x", compared("tag", "=", "-x")),
        ('state="stopped early"', compared("state", "=", "stopped early")),
        ("state!=div", compared("state", "!=", "div")),
        ("name~ra", compared("name", "~", "ra")),
        ("time>90", compared("time", ">", 90.0)),
        ("age<2h", compared("age", "<", 7200.0)),
        ("age<1.5d", compared("age", "<", 129600.0)),
        ("time<=5min", compared("time", "<=", 300.0)),
        ("not", None),
        ("not=3", None),
    ],
)
def test_what_a_filter_means(text: str, meant: Expression | None) -> None:
    if meant is None:
        with pytest.raises(FilterError):
            parse(text)
    else:
        assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "part", "reason"),
    [
        ("iris los<0.1", "los", "there is no such field; did you mean loss?"),
        ("zzz=1", "zzz", "there is no such field; there are name, tag, state"),
        ("loss<abc", "abc", "a number is expected"),
        ("loss<nan", "nan", "a number is expected"),
        ("loss<", "<", "after < a number is expected"),
        ("age < (3)", "<", "after < a time such as 90, 5min, 2h or 3d is expected"),
        ("age<3y", "3y", "a time such as 90, 5min, 2h or 3d is expected"),
        ("<3", "<", "before < the name of a field is expected"),
        ("a (b", "(", "this ( is not closed"),
        ("a) b", ")", "this ) has no matching ("),
        ('a "b c', '"b c', "the quote is not closed"),
        ("a or", "or", "after or a condition is expected"),
        ("or a", "or", "before or a condition is expected"),
        ("a and", "and", "after and a condition is expected"),
        ("a -", "-", "after - a condition is expected"),
        ("name<3", "<", "name is a text: it goes with = != and ~ (contains)"),
        ("loss~3", "~", "loss is a number: it goes with = != < <= > and >="),
        ("state=done", "done", "there is no such state; there are running, paused"),
        ("(" * 60, None, "at most 50 of these can be nested"),
        ("-" * 60 + "a", None, "at most 50 of these can be nested"),
        ("a" * (LONGEST + 1), None, "a filter has at most 500 characters"),
    ],
)
def test_what_is_wrong_and_where(text: str, part: str | None, reason: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    error = caught.value
    assert error.reason.startswith(reason)
    assert 0 <= error.start < error.end <= len(text)
    assert part is None or text[error.start : error.end] == part


@given(st.text(max_size=60) | st.text("()<>=!~-\"' abor1.", max_size=40))
def test_any_text_is_read_or_told_what_is_wrong(text: str) -> None:
    try:
        found = parse(text)
    except FilterError as error:
        assert error.reason and 0 <= error.start <= error.end <= len(text)
    else:
        finds(found, {name: "" if name in (*TEXTS, "tags", "words", "state", "owner") else 0.0 for name in COLUMNS})


WORDS = st.text("abAB16-Öß%_\\*.", min_size=1, max_size=4).filter(lambda word: not word.startswith("-"))
NUMBERS = st.integers(-3, 3).map(float) | st.sampled_from((0.5, 0.1, 1e-9, 1e12))


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    field = draw(st.sampled_from(FIELDS))
    if field.kind in ("number", "duration"):
        return Comparison(field, draw(st.sampled_from(("=", "!=", "<", "<=", ">", ">="))), draw(NUMBERS))
    operator = draw(st.sampled_from(("=", "!=", "~")))
    value = draw(st.sampled_from(STATES).map(lambda state: state[:4]) if field.kind == "state" else WORDS)
    return Comparison(field, operator, value)


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    WORDS.map(Word) | comparisons(),
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Any(tuple(parts)))
    ),
    max_leaves=6,
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    row: Row = {name: draw(WORDS) for name in TEXTS}
    row |= {name: draw(NUMBERS | st.none()) for name in MEASURED}
    row |= {"run": 1, "tags": " ".join(draw(st.lists(WORDS, max_size=3))), "updated": NOW - draw(st.integers(0, 3))}
    state = draw(st.sampled_from((*STATES[:5],)))
    return row | {"state": state, "owner": draw(st.sampled_from(("live", "gone"))), "words": draw(WORDS).casefold()}


def written(expression: Expression) -> str:
    """The filter that means this."""
    match expression:
        case Word(text):
            return f'"{text}"'
        case Comparison(field, operator, value):
            return f"{field.name}{operator}" + (f'"{value}"' if isinstance(value, str) else repr(value))
        case Not(inner):
            return f"-({written(inner)})"
        case All(parts):
            return f"({' '.join(map(written, parts))})"
        case Any(parts):
            return f"({' or '.join(map(written, parts))})"


def holds(expression: Expression, row: Row) -> bool:
    """What the filter says of a run, read plainly."""
    state = "cut off" if row["state"] == "running" and row["owner"] != "live" else str(row["state"])
    match expression:
        case Word(text):
            return text.casefold() in str(row["words"]) or text.casefold() in state
        case Not(inner):
            return not holds(inner, row)
        case All(parts):
            return all(holds(part, row) for part in parts)
        case Any(parts):
            return any(holds(part, row) for part in parts)
        case Comparison(field, operator, value) if isinstance(value, str):
            there = str(row["tags"]) if field.kind == "tag" else state if field.kind == "state" else str(row[field.sql])
            there, wanted = there.casefold(), value.casefold()
            if operator == "~":
                return wanted in there
            if field.kind == "tag":
                found = wanted in there.split()
            elif field.kind == "state":
                found = there.startswith(wanted)
            else:
                found = matches(there, wanted)
            return found == (operator == "=")
        case Comparison(field, operator, value):
            number = NOW - float(str(row["updated"])) if field.name == "age" else row.get(field.sql)
            if field.name == "score":
                number = row["accuracy"] if row["accuracy"] is not None else row["r2"]
            return number is not None and compare(float(str(number)), operator, value)


def matches(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern in which * is anything."""
    plain = "".join("*" if char == "*" else f"[{char}]" if char not in "\\" else "[\\\\]" for char in pattern)
    return match(translate(plain), text) is not None


def compare(number: float, operator: str, value: float) -> bool:
    return {
        "=": number == value,
        "!=": number != value,
        "<": number < value,
        "<=": number <= value,
        ">": number > value,
        ">=": number >= value,
    }[operator]


def finds(expression: Expression, row: Row) -> bool:
    """What SQLite says of it."""
    connection = sqlite3.connect(":memory:")
    connection.create_function("fold", 1, lambda text: str(text).casefold())
    connection.execute(f"CREATE TABLE cards ({', '.join(COLUMNS)})")
    connection.execute(f"INSERT INTO cards VALUES ({', '.join(f':{name}' for name in COLUMNS)})", row)
    sql, values = condition(expression)
    asked = {**values, "live": '["live"]', "now": NOW}
    (found,) = connection.execute(f"SELECT {sql} FROM cards", asked).fetchone()
    connection.close()
    assert found in (0, 1)
    return bool(found)


@given(EXPRESSIONS, rows())
def test_sql_finds_what_a_plain_reading_finds(expression: Expression, row: Row) -> None:
    assert parse(written(expression)) == expression
    assert finds(expression, row) == holds(expression, row)


def test_what_is_typed_is_never_sql() -> None:
    sql, values = condition(parse("\"'; DROP TABLE runs; --\" name='x' tag=\"') OR 1=1\""))
    assert "DROP" not in sql and "1=1" not in sql and "x'" not in sql
    assert set(values.values()) == {"'; drop table runs; --", "'x'", " ') or 1=1 "}
