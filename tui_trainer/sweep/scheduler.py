"""Plans, checks and runs a sweep, and saves each run to the store as it ends."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from msgspec.structs import replace

from tui_trainer.errors import UserError, quoted
from tui_trainer.experiment.resolve import measuring
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import dumps
from tui_trainer.experiment.validation import to_plain
from tui_trainer.measures import is_rising
from tui_trainer.run_state import traits_of
from tui_trainer.store.edits import LONGEST_NAME, RunEdits
from tui_trainer.store.store import Checkpoint, Store, StoreBusy, StoredRun, StoreError, StoreFull, default_path
from tui_trainer.training.stack import MIN_STACK, stack_key

from . import workers
from .plan import (
    MAX_RUNS,
    Axis,
    Planned,
    Stage,
    SweepOptions,
    check_axes,
    plan,
    plan_combinations,
    plan_stages,
    read_axis,
    value_at,
)
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
from .search import BATCH, Search, Trial, first_settings, make_search
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

    The runs of a ``search`` are planned in batches on the way, and ``planned`` is empty. ``earlier`` runs of the
    store, by the text of their experiments, are not trained again. With ``options.dask``, the workers of the scheduler
    there do the runs.
    """

    experiment: Experiment
    options: SweepOptions
    by: str
    planned: tuple[Planned, ...] = ()
    stages: tuple[Stage, ...] = ()  # of successive halving
    search: Search | None = None
    earlier: Mapping[str, StoredRun] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The number of runs."""
        return len(self.planned) if self.search is None else self.search.trials * self.options.replicates

    @property
    def differing(self) -> tuple[str, ...]:
        """The fields in which runs of the same settings differ."""
        return replicated(self.options.repeat, self.options.folds)

    def leaderboard(self) -> Leaderboard:
        """Return an empty leaderboard for what is trained: each run once, or in each stage that it reaches."""
        if not self.stages:
            return Leaderboard(self.by, self.total, self.differing)
        epochs = [stage.epochs for stage in self.stages for _ in range(stage.settings * self.options.replicates)]
        return Leaderboard(self.by, len(epochs), self.differing, "trainings", epochs)

    @property
    def jobs(self) -> int:
        """The number of processes of a sweep that takes long; 0 on a cluster."""
        at_a_time = self.total if self.search is None else min(self.total, BATCH * self.options.replicates)
        return 0 if self.options.dask is not None else min(self.options.jobs or cores(), at_a_time)

    def run(self, keep: bool = True, on_row: OnRow | None = None) -> SweepResult:
        """Do all runs. An interrupt, or the loss of the workers, ends the sweep with the runs that are done.

        With ``keep``, each run is saved to the store when it has ended; then ``on_row`` is called with its row. In
        successive halving a run is saved after each of its stages, in place of what it was after the one before. Runs
        that are being trained together in this process when an interrupt comes are kept as far as they are, paused.
        Raises UserError if all runs have failed, or if the cluster cannot be reached.
        """
        started = time.perf_counter()
        rows: dict[int, Row] = {}
        interrupted, complaint = False, ""
        if self.options.resume is not None and not keep:
            raise UserError("resume", "goes on with runs of the store, and saves its own there; leave --no-store out")
        saver = RunSaver(self.options.resume or "") if keep else None
        jobs = 1 if self.options.dask is None else 0

        def note(*ended: Row) -> None:
            rows.update({row.number: row for row in ended})  # all of them, also if ``on_row`` raises an interrupt
            if on_row is not None:
                for row in ended:
                    on_row(row)

        try:
            for runs, stage in self._rounds(rows):
                missing: list[Planned] = []
                for planned in runs:
                    stored = self.earlier.get(dumps(planned.experiment)) if self.earlier else None
                    outcome = None if stored is None or saver is None else saver.load(stored)
                    if outcome is None or stored is None:
                        missing.append(planned)
                    else:
                        note(make_row(planned, outcome, stored.id))
                if not missing:
                    continue
                outcomes, round_jobs = self._outcomes(missing, keep)
                jobs = max(jobs, round_jobs)
                whole = {run.number: run for run in (*missing, *self.planned)}  # in halving, with all its epochs
                with contextlib.closing(outcomes):
                    for ended in outcomes:
                        note(*_saved(ended, whole, rows, stage, saver))
            if self.search is not None and len(rows) < self.total:
                complaint = f"The search has ended after {len(rows):,} runs: no other values were left to try."
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
            repeat=self.options.repeat,
            folds=self.options.folds,
            stages=self.stages,
            planned=self.total,
            **ended,
        )

    def _rounds(self, rows: Mapping[int, Row]) -> Iterator[tuple[Sequence[Planned], Stage | None]]:
        """Yield the runs to train next, and the stage of halving; ``rows`` has those of the rounds before by then."""
        if self.search is not None:
            for combinations in self._batches(self.search, rows):
                yield plan_combinations(self.experiment, combinations, self.options, len(rows) + 1), None
        elif self.stages:
            going: Sequence[Planned] = self.planned
            for stage in self.stages:
                yield _shortened(going, rows, stage.epochs), stage
                going = self._best_of(going, rows, stage.kept)
        else:
            yield self.planned, None

    def _batches(self, search: Search, rows: Mapping[int, Row]) -> Iterator[list[dict[str, object]]]:
        """Yield the combinations of each batch of the search, which is made again from its beginning.

        So those that failed have their places, though the store does not have them. Where the oldest combination of
        the store is not proposed, the rest there come from another seed or space, and are done before all others.
        """
        known = self._complete_combinations(search)
        while proposals := search.propose(self._trials(rows)):
            batch = {repr(settings): settings for settings in proposals}
            if known and next(iter(known)) not in batch:
                left = search.trials - len(rows) // self.options.replicates
                batch, known = dict(islice(known.items(), left)), {}
            known = {key: settings for key, settings in known.items() if key not in batch}
            yield list(batch.values())

    def _trials(self, rows: Mapping[int, Row]) -> list[Trial]:
        """Return the combinations that are done, in the order in which they were proposed."""
        groups = group_rows(rows.values(), self.by, self.differing)
        in_order = sorted(groups, key=lambda group: group.rows[0].number)
        return [Trial(group.settings, group.mean if group.counted == len(group.rows) else None) for group in in_order]

    def _complete_combinations(self, search: Search) -> dict[str, dict[str, object]]:
        """Return the combinations of this search that are in the store with all their runs, by their text, the oldest
        first.
        """
        stored = (_settings_of(run.experiment, search.axes) for run in self.earlier.values())
        combinations = {repr(settings): settings for settings in stored}
        return {
            key: settings
            for key, settings in combinations.items()
            if all(
                dumps(planned.experiment) in self.earlier
                for planned in plan_combinations(self.experiment, [settings], self.options)
            )
        }

    def _best_of(self, going: Sequence[Planned], rows: Mapping[int, Row], kept: int) -> list[Planned]:
        """Return those of the runs ``going`` that have the ``kept`` best settings, by the mean over seeds and folds."""
        compared = [dataclasses.replace(rows[run.number], cut_after=None) for run in going]  # all have come as far
        groups = group_rows(compared, self.by, self.differing)
        best = {row.number for group in groups[:kept] if group.counted for row in group.rows}
        return [run for run in going if run.number in best]

    def _outcomes(self, runs: Sequence[Planned], keep: bool) -> tuple[workers.Outcomes, int]:
        """Return what yields the outcomes of ``runs``, and the number of processes that do them."""
        tasks = _sorted_by_data([(run.number, with_absolute_path(run.experiment)) for run in runs])
        if self.options.dask is not None:
            return workers.run_on_cluster(tasks, self.by, keep, self.options.dask), 0
        kinds = _kinds(tasks)
        batches = 1.0 if self.search is None else self.total / len(runs)  # as long as this one: processes stay for all
        takes_long = batches * sum(kind.seconds for kind in kinds) > PROCESSES_SECONDS
        if takes_long and (jobs := min(self.jobs, len(tasks))) > 1:
            workers.release()  # the data, which each process reads itself
            return workers.run_in_processes(_groups(kinds, jobs), self.by, keep, jobs), jobs
        return workers.run_sequentially(_groups(kinds), self.by, keep), 1


def prepare(experiment: Experiment, fields: Mapping[str, str | Iterable[object]], options: SweepOptions) -> Sweep:
    """Plan and check a sweep without starting it; raises UserError if something is invalid."""
    _check_number("random", options.random, MAX_RUNS)
    _check_number("repeat", options.repeat, MAX_RUNS)
    _check_number("jobs", options.jobs, MAX_JOBS)
    _check_methods(options)
    axes = [read_axis(experiment, path, values) for path, values in fields.items()]
    if options.search is None:
        planned = tuple(plan(experiment, axes, options))
        by = choose_measure(options.by, planned)
        planned = tuple(dataclasses.replace(run, experiment=_with_measure(run.experiment, by)) for run in planned)
        stages = plan_stages(planned, options.replicates) if options.halving else ()
        sweep = Sweep(experiment, options, by, planned, stages)
    else:
        check_axes(axes, options)
        by = choose_measure(options.by, plan_combinations(experiment, [first_settings(axes)], options))
        search = make_search(axes, options.search, options.trials, options.seed, is_rising(by))
        sweep = Sweep(_with_measure(experiment, by), options, by, search=search)
        if sweep.total > MAX_RUNS:
            reason = f"expected at most {MAX_RUNS:,} runs, got {sweep.total:,}; ask for fewer trials, seeds or folds"
            raise UserError("trials", reason)
    return sweep if options.resume is None else dataclasses.replace(sweep, earlier=_earlier_runs(sweep, options.resume))


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
    search: str | None = None,
    trials: int | None = None,
    by: str | None = None,
    jobs: int | None = None,
    dask: str | None = None,
    resume: str | None = None,
    keep: bool = True,
    on_row: OnRow | None = None,
) -> SweepResult:
    """Train ``experiment`` with different values of some ``fields``, as many runs at a time as there are cores.

    ``experiment`` is one, or the path of its TOML file, or the text under which it was shared.
    ``fields`` maps paths to values, ``{"training.learning_rate": [1e-3, 1e-2]}``, or to their text as on the command
    line; all combinations are run. With ``random``, that many of them are drawn instead, from ``seed``; ranges such
    as ``"log:1e-4..1e-1"`` require it. ``repeat`` runs each combination with that many seeds of the model, ``folds``
    with each of so many parts of the rows held back for validation; the mean over both decides. ``halving`` trains
    all settings for a few epochs, and the better half of them twice as long, again and again. ``search="tpe"`` has
    Optuna propose ``trials`` combinations, from ``seed``, by the scores of those before; ranges are welcome. ``by`` is
    the measure to rank by, ``jobs`` the number of processes, ``dask`` the address of a scheduler whose workers do the
    runs instead. ``resume`` is the tag of a sweep in the store, whose finished runs are not trained again.
    The results do not depend on how many runs are done at a time. For the rest see ``Sweep.run``.

    Raises UserError, before the first run starts, for invalid fields and values.
    """
    if not isinstance(experiment, Experiment):
        from tui_trainer.experiment.share import read_experiment

        experiment = read_experiment(os.fspath(experiment))
    options = SweepOptions(
        random=random,
        seed=seed,
        repeat=repeat,
        folds=folds,
        halving=halving,
        search=search,
        trials=trials,
        by=by,
        jobs=jobs,
        dask=dask,
        resume=resume,
    )
    return prepare(experiment, fields, options).run(keep, on_row)


def cores() -> int:
    """Return the number of cores that this process may use."""
    import joblib

    return int(joblib.cpu_count())


class FinishedRun(NamedTuple):
    """A run that has ended, and its number in the store if it was saved before."""

    planned: Planned
    outcome: Outcome
    saved_as: int | None


class RunSaver:
    """Saves finished runs to the store; ``complaint`` says why some could not be saved.

    All runs get the tag ``tag``, which is set when the first one is saved if it is empty. Their names describe their
    settings.
    """

    def __init__(self, tag: str = "") -> None:
        self.complaint, self.tag = "", tag
        self._store: Store | None = None

    def load(self, stored: StoredRun) -> Outcome | None:
        """Return how a run of the store ended, by its saved weights; None if it can't be read, or its data changed."""
        try:
            snapshot, epochs = self._opened().snapshot(stored.id)
        except StoreError:
            return None
        return workers.stored_outcome(with_absolute_path(stored.experiment), snapshot, epochs, stored.state)

    def _opened(self) -> Store:
        if self._store is None:
            self._store = Store(default_path(), STORE_OWNER)
        return self._store

    def save(self, finished: Sequence[FinishedRun]) -> list[int | None]:
        """Save runs that have ended together, in one transaction; return the number of each in the store.

        None is returned for a run that has not taken a step, or could not be saved. If the store fails, saving is tried
        again after each of ``PAUSES``, and with the next runs; if one run can't be saved, the others are.
        """
        for pause in (*(() if self.complaint else PAUSES), None):
            try:
                return self._save(finished)
            except StoreError as error:
                is_passing = isinstance(error, StoreBusy | StoreFull)
                if not is_passing and len(finished) > 1:
                    return [number for run in finished for number in self.save([run])]
                if pause is None or not is_passing:
                    self.complaint = str(error)
                    break
                time.sleep(pause)
        return [run.saved_as for run in finished]

    def _save(self, finished: Sequence[FinishedRun]) -> list[int | None]:
        if not any(run.outcome.steps for run in finished):
            return [None] * len(finished)
        store = self._opened()
        edits, tag = RunEdits(store), self.tag
        runs: list[int | None] = []
        with store.writing():  # one transaction, which takes longer than all that is done in it
            for run in finished:
                if not run.outcome.steps:
                    runs.append(None)
                    continue
                number = _save_one(store, run)
                tag = tag or f"sweep-{number}"
                if run.saved_as is None:
                    edits.label(number, describe_settings(run.planned.settings, LONGEST_NAME), (tag,))
                runs.append(number)
        self.tag = tag
        return runs

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()


