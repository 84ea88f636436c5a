"""How the numbers of a file are written: what stands for no value, units, marks between thousands, and decimals.

In reading order: words and marks, the format of numbers, the units of a column, and the format that a file's first
rows show.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

DecimalMark = Literal[".", ","]
SPACES = (" ", "\u00a0", "\u2009", "\u202f", "\u2007", "\u2008")
APOSTROPHES = ("'", "’", "\u02bc", "`")
GROUP_MARKS = (",", ".", *SPACES, *APOSTROPHES)  # between thousands
TRUE_WORDS, FALSE_WORDS = ("true",), ("false",)
# What programs and people write for a missing value; MISSING_NUMBERS and SPREADSHEET_ERRORS only among numbers.
MISSING = (
    *("", "?", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NULL", "null", "\\N"),
    *("NaN", "nan", "NAN", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)
# "None" is a category among texts: a house may have no garage.
MISSING_NUMBERS = (
    "-",
    "--",
    "---",
    "–",
    "—",
    ".",
    "..",
    "*",
    "n.a.",
    "na",
    "None",
    "none",
    "NONE",
    "missing",
    "unknown",
)
SPREADSHEET_ERRORS = ("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!")
_EXPONENT = r"(?:[eE][+-]?[0-9]+|[dD][+-][0-9]{2})?"  # D in Fortran
_MARKED = re.compile(f"[{''.join(GROUP_MARKS)}]")
_GAPS = "".join(GROUP_MARKS[2:])
GAP = re.compile(f"(?<=[0-9])[{_GAPS}](?=[0-9]{{3}}(?![0-9]))")
_FIGURES = re.compile(rf"[+-]?[0-9.,][0-9.,eE+\-{_GAPS}]*")
_MISSING, _AMONG_NUMBERS = frozenset(MISSING), frozenset((*MISSING_NUMBERS, *SPREADSHEET_ERRORS))
_WORDS = frozenset(("inf", "infinity", *TRUE_WORDS, *FALSE_WORDS))
NUMBER_WITH_COMMA = re.compile(
    rf"[+-]?(?:[0-9]*|[0-9]{{1,3}}(?:[.{_GAPS}][0-9]{{3}})+),[0-9]+|[+-]?[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]*)?"
)


_SIGN = r"[+\-\u2212\u2013]"
_CURRENCY = r"(?:[A-Z]{1,2}\$|[$€£¥₹₽₩₺₫฿₪₴₦]|USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|Rs\.?|kr\.?|zł|Kč|Fr\.)"
_UNIT = (
    r"(?:[%‰°º′″\"'+][A-Za-z]?|(?![eE][+-]?[0-9])[^\W\d_][^\s\d,;()]*[23²³]?(?:[ /·*][^\s\d,;()]+[23²³]?)?"
    r"|[$€£¥₹₽₩₺₫฿₪₴₦])"
)
MULTIPLES = {
    **{"k": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9, "mrd": 1e9, "g": 1e9, "t": 1e12},
    **{"thousand": 1e3, "tsd": 1e3, "lakh": 1e5, "million": 1e6, "crore": 1e7, "billion": 1e9, "trillion": 1e12},
}
# Units of which one can be converted into the other, case-folded: none of which capitals tell apart, as mW and MW. In
# multiples of the smallest, so that powers of ten are exact.
CONVERTIBLE = (
    {"μg": 1.0, "mg": 1e3, "g": 1e6, "kg": 1e9, "t": 1e12, "oz": 28349523.125, "lb": 453592370.0, "lbs": 453592370.0},
    {
        **{"nm": 1.0, "μm": 1e3, "mm": 1e6, "cm": 1e7, "dm": 1e8, "m": 1e9, "km": 1e12},
        **{"in": 25.4e6, "ft": 304.8e6, "yd": 914.4e6, "mi": 1609.344e9, "miles": 1609.344e9},
    },
    {
        **{"μs": 1.0, "ms": 1e3, "s": 1e6, "sec": 1e6, "min": 60e6, "mins": 60e6},
        **{"h": 3.6e9, "hr": 3.6e9, "hrs": 3.6e9, "d": 86.4e9, "day": 86.4e9, "days": 86.4e9},
    },
    {"ml": 1.0, "cl": 10.0, "dl": 100.0, "l": 1e3},
    {"hz": 1.0, "khz": 1e3, "ghz": 1e9},
    {"kb": 1.0, "mb": 1e3, "gb": 1e6, "tb": 1e9},
    {"hpa": 1.0, "mbar": 1.0, "kpa": 10.0, "bar": 1e3, "psi": 68.94757293168},
)
_DRESSED = re.compile(
    rf"(?P<outside>{_CURRENCY})?\s?(?P<open>\()?(?P<limit>[<>≤≥~≈]=? ?)?{_SIGN}? ?(?P<before>{_CURRENCY})?\s?{_SIGN}? ?"
    rf"(?P<digits>[0-9.,][0-9.,{''.join(SPACES)}{''.join(APOSTROPHES)}]*(?:[eE]{_SIGN}?[0-9]+)?)"
    rf"\s*(?P<after>{_UNIT})?(?(open)\))"
)
CODE = re.compile(r"0[0-9]")  # 007 is the beginning of a name
MIN_DRESSED = 0.9  # of a column's cells


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written: the decimal mark, and the mark between thousands ("" for none).

    The numbers of a column may have one ``unit``, before them as $ or after them as kg. If they are ``multiples``, k
    and M after them are thousands and millions, and where units can be converted, g after them are thousandths of kg.
    """

    decimal: DecimalMark = "."
    thousands: str = ""
    unit: str = ""
    multiples: bool = False

    @cached_property
    def group(self) -> str:
        """The marks between thousands as a class of characters: one kind of blank is as good as another."""
        marks = next((kind for kind in (SPACES, APOSTROPHES) if self.thousands in kind), (self.thousands,))
        return f"[{re.escape(''.join(marks))}]"

    @cached_property
    def pattern(self) -> str:
        """The regular expression of a whole cell, with the groups that ``read`` makes a number from."""
        mark, digits = re.escape(self.decimal), "[0-9]+"
        if self.thousands:
            digits = rf"(?:[0-9]{{1,3}}(?:{self.group}[0-9]{{2,3}})*{self.group}[0-9]{{3}}|[0-9]+)"
        number = rf"(?P<number>(?:{digits}(?:{mark}[0-9]*)?|{mark}[0-9]+){_EXPONENT})"
        before, after = rf"(?:{_CURRENCY})?\s?", ""
        if self.multiples:
            marks = "|".join(sorted(self.factors, key=len, reverse=True))
            after = rf"\s*(?P<multiple>{marks}){'' if is_convertible(self.unit) else '?'}"
        elif self.unit and not re.fullmatch(_CURRENCY, self.unit):
            before, after = "", rf"\s*{re.escape(self.unit.rstrip('s.'))}s?\.?"
        elif self.unit:
            after = rf"\s*(?:{_CURRENCY})?"
        else:
            before = ""
        trailing = rf"(?:(?<={mark}[0-9][0-9])(?P<trailing>[-\u2212])|\+)?"  # an amount of a ledger; 3+ is 3, as >3 is
        start = rf"{before}(?P<open>\()?(?:[<>≤≥~≈]=?\s?)?(?P<sign>{_SIGN})?\s?{before}(?P<inner>{_SIGN})?"
        return f"{'(?i)' if after else ''}{start}{number}{trailing}{after}(?(open)\\))"

    @cached_property
    def factors(self) -> Mapping[str, float]:
        """What a number is multiplied by, by the mark or unit after it in lower case."""
        family = next((family for family in CONVERTIBLE if self.unit.casefold() in family), None)
        if not self.multiples or family is None or not is_convertible(self.unit):
            return MULTIPLES
        return {unit: factor / family[self.unit.casefold()] for unit, factor in family.items()}

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def read(self, cell: str) -> float:
        """Return the number in a stripped cell, or NaN: ``(1.20)`` and ``1.20-`` are -1.2, ``<0.01`` is 0.01."""
        match = self._compiled.fullmatch(cell)
        if match is None:
            return math.nan
        number = match["number"]
        if self.thousands:
            number = re.sub(self.group, "", number)
        value = float(number.replace("\u2212", "-").replace(self.decimal, ".").upper().replace("D", "E"))
        if self.multiples and match["multiple"]:
            value *= self.factors[match["multiple"].casefold()]
        is_negative = match["open"] or (match["sign"] or match["inner"] or match["trailing"] or "+") != "+"
        return -value if is_negative else value

    def numbers_in(self, words: Iterable[str]) -> list[float]:
        """Return those of the ``words`` that are numbers, such as the marks -999 for no value."""
        return [number for number in map(self.read, words) if not math.isnan(number)]

    def is_number(self, cell: str) -> bool:
        """Return whether a stripped cell is a number; true, false and infinity count as numbers."""
        return self._compiled.fullmatch(cell) is not None or cell.lstrip("+-").lower() in _WORDS

    def is_unit(self, cell: str) -> bool:
        """Return whether a stripped cell has the unit but no number, and so no value: ``kg``, or ``null kg``."""
        if not self.unit or not cell.casefold().endswith(self.unit.casefold()):
            return False
        return is_missing(cell[: -len(self.unit)].strip(), among_numbers=True)


