"""What a preview shows in words, and how a key of it changes the dataset's configuration."""

from __future__ import annotations

import os

from msgspec.structs import replace

from tui_trainer.datasets.preview import FilePreview, PreviewColumn
from tui_trainer.experiment.schema import ColumnKind, DatasetConfig

from .text import plain

ORDER: tuple[ColumnKind, ...] = ("number", "category", "ignore")
CLASSES_TOLD = 5


def with_next_kind(config: DatasetConfig, column: PreviewColumn) -> DatasetConfig:
    """``config`` with the next kind for the column; the kind that is guessed anyway is not noted."""
    now = (config.kinds or {}).get(column.name, column.guessed)
    kind = ORDER[(ORDER.index(now) + 1) % len(ORDER)]
    kinds = {name: known for name, known in (config.kinds or {}).items() if name != column.name}
    if kind != column.guessed:
        kinds[column.name] = kind
    return replace(config, kinds=kinds or None)


def with_choice(config: DatasetConfig, name: str, value: object) -> DatasetConfig:
    """``config`` with another value of a field; another header or delimiter makes other columns of the file."""
    if name == "header" and value is not None:
        value = value == "true"
    changed = replace(config, **{name: value})
    return replace(changed, kinds=None, target=None, features=()) if name in ("header", "delimiter") else changed


def name_of(path: str) -> str:
    """The name of a file, fit for the screen."""
    return plain(os.path.basename(path))


def told(seen: FilePreview) -> str:
    """What the file comes to: rows, features, target, and what was done with it."""
    judged = f"The first {seen.rows:,} rows" if seen.is_part else f"{seen.rows:,} rows"
    if seen.problem:
        where = f"{judged}: " if seen.is_part else ""
        return where + seen.problem.removeprefix("dataset.path: ")  # which file it is, is plain
    columns = len(seen.columns) + seen.hidden_columns
    of_columns = "1 feature" if seen.features == 1 else f"{seen.features:,} features"
    parts = [f"{judged}, {columns:,} columns; {of_columns}. {plain(seen.target)}: {_task(seen)}.", *seen.notes]
    if seen.hidden_columns:
        parts.append(f"{seen.hidden_columns:,} more columns are not shown here.")
    return " ".join(parts)


def found(seen: FilePreview, config: DatasetConfig) -> dict[str, str]:
    """What the fields that are left open come to, in parentheses, as elsewhere in the setup.

    A field that is chosen hides what would have been found, and without a target there is no task.
    """
    delimiters = {"comma": "commas", "semicolon": "semicolons", "tab": "tabs", "pipe": "bars |", None: "one column"}
    come_to = {
        "delimiter": delimiters[seen.delimiter],
        "decimal": seen.decimal,
        "encoding": seen.encoding.partition(" (")[0],
        "header": "has names" if seen.header else "no names",
        "target": seen.target if seen.rows else "",
        "task": "" if seen.problem else "classes" if seen.classes else "regression",
    }
    known = {field: text for field, text in come_to.items() if text and getattr(config, field) is None}
    return {field: f"({known[field]})" if field in known and seen.columns else "as found" for field in come_to}


def _task(seen: FilePreview) -> str:
    if not seen.classes:
        return "a number, regression"
    names = ", ".join(map(plain, seen.classes[:CLASSES_TOLD]))
    return f"{len(seen.classes)} classes ({names}{', …' if len(seen.classes) > CLASSES_TOLD else ''})"
