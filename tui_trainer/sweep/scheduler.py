"""Plans, checks and runs a sweep, and saves each run to the store as it ends."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from tui_trainer.errors import UserError
from tui_trainer.experiment.resolve import measuring
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import to_plain
from tui_trainer.store.edits import LONGEST_NAME, RunEdits
from tui_trainer.store.store import Checkpoint, Store, StoreBusy, StoreError, StoreFull, default_path
from tui_trainer.training.stack import MIN_STACK, stack_key

from . import workers
from .plan import MAX_RUNS, Planned, Stage, SweepOptions, plan, plan_stages, read_axis
from .results import (
    Leaderboard,
    Outcome,
    Row,
    SweepResult,
    choose_measure,
    describe_settings,
    group_rows,
    make_row,
    replicated,
)
from .workers import with_absolute_path

MAX_JOBS = 512
PROCESSES_SECONDS = 1.5  # that a sweep takes at least if processes are started for it, which takes half as long
GROUP_SECONDS = 1.0  # that a group of runs takes, so that one sees some of them end
MAX_KINDS = 50  # of runs that can be trained together, of each of which the first is built to see how large it is
PLAIN_TEXT = (".csv", ".tsv", ".txt", ".dat", ".data")
QUICKLY_READ, PACKED = 10_000_000, 500_000  # bytes; what is packed may be many times as large
PAUSES = (0.5, 1.0, 2.0)  # seconds between attempts to keep a run; other processes go on training meanwhile
OnRow = Callable[[Row], None]
# No trainer has this name, so a finished run belongs to nobody, however long this process lives
STORE_OWNER = "sweep"


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep that is ready to start: its runs, the measure to rank by, and where they run.

    ``max_jobs`` is the number of processes at most, None for one per core; with ``dask``, the workers of the scheduler
    there do the runs.
    """

    planned: tuple[Planned, ...]
    by: str
    repeat: int
    max_jobs: int | None
    dask: str | None = None
    folds: int | None = None
    stages: tuple[Stage, ...] = ()  # of successive halving

    @property
    def trainings(self) -> int:
        """How many times a run is trained: once, or in successive halving once for each stage that it reaches."""
        replicates = len(self.planned) // self.stages[0].settings if self.stages else 0
        return sum(stage.settings for stage in self.stages) * replicates if self.stages else len(self.planned)

    def leaderboard(self) -> Leaderboard:
        """Return an empty leaderboard for what is trained."""
        noun = "trainings" if self.stages else "runs"
        return Leaderboard(self.by, self.trainings, replicated(self.repeat, self.folds), noun)

    @property
    def jobs(self) -> int:
        """The number of processes of a sweep that takes long; 0 on a cluster."""
        return 0 if self.dask is not None else min(self.max_jobs or cores(), len(self.planned))

    def run(self, keep: bool = True, on_row: OnRow | None = None) -> SweepResult:
        """Do all runs. An interrupt, or the loss of the workers, ends the sweep with the runs that are done.

        With ``keep``, each run is saved to the store when it has ended; then ``on_row`` is called with its row. In
        successive halving a run is saved after each of its stages, in place of what it was after the one before.
        Raises UserError if all runs have failed, or if the cluster cannot be reached.
        """
        started = time.perf_counter()
        rows: dict[int, Row] = {}
        interrupted, complaint = False, ""
        saver = RunSaver() if keep else None
        jobs = 0
        try:
            going: Sequence[Planned] = self.planned
            for stage in self.stages or (None,):
                runs = going if stage is None else _shortened(going, rows, stage.epochs)
                if not runs:
                    continue
                outcomes, stage_jobs = dataclasses.replace(self, planned=tuple(runs))._outcomes(keep)
                jobs = max(jobs, stage_jobs)
                with contextlib.closing(outcomes):
                    for number, outcome in outcomes:
                        planned, before = self.planned[number - 1], rows.get(number)
                        outcome, cut_after = _cut(outcome, planned, stage)
                        saved_as = None if before is None else before.run
                        run = None if saver is None else saver.save(planned, outcome, saved_as)
                        rows[number] = make_row(planned, outcome, run, cut_after)
                        if on_row is not None:
                            on_row(rows[number])
                if stage is not None:
                    going = self._best_of(going, rows, stage.kept)
        except KeyboardInterrupt:
            interrupted = True
        except workers.WorkersLost as error:
            complaint = f"The sweep has ended early: {error}."
        finally:
            if saver is not None:
                complaint = complaint or saver.complaint
                saver.close()
        if rows and all(row.state == "failed" for row in rows.values()):
            first = min(rows.values(), key=lambda row: row.number)
            raise UserError("", f"no run can be trained; the first one: {first.message}")
        return self.result(
            list(rows.values()),
            jobs=jobs,
            seconds=time.perf_counter() - started,
            interrupted=interrupted,
            complaint=complaint,
            tag="" if saver is None else saver.tag,
        )

    def result(self, rows: Sequence[Row], **ended: Any) -> SweepResult:
        """Return the result of the sweep with these rows; ``ended`` says how it went, as ``SweepResult`` has it."""
        return SweepResult(
            rows,
            self.by,
            repeat=self.repeat,
            folds=self.folds,
            stages=self.stages,
            planned=len(self.planned),
            **ended,
        )

    def _best_of(self, going: Sequence[Planned], rows: Mapping[int, Row], kept: int) -> list[Planned]:
        """Return those of the runs ``going`` that have the ``kept`` best settings, by the mean over seeds and folds."""
        compared = [dataclasses.replace(rows[run.number], cut_after=None) for run in going]  # all have come as far
        groups = group_rows(compared, self.by, replicated(self.repeat, self.folds))
        best = {row.number for group in groups[:kept] if group.counted for row in group.rows}
        return [run for run in going if run.number in best]

    def _outcomes(self, keep: bool) -> tuple[workers.Outcomes, int]:
        """Return what yields the outcomes, and the number of processes that do the runs."""
        tasks = _sorted_by_data([(run.number, with_absolute_path(run.experiment)) for run in self.planned])
        if self.dask is not None:
            return workers.run_on_cluster(tasks, self.by, keep, self.dask), 0
        kinds = _kinds(tasks)
        takes_long = sum(kind.seconds for kind in kinds) > PROCESSES_SECONDS
        if takes_long and (jobs := self.jobs) > 1:
            workers.release()  # the data, which each process reads itself
            return workers.run_in_processes(_groups(kinds, jobs), self.by, keep, jobs), jobs
        return workers.run_sequentially(_groups(kinds), self.by, keep), 1