@dataclass(frozen=True, slots=True)
class Units:
    """The units after, or before, the numbers of a column, as they are written, the most frequent first.

    If they ``are_multiples``, a number is multiplied by what its own mark or unit says.
    """

    names: tuple[str, ...]
    are_multiples: bool = False


def find_units(counts: Mapping[str, int]) -> Units | None:
    """Return the units in the cells of a column, given with their ``counts``; None unless they hold such numbers."""
    spellings: dict[str, Counter[str]] = {}
    dressed = total = 0
    currency = False
    for cell, count in counts.items():
        match = _DRESSED.fullmatch(cell)
        total += count
        if match is None or not any(map(str.isdigit, match["digits"])) or CODE.match(match["digits"]):
            continue
        dressed += count
        before = match["outside"] or match["before"]
        currency = currency or before is not None
        unit = match["after"] or before or ""
        if unit:
            spellings.setdefault(unit.casefold().rstrip("s."), Counter())[unit] += count
    if dressed < MIN_DRESSED * total or not spellings:
        return None
    shares = sorted(spellings.values(), key=lambda counter: -counter.total())
    others = {unit for unit in spellings if not re.fullmatch(_CURRENCY, unit, re.IGNORECASE)}
    are_multiples = bool(others) and others <= MULTIPLES.keys() and (currency or len(others) > 1)
    names = tuple(spelling.most_common(1)[0][0] for spelling in shares)
    if len(names) > 1 and any({name.casefold() for name in names} <= family.keys() for family in CONVERTIBLE):
        names = tuple(sorted(names, key=lambda name: not is_convertible(name)))  # m alone could be millions
        are_multiples = is_convertible(names[0])
    return Units(names, are_multiples)


