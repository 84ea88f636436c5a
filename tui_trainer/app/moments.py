"""Earlier moments of the run: which one the tabs show, and the keys and the slider that move it."""

from __future__ import annotations

from tui_trainer.protocol import LookAt, Progress
from tui_trainer.ui.keymap import key_of

from .controller import Controller

LEAPS = 100  # of a key from the start of a run to its end
MOMENTS = "moments"  # owner of keys
NOWHERE = "Nothing is trained yet, so there is no earlier moment."


class Moments(Controller):
    """Has the trainer show an earlier moment in every tab; the run itself goes on, or stays, as it is."""

    name = MOMENTS
    shown: Progress | None = None  # of the moment that is shown; None in the present
    _asked: int | None = None  # the epoch that the trainer has not shown yet

    def on_load(self) -> None:
        self.shown = self._asked = None

    def on_progress(self, progress: Progress) -> None:
        """Follow where the trainer is; say so if it is not quite the moment that was asked for."""
        before, self.shown = self.shown, None if progress.now is None else progress
        if self.shown is None:
            return
        if self._asked == progress.epoch or progress.aside:
            self._asked = None
        if before is None or (before.epoch, before.aside) != (progress.epoch, progress.aside):
            self.show_message(progress.aside)

    def look_at(self, epoch: int) -> None:
        """Show the run after ``epoch``."""
        self._asked = epoch
        self.screen.trainer.client.send(LookAt(epoch))

    def show_now(self) -> None:
        """Show the present again."""
        self._asked = None
        self.screen.trainer.client.send(LookAt())

    def back_to_now(self, then: str) -> bool:
        """Show the present again, and say that the key ``then`` goes on; return False if it is shown already."""
        if self.shown is None:
            self._asked = None  # what the key sends ends the look back, if one is on its way
            return False
        self.show_now()
        self.show_message(f"Back to now, epoch {self.shown.now:,}; {key_of(then)} goes on.")
        return True

    def action_moment(self, direction: int) -> None:
        """Show an earlier moment (-1) or a later one (1), a hundredth of the run away or an epoch."""
        progress = self.screen.status.progress
        newest = 0 if progress is None else progress.newest
        self._move(direction * max(1, newest // LEAPS))

    def action_epoch_of_moment(self, direction: int) -> None:
        """Show the moment an epoch earlier (-1) or later (1)."""
        self._move(direction)

    def _move(self, epochs: int) -> None:
        progress = self.screen.status.progress
        if progress is None or not progress.steps + progress.newest:
            self.show_message(NOWHERE)
            return
        newest = progress.newest
        if self._asked is not None:
            epoch = self._asked + epochs
        elif self.shown is not None:
            epoch = self.shown.epoch + epochs
        elif epochs > 0:
            self.show_message("This is now.")
            return
        else:
            epoch = newest + epochs + (1 if progress.batch else 0)  # of an epoch under way, its beginning comes first
        if epochs > 0 and epoch >= newest:
            self.show_now()
        elif epoch < 0 and self.shown is not None and self.shown.epoch == 0:
            self.show_message("This is the beginning: the initial weights.")
        else:
            self.look_at(max(0, epoch))
