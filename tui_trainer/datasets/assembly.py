"""Assembles a dataset from a table: chooses target and features, handles gaps, and notes what the user should know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.csv.columns import MAX_LEVELS, NumberColumn, Table, TextColumn
from tui_trainer.datasets.csv.dialect import BLANKS, DELIMITER_WORDS, CsvOptions
from tui_trainer.errors import printable, quoted
from tui_trainer.experiment.schema import DatasetConfig

from .columns import _PATH, CONVERTED, Guess, check_features, check_name, guess, guess_kinds, value_text
from .dataset import Dataset, DatasetError, ReadColumn, RowNames, target_in_words
from .encoding import (
    Encoded,
    TargetColumn,
    check_numbers,
    codes_in_order,
    drop_rows,
    encode,
    fill,
    read_several_targets,
    read_target,
    revealing_columns,
    short_name,
    sorted_levels,
    target_from_indices,
)
from .row_metadata import read_metadata, without_row_columns
from .split import choose_rows

MAX_LISTED = 6  # columns in a note
STAND_INS = frozenset((99.0, 999.0, 9999.0, 99999.0, 999999.0, 99.9, 999.9, 9999.9, 999.99, 999.25))


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a table before it is read: its name and title, and the default features, target and classes."""

    name: str
    title: str
    features: tuple[str, ...] = ()
    target: str | None = None
    classes: tuple[str, ...] = ()


def assemble(table: Table, config: DatasetConfig, source: Source) -> Dataset:
    """Return the dataset that ``config`` makes of the table; DatasetError names the field and the column at fault."""
    config = without_row_columns(config, table.names, source.target)
    guesses = guess_columns(table, config)
    targets = choose_targets(guesses, config, source)
    defaults = tuple(name for name in source.features if name not in targets)
    features = choose_features(guesses, config.features or defaults, targets)
    required = [*targets] if config.missing == "fill" else [*features, *targets]
    complete, notes = drop_rows(table, required, targets, offers_filling=config.missing == "drop")
    if targets == (source.target,) and source.classes:
        target_column = target_from_indices(complete, targets[0], source.classes)
    elif len(targets) == 1:
        target_column = read_target(complete, targets[0], config.task)
    else:
        target_column = read_several_targets(complete, targets, config.task)
    metadata = read_metadata(complete, config)
    encoded = encode(complete, features, {name: guess.kind for name, guess in guesses.items()})
    if config.missing == "fill":
        encoded, filled = fill(
            encoded, choose_rows(len(complete), target_column.labels, config, metadata=metadata).train
        )
        notes += filled
    revealing = revealing_columns(complete, features, target_column)
    shown = {name for name, guess in guesses.items() if guess.kind == "category"} | {*config.row_columns.values()}
    columns, levels = _columns(complete, shown, targets, target_column, encoded)
    used = {*targets, *features}
    left_out = tuple(name for name in guesses if name not in used)
    return Dataset(
        name=source.name,
        title=source.title,
        inputs=encoded.inputs,
        targets=targets,
        task=target_column.task,
        classes=target_column.classes,
        x=encoded.x,
        y=target_column.y,
        labels=target_column.labels,
        columns=columns,
        left_out=left_out,
        numbers=table.dialect.numbers,
        missing_marks=CsvOptions.from_config(config).missing,
        levels=levels,
        rows=_row_names(complete, left_out),
        read=tuple(
            ReadColumn(name, guesses[name].kind, guesses[name].description, int(column.missing().sum()))
            for name, column in table.columns.items()
        ),
        metadata=metadata,
        notes=(
            *notes,
            *table.repairs,
            *_notes(guesses, features, left_out, config),
            *_warnings(complete, features, targets, revealing),
        ),
    )


def guess_columns(table: Table, config: DatasetConfig) -> dict[str, Guess]:
    """Return each column's kind, corrected or guessed; raise DatasetError for a correction of an unknown column."""
    for name in config.kinds or {}:
        check_name(table.names, name, "dataset.kinds")
    return guess_kinds(table, config.kinds or {})


