"""Builds the columns of a file from pieces of cells: as numbers, as dates, or as text.

In reading order: which builder a column gets, from its first rows or from training; numbers, dates, and texts.
"""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tui_trainer.datasets.columns import names_rows
from tui_trainer.datasets.dataset import CellForm, Feature
from tui_trainer.errors import printable
from tui_trainer.experiment.schema import ColumnKind

from .columns import MAX_LEVELS, NOT_KNOWN, Column, NumberColumn, TextColumn, WrongCell, without_marks
from .dates import COMPACT_DATE, ISO, TIME, date_formats, is_compact_date, parse_dates
from .layout import Layout
from .numbers import (
    CODE,
    FALSE_WORDS,
    MISSING,
    MISSING_NUMBERS,
    SPREADSHEET_ERRORS,
    TRUE_WORDS,
    NumberFormat,
    find_units,
    is_missing,
)

_NOT_NUMBERS = frozenset((*MISSING_NUMBERS, *SPREADSHEET_ERRORS))
# Columns that hold codes rather than numbers where zeros stand before them, as in 01067
_CODE_NAME = re.compile(
    r"zip|plz|post(?:al|code|leit)|code|phone|telefon|téléphone|\btel\b|\bfax\b|mobil|nummer|num[eé]ro|number|nr\.?$"
    r"|account|konto|kunde|customer|client|isbn|\bean\b|sku|fips|barcode|郵便番号|邮编|电话",
    re.IGNORECASE,
)
_DATE_NAME = re.compile(r"date|datum|fecha|day|yyyymmdd|dt$|日付|日期", re.IGNORECASE)
MAX_JUDGED, MIN_JUDGED = 400_000, 40  # cells of the first rows from which columns are judged, and of each column


def plan(
    layout: Layout, kinds: Mapping[str, ColumnKind], known: Mapping[str, Feature] = NOT_KNOWN
) -> dict[int, Builder]:
    """Return a builder for each column that ``kinds`` does not ignore, by the position of the column."""
    builders: dict[int, Builder] = {}
    are_named = False  # whether a column is kept that tells the rows apart
    for position, name in enumerate(layout.names):
        kind = kinds.get(name)
        if name in known:
            builders[position] = known_builder(known[name], layout.dialect.numbers, layout.missing)
        elif kind != "ignore":
            cells = layout.cells(position)
            may_name = not are_named and names_rows(name, cells)
            builders[position] = _builder(name, cells, layout, kind, may_name)
            are_named = are_named or (may_name and isinstance(builders[position], TextBuilder))
    return builders


def known_builder(feature: Feature, numbers: NumberFormat, missing: tuple[str, ...] = ()) -> Builder:
    """Return a builder for cells that were trained on as ``feature``; an index keeps its cells as they are."""
    if feature.category is not None:
        return TextBuilder(missing, joins=False, max_levels=sys.maxsize, keeps=feature.form == "index")
    if feature.form == "time":
        return DateBuilder([TIME], is_known=True)
    if feature.form == "date":
        return DateBuilder([feature.date_format or ISO, ISO], is_known=True)
    return NumberBuilder(replace(numbers, unit=feature.unit, multiples=feature.multiples), missing, is_known=True)


