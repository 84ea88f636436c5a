"""The features of a network from a table's own columns, prepared as in training; model.json beside it says how.

    from model_features import features
    features(table)     a data frame, or columns by name, such as {"age": [33, 41], "colour": ["red", "blue"]}

It needs NumPy alone. This file is copied into exports as it is, so it imports nothing of tui-trainer.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

EPOCH = datetime.datetime(1970, 1, 1)
CLOCK = re.compile(r"([0-9]{1,3})[:hH]([0-9]{2})(?::([0-9]{2}(?:[.,][0-9]+)?))?(?: ?([AaPp])\.?[Mm]\.?)?")
LAP = re.compile(r"([0-9]{1,3}):([0-5][0-9][.,][0-9]{1,6})")  # minutes and seconds
WORDS = {"true": 1.0, "false": 0.0}


def features(table: Any) -> Any:
    """Return the features (n, k) of a ``table``, float64; an array of features is returned as it is.

    Cells are numbers, texts, dates or truth values. Gaps are filled if they were in training. Raises ValueError, with
    the column and the row counted from 0, for a cell that can't be read, has no value, or is a category never seen.
    """
    if not (hasattr(table, "columns") or isinstance(table, Mapping)):
        return table
    there = set(map(str, table.columns if hasattr(table, "columns") else table))
    blocks = []
    for (column, is_category), group in groupby(_about()["features"], lambda one: (one["column"], _is_category(one))):
        inputs = list(group)
        if is_category and column in there:
            blocks.append(_one_hot(_cells(table, column), inputs))
            continue
        for one in inputs:  # a category may have a column of its own, of ones and zeros
            name = column if column in there else one["name"]
            if name not in there:
                raise ValueError(f"there is no column {name!r}; the columns are {', '.join(sorted(there)[:12])}")
            blocks.append(_numbers(_cells(table, name), one)[:, None])
    return np.hstack(blocks)


@cache
def _about() -> dict[str, Any]:
    about: dict[str, Any] = json.loads(Path(__file__).with_name("model.json").read_text(encoding="utf-8"))
    return about


def _reading() -> dict[str, Any]:
    reading: dict[str, Any] = _about()["reading"]
    return reading


def _is_category(feature: dict[str, Any]) -> bool:
    return feature["category"] is not None


def _cells(table: Any, name: str) -> Sequence[Any]:
    """Return the cells of a column; texts without blanks around them, None for those that hold no value."""
    cells: list[Any] = list(table[name])
    for row, cell in enumerate(cells):
        if isinstance(cell, str):
            text = " ".join(cell.split())
            cells[row] = None if text in _reading()["no_value"] else text
        elif cell is None or cell is np.ma.masked or _is_none(cell):
            cells[row] = None
    return cells


def _is_none(cell: Any) -> bool:
    """Return whether a cell is NaN, NaT or pandas's NA, none of which equals itself."""
    try:
        return bool(cell != cell)
    except TypeError:
        return True


def _one_hot(cells: Sequence[Any], inputs: Sequence[dict[str, Any]]) -> Any:
    """Return a 1 in each row (n, k), at the place of its category."""
    block = np.zeros((len(cells), len(inputs)))
    places: dict[str, int | None] = {}
    for row, cell in enumerate(cells):
        if cell is None:
            fills = [one["fill"] for one in inputs]
            if None in fills:
                raise ValueError(f"column {inputs[0]['column']!r}, row {row}, holds no value")
            block[row] = fills
            continue
        text = _text(cell)
        if text not in places:
            places[text] = _place(text, [one["category"] for one in inputs])
        place = places[text]
        if place is None:
            known = ", ".join(repr(one["category"]) for one in inputs[:12])
            raise ValueError(f"column {inputs[0]['column']!r}, row {row}, holds {text!r}; it was trained on {known}")
        block[row, place] = 1.0
    return block


def _text(cell: Any) -> str:
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return str(cell)


def _place(text: str, categories: Sequence[str]) -> int | None:
    """Return the place of a category; capitals do not count, nor does how a number is written, if only one is alike."""
    if text in categories:
        return categories.index(text)
    alike = [
        place for place, one in enumerate(categories) if one.casefold() == text.casefold() or _is_same_number(one, text)
    ]
    return alike[0] if len(alike) == 1 else None


