"""The messages of the Runs tab: a request for a part of the list, and its content."""

from __future__ import annotations

from typing import Literal

import msgspec

from tui_trainer.protocol import Content, Request


class WatchRuns(Request, frozen=True):
    """Requests a part of the list of runs: ``rows`` of those that match ``filter``, from position ``first`` on.

    ``sort`` is a field of filters; ``cursor`` a run whose position is requested; ``compared`` are the runs whose
    experiments are compared. ``grouped`` puts the runs of one setting together; ``charted`` requests a chart of the
    runs that match.
    """

    filter: str = ""
    sort: str = "age"
    descending: bool = False
    first: int = 0
    rows: int = 0
    cursor: int | None = None
    compared: tuple[int, ...] = ()
    grouped: bool = False
    charted: bool = False


class RunRow(msgspec.Struct, frozen=True, array_like=True):
    """A run in the list. ``here`` is the current run, ``elsewhere`` one of another session.

    ``epoch`` are done of ``wanted``; accuracy, R² and MAE are the validation part's where it is followed;
    ``seconds`` it has trained, ``age`` seconds ago it was saved. None is what a run has not.

    In a grouped list, ``group`` numbers the settings from 1; ``counted`` of the ``members`` with these settings have
    what the list is sorted by, with this ``mean`` and ``deviation``.
    """

    run: int
    name: str
    tags: str
    pinned: bool
    state: str
    here: bool
    elsewhere: bool
    dataset: str
    layers: str
    activation: str
    optimizer: str
    rate: float | None
    batch: int | None
    seed: int | None
    epoch: int
    wanted: int | None
    loss: float | None
    val_loss: float | None
    accuracy: float | None
    r2: float | None
    mae: float | None
    seconds: float | None
    age: float
    group: int = 0
    members: int = 0
    counted: int = 0
    mean: float | None = None
    deviation: float | None = None


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong with a filter, and the range of characters at fault."""

    reason: str
    start: int
    end: int


class Difference(msgspec.Struct, frozen=True):
    """A field in which experiments differ, by its path, and the value of each; empty if one has no such field."""

    path: str
    values: tuple[str, ...]


class ChartField(msgspec.Struct, frozen=True, array_like=True):
    """A field in which charted runs differ, and where each of them is on its axis.

    ``levels`` are the distinct values as text, in order; ``places`` (runs,) the values themselves, as little-endian
    doubles, or where the ``scale`` is that of levels the index of each among them. ``share`` of the variance of the
    ranks by the measure is explained by the field; None if that can't be told. ``tied`` are the labels of the fields
    that vary with this one, so that nothing tells them apart.
    """

    path: str
    label: str
    scale: Literal["linear", "log", "levels"]
    levels: tuple[str, ...]
    places: bytes
    share: float | None
    tied: tuple[str, ...] = ()

    @property
    def shared_label(self) -> str:
        """The label of the field, with the one or the number of those that are tied to it."""
        if not self.tied:
            return self.label
        return f"{self.label} with {self.tied[0] if len(self.tied) == 1 else f'{len(self.tied)} others'}"


class RunChart(msgspec.Struct, frozen=True, array_like=True):
    """The ``values`` (runs,) of a ``measure`` of some ``runs``, and the fields in which these differ.

    A value is NaN where a run has none; those that ``diverged`` have none. ``rising``: more is better. ``log``: the
    values are so far apart that their logarithms are shown. ``together`` is the share of the variance of the ranks that
    all fields but seeds and folds explain, as far as runs with the same settings tell it.
    """

    measure: str
    rising: bool
    log: bool
    runs: tuple[int, ...]
    values: bytes
    diverged: tuple[int, ...]
    fields: tuple[ChartField, ...]
    together: float | None = None


class RunList(Content, frozen=True):
    """``rows`` of the list from position ``first`` on; ``total`` of ``stored`` runs match the filter.

    ``filter``, ``sort``, ``descending`` and ``grouped`` are those it was asked with; a filter that is ``wrong`` gives
    no rows. ``place`` is that of ``cursor``, the run it was asked for, None where that is not in the list. ``compared``
    are the runs compared, as far as they are there, with the ``differences`` of their experiments. ``size`` is what the
    store takes, in bytes. ``chart`` is there if it was asked for.
    """

    filter: str
    sort: str
    descending: bool
    total: int
    stored: int
    first: int
    rows: tuple[RunRow, ...]
    cursor: int | None = None
    place: int | None = None
    wrong: Wrong | None = None
    compared: tuple[RunRow, ...] = ()
    differences: tuple[Difference, ...] = ()
    size: int = 0
    grouped: bool = False
    chart: RunChart | None = None


AnyRequest = WatchRuns
AnyContent = RunList
