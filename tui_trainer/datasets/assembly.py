"""From a table to a dataset: target, features, gaps, and what the user should know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_trainer.datasets.csv.columns import NumberColumn, Table, TextColumn
from tui_trainer.errors import printable, quoted
from tui_trainer.experiment.schema import DatasetConfig

from .columns import _PATH, Guess, check_name, check_wanted, guess_kinds
from .dataset import Dataset, DatasetError
from .encoding import (
    Encoded,
    TargetColumn,
    check_numbers,
    codes_in_order,
    drop_rows,
    encode,
    fill,
    known_classes,
    read_target,
    short,
    sorted_levels,
)
from .split import choose_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEFT_OUT_TOLD = 6


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a table before it is looked at: names, and the usual features, target and classes."""

    name: str
    title: str
    features: tuple[str, ...] = ()
    target: str | None = None
    classes: tuple[str, ...] = ()


def assemble(table: Table, config: DatasetConfig, source: Source) -> Dataset:
    """The dataset that ``config`` makes of the table; DatasetError names the field and the column at fault."""
    guesses = guess_columns(table, config)
    target = choose_target(guesses, config, source)
    usual = tuple(name for name in source.features if name != target)
    features = choose_features(guesses, config.features or usual, target)
    dropping = [target] if config.missing == "fill" else [*features, target]
    kept, told = drop_rows(table, dropping)
    if target == source.target and source.classes:
        found = known_classes(kept, target, source.classes)
    else:
        found = read_target(kept, target, config.task)
    encoded = encode(kept, features, {name: guess.kind for name, guess in guesses.items()})
    if config.missing == "fill":
        told += fill(encoded, choose_rows(len(kept), found.labels, config)[0])
    columns, levels = _columns(kept, guesses, target, found, encoded)
    used = {target, *features}
    left_out = tuple(name for name in guesses if name not in used)
    return Dataset(
        name=source.name,
        title=source.title,
        features=encoded.names,
        target=target,
        task=found.task,
        classes=found.classes,
        x=encoded.x,
        y=found.y,
        labels=found.labels,
        columns=columns,
        left_out=left_out,
        levels=levels,
        indicators=encoded.indicators,
        notes=(*told, *table.repairs, *_notes(guesses, features, left_out, config)),
    )


def guess_columns(table: Table, config: DatasetConfig) -> dict[str, Guess]:
    """Each column's kind, as corrected or guessed; DatasetError for a correction of a column that is not there."""
    for name in config.kinds or {}:
        check_name(table.names, name, "dataset.kinds")
    return guess_kinds(table, config.kinds or {})


def choose_target(guesses: Mapping[str, Guess], config: DatasetConfig, source: Source) -> str:
    """The column to predict: as chosen, the usual one, or the last that the user does not want ignored."""
    chosen = config.target or source.target
    if chosen is not None:
        check_name(list(guesses), chosen, "dataset.target")
        return chosen
    ignored = {name for name, kind in (config.kinds or {}).items() if kind == "ignore"}
    offered = [name for name in guesses if name not in ignored]
    if not offered:
        raise DatasetError("dataset.kinds", "every column is ignored; leave one to predict and one to learn from")
    return offered[-1]


def _columns(
    table: Table, guesses: Mapping[str, Guess], target: str, found: TargetColumn, encoded: Encoded
) -> tuple[dict[str, NDArray[np.float64]], dict[str, tuple[str, ...]]]:
    """What can be shown, in the order of the file: features, target, and other numbers and categories without gaps."""
    columns: dict[str, NDArray[np.float64]] = {}
    levels = dict(encoded.levels)
    for name, column in table.columns.items():
        if name == target:
            columns[name] = found.y[:, 0] if found.labels is None else found.labels.astype(float)
        elif name in levels:
            columns[name] = encoded.x[:, encoded.parts[name]].argmax(axis=1).astype(float)
        elif name in encoded.parts:
            columns[name] = encoded.x[:, encoded.parts[name].start]
        elif column.missing().any():
            continue  # not chosen for training, so no reason to refuse the file: it is just not shown
        elif isinstance(column, TextColumn) and guesses[name].kind == "category":
            order = sorted_levels(column)
            levels[name] = tuple(short(column.levels[code]) for code in order)
            columns[name] = codes_in_order(column, order)
        elif isinstance(column, NumberColumn) and _is_sound(table, name):
            columns[name] = column.values
    return columns, levels


def _is_sound(table: Table, name: str) -> bool:
    try:
        check_numbers(table, name, "")
    except DatasetError:
        return False
    return True


def _notes(
    guesses: Mapping[str, Guess], features: tuple[str, ...], left_out: tuple[str, ...], config: DatasetConfig
) -> list[str]:
    """What was decided that the user did not: columns left out by themselves, and dates turned into numbers."""
    notes = []
    dates = [printable(name) for name in features if guesses[name].found.startswith("date")]
    if dates:
        notes.append(f"Read as days since 1970: {', '.join(dates[:LEFT_OUT_TOLD])}.")
    if not config.features:
        kinds = config.kinds or {}
        unasked = [name for name in left_out if kinds.get(name) != "ignore"]
        told = [f"{printable(name)} ({guesses[name].found})" for name in unasked[:LEFT_OUT_TOLD]]
        more = f" and {len(unasked) - len(told):,} more" if len(unasked) > len(told) else ""
        notes += [f"Left out: {', '.join(told)}{more}."] if told else []
    return notes


def choose_features(guesses: Mapping[str, Guess], wanted: tuple[str, ...], target: str) -> tuple[str, ...]:
    """The wanted columns, checked; where none is wanted, every one but the target that was not left out.

    A column that only numbers the rows is taken where there is no other. Raises DatasetError for an unknown or
    doubled column, and where nothing is left.
    """
    if wanted:
        check_wanted(list(guesses), wanted, target)
        return wanted
    others = {name: guess for name, guess in guesses.items() if name != target}
    chosen = tuple(name for name, guess in others.items() if guess.kind != "ignore")
    chosen = chosen or tuple(name for name, guess in others.items() if guess.counts_rows)
    if not chosen:
        found = [f"{quoted(name)} ({guess.found})" for name, guess in list(others.items())[:4]]
        left_out = f": left out are {', '.join(found)}" if found else ", since there is no other column"
        raise DatasetError(_PATH, f"besides the target {quoted(target)} there is nothing to learn from{left_out}")
    return chosen