def choose_targets(guesses: Mapping[str, Guess], config: DatasetConfig, source: Source) -> tuple[str, ...]:
    """Return the columns to predict: the chosen ones, the default one, or the last that is not ignored and varies.

    Raises DatasetError for an unknown or repeated column.
    """
    chosen = config.targets or ((source.target,) if source.target is not None else ())
    for index, name in enumerate(chosen):
        if name in chosen[:index]:
            raise DatasetError("dataset.target", f"{quoted(name)} is chosen twice; remove one")
        _check_target_name(list(guesses), name)
    if chosen:
        return chosen
    ignored = {name for name, kind in (config.kinds or {}).items() if kind == "ignore"}
    candidates = [name for name in guesses if name not in ignored]
    varying = [name for name in candidates if not guesses[name].is_constant]
    candidates = varying if len(varying) > 1 else candidates
    if not candidates:
        raise DatasetError("dataset.kinds", "every column is ignored; leave one to predict and one to learn from")
    return (candidates[-1],)


def _check_target_name(names: list[str], name: str) -> None:
    """Raise DatasetError for a target that is no column; for two in one text it says how several are given."""
    parts = [part.strip() for part in name.split(",")]
    if name not in names and len(parts) > 1 and set(parts) <= set(names):
        listed = ", ".join(f'"{printable(part)}"' for part in parts)
        options = " ".join(f"--target {printable(part)}" for part in parts)
        reason = f"there is no column {quoted(name)}; for several targets write target = [{listed}]"
        raise DatasetError("dataset.target", f"{reason}, or on the command line {options}")
    check_name(names, name, "dataset.target")