def prepare(experiment: Experiment, fields: Mapping[str, str | Iterable[object]], options: SweepOptions) -> Sweep:
    """Plan and check a sweep without starting it; raises UserError if something is invalid."""
    _check_number("random", options.random, MAX_RUNS)
    _check_number("repeat", options.repeat, MAX_RUNS)
    _check_number("jobs", options.jobs, MAX_JOBS)
    axes = [read_axis(experiment, path, values) for path, values in fields.items()]
    planned = tuple(plan(experiment, axes, options))
    by = choose_measure(options.by, planned)
    return Sweep(
        planned=tuple(dataclasses.replace(run, experiment=_with_measure(run.experiment, by)) for run in planned),
        by=by,
        repeat=options.repeat,
        max_jobs=options.jobs,
        dask=options.dask,
        folds=options.folds,
        stages=plan_stages(planned, options.repeat * (options.folds or 1)) if options.halving else (),
    )


def _with_measure(experiment: Experiment, by: str) -> Experiment:
    """Return the experiment with the metric that the sweep ranks by, if it is none of the usual ones."""
    held_back = f"val_{by.removeprefix('val_')}"  # the usual metrics of both parts are computed at the end in any case
    return replace(experiment, training=measuring(experiment.training, held_back))


def sweep(
    experiment: Experiment | str | os.PathLike[str],
    fields: Mapping[str, str | Iterable[object]],
    *,
    random: int | None = None,
    seed: int = 0,
    repeat: int = 1,
    folds: int | None = None,
    halving: bool = False,
    by: str | None = None,
    jobs: int | None = None,
    dask: str | None = None,
    keep: bool = True,
    on_row: OnRow | None = None,
) -> SweepResult:
    """Train ``experiment`` with different values of some ``fields``, as many runs at a time as there are cores.

    ``experiment`` is one, or the path of its TOML file, or the text under which it was shared.
    ``fields`` maps paths to values, ``{"training.learning_rate": [1e-3, 1e-2]}``, or to their text as on the command
    line; all combinations are run. With ``random``, that many of them are drawn instead, from ``seed``; ranges such
    as ``"log:1e-4..1e-1"`` require it. ``repeat`` runs each combination with that many seeds of the model, ``folds``
    with each of so many parts of the rows held back for validation; the mean over both decides. ``halving`` trains
    all settings for a few epochs, and the better half of them twice as long, again and again. ``by`` is the measure
    to rank by, ``jobs`` the number of processes, ``dask`` the address of a scheduler whose workers do the runs instead.
    The results do not depend on how many runs are done at a time. For the rest see ``Sweep.run``.

    Raises UserError, before the first run starts, for invalid fields and values.
    """
    if not isinstance(experiment, Experiment):
        from tui_trainer.experiment.share import read_experiment

        experiment = read_experiment(os.fspath(experiment))
    options = SweepOptions(
        random=random, seed=seed, repeat=repeat, folds=folds, halving=halving, by=by, jobs=jobs, dask=dask
    )
    return prepare(experiment, fields, options).run(keep, on_row)


def cores() -> int:
    """Return the number of cores that this process may use."""
    import joblib

    return int(joblib.cpu_count())


