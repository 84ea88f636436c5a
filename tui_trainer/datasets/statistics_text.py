"""The statistics of the columns in words and rows of text, for the Data tab and the command line."""

from __future__ import annotations

from collections.abc import Sequence

from tui_trainer.errors import plain
from tui_trainer.formats import MINUS, cut_alike, format_bars, format_number, format_table

from .statistics import OTHERS, ColumnStatistics, DataStatistics

HEADINGS = ("column", "distribution", "with", "least", "median", "greatest", "gaps", "kind")
MAX_NAME = 24  # cells of a column's name


def bars(column: ColumnStatistics, ascii_only: bool = False) -> str:
    """Return the distribution as a bar for each part of it, the highest one whole; a part with any row has a bar."""
    return format_bars([sum(counts) for counts in column.counts], ascii_only)


def commonest_classes(column: ColumnStatistics) -> list[int]:
    """Return the index of the class with the most rows in each part of the distribution."""
    return [counts.index(max(counts)) for counts in column.counts]


def link_text(column: ColumnStatistics) -> str:
    """Return how closely the column goes with the target, as ``r −0.39``; empty if that is not known."""
    if column.link is None:
        return ""
    sign = MINUS if round(column.link.value, 2) < 0 else ""
    return f"{column.link.name} {sign}{abs(column.link.value):.2f}"


def headings(statistics: DataStatistics) -> tuple[str, ...]:
    """Return the headings of the table: HEADINGS, without gaps where no column has any."""
    has_gaps = any(column.gaps for column in statistics.columns)
    return tuple(heading for heading in HEADINGS if has_gaps or heading != "gaps")


def row(column: ColumnStatistics, ascii_only: bool = False) -> dict[str, str]:
    """Return the cells of a column by HEADINGS; the kind of one that is left out is in parentheses."""
    least, median, greatest = ("", "", "")
    if column.quantiles:
        least, median, greatest = (format_number(column.quantiles[place]) for place in (0, 2, 4))
    description = plain(column.description)
    return {
        "column": plain(column.name, MAX_NAME),
        "distribution": bars(column, ascii_only),
        "with": link_text(column),
        "least": least,
        "median": median,
        "greatest": greatest,
        "gaps": f"{column.gaps:,}" if column.gaps else "",
        "kind": f"({description})" if column.role == "left out" else description,
    }


def detail(column: ColumnStatistics, statistics: DataStatistics) -> str:
    """Return what else is known of a column, in a sentence or two."""
    name, classes = plain(column.name, MAX_NAME), statistics.classes
    if column.role == "left out" and column.counts:
        name += " (left out)"
    if column.levels:
        sizes = [sum(counts) for counts in column.counts]
        shares = [f"{size:,} ({size / max(sum(sizes), 1):.0%})" for size in sizes]
        return f"{name}: {_listed(column.levels, shares)}.{_by_level(column, statistics)}"
    if column.quantiles:
        mean, deviation = format_number(column.mean), format_number(column.deviation)
        quartiles = ", ".join(map(format_number, column.quantiles[1:4]))
        sentence = f"{name}: mean {mean} ± {deviation}, quartiles {quartiles}."
        if classes and column.role != "target":
            sentence += f" Mean of each class: {_listed(classes, list(map(format_number, column.means)))}."
        return sentence
    return f"{name}: left out, {plain(column.description)}."


def _by_level(column: ColumnStatistics, statistics: DataStatistics) -> str:
    """Return what the target is in each level of a category."""
    if column.role == "target":
        return ""
    target = plain(statistics.columns[0].name, MAX_NAME)
    if column.means:
        return f" Mean {target}: {_listed(column.levels, list(map(format_number, column.means)))}."
    classes = statistics.classes
    if len(classes) == 2:
        shares = [f"{counts[1] / max(sum(counts), 1):.0%}" for counts in column.counts]
        return f" Share of {plain(classes[1])}: {_listed(column.levels, shares)}."
    if column.counts and len(column.counts[0]) == len(classes):
        short = _levels(classes)
        commonest = [short[index] for index in commonest_classes(column)]
        return f" Mostly: {_listed(column.levels, commonest)}."
    return ""


def _listed(names: Sequence[str], texts: Sequence[str]) -> str:
    return ", ".join(f"{name} {text}" for name, text in zip(_levels(names), texts, strict=True))


def _levels(names: Sequence[str]) -> list[str]:
    """Return names of levels, cut so that they stay different."""
    pieces = cut_alike(["others" if name == OTHERS else plain(name) for name in names], MAX_NAME)
    return list(map("…".join, pieces))


def heading(statistics: DataStatistics) -> str:
    """Return which rows the numbers are of."""
    rows = statistics.all_rows - statistics.test_rows
    words = f"{rows:,} rows" if statistics.rows == rows else f"{statistics.rows:,} of {rows:,} rows, evenly chosen"
    test = f", without the {statistics.test_rows:,} of the test part" if statistics.test_rows else ""
    more = f"; {statistics.more_columns:,} more columns" if statistics.more_columns else ""
    return f"{words}{test}{more}"


def table(statistics: DataStatistics, ascii_only: bool = False) -> list[str]:
    """Return the lines of a table: headings, and a row for each column."""
    names = headings(statistics)
    rows = [names]
    for column in statistics.columns:
        cells = row(column, ascii_only)
        rows.append(tuple(cells[name] for name in names))
    return format_table(rows, (0, 1, len(names) - 1))
