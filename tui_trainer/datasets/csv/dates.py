"""Finds how the dates and the times of a column are written, and reads them as days and as hours.

Formats are those of strptime, built from the shape of the first cells. Words and marks that strptime does not know are
replaced before: names of months in other languages, ordinal numbers, quarters, and weeks.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DAY = 86400.0  # seconds
COMPACT_DATE = "%Y%m%d"
TIME = "time"  # the form of columns that hold times of day
ISO = "ISO8601"
_COMPACT = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_CLOCK = re.compile(r"([0-9]{1,3})[:hH]([0-9]{2})(?::([0-9]{2}(?:[.,][0-9]+)?))?(?: ?([AaPp])\.?[Mm]\.?)?")
_LAP = re.compile(r"([0-9]{1,3}):([0-5][0-9][.,][0-9]{1,6})")  # minutes and seconds
_TIME_PART = re.compile(
    r"(?P<gap>[ T]|, |:| at )(?P<hour>[0-9]{1,2})(?P<mark>[:.h])(?P<minute>[0-9]{2})"
    r"(?P<second>(?P=mark)[0-9]{2}(?P<fraction>\.[0-9]+)?)?(?P<half> ?[AaPp][Mm])?"
    r"(?P<zone> ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?"
)
_DATE_PART = re.compile(
    r"(?P<day_name>[A-Za-z]{3,9},? )?"
    r"(?P<first>[0-9]{1,4}|[A-Za-z]{3,9})(?P<mark1>[-./ ,年년]{1,2})(?P<second>[0-9]{1,2}|[A-Za-z]{3,9})"
    r"(?P<mark2>[-./ ,月월]{1,2})(?P<third>[0-9]{1,4})(?P<end>[日일.]?)"
)
_MONTH_PART = re.compile(
    r"(?P<first>[0-9]{4}|[0-9]{1,2}|[A-Za-z]{3,9})(?P<mark>[-./ ])(?P<second>[0-9]{4}|[0-9]{2}|[A-Za-z]{3,9})"
)
_C_DATE = re.compile(r"[A-Za-z]{3} [A-Za-z]{3} +[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}")
_ORDINAL = re.compile(r"(?<=[0-9])(?:st|nd|rd|th)\b")
_HALF = re.compile(r"\b([ap])\.\s?m\.?", re.IGNORECASE)
_ZONE = re.compile(r"\s*\(?\b(?:UTC|GMT|[ECMP][SD]T|CES?T|BST|JST|KST|IST)\b\)?")
_QUARTER = re.compile(r"(?P<year>[0-9]{4})[ -]?Q(?P<quarter>[1-4])|Q(?P<quarter2>[1-4])[ -/](?P<year2>[0-9]{4})")
_WEEK = re.compile(r"([0-9]{4})-?W([0-9]{2})(?:-?([1-7]))?")
_WORD = re.compile(r"[^\W\d_]+\.?")
# Names of months in several languages, by their first letters
MONTHS = {
    **dict.fromkeys(("jän", "janv", "ene", "gen", "янв", "jan"), "Jan"),
    **dict.fromkeys(("feb", "fév", "fev", "фев"), "Feb"),
    **dict.fromkeys(("mär", "mrz", "mars", "maa", "mrt", "мар", "mar"), "Mar"),
    **dict.fromkeys(("avr", "abr", "апр", "apr", "kwi"), "Apr"),
    **dict.fromkeys(("mai", "mei", "mag", "maj", "май", "мая", "may"), "May"),
    **dict.fromkeys(("juin", "giu", "июн", "jun"), "Jun"),
    **dict.fromkeys(("juil", "lug", "июл", "jul"), "Jul"),
    **dict.fromkeys(("aoû", "ago", "авг", "aug"), "Aug"),
    **dict.fromkeys(("set", "сен", "sep"), "Sep"),
    **dict.fromkeys(("okt", "ott", "out", "окт", "oct"), "Oct"),
    **dict.fromkeys(("nov", "ноя"), "Nov"),
    **dict.fromkeys(("dez", "déc", "dic", "дек", "dec"), "Dec"),
}
_ENGLISH = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_LONG_MONTH = re.compile("|".join(name for name in _ENGLISH if len(name) > 3), re.IGNORECASE)
_OTHER_WEEKDAYS = re.compile(
    r"(?:(?:Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonnabend|Sonntag|lundi|mardi|mercredi|jeudi|vendredi"
    r"|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo|lunedì|martedì|mercoledì|giovedì|venerdì"
    r"|sabato|domenica|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag),?|(?:Mo|Di|Mi|Do|Fr|Sa|So)[.,]+) ",
    re.IGNORECASE,
)
_WEEKDAYS = re.compile(r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? ", re.IGNORECASE)
_LIKE = re.compile(r".*[0-9].*")
MAX_LENGTH = 48  # characters of a date


def is_compact_date(cell: str) -> bool:
    """Return whether a cell may be a date without marks, as 20160131."""
    return _COMPACT.fullmatch(cell) is not None


def date_formats(cells: Sequence[str]) -> list[str]:
    """Return the formats that all of the different ``cells`` fit, the likeliest first.

    If a day may be a month, as in 03/04/2024, the cells are in the order of the file: dates that go up or down in one
    of the readings are meant so. Otherwise the day comes first, except before AM and PM.
    """
    if not cells or any(len(cell) > MAX_LENGTH or not _LIKE.fullmatch(cell) for cell in cells):
        return []
    if all(_CLOCK.fullmatch(cell) or _LAP.fullmatch(cell) for cell in cells):
        return [TIME]
    series = pd.Series(list(cells), dtype=object)
    formats = [ISO, *_formats_like(_plain_cell(cells[0]))]
    if len(cells) > 1:
        formats += [form for form in _formats_like(_plain_cell(cells[-1])) if form not in formats]
    fitting = {form: values for form in formats if not np.isnan(values := parse_dates(series, form)).any()}
    if len(fitting) < 2 or ISO in fitting:
        return list(fitting)[:1] if ISO in fitting else list(fitting)
    american = any("%p" in form for form in fitting)
    return sorted(fitting, key=lambda form: (not _is_sorted(fitting[form]), american and form.startswith("%d")))


def _is_sorted(days: NDArray[np.float64]) -> bool:
    steps = np.diff(days)
    return len(steps) > 1 and bool((steps >= 0).all() or (steps <= 0).all())


@cache
def _formats_like(cell: str) -> tuple[str, ...]:
    """Return the formats of strptime that a cell of this shape may be in."""
    if is_compact_date(cell):
        return (COMPACT_DATE,)
    if _C_DATE.fullmatch(cell):
        return ("%a %b %d %H:%M:%S %Y",)
    date = _DATE_PART.match(cell)
    if date is None:
        month = _MONTH_PART.fullmatch(cell)
        return () if month is None else tuple(_month_formats(month))
    rest = cell[date.end() :]
    time = _TIME_PART.fullmatch(rest)
    if rest and time is None:
        return ()
    tail = "" if time is None else _time_format(time)
    first, second, third = date["first"], date["second"], date["third"]
    year = "%Y" if len(third) > 2 else "%y"
    word = "%B" if max(len(first), len(second)) > 3 and not (first + second).isdigit() else "%b"
    words = ("%b", "%B") if word == "%b" else ("%B", "%b")
    if first.isalpha():
        orders = [(one, "%d", year) for one in words]
    elif second.isalpha():
        orders = [("%Y", one, "%d") if len(first) == 4 else ("%d", one, year) for one in words]
    elif len(first) == 4:
        orders = [("%Y", "%m", "%d"), ("%Y", "%d", "%m")]
    else:
        orders = [("%d", "%m", year), ("%m", "%d", year)]
        orders += [("%y", "%m", "%d")] if year == "%y" else []
    name = "" if date["day_name"] is None else ("%a" if len(date["day_name"].strip(", ")) == 3 else "%A")
    name += (
        ""
        if date["day_name"] is None
        else date["day_name"].lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    )
    return tuple(f"{name}{a}{date['mark1']}{b}{date['mark2']}{c}{date['end']}{tail}" for a, b, c in orders)


def _month_formats(match: re.Match[str]) -> list[str]:
    first, mark, second = match["first"], match["mark"], match["second"]
    year = "%Y" if len(second) == 4 else "%y"
    if first.isalpha():
        return [f"{word}{mark}{year}" for word in ("%b", "%B")]
    if second.isalpha():
        return [f"{'%Y' if len(first) == 4 else '%y'}{mark}{word}" for word in ("%b", "%B")]
    if len(first) == 4 and len(second) == 2:
        return [f"%Y{mark}%m"]
    return [f"%m{mark}%Y"] if len(second) == 4 and mark != "." else []


def _time_format(match: re.Match[str]) -> str:
    mark, half = match["mark"], match["half"]
    hour = "%I" if half else "%H"
    second = f"{mark}%S{'.%f' if match['fraction'] else ''}" if match["second"] else ""
    half = f"{' ' if half.startswith(' ') else ''}%p" if half else ""
    zone = match["zone"]
    zone = f"{' ' if zone.startswith(' ') else ''}%z" if zone else ""
    return f"{match['gap']}{hour}{mark}%M{second}{half}{zone}"


def _plain_cell(cell: str) -> str:
    """Return a cell with its words and marks as strptime knows them."""
    text = " ".join(cell.split())
    if quarter := _QUARTER.fullmatch(text):
        month = 3 * int(quarter["quarter"] or quarter["quarter2"]) - 2
        return f"{quarter['year'] or quarter['year2']}-{month:02d}-01"
    if week := _WEEK.fullmatch(text):
        try:
            return datetime.date.fromisocalendar(int(week[1]), int(week[2]), int(week[3] or 1)).isoformat()
        except ValueError:
            return text
    text = _WORD.sub(_english, _OTHER_WEEKDAYS.sub("", text, count=1))
    return _ZONE.sub("", _HALF.sub(r"\1m", _ORDINAL.sub("", text)))


def _english(word: re.Match[str]) -> str:
    text = word[0].rstrip(".")
    lowered = text.lower()
    if text.isascii() and any(lowered == name.lower() or lowered == name[:3].lower() for name in _ENGLISH):
        return text
    month = next((month for start, month in MONTHS.items() if lowered.startswith(start)), None)
    return word[0] if month is None or len(text) < 3 else month


def parse_dates(cells: pd.Series[Any], form: str) -> NDArray[np.float64]:
    """Return days since 1970-01-01 (k,) for cells in a format, hours since midnight for times; NaN for other cells."""
    if form == TIME:
        codes, texts = pd.factorize(cells.astype(object))
        return np.array([*map(_hours, texts), np.nan])[codes]
    days = _parse(cells, form)
    left = np.isnan(days) & ~cells.isna().to_numpy()
    if left.any():
        codes, texts = pd.factorize(cells[left].astype(object))
        plain = pd.Series([_plain_cell(str(text)) for text in texts], dtype=object)
        if "%b" in form:  # September is not shortened: it is English, too
            plain = plain.str.replace(_LONG_MONTH, lambda month: month[0][:3], regex=True)
        days[left] = _parse(plain, form)[codes]
    return days


def _parse(cells: pd.Series[Any], form: str) -> NDArray[np.float64]:
    dates = pd.to_datetime(cells, format=form, errors="coerce", utc=True)
    seconds = dates.to_numpy(dtype="datetime64[ms]").astype(np.int64) / 1000
    return np.where(dates.isna().to_numpy(), np.nan, seconds / DAY)


def _hours(cell: object) -> float:
    """Return the hours since midnight for 14:30 or 2:30 PM, and those of a lap, 1:23.45; NaN for another text."""
    if lap := _LAP.fullmatch(str(cell).strip()):
        return int(lap[1]) / 60 + float(lap[2].replace(",", ".")) / 3600
    match = _CLOCK.fullmatch(str(cell).strip())
    if match is None or int(match[2]) > 59:
        return np.nan
    hour = int(match[1])
    if match[4]:
        hour = hour % 12 + 12 * (match[4].lower() == "p")
    return hour + int(match[2]) / 60 + float((match[3] or "0").replace(",", ".")) / 3600