def _check_methods(options: SweepOptions) -> None:
    """Raise UserError for options that exclude each other: each decides in its own way what is trained."""
    if options.search is None:
        if options.trials is not None:
            raise UserError("trials", "is how many combinations a search tries; add --search tpe, or leave it out")
    elif options.random is not None:
        raise UserError("search", "chooses the combinations itself; leave --random out, --trials N is their number")
    elif options.halving:
        raise UserError("search", "trains each combination to its end; leave it or --halving out")
    if options.halving and options.resume is not None:
        raise UserError(
            "resume", "goes on with runs that are done, and --halving begins with all; leave one of them out"
        )


def _earlier_runs(sweep: Sweep, tag: str) -> dict[str, StoredRun]:
    """Return the runs with that tag in the store that are done and belong to ``sweep``, by the text of their
    experiments, the oldest first.

    Raises UserError if there is none.
    """
    try:
        with contextlib.closing(Store(default_path(), STORE_OWNER)) as store:
            tagged = store.tagged(tag)
    except StoreError as error:
        raise UserError("resume", str(error)) from error
    if not tagged:
        hint = "give its tag, such as sweep-12, which the sweep names at its end and the Runs tab shows"
        raise UserError("resume", f"there is no sweep {quoted(tag)} in the store; {hint}")
    done = [run for run in tagged if traits_of(run.state).ended and run.epoch <= run.experiment.training.epochs]
    planned = {dumps(run.experiment) for run in _possible_runs(sweep, done)}
    earlier = {text: run for run in done if (text := dumps(run.experiment)) in planned}
    if not earlier:
        which = f"none of the {len(tagged):,} runs of {tag}" if len(tagged) > 1 else f"the run of {tag}"
        negation = "is" if len(tagged) > 1 else "is not"
        hint = "give the experiment, its fields and the other options as at the first time"
        raise UserError("resume", f"{which} {negation} a finished run of this sweep; {hint}")
    return earlier


