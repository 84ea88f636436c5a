"""The trainer's side of the Runs tab: lists the runs of the store, and edits them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tui_trainer.protocol.commands import EditRuns
from tui_trainer.protocol.view import Unavailable, WatchLoss
from tui_trainer.protocol.views import AnyContent, AnyRequest
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.store import Store, StoreBusy, StoreError

from .messages import WatchRuns

if TYPE_CHECKING:
    from tui_trainer.store.edits import RunEdits
    from tui_trainer.tabs.loss.compute import StoredCurves

    from .index import RunIndex

NO_STORE = "No runs are kept: the store can't be used."
NOTHING_LEFT = "Nothing is left to bring back."
BUSY = "Another process is writing into the store; try again."


class RunsCompute:
    """Lists and edits the runs of the checkpointer's store, the current run among them."""

    def __init__(self, checkpointer: Checkpointer) -> None:
        self._checkpointer = checkpointer
        self._opened: tuple[Store, RunIndex, StoredCurves] | None = None
        if checkpointer.store is not None:
            with contextlib.suppress(StoreError):  # the next start is soon enough
                checkpointer.store.remove_deleted()

    def see(self, request: AnyRequest) -> AnyContent | None:
        """What ``request`` asks of the store; None where that is nothing."""
        if not isinstance(request, WatchRuns) and not (isinstance(request, WatchLoss) and request.runs):
            return None
        try:
            index, curves = self._open()
            if isinstance(request, WatchRuns):
                return index.list(request, self._checkpointer.run)
            return curves.see(request, self._checkpointer.run)
        except StoreError as error:
            return Unavailable(str(error)) if isinstance(request, WatchRuns) else None

    def edit(self, command: EditRuns) -> tuple[str, bool]:
        """Carry out ``command``; returns a sentence on the result, and whether it went well."""
        from tui_trainer.store.edits import LabelError, RunEdits

        store = self._checkpointer.store
        if store is None:
            return NO_STORE, False
        try:
            return self._edit(RunEdits(store), command)
        except LabelError as error:
            return str(error), False
        except StoreBusy:
            return BUSY, False
        except StoreError as error:
            return str(error), False

    def _open(self) -> tuple[RunIndex, StoredCurves]:
        store = self._checkpointer.store
        if store is None:
            raise StoreError(NO_STORE)
        if self._opened is None or self._opened[0] is not store:
            from tui_trainer.tabs.loss.compute import StoredCurves

            from .index import RunIndex

            self._opened = store, RunIndex(store), StoredCurves(store)
        return self._opened[1:]

    def _edit(self, edits: RunEdits, command: EditRuns) -> tuple[str, bool]:
        runs = command.runs
        count = counted(len(runs))
        if command.deleted:
            return self._delete(edits, runs)
        if not runs:
            return "No run is meant.", False
        if command.deleted is not None:
            undeleted = edits.undelete(runs)
            return (f"{counted(undeleted).capitalize()} brought back.", True) if undeleted else (NOTHING_LEFT, False)
        if command.pinned is not None:
            edits.pin(runs, command.pinned)
            return f"{count.capitalize()} {'pinned on top' if command.pinned else 'back among the others'}.", True
        if command.name is not None:
            edits.rename(runs[0], command.name)
            return "Renamed.", True
        from tui_trainer.store.edits import clean_tags

        add, remove = (clean_tags(" ".join(tags)) for tags in (command.add, command.remove))
        edits.tag(runs, add, remove)
        changes = [f"#{tag} added" for tag in add] + [f"#{tag} removed" for tag in remove]
        return f"{', '.join(changes)}: {count}." if changes else "No tag was changed.", True

    def _delete(self, edits: RunEdits, runs: tuple[int, ...]) -> tuple[str, bool]:
        deleted, in_use = edits.delete(runs, self._checkpointer.run)
        sentences = []
        if deleted:
            sentences.append(f"Deleted {counted(deleted)}; u brings {'it' if deleted == 1 else 'them'} back.")
        if in_use:
            sentences.append(f"Run {in_use[0]} is at work and stays.")
        if len(in_use) > 1:
            sentences.append(f"So do {len(in_use) - 1} more.")
        return " ".join(sentences) or "There is nothing to delete.", bool(deleted)


def counted(number: int) -> str:
    """``number`` runs in words."""
    return "one run" if number == 1 else f"{number:,} runs"
