"""The trainer's side of the Runs tab: tells what is in the store, and edits it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from tui_trainer.experiment.schema import Experiment, LayerConfig
from tui_trainer.experiment.validation import to_plain
from tui_trainer.protocol.commands import EditRuns
from tui_trainer.protocol.view import Unavailable, WatchLoss
from tui_trainer.protocol.views import AnyContent, AnyRequest
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.filter import STATE
from tui_trainer.store.store import Store, StoreBusy, StoreError

from .messages import Difference, RunRow, WatchRuns

if TYPE_CHECKING:
    from tui_trainer.store.edits import Catalogue
    from tui_trainer.tabs.loss.compute import StoredCurves

NO_STORE = "No runs are kept: the store can't be used."
NOTHING_LEFT = "Nothing is left to bring back."
BUSY = "Another process is writing into the store; try again."
LONGEST = 60  # characters of a value
SAID = ("units", "activation")  # of a layer, without their names
LEFT_OUT = ("name", "hide")  # no part of what is trained
MAX_ROWS = 1000  # in one answer
MAX_COMPARED = 16
COLUMNS = (
    f"run, name, tags, pinned, {STATE}, run = :here, owner <> :owner AND owner IN (SELECT value FROM json_each(:live)),"
    " dataset, layers, activation, optimizer, rate, batch, seed, epoch, wanted,"
    " loss, val_loss, accuracy, r2, mae, seconds, max(0.0, :now - updated)"
)
FLAGS = (3, 5, 6)  # columns that SQLite has as 0 and 1


class RunsCompute:
    """The runs of the keeper's store, the one under work among them."""

    def __init__(self, keeper: Checkpointer) -> None:
        self._keeper = keeper
        self._opened: tuple[Store, Catalogue, StoredCurves] | None = None
        if keeper.store is not None:
            with contextlib.suppress(StoreError):  # the next start is soon enough
                keeper.store.remove_deleted()

    def see(self, request: AnyRequest) -> AnyContent | None:
        """What ``request`` asks of the store; None where that is nothing."""
        if not isinstance(request, WatchRuns) and not (isinstance(request, WatchLoss) and request.runs):
            return None
        try:
            catalogue, curves = self._open()
            if isinstance(request, WatchRuns):
                return catalogue.list(request, self._keeper.run)
            return curves.see(request, self._keeper.run)
        except StoreError as error:
            return Unavailable(str(error)) if isinstance(request, WatchRuns) else None

    def edit(self, command: EditRuns) -> tuple[str, bool]:
        """Do what ``command`` asks; what was done, in a sentence, and whether it went well."""
        from tui_trainer.store.edits import LabelError

        try:
            return self._edit(self._open()[0], command)
        except LabelError as error:
            return str(error), False
        except StoreBusy:
            return BUSY, False
        except StoreError as error:
            return str(error), False

    def _open(self) -> tuple[Catalogue, StoredCurves]:
        store = self._keeper.store
        if store is None:
            raise StoreError(NO_STORE)
        if self._opened is None or self._opened[0] is not store:
            from tui_trainer.store.edits import Catalogue
            from tui_trainer.tabs.loss.compute import StoredCurves

            self._opened = store, Catalogue(store), StoredCurves(store)
        return self._opened[1:]

    def _edit(self, catalogue: Catalogue, command: EditRuns) -> tuple[str, bool]:
        runs = command.runs
        count = counted(len(runs))
        if command.deleted:
            return self._delete(catalogue, runs)
        if not runs:
            return "No run is meant.", False
        if command.deleted is not None:
            back = catalogue.bring_back(runs)
            return (f"{counted(back).capitalize()} brought back.", True) if back else (NOTHING_LEFT, False)
        if command.pinned is not None:
            catalogue.pin(runs, command.pinned)
            return f"{count.capitalize()} {'pinned on top' if command.pinned else 'back among the others'}.", True
        if command.name is not None:
            catalogue.rename(runs[0], command.name)
            return "Renamed.", True
        from tui_trainer.store.edits import clean_tags

        add, remove = (clean_tags(" ".join(tags)) for tags in (command.add, command.remove))
        catalogue.tag(runs, add, remove)
        told = [f"#{tag} added" for tag in add] + [f"#{tag} removed" for tag in remove]
        return f"{', '.join(told)}: {count}." if told else "No tag was changed.", True

    def _delete(self, catalogue: Catalogue, runs: tuple[int, ...]) -> tuple[str, bool]:
        gone, stay = catalogue.delete(runs, self._keeper.run)
        told = [f"Deleted {counted(gone)}; u brings {'it' if gone == 1 else 'them'} back."] if gone else []
        told += [f"Run {run} is at work and stays." for run in stay[:1]]
        told += [f"So do {len(stay) - 1} more."] if len(stay) > 1 else []
        return " ".join(told) or "There is nothing to delete.", bool(gone)


def counted(number: int) -> str:
    """``number`` runs in words."""
    return "one run" if number == 1 else f"{number:,} runs"


def differences(experiments: Sequence[tuple[int, Experiment | None]]) -> tuple[Difference, ...]:
    """The fields whose values are not all the same, in the order of the schema; none of fewer than two.

    An experiment that can't be read has no fields. A layer that some experiments have, and others not, is one field.
    """
    layers = min((len(one.model.layers) for _, one in experiments if one is not None), default=0)
    tables = [dict(_fields(to_plain(one), layers)) if one is not None else {} for _, one in experiments]
    paths = dict.fromkeys(path for table in tables for path in table)
    found = []
    for path in paths:
        values = tuple(table.get(path, "") for table in tables)
        if len(set(values)) > 1 and path not in LEFT_OUT:
            found.append(Difference(path, values))
    return tuple(sorted(found, key=lambda one: _order(one.path)))


def _order(path: str) -> tuple[int, int]:
    """Tables in the order of the file, and layers by their number, whichever experiment has the most."""
    table, _, rest = path.partition(".")
    number = rest.partition("[")[2].partition("]")[0]
    return ("dataset", "model", "training").index(table), int(number) if number.isdigit() else -1


def _fields(value: object, layers: int, path: str = "") -> Iterator[tuple[str, str]]:
    """Every field of a plain experiment by its path, with its value as text; layers from ``layers`` on as one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fields(inner, layers, f"{path}.{name}".removeprefix("."))
    elif path == "model.layers" and isinstance(value, list):
        for index, layer in enumerate(value):
            if index < layers:
                yield from _fields(layer, layers, f"{path}[{index}]")
            else:
                yield f"{path}[{index}]", _layer(layer)
    else:
        yield path, _text(value)


def _layer(layer: dict[str, object]) -> str:
    """A whole layer in a few words: units, activation, and what is not as usual."""
    usual = to_plain(LayerConfig())
    others = [f"{name} {_text(value)}" for name, value in layer.items() if name not in SAID and value != usual[name]]
    return _text(", ".join([f"{layer['units']} {layer['activation']}", *others]))


def _text(value: object) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case float():
            text = f"{value:g}" if float(f"{value:g}") == value else repr(value)
        case list():
            text = ", ".join(map(_text, value)) or "none"
        case None:
            text = "usual"
        case _:
            text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _row(row: tuple[object, ...]) -> RunRow | None:
    """None where a damaged store has something else in a column than what belongs there."""
    values = [bool(value) if place in FLAGS else value for place, value in enumerate(row)]
    try:
        return msgspec.convert(values, RunRow)
    except msgspec.ValidationError:
        return None