def is_convertible(unit: str) -> bool:
    """Return whether the unit of multiples is one into which others are converted, and no mark such as k."""
    return unit.casefold() not in MULTIPLES and any(unit.casefold() in family for family in CONVERTIBLE)


def is_missing(cell: str, among_numbers: bool = False) -> bool:
    """Return whether a stripped cell holds no value; ``among_numbers``, more marks count as missing."""
    return cell in _MISSING or (among_numbers and cell in _AMONG_NUMBERS)


def _bare(column: list[str]) -> list[str]:
    """Return the figures of a column, without signs, currencies and units; none if it holds something else."""
    filled = [cell for cell in column if not is_missing(cell, among_numbers=True)]
    if not filled:
        return []
    if 10 * sum(_FIGURES.fullmatch(cell) is not None for cell in filled) >= 8 * len(filled):
        return [cell.replace("\u2212", "-").rstrip("+") for cell in filled]
    bare = [match["digits"].strip() for match in map(_DRESSED.fullmatch, filled) if match is not None]
    return bare if 10 * len(bare) >= 8 * len(filled) else []


def find_format(columns: Iterable[list[str]], semicolons: bool, decimal: DecimalMark | None = None) -> NumberFormat:
    """Return the number format of a file, found from the ``columns`` of its first rows.

    ``decimal`` is the decimal mark if it is known. Only columns that hold almost nothing but digits, marks and signs
    count. If all numbers are like 1,234, which is ambiguous, the comma is a decimal one in a file that has
    ``semicolons`` between its cells.
    """
    marked = (column for column in columns if any(map(_MARKED.search, set(column))))
    figures = [cell for column in marked for cell in _bare(column)]
    without_gaps = [GAP.sub("", cell) for cell in figures]
    votes = {mark: _Votes.count(without_gaps, mark) for mark in (".", ",")}
    mark = decimal or _decimal_mark(votes[","], votes["."], semicolons)
    other = votes["." if mark == "," else ","]
    if other.groups or other.ambiguous:
        return NumberFormat(mark, "." if mark == "," else ",")
    return NumberFormat(mark, _other_group_mark(figures))