def _builder(name: str, cells: list[str], layout: Layout, kind: ColumnKind | None, may_name: bool) -> Builder:
    if kind == "category":
        return TextBuilder(layout.missing, joins=False, keeps=may_name)
    if (may_name or _CODE_NAME.search(name)) and any(cell.isdecimal() and CODE.match(cell) for cell in cells):
        return TextBuilder(layout.missing, keeps=may_name)
    form = layout.dialect.numbers
    counts = Counter(cells[: max(MAX_JUDGED // len(layout.names), MIN_JUDGED)])
    filled = {
        cell: count
        for cell, count in counts.items()
        if not is_missing(cell, among_numbers=True) and cell not in layout.missing
    }
    if 2 * sum(count for cell, count in filled.items() if form.is_number(cell)) >= sum(filled.values()):
        if _DATE_NAME.search(name) and filled and all(map(is_compact_date, filled)):
            return DateBuilder([COMPACT_DATE])
        return NumberBuilder(form, layout.missing)
    if formats := date_formats(list(filled)):
        return DateBuilder(formats)
    units = find_units(filled)
    if units is None:
        return TextBuilder(layout.missing, keeps=may_name)
    if len(units.names) == 1 or units.are_multiples:
        return NumberBuilder(replace(form, unit=units.names[0], multiples=units.are_multiples), layout.missing)
    listed = ", ".join(units.names[:4])
    return TextBuilder(layout.missing, hint=f"numbers with different units: {printable(listed)}; convert them to one")


class Builder(Protocol):
    """Collects the pieces of one column, in order, and builds the column."""

    def add(self, cells: pd.Series[Any], first_line: int) -> None:
        """Add the next cells; the first of them is in ``first_line`` of the file."""

    def build(self) -> Column | None:
        """Return the column; None if it turned out to hold text."""


class _Values:
    """The numbers of a column, and the cells that are none: all of a column that ``is_known``, or the first one."""

    def __init__(self, is_known: bool = False) -> None:
        self._pieces: list[NDArray[Any]] = []
        self._is_known = is_known
        self._wrong: WrongCell | None = None
        self._wrong_texts: dict[int, str] = {}  # by row, counted from the first of all
        self._count = 0  # of cells
        self.wrong_count = 0

    def add(self, values: NDArray[Any]) -> None:
        self._pieces.append(compact(values))
        self._count += len(values)

    def add_wrong(self, cells: pd.Series[Any], wrong: NDArray[np.bool_], first_line: int) -> None:
        """Note which of the cells added last are ``wrong`` (k,), and the first of all."""
        if not wrong.any():
            return
        rows = np.flatnonzero(wrong).tolist()
        if self._wrong is None:
            self._wrong = WrongCell(first_line + rows[0], str(cells.iloc[rows[0]]).strip())
        self.wrong_count += len(rows)
        if self._is_known:
            before = self._count - len(wrong)
            self._wrong_texts.update((before + row, str(cells.iloc[row]).strip()) for row in rows)

    def column(self, form: CellForm, date_format: str = "") -> NumberColumn | None:
        """Return the column; None if less than half of its cells are numbers, since a few may be typing errors.

        A column that is known is one of numbers, whatever is in it.
        """
        values = np.concatenate(self._pieces)
        if not self._is_known and self.wrong_count and self.wrong_count > int((~np.isnan(values)).sum()):
            return None
        return NumberColumn(values, form, self._wrong, self._wrong_texts, date_format)


def compact(values: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers in as few bytes as they need, others as they are."""
    if values.dtype.kind == "f" or values.dtype.itemsize == 1 or not values.size:
        return values
    return values.astype(np.promote_types(np.min_scalar_type(values.min()), np.min_scalar_type(values.max())))


class NumberBuilder:
    """Builds a column of numbers; pandas reads them if they are written plainly. ``missing`` are marks of the user."""

    def __init__(self, form: NumberFormat, missing: tuple[str, ...] = (), is_known: bool = False) -> None:
        self._form, self._values = form, _Values(is_known)
        self._missing = form.numbers_in(missing)
        self._has_words = self._has_numbers = False  # whether there were true or false, and whether there were numbers

    def add(self, cells: pd.Series[Any], first_line: int) -> None:
        kind = cells.dtype.kind
        if kind in "iuf":
            self.add_numbers(cells.to_numpy())
        elif kind == "b":
            self._has_words = True
            self._add(cells.to_numpy().astype(np.uint8))
        else:
            self._read(cells, first_line)

    def add_numbers(self, values: NDArray[Any]) -> None:
        """Add cells that are numbers, (k,)."""
        self._has_numbers = self._has_numbers or values.dtype.kind != "f" or not np.isnan(values).all()
        self._add(values)

    def _add(self, values: NDArray[Any]) -> None:
        self._values.add(without_marks(values, self._missing))

    def build(self) -> NumberColumn | None:
        column = self._values.column("true/false" if self._has_words and not self._has_numbers else "number")
        return None if column is None else replace(column, unit=self._form.unit, multiples=self._form.multiples)

    def _read(self, cells: pd.Series[Any], first_line: int) -> None:
        """Add cells that pandas has not read as numbers."""
        missing = cells.isna().to_numpy()
        texts = cells.astype(str).str.strip().fillna("")
        values = parse_numbers(texts, self._form)
        self._has_numbers = self._has_numbers or not np.isnan(values).all()
        left = np.isnan(values) & ~missing
        if left.any():
            codes, words = pd.factorize(texts[left])
            known = [self._word(word) for word in words]
            values[left] = np.array([value for value, _ in known])[codes]
            left[left] = np.array([is_wrong for _, is_wrong in known])[codes]
        values[missing] = np.nan
        self._add(values)
        self._values.add_wrong(cells, left, first_line)

    def _word(self, word: str) -> tuple[float, bool]:
        """Return what stands for a word among numbers, and whether it does not belong there."""
        lowered = word.lower()
        if lowered in TRUE_WORDS or lowered in FALSE_WORDS:
            self._has_words = True
            return float(lowered in TRUE_WORDS), False
        return math.nan, word not in _NOT_NUMBERS and not self._form.is_unit(word)


def parse_numbers(texts: pd.Series[Any], form: NumberFormat) -> NDArray[np.float64]:
    """Return the numbers (k,) in stripped cells; NaN for cells that are not numbers."""
    if form == NumberFormat():  # Python and C read most of them
        values = np.array(pd.to_numeric(texts, errors="coerce"), dtype=np.float64)
        left = np.isnan(values)
        if left.any():
            values[left] = [form.read(text) for text in texts[left]]
        return values
    return np.array([form.read(text) for text in texts], dtype=np.float64)


class DateBuilder:
    """Builds a column of dates, in days since 1970, or of times, with the one of several formats that fits best."""

    def __init__(self, formats: list[str], is_known: bool = False) -> None:
        self._formats = formats
        self._values = [_Values(is_known) for _ in formats]

    def add(self, cells: pd.Series[Any], first_line: int) -> None:
        texts = cells.astype(str).where(cells.notna(), None) if cells.dtype.kind in "iuf" else cells
        missing = cells.isna().to_numpy() | cells.isin(_NOT_NUMBERS).to_numpy()
        for form, collected in zip(self._formats, self._values, strict=True):
            values = parse_dates(texts, form)
            collected.add(values)
            collected.add_wrong(cells, np.isnan(values) & ~missing, first_line)

    def build(self) -> NumberColumn | None:
        form, fewest = min(zip(self._formats, self._values, strict=True), key=lambda pair: pair[1].wrong_count)
        return fewest.column("time", "") if form == TIME else fewest.column("date", form)


def read_cells(cells: Sequence[Any], feature: Feature, numbers: NumberFormat, missing: tuple[str, ...]) -> Column:
    """Return the numbers or dates in texts as a file's column. Texts that are one of ``missing`` are gaps."""
    series = pd.Series(list(cells), dtype=object)
    texts = series.where(series.isna(), series.astype(str).str.strip())
    texts = texts.where(~texts.isin([*MISSING, *missing]))
    builder = known_builder(feature, numbers, missing)
    builder.add(texts, 0)
    column = builder.build()
    assert column is not None  # a column that is known never turns out to hold text
    return column


class TextBuilder:
    """Builds a column of texts as codes; beyond ``max_levels`` different texts, all others share one code.

    Texts that are ``missing`` are gaps. If the builder ``joins``, texts that differ in capitals alone are one; if it
    ``keeps`` the cells, the column has them as they are.
    """

    def __init__(
        self,
        missing: tuple[str, ...] = (),
        joins: bool = True,
        hint: str = "",
        max_levels: int = MAX_LEVELS,
        keeps: bool = False,
    ) -> None:
        self._missing, self._joins, self._hint, self._max_levels = missing, joins, hint, max_levels
        self._texts: list[NDArray[np.object_]] | None = [] if keeps else None
        self._pieces: list[NDArray[np.int32]] = []
        self._codes: dict[str, int] = {}
        self._overflows = False

    def add(self, cells: pd.Series[Any], first_line: int) -> None:
        if self._texts is not None:
            self._texts.append(cells.astype(object).where(cells.notna(), None).to_numpy())
        codes, texts = pd.factorize(cells)
        column_codes = np.empty(len(texts) + 1, np.int32)
        column_codes[-1] = -1  # for cells without text
        for index, text in enumerate(texts):
            column_codes[index] = self._code(" ".join(str(text).split()))
        self._pieces.append(column_codes[codes])

    def build(self) -> TextColumn:
        texts = None if self._texts is None else np.concatenate(self._texts)
        column = TextColumn(
            np.concatenate(self._pieces), tuple(self._codes), self._overflows, hint=self._hint, texts=texts
        )
        return column if not self._joins or self._overflows else _join_spellings(column)

    def _code(self, text: str) -> int:
        if not text or text in self._missing:
            return -1
        code = self._codes.get(text)
        if code is None and len(self._codes) < self._max_levels:
            code = self._codes[text] = len(self._codes)
        if code is None:
            self._overflows = True
            return self._max_levels - 1
        return code


def _join_spellings(column: TextColumn) -> TextColumn:
    """Return the column with texts that differ in capitals alone as one level, the most frequent spelling."""
    same: dict[str, list[int]] = {}
    for code, level in enumerate(column.levels):
        same.setdefault(unicodedata.normalize("NFKC", level).casefold(), []).append(code)
    if len(same) == len(column.levels):
        return column
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    new_codes = np.full(len(column.levels) + 1, -1, np.int32)  # the last one is for a code of -1
    levels: list[str] = []
    joined: list[str] = []
    for codes in same.values():
        most = max(codes, key=lambda code: (counts[code], -code))
        new_codes[codes] = len(levels)
        levels.append(column.levels[most])
        joined += [column.levels[code] for code in (most, *codes)] if len(codes) > 1 else []
    return replace(column, codes=new_codes[column.codes], levels=tuple(levels), joined=tuple(dict.fromkeys(joined)))