def choose_features(guesses: Mapping[str, Guess], chosen: tuple[str, ...], targets: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ``chosen`` columns, checked; if there are none, every column but the targets that is not ignored.

    A column that only numbers the rows is used if there is no other. Raises DatasetError for an unknown or
    repeated column, and if nothing is left.
    """
    if chosen:
        check_features(list(guesses), chosen, targets)
        return chosen
    others = {name: guess for name, guess in guesses.items() if name not in targets}
    features = tuple(name for name, guess in others.items() if guess.kind != "ignore")
    features = features or tuple(name for name, guess in others.items() if guess.is_row_number)
    if not features:
        descriptions = [f"{quoted(name)} ({guess.description})" for name, guess in list(others.items())[:4]]
        left_out = f": left out are {', '.join(descriptions)}" if descriptions else _no_other_column(targets[-1])
        named = f"the target{'s' * (len(targets) > 1)} {', '.join(map(quoted, targets[:MAX_LISTED]))}"
        raise DatasetError(_PATH, f"besides {named} there is nothing to learn from{left_out}")
    return features


def _no_other_column(name: str) -> str:
    """Return why there is one column alone, whose ``name`` may hold all of the names of a table that is not regular."""
    mark = next((mark for mark in DELIMITER_WORDS if mark and mark != BLANKS and mark in name), None)
    if mark is None:
        return ", since there is no other column"
    cells = f"{name.count(mark) + 1} cells, as the first one has"
    return f", since there is no other column; if {DELIMITER_WORDS[mark]} separate its cells, give each row {cells}"


def _row_names(table: Table, left_out: Sequence[str]) -> RowNames:
    """Return what the rows are called: their lines, and the first column left out that tells them apart."""
    for name in left_out:
        column = table.columns[name]
        if isinstance(column, TextColumn):
            if column.texts is not None:
                return RowNames(table.lines, name, column.texts)
        elif guess(name, column).is_row_number:
            return RowNames(table.lines, name, column.values)
    return RowNames(table.lines)


def _columns(
    table: Table, shown: Collection[str], targets: tuple[str, ...], target_column: TargetColumn, encoded: Encoded
) -> tuple[dict[str, NDArray[np.float64]], dict[str, tuple[str, ...]]]:
    """Return the columns that can be displayed, and the levels of the categories.

    They are in file order: features, the targets, and other columns without gaps: numbers, and the texts among
    ``shown`` of which not too many are different.
    """
    columns: dict[str, NDArray[np.float64]] = {}
    levels = dict(encoded.levels)
    for name, column in table.columns.items():
        if name in targets:
            columns[name] = (
                target_column.y[:, targets.index(name)]
                if target_column.labels is None
                else target_column.labels.astype(float)
            )
        elif name in levels:
            columns[name] = encoded.x[:, encoded.parts[name]].argmax(axis=1).astype(float)
        elif name in encoded.parts:
            columns[name] = encoded.x[:, encoded.parts[name].start]
        elif column.missing().any():
            continue  # it is not trained on, so the file is not rejected for it
        elif isinstance(column, TextColumn) and name in shown and len(column.levels) <= MAX_LEVELS:
            order = sorted_levels(column)
            levels[name] = tuple(short_name(column.levels[code]) for code in order)
            columns[name] = codes_in_order(column, order)
        elif isinstance(column, NumberColumn) and _is_numeric(table, name):
            columns[name] = column.values
    return columns, levels


def _is_numeric(table: Table, name: str) -> bool:
    try:
        check_numbers(table, name, "")
    except DatasetError:
        return False
    return True


def _notes(
    guesses: Mapping[str, Guess], features: tuple[str, ...], left_out: tuple[str, ...], config: DatasetConfig
) -> list[str]:
    """Note what was decided automatically: columns left out, and dates turned into numbers."""
    notes = []
    times = [short_name(name) for name in features if guesses[name].description.startswith("time")]
    if times:
        notes.append(f"Read as hours since midnight: {', '.join(times[:MAX_LISTED])}.")
    units = [name for name in features if guesses[name].unit]
    if units:
        listed = ", ".join(f"{guesses[name].unit} in {short_name(name)}" for name in units[:MAX_LISTED])
        notes.append(f"Read without the unit: {printable(listed)}{', …' if len(units) > MAX_LISTED else ''}.")
    converted = [name for name in features if guesses[name].description.startswith(CONVERTED)]
    if converted:
        listed = ", ".join(
            f"{short_name(name)} to {guesses[name].description.removeprefix(CONVERTED)}"
            for name in converted[:MAX_LISTED]
        )
        notes.append(f"Converted to one unit: {listed}{', …' if len(converted) > MAX_LISTED else ''}.")
    dates = [short_name(name) for name in features if guesses[name].description.startswith("date")]
    if dates:
        notes.append(f"Read as days since 1970: {', '.join(dates[:MAX_LISTED])}.")
    if not config.features:
        kinds = config.kinds or {}
        not_chosen = [name for name in left_out if kinds.get(name) != "ignore"]
        parts = [f"{short_name(name)} ({guesses[name].description})" for name in not_chosen[:MAX_LISTED]]
        more = f" and {len(not_chosen) - len(parts):,} more" if len(not_chosen) > len(parts) else ""
        notes += [f"Left out: {', '.join(parts)}{more}."] if parts else []
    return notes


def _warnings(table: Table, features: tuple[str, ...], targets: tuple[str, ...], revealing: list[str]) -> list[str]:
    """Warn of columns that may not be known for new rows, and of numbers that may stand for missing values."""
    warnings = []
    if revealing:
        listed = ", ".join(quoted(name) for name in revealing[:MAX_LISTED])
        verb = "predicts" if len(revealing) == 1 else "each predict"
        warnings.append(
            f"{listed} alone {verb} {short_name(target_in_words(targets))} in every row: "
            "is it known before what is to be predicted? If not, leave it out."
        )
    for name in features:
        column = table.columns[name]
        mark = stand_in(column.values) if isinstance(column, NumberColumn) and column.form == "number" else None
        if mark is not None:
            count = int((column.values == mark).sum()) if isinstance(column, NumberColumn) else 0
            text = value_text(mark)
            warnings.append(
                f"{short_name(name)} is {text} in {count:,} rows, far from all others: if that means no value, "
                f'write {text} beside "no value" in the preview, or set missing_marks = ["{text}"] in the TOML file.'
            )
    return warnings[: MAX_LISTED + 1]


def stand_in(values: NDArray[np.float64]) -> float | None:
    """Return the number that seems to stand for a missing value, such as -999 or 9999, in a column (n,); or None."""
    for mark in (float(values.min()), float(values.max())):
        if abs(mark) in STAND_INS and int((values == mark).sum()) > 1:
            others = values[values != mark]
            if len(others) > 1 and abs(mark - np.median(others)) > 10 * (others.max() - others.min()):
                return mark
    return None
