"""The sweep itself: what is to be done is checked first, then done, and every run is taken down as it ends."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import to_plain
from tui_trainer.store.edits import LONGEST_NAME, RunEdits
from tui_trainer.store.store import Checkpoint, Store, StoreBusy, StoreError, StoreFull, default_path

from . import workers
from .plan import MAX_RUNS, Planned, SweepOptions, plan, read_axis
from .results import Outcome, Row, SweepResult, choose_measure, make_row, told
from .workers import located

MAX_JOBS = 512
PAUSES = (0.5, 1.0, 2.0)  # seconds between attempts to keep a run; other processes go on training meanwhile
OnRow = Callable[[Row], None]
OWNER = "sweep"  # the name of no session: a run that is done is nobody's, however long this process lives


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep that can start: its runs, the measure that decides, and who does them.

    ``jobs`` is the number of processes, 0 where the workers of the scheduler at ``dask`` take their place.
    """

    planned: tuple[Planned, ...]
    by: str
    repeat: int
    jobs: int
    dask: str | None = None

    def run(self, keep: bool = True, on_row: OnRow | None = None) -> SweepResult:
        """Do all runs. An interrupt, or the loss of the workers, ends it with those that are done.

        With ``keep`` each is put into the store once it has ended; then ``on_row`` is called with its row.
        Raises ExperimentError where all have failed, and where the cluster can't be reached.
        """
        started = time.perf_counter()
        rows: list[Row] = []
        interrupted, complaint = False, ""
        keeping = RunSaver() if keep else None
        try:
            with contextlib.closing(self._outcomes(keep)) as done:
                for number, outcome in done:
                    planned = self.planned[number - 1]
                    run = None if keeping is None else keeping.keep(planned, outcome)
                    rows.append(make_row(planned, outcome, run))
                    if on_row is not None:
                        on_row(rows[-1])
        except KeyboardInterrupt:
            interrupted = True
        except workers.WorkersLost as error:
            complaint = f"The sweep has ended early: {error}."
        finally:
            if keeping is not None:
                complaint = complaint or keeping.complaint
                keeping.close()
        if rows and all(row.state == "failed" for row in rows):
            first = min(rows, key=lambda row: row.number)
            raise UserError("", f"no run can be trained; the first of them: {first.message}")
        return SweepResult(
            rows,
            self.by,
            repeat=self.repeat,
            planned=len(self.planned),
            jobs=self.jobs,
            seconds=time.perf_counter() - started,
            interrupted=interrupted,
            complaint=complaint,
            tag="" if keeping is None else keeping.tag,
        )

    def _outcomes(self, keep: bool) -> workers.Outcomes:
        tasks = _by_data([(run.number, located(run.experiment)) for run in self.planned])
        if self.dask is not None:
            return workers.on_cluster(tasks, self.by, keep, self.dask)
        if self.jobs > 1:
            return workers.side_by_side(tasks, self.by, keep, self.jobs)
        return workers.one_after_the_other(tasks, self.by, keep)


def prepare(experiment: Experiment, fields: Mapping[str, str | Iterable[object]], options: SweepOptions) -> Sweep:
    """The sweep that ``sweep`` would do, all of it checked; ExperimentError says what is wrong."""
    _check_number("random", options.random, MAX_RUNS)
    _check_number("repeat", options.repeat, MAX_RUNS)
    _check_number("jobs", options.jobs, MAX_JOBS)
    axes = [read_axis(experiment, path, given) for path, given in fields.items()]
    planned = tuple(plan(experiment, axes, options))
    return Sweep(
        planned=planned,
        by=choose_measure(options.by, planned),
        repeat=options.repeat,
        jobs=0 if options.dask else min(options.jobs or cores(), len(planned)),
        dask=options.dask,
    )


def sweep(
    experiment: Experiment | str | os.PathLike[str],
    fields: Mapping[str, str | Iterable[object]],
    *,
    random: int | None = None,
    seed: int = 0,
    repeat: int = 1,
    by: str | None = None,
    jobs: int | None = None,
    dask: str | None = None,
    keep: bool = True,
    on_row: OnRow | None = None,
) -> SweepResult:
    """Train ``experiment`` with other values of some ``fields``, as many runs at a time as there are cores.

    ``experiment`` is one, or the path of its TOML file, or the word that it was shared as.
    ``fields`` gives values by path, ``{"training.learning_rate": [1e-3, 1e-2]}``, or their text as on the command
    line; all combinations are done. With ``random`` so many of them are drawn instead, from ``seed``; ranges such
    as ``"log:1e-4..1e-1"`` need that. ``repeat`` does each with so many seeds of the model. ``by`` is the measure
    that decides, ``jobs`` the number of processes, ``dask`` the address of a scheduler whose workers do the runs
    instead. What comes out does not depend on how many run at a time. For the rest see ``Sweep.run``.

    Raises ExperimentError, before the first run starts, for fields and values that are wrong.
    """
    if not isinstance(experiment, Experiment):
        from tui_trainer.experiment.share import read_experiment

        experiment = read_experiment(os.fspath(experiment))
    options = SweepOptions(random=random, seed=seed, repeat=repeat, by=by, jobs=jobs, dask=dask)
    return prepare(experiment, fields, options).run(keep, on_row)


def _by_data(tasks: list[workers.Task]) -> list[workers.Task]:
    """Runs on the same data one after the other, so that a process reads them once."""
    return sorted(tasks, key=lambda task: repr(to_plain(task[1].dataset)))


def _check_number(field: str, value: int | None, most: int) -> None:
    if value is not None and not 1 <= value <= most:
        raise UserError(field, f"expected a whole number from 1 to {most:,}, got {value}")


def cores() -> int:
    """The cores that this process may use."""
    import joblib

    return int(joblib.cpu_count())


class RunSaver:
    """Puts runs that have ended into the store; ``complaint`` says why some could not be kept.

    ``tag`` is given to all of them, so that they are found together; it is there with the first one. They are named
    after what differs.
    """

    def __init__(self) -> None:
        self.complaint = self.tag = ""
        self._store: Store | None = None

    def keep(self, planned: Planned, outcome: Outcome) -> int | None:
        """The number of the run in the store; None where it has not taken a step, or could not be kept.

        Where the store fails, it is tried again after each of ``PAUSES``, and with the next run.
        """
        if outcome.steps == 0:
            return None
        for pause in PAUSES if not self.complaint else ():
            try:
                return self._keep(planned, outcome)
            except (StoreBusy, StoreFull):
                time.sleep(pause)
            except StoreError:
                break
        try:
            return self._keep(planned, outcome)
        except StoreError as error:
            self.complaint = str(error)
            return None

    def _keep(self, planned: Planned, outcome: Outcome) -> int:
        if self._store is None:
            self._store = Store(default_path(), OWNER)
        edits = RunEdits(self._store)
        run = self._store.begin(planned.experiment)
        checkpoint = Checkpoint(
            experiment=planned.experiment,
            state=outcome.state,
            epoch=outcome.epochs,
            step=outcome.steps,
            latest=outcome.latest,
            snapshot=outcome.snapshot,
            new_epochs=outcome.history,
            seconds=outcome.seconds,
        )
        self._store.save(run, checkpoint)
        self.tag = self.tag or f"sweep-{run}"
        edits.tag((run,), (self.tag,), ())
        edits.rename(run, told(planned.settings, LONGEST_NAME))
        return run

    def close(self) -> None:
        """Let the store go."""
        if self._store is not None:
            self._store.close()
