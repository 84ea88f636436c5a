"""The runs of a sweep in the store, where they stand beside all others. One process writes: the one that sweeps."""

from __future__ import annotations

from tui_trainer.experiment import Experiment
from tui_trainer.runtime.store import Store, StoreBusy, StoreError, default_path

from .running import Outcome

OWNER = "sweep"  # the name of no session: a run that is done is nobody's, however long this process lives


class Shelf:
    """Puts runs that have ended into the store. A store that fails is given up, and ``complaint`` says why."""

    def __init__(self) -> None:
        self.complaint = ""
        self._store: Store | None = None
        try:
            self._store = Store(default_path(), OWNER)
        except StoreError as error:
            self.complaint = str(error)

    def keep(self, experiment: Experiment, outcome: Outcome) -> int | None:
        """The number of the run in the store; None where it has not taken a step, or could not be kept."""
        if self._store is None or outcome.steps == 0:
            return None
        try:
            run = self._store.begin(experiment)
            place = (outcome.epochs, outcome.steps)
            self._store.save(
                run, experiment, outcome.state, place, outcome.latest, outcome.snapshot, (0, outcome.history)
            )
        except StoreBusy as error:
            self.complaint = str(error)
            return None
        except StoreError as error:
            self._store, self.complaint = None, str(error)
            return None
        return run

    def close(self) -> None:
        """Let the store go."""
        if self._store is not None:
            self._store.close()
