"""The part of the Runs tab that changes runs: names, tags, pins, and deleting with a way back."""

from __future__ import annotations

from textual import on

from tui_trainer.errors import printable
from tui_trainer.protocol.commands import EditRuns
from tui_trainer.tabs.runs.selection import Choices
from tui_trainer.tabs.view import View
from tui_trainer.ui.prompt import EntryLine

from ..messages import RunsEdited, UndoAsked
from .place import Place

FILTER, NAME, TAGS = "filter", "name", "tags"


class RunEdits(View):
    """Sends what the user types; whether it makes sense, the trainer says."""

    MODE = frozenset({"bring_back", "delete_runs"})  # here, u and the delete key are these
    in_mode = True

    place: Place
    choices: Choices
    filter: str

    def __init__(self) -> None:
        super().__init__()
        self._deleted: list[tuple[int, ...]] = []  # what u brings back, the last first
        self._meant: tuple[int, ...] = ()  # the runs that a name or tags are typed for

    def ask(self) -> None:
        """Ask for what the tab shows now."""
        raise NotImplementedError

    def choices_changed(self) -> None:
        """Called where other runs are chosen than before."""
        raise NotImplementedError

    @property
    def meant(self) -> tuple[int, ...]:
        """The chosen runs, or the one under the cursor."""
        if len(self.choices):
            return self.choices.runs
        return () if self.place.row is None else (self.place.row.run,)

    def action_filter(self) -> None:
        """Type a filter; the list follows."""
        self.query_one(EntryLine).ask(FILTER, "/", self.filter)

    def action_name_run(self) -> None:
        """Type another name of the run under the cursor."""
        row = self.place.row
        if row is not None:
            self._meant = (row.run,)
            self.query_one(EntryLine).ask(NAME, f"Name of run {row.run}:", printable(row.name))

    def action_tag_runs(self) -> None:
        """Type the tags of a run, or those that chosen runs get and lose."""
        self._meant, row = self.meant, self.place.row
        if len(self._meant) > 1:
            self.query_one(EntryLine).ask(TAGS, f"Tags of {len(self._meant):,} runs, -tag to remove:", "")
        elif self._meant:
            tags = row.tags if row is not None and row.run == self._meant[0] else ""
            self.query_one(EntryLine).ask(TAGS, f"Tags of run {self._meant[0]}, -tag to remove:", printable(tags))

    def action_pin_runs(self) -> None:
        """Put the runs on top, or back among the others: as the one under the cursor is not."""
        if self.meant and self.place.row is not None:
            self.post_message(RunsEdited(EditRuns(self.meant, pinned=not self.place.row.pinned)))

    def action_delete_runs(self) -> None:
        """Delete the chosen runs, or the one under the cursor."""
        runs = self.meant
        if runs:
            self._deleted.append(runs)
            self.choices.remove(runs)
            self.choices_changed()
        self.post_message(RunsEdited(EditRuns(runs, deleted=True)))

    def action_bring_back(self) -> None:
        """Take back the last deletion of this tab; without one, the last change of the settings."""
        if self._deleted:
            self.post_message(RunsEdited(EditRuns(self._deleted.pop(), deleted=False)))
        else:
            self.post_message(UndoAsked())

    @on(EntryLine.Changed)
    def _follow(self, event: EntryLine.Changed) -> None:
        event.stop()
        if event.purpose == FILTER:
            self.filter = event.text
            self.ask()

    @on(EntryLine.Entered)
    def _take(self, event: EntryLine.Entered) -> None:
        event.stop()
        self.query_one(EntryLine).close()
        if event.purpose == NAME:
            self.post_message(RunsEdited(EditRuns(self._meant, name=event.text)))
        elif event.purpose == TAGS:
            self._tag(event.text)

    def _tag(self, text: str) -> None:
        words = text.replace(",", " ").split()
        remove = [word[1:] for word in words if word.startswith("-") and len(word) > 1]
        add = [word for word in words if not word.startswith("-")]
        row = self.place.row
        if len(self._meant) == 1 and row is not None and row.run == self._meant[0]:
            remove += [tag for tag in row.tags.split() if tag not in add]  # it was in the box, and was taken out
        if self._meant and (add or remove):
            self.post_message(RunsEdited(EditRuns(self._meant, add=tuple(add), remove=tuple(remove))))