def _possible_runs(sweep: Sweep, stored: Sequence[StoredRun]) -> Sequence[Planned]:
    """Return the runs of ``sweep``; of a search, all of those combinations of ``stored`` runs that it may propose."""
    if sweep.search is None:
        return sweep.planned
    combinations: dict[str, dict[str, object]] = {}
    for run in stored:
        with contextlib.suppress(LookupError, TypeError):  # it has no such field, for example fewer layers
            settings = _settings_of(run.experiment, sweep.search.axes)
            if sweep.search.fits(settings):
                combinations[repr(settings)] = settings
    return plan_combinations(sweep.experiment, combinations.values(), sweep.options)


def _settings_of(experiment: Experiment, axes: Sequence[Axis]) -> dict[str, object]:
    """Return the values of a run's experiment on ``axes``, all of which it must have."""
    return {axis.path: value_at(experiment, axis.path) for axis in axes}


def _saved(
    ended: Sequence[workers.NumberedOutcome],
    planned: Mapping[int, Planned],
    before: Mapping[int, Row],
    stage: Stage | None,
    saver: RunSaver | None,
) -> list[Row]:
    """Save runs that have ended together, and return their rows; ``before`` are those of a stage before."""
    cut = [_cut(outcome, planned[number], stage) for number, outcome in ended]
    finished = [
        FinishedRun(planned[number], outcome, before[number].run if number in before else None)
        for (number, _), (outcome, _) in zip(ended, cut, strict=True)
    ]
    runs = [None] * len(finished) if saver is None else saver.save(finished)
    return [
        make_row(run.planned, run.outcome, saved_as, cut_after)
        for run, saved_as, (_, cut_after) in zip(finished, runs, cut, strict=True)
    ]