def _decimal_mark(comma: _Votes, point: _Votes, semicolons: bool) -> DecimalMark:
    if comma.decimal != point.decimal:
        return "," if comma.decimal > point.decimal else "."
    if bool(comma.groups) != bool(point.groups):  # two points, or two commas, in a number
        return "," if point.groups else "."
    return "," if semicolons and comma.ambiguous and not point.ambiguous else "."


@dataclass(frozen=True)
class _Votes:
    """How many cells use a mark as the decimal mark, between thousands, or ambiguously."""

    decimal: int
    groups: int
    ambiguous: int

    @classmethod
    def count(cls, cells: list[str], mark: str) -> _Votes:
        other = "." if mark == "," else ","
        m, o = re.escape(mark), re.escape(other)
        decimal = re.compile(rf"[+-]?(?:[0-9]{{1,3}}(?:{o}[0-9]{{3}})+|[0-9]*){m}[0-9]+{_EXPONENT}")
        ambiguous = re.compile(rf"[+-]?[1-9][0-9]{{0,2}}{m}[0-9]{{3}}")
        groups = re.compile(
            rf"[+-]?[1-9][0-9]{{0,2}}(?:{m}[0-9]{{3}})(?:(?:{m}[0-9]{{3}})+(?:{o}[0-9]*)?|{o}[0-9]*)"
            rf"|[+-]?[1-9][0-9]?(?:{m}[0-9]{{2}})+{m}[0-9]{{3}}(?:{o}[0-9]*)?"  # as in India
        )
        marked = [cell for cell in cells if mark in cell]
        decimals = [cell for cell in marked if decimal.fullmatch(cell)]  # those that are ambiguous among them
        ambiguous_count = sum(ambiguous.fullmatch(cell) is not None for cell in decimals)
        is_grouped = len(decimals) < len(marked)  # no cell is both
        return cls(
            decimal=len(decimals) - ambiguous_count,
            groups=sum(groups.fullmatch(cell) is not None for cell in marked) if is_grouped else 0,
            ambiguous=ambiguous_count,
        )


def _other_group_mark(cells: list[str]) -> str:
    """Return the space or apostrophe used between thousands, "" if there is none."""
    for mark in (mark for mark in GROUP_MARKS[2:] if any(mark in cell for cell in cells)):
        grouped = re.compile(rf"[+-]?[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:[.,][0-9]*)?")
        if any(grouped.fullmatch(cell) for cell in cells):
            return mark
    return ""
