"""The trainer's side of the Runs tab: tells what is in the store, and edits it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tui_trainer.protocol.commands import EditRuns
from tui_trainer.protocol.view import Unseen, WatchLoss
from tui_trainer.protocol.views import AnyContent, AnyRequest
from tui_trainer.runtime.store_errors import StoreBusy, StoreError
from tui_trainer.store.checkpointer import Keeper
from tui_trainer.store.store import Store

from .messages import WatchRuns

if TYPE_CHECKING:
    from tui_trainer.store.edits import Catalogue
    from tui_trainer.tabs.loss.compute import StoredCurves

NO_STORE = "No runs are kept: the store can't be used."
NOTHING_LEFT = "Nothing is left to bring back."
BUSY = "Another process is writing into the store; try again."


class Shelf:
    """The runs of the keeper's store, the one under work among them."""

    def __init__(self, keeper: Keeper) -> None:
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
            return Unseen(str(error)) if isinstance(request, WatchRuns) else None

    def edit(self, command: EditRuns) -> tuple[str, bool]:
        """Do what ``command`` asks; what was done, in a sentence, and whether it went well."""
        from tui_trainer.runtime.catalogue.labels import LabelError

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
        from tui_trainer.runtime.catalogue.labels import clean_tags

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