def _save_one(store: Store, finished: FinishedRun) -> int:
    """Save a run that has ended, and return its number in the store."""
    outcome = finished.outcome
    checkpoint = Checkpoint(
        experiment=finished.planned.experiment,
        state=outcome.state,
        epoch=outcome.epochs,
        step=outcome.steps,
        latest=outcome.latest,
        snapshot=outcome.snapshot,
        new_epochs=outcome.history,
        seconds=outcome.seconds,
    )
    if finished.saved_as is not None:
        store.save(finished.saved_as, checkpoint)
        return finished.saved_as
    return store.add(checkpoint)


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
    """Return the outcome of a run as one that could go on after the ``stage``, and after how many epochs.

    A run that was interrupted is one already.
    """
    epochs = planned.experiment.training.epochs
    if outcome.state == "paused":
        return outcome, outcome.epochs
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
    try:
        return all(
            os.path.getsize(path) <= (QUICKLY_READ if path.endswith(PLAIN_TEXT) else PACKED)
            for path in experiment.dataset.paths
        )
    except OSError:  # each run will say what is wrong with it
        return False


def _check_number(field: str, value: int | None, maximum: int) -> None:
    if value is not None and not 1 <= value <= maximum:
        raise UserError(field, f"expected a whole number from 1 to {maximum:,}, got {value}")