def _is_same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _numbers(cells: Sequence[Any], feature: dict[str, Any]) -> Any:
    """Return a column as numbers (n,)."""
    readers: dict[str, Callable[[Any, dict[str, Any]], float]] = {"date": _days, "time": _hours}
    read = readers.get(feature["form"], _number)
    values = np.empty(len(cells))
    for row, cell in enumerate(cells):
        try:
            value = math.nan if cell is None else read(cell, feature)
        except (ValueError, TypeError, AttributeError):
            form = f" such as {feature['date_format']}" if feature["form"] == "date" and feature["date_format"] else ""
            where = f"column {feature['column']!r}, row {row}"
            raise ValueError(f"{where}: expected a {feature['form']}{form}, got {str(cell)[:60]!r}") from None
        if math.isnan(value):
            if feature["fill"] is None:
                raise ValueError(f"column {feature['column']!r}, row {row}, holds no value")
            value = feature["fill"]
        values[row] = value
    return values


def _number(cell: Any, feature: dict[str, Any]) -> float:
    """Return a cell as a number, NaN where it is a mark of no value."""
    reading = _reading()
    if not isinstance(cell, str):
        number = float(cell)
        return math.nan if number in reading["no_value_numbers"] else number
    if cell.lower() in WORDS:
        return WORDS[cell.lower()]
    unit = feature["unit"].casefold()
    bare = cell[: -len(unit)].strip() if unit and cell.casefold().endswith(unit) else cell
    if bare in reading["no_value_among_numbers"] or not bare:
        return math.nan
    match = re.fullmatch(reading["numbers"][feature["column"]], cell)
    if match is None:
        raise ValueError
    digits = re.sub(reading["thousands"], "", match["number"]) if reading["thousands"] else match["number"]
    number = float(digits.replace("\u2212", "-").replace(reading["decimal"], ".").upper().replace("D", "E"))
    if feature["multiples"] and match["multiple"]:
        number *= reading["multiples"][feature["column"]][match["multiple"].casefold()]
    is_negative = match["open"] or (match["sign"] or match["inner"] or match["trailing"] or "+") != "+"
    number = -number if is_negative else number
    return math.nan if number in reading["no_value_numbers"] else number


def _days(cell: Any, feature: dict[str, Any]) -> float:
    """Return the days since 1970-01-01 of a date, or of a text in the format of training."""
    if isinstance(cell, np.datetime64):
        return float((cell - np.datetime64(0, "D")) / np.timedelta64(1, "D"))
    moment = _moment(cell, feature["date_format"]) if isinstance(cell, str) else cell
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime(moment.year, moment.month, moment.day)
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return (moment - EPOCH) / datetime.timedelta(days=1)


def _moment(text: str, form: str) -> datetime.datetime:
    if form and form != "ISO8601":
        for words in (text, _in_english(text, form)):
            try:
                return datetime.datetime.strptime(words, form)
            except ValueError:
                pass
    for shorter in ("%Y-%m", "%Y"):
        try:
            return datetime.datetime.strptime(text, shorter)
        except ValueError:
            pass
    return datetime.datetime.fromisoformat(text)


def _in_english(text: str, form: str) -> str:
    """Return a date with its month as strptime knows it, and without a day of the week that is not in the format."""
    if not form.startswith(("%a", "%A", "%b", "%B")):
        text = re.sub(r"^[^\W\d_]+[.,]* ", "", text)
    return re.sub(r"[^\W\d_]{3,}\.?", _month, text) if "%b" in form else text


def _month(word: re.Match[str]) -> str:
    months: dict[str, str] = _reading()["months"]
    return next((month for start, month in months.items() if word[0].lower().startswith(start)), word[0])


def _hours(cell: Any, feature: dict[str, Any]) -> float:
    """Return the hours since midnight of a time, such as 14:30 or 2:30 PM, or of a lap, 1:23.45."""
    if isinstance(cell, datetime.time):
        return cell.hour + cell.minute / 60 + (cell.second + cell.microsecond / 1e6) / 3600
    if lap := LAP.fullmatch(cell):
        return int(lap[1]) / 60 + float(lap[2].replace(",", ".")) / 3600
    match = CLOCK.fullmatch(cell)
    if match is None or int(match[2]) > 59:
        raise ValueError
    hour = int(match[1])
    if match[4]:
        hour = hour % 12 + 12 * (match[4].lower() == "p")
    return hour + int(match[2]) / 60 + float((match[3] or "0").replace(",", ".")) / 3600
