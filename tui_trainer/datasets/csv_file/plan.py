"""How each column is read, judged by the first rows: as numbers, dates, or text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from tui_trainer.datasets.csv.columns import Builder, DateBuilder, NumberBuilder, TextBuilder, parse_dates
from tui_trainer.datasets.csv.dialect import NumberFormat, is_missing
from tui_trainer.datasets.csv.layout import Layout
from tui_trainer.experiment.schema import ColumnKind

# Of two that fit all cells, as 03/04/2024, the first is taken: the day before the month.
DATE_FORMATS = (
    "ISO8601",
    *("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%y"),
    *("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"),
    *("%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d-%b-%Y", "%d %b %Y", "%b %d, %Y"),
)
_MAY_BE_DATE = re.compile(
    r"[0-9]{1,4}[-./ ][0-9A-Za-z]{1,3}[-./ ][0-9]{1,4}.{0,25}|[A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4}|[0-9]{4}-[0-9]{2}"
)


def plan(layout: Layout, kinds: Mapping[str, ColumnKind]) -> dict[int, Builder]:
    """What reads each column, by its place; columns that ``kinds`` ignores have nothing."""
    builders: dict[int, Builder] = {}
    for place, name in enumerate(layout.names):
        kind = kinds.get(name)
        if kind != "ignore":
            builders[place] = _builder(layout.cells(place), layout.dialect.numbers, kind)
    return builders


def _builder(cells: list[str], form: NumberFormat, kind: ColumnKind | None) -> Builder:
    if kind == "category":
        return TextBuilder()
    counts = Counter(cells)
    held = {cell: count for cell, count in counts.items() if not is_missing(cell, among_numbers=True)}
    if 2 * sum(count for cell, count in held.items() if form.is_number(cell)) >= sum(held.values()):
        return NumberBuilder(form)
    formats = date_formats(list(held))
    return DateBuilder(formats) if formats else TextBuilder()


def date_formats(cells: list[str]) -> list[str]:
    """The formats of dates that all of the cells fit."""
    if not all(map(_MAY_BE_DATE.fullmatch, cells)):
        return []
    import numpy as np
    import pandas as pd

    series = pd.Series(cells, dtype=object)
    return [form for form in DATE_FORMATS if not np.isnan(parse_dates(series, form)).any()]