class RunSaver:
    """Saves finished runs to the store; ``complaint`` says why some could not be saved.

    All runs get the tag ``tag``, which is set when the first one is saved. Their names describe their settings.
    """

    def __init__(self) -> None:
        self.complaint = self.tag = ""
        self._store: Store | None = None

    def save(self, planned: Planned, outcome: Outcome, run: int | None = None) -> int | None:
        """Save a run and return its number in the store; None if it has not taken a step, or could not be saved.

        It replaces what was saved before as number ``run``. If the store fails, saving is tried again after each of
        ``PAUSES``, and with the next run.
        """
        if outcome.steps == 0:
            return None
        for pause in (*(() if self.complaint else PAUSES), None):
            try:
                return self._save(planned, outcome, run)
            except StoreError as error:
                if pause is None or not isinstance(error, StoreBusy | StoreFull):
                    self.complaint = str(error)
                    break
                time.sleep(pause)
        return run

    def _save(self, planned: Planned, outcome: Outcome, before: int | None) -> int:
        if self._store is None:
            self._store = Store(default_path(), STORE_OWNER)
        edits = RunEdits(self._store)
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
        if before is not None:
            self._store.save(before, checkpoint)
            return before
        with self._store.writing():  # one transaction, which takes longer than all that is done in it
            run = self._store.add(checkpoint)
            edits.tag((run,), (self.tag or f"sweep-{run}",), ())
            edits.rename(run, describe_settings(planned.settings, LONGEST_NAME))
        self.tag = self.tag or f"sweep-{run}"
        return run

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()


def _shortened(going: Sequence[Planned], rows: Mapping[int, Row], epochs: int) -> list[Planned]:
    """Return the runs with so many epochs, without those that ended early before: they would end there again."""
    return [
        dataclasses.replace(run, experiment=_with_epochs(run.experiment, epochs))
        for run in going
        if run.number not in rows or rows[run.number].cut_after is not None
    ]


def _with_epochs(experiment: Experiment, epochs: int) -> Experiment:
    return replace(experiment, training=replace(experiment.training, epochs=epochs))


def _cut(outcome: Outcome, planned: Planned, stage: Stage | None) -> tuple[Outcome, int | None]:
    """Return the outcome of a run as one that could go on after the ``stage``, and after how many epochs."""
    epochs = planned.experiment.training.epochs
    if stage is None or outcome.state != "finished" or stage.epochs == epochs:
        return outcome, None
    message = f"Cut after {stage.epochs:,} of {epochs:,} epochs."
    return dataclasses.replace(outcome, state="paused", message=message), stage.epochs


def _sorted_by_data(tasks: list[workers.Task]) -> list[workers.Task]:
    """Sort the runs so that those on the same data follow one another, and a process reads the data once."""
    return sorted(tasks, key=lambda task: repr(to_plain(task[1].dataset)))


@dataclass(frozen=True, slots=True)
class _Kind:
    """Runs that can be trained together, how many are best trained at a time, and about how long they take in all."""

    tasks: list[workers.Task]
    stack: int
    seconds: float


def _kinds(tasks: list[workers.Task]) -> list[_Kind]:
    """Divide the runs by what can be trained together; runs of which little is known are trained one by one."""
    alike: dict[str, list[workers.Task]] = {}
    for number, experiment in tasks:
        alike.setdefault(stack_key(experiment) or f"{number}", []).append((number, experiment))
    largest = set(sorted(alike, key=lambda key: len(alike[key]), reverse=True)[:MAX_KINDS])
    kinds: list[_Kind] = []
    for key, similar in alike.items():
        experiment = similar[0][1]
        # A single run is looked at only as long as that may show that no processes are needed.
        may_be_short = len(alike) <= MAX_KINDS and sum(kind.seconds for kind in kinds) <= PROCESSES_SECONDS
        is_of_use = len(similar) > 1 or may_be_short
        is_looked_at = key in largest and is_of_use and _is_quickly_read(experiment)
        stack = workers.size_of_stack(experiment) if is_looked_at else None
        if stack is None:
            kinds.append(_Kind(similar, 1, math.inf))
        else:
            seconds = experiment.training.epochs * stack.epoch_seconds(len(similar))
            kinds.append(_Kind(similar, stack.models, seconds))
    return kinds


def _groups(kinds: list[_Kind], jobs: int = 1) -> list[workers.Tasks]:
    """Divide the runs into groups that are trained together: one for each of ``jobs`` processes at least, if possible.

    A group that would take long is divided further, so that one sees some of the runs end.
    """
    groups: list[workers.Tasks] = []
    for kind in kinds:
        runs = len(kind.tasks)
        parts = max(jobs, kind.seconds / GROUP_SECONDS)
        size = min(kind.stack, max(math.ceil(runs / parts), MIN_STACK))
        groups += [kind.tasks[start : start + size] for start in range(0, runs, size)]
    return groups


def _is_quickly_read(experiment: Experiment) -> bool:
    """Return whether the data can be read in this process, only to see how many runs to train together."""
    path = experiment.dataset.path
    try:
        return path is None or os.path.getsize(path) <= (QUICKLY_READ if path.endswith(PLAIN_TEXT) else PACKED)
    except OSError:  # each run will say what is wrong with it
        return False


def _check_number(field: str, value: int | None, maximum: int) -> None:
    if value is not None and not 1 <= value <= maximum:
        raise UserError(field, f"expected a whole number from 1 to {maximum:,}, got {value}")
