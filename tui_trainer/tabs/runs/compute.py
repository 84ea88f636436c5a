"""The trainer's side of the Runs tab: lists the runs of the store, and edits them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_trainer.protocol import EditRuns, Unavailable
from tui_trainer.store.store import Store, StoreBusy, StoreError
from tui_trainer.tabs.computing import TrainerContext

from .index import RunIndex
from .messages import RunList, WatchRuns

if TYPE_CHECKING:
    from tui_trainer.store.edits import RunEdits

NO_STORE = "No runs are kept: the store is not available."
NOTHING_LEFT = "Nothing to restore."
BUSY = "Another process is writing to the store; try again."


class RunsCompute:
    """Computes the list of the runs in the store, the current one among them."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._trainer = trainer
        self._index: tuple[Store, RunIndex] | None = None

    def compute(self, request: WatchRuns) -> RunList | Unavailable:
        """List the requested rows."""
        store = self._trainer.store
        if store is None:
            return Unavailable(NO_STORE)
        try:
            if self._index is None or self._index[0] is not store:
                self._index = store, RunIndex(store)
            return self._index[1].list(request, self._trainer.run)
        except StoreError as error:
            return Unavailable(str(error))


def edit_runs(trainer: TrainerContext, command: EditRuns) -> tuple[str, bool]:
    """Edit runs of the store. Returns a sentence that says what was done, and whether it succeeded."""
    from tui_trainer.store.edits import LabelError, RunEdits

    if trainer.store is None:
        return NO_STORE, False
    try:
        return _edit(RunEdits(trainer.store), command, trainer.run)
    except LabelError as error:
        return str(error), False
    except StoreBusy:
        return BUSY, False
    except StoreError as error:
        return str(error), False


def _edit(edits: RunEdits, command: EditRuns, current: int | None) -> tuple[str, bool]:
    runs = command.runs
    count = counted(len(runs))
    if command.deleted:
        return _delete(edits, runs, current)
    if not runs:
        return "No run is selected.", False
    if command.deleted is not None:
        undeleted = edits.undelete(runs)
        return (f"{counted(undeleted).capitalize()} restored.", True) if undeleted else (NOTHING_LEFT, False)
    if command.pinned is not None:
        edits.pin(runs, command.pinned)
        return f"{count.capitalize()} {'pinned on top' if command.pinned else 'unpinned'}.", True
    if command.name is not None:
        edits.rename(runs[0], command.name)
        return "Renamed.", True
    from tui_trainer.store.edits import clean_tags

    add, remove = (clean_tags(" ".join(tags)) for tags in (command.add, command.remove))
    edits.tag(runs, add, remove)
    changes = [f"#{tag} added" for tag in add] + [f"#{tag} removed" for tag in remove]
    return f"{', '.join(changes)}: {count}." if changes else "No tag was changed.", True


def _delete(edits: RunEdits, runs: tuple[int, ...], current: int | None) -> tuple[str, bool]:
    deleted, in_use = edits.delete(runs, current)
    sentences = []
    if deleted:
        sentences.append(f"Deleted {counted(deleted)}; u restores {'it' if deleted == 1 else 'them'}.")
    if in_use:
        sentences.append(f"Run {in_use[0]} is running and can't be deleted.")
    others = len(in_use) - 1
    if others > 0:
        sentences.append(f"{others} more {'is' if others == 1 else 'are'} running, too.")
    return " ".join(sentences) or "Nothing to delete.", bool(deleted)


def counted(number: int) -> str:
    """Return ``number`` runs in words."""
    return "one run" if number == 1 else f"{number:,} runs"
