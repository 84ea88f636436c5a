"""The runs of a sweep in the store, where they stand beside all others. One process writes: the one that sweeps."""

from __future__ import annotations

from tui_trainer.runtime.catalogue.labels import LONGEST_NAME
from tui_trainer.runtime.store_errors import StoreBusy, StoreError
from tui_trainer.store.edits import Catalogue
from tui_trainer.store.store import Store, default_path

from .plan import Planned
from .running import Outcome
from .tables import told

OWNER = "sweep"  # the name of no session: a run that is done is nobody's, however long this process lives


class Keeping:
    """Puts runs that have ended into the store. A store that fails is given up, and ``complaint`` says why.

    ``tag`` is given to all of them, so that they are found together; it is there with the first one. They are named
    after what differs.
    """

    def __init__(self) -> None:
        self.complaint = self.tag = ""
        self._store: Store | None = None
        self._catalogue: Catalogue | None = None
        try:
            self._store = Store(default_path(), OWNER)
            self._catalogue = Catalogue(self._store)
        except StoreError as error:
            self._give_up(error)

    def keep(self, planned: Planned, outcome: Outcome) -> int | None:
        """The number of the run in the store; None where it has not taken a step, or could not be kept."""
        if self._store is None or self._catalogue is None or outcome.steps == 0:
            return None
        try:
            run = self._store.begin(planned.experiment)
            place, epochs = (outcome.epochs, outcome.steps), (0, outcome.history)
            state, latest, snapshot = outcome.state, outcome.latest, outcome.snapshot
            self._store.save(run, planned.experiment, state, place, latest, snapshot, epochs, outcome.seconds)
            self.tag = self.tag or f"sweep-{run}"
            self._catalogue.tag((run,), (self.tag,), ())
            self._catalogue.rename(run, told(planned.settings, LONGEST_NAME))
        except StoreBusy as error:
            self.complaint = str(error)
            return None
        except StoreError as error:
            self._give_up(error)
            return None
        return run

    def close(self) -> None:
        """Let the store go."""
        if self._store is not None:
            self._store.close()

    def _give_up(self, error: StoreError) -> None:
        self.close()
        self._store, self.complaint = None, str(error)
