"""Does the runs of a sweep: in this process one by one, in several processes, or on a Dask cluster."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import threading
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from tui_trainer.errors import UserError, quoted
from tui_trainer.experiment.schema import Experiment
from tui_trainer.files import confined
from tui_trainer.run_state import RUN_STATES
from tui_trainer.system.processes import wait_for_end
from tui_trainer.system.terminal import interrupts_hidden
from tui_trainer.training.builder import scores
from tui_trainer.training.series import MAX_PARAMETERS, Array
from tui_trainer.training.session import Session, linear_algebra
from tui_trainer.training.stack import StackSize, runs_together, train_together
from tui_trainer.version import __version__

from .results import Outcome

Task = tuple[int, Experiment]  # the number of the run, and its experiment
Tasks = Sequence[Task]  # that are trained together
DASK_TIMEOUT = 10  # seconds for the Dask scheduler to answer, and for its workers to appear
ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?[^\s/]+:\d{1,5}")  # Dask hangs on some other addresses
SAFE_PATH = "PYTHONSAFEPATH"
INSTALL = "python -m pip install 'tui-trainer[dask]'"
NumberedOutcome = tuple[int, Outcome]
Outcomes = Generator[list[NumberedOutcome], None, None]  # of runs that end together; closing it ends those in progress


class WorkersLost(Exception):
    """The processes that did the runs are gone; the message says what may have happened."""


class _ThreadState(threading.local):
    """A thread's session, reused for all its runs, so that their data are read once."""

    session: Session | None = None


_thread_state = _ThreadState()


def run_sequentially(groups: Sequence[Tasks], by: str, keep: bool) -> Outcomes:
    """Yield the runs that end together, each number with its outcome, in this process, one group after the other."""
    try:
        for tasks in groups:
            yield from run_group(tasks, by, keep)
    finally:
        release()


def run_in_processes(groups: Sequence[Tasks], by: str, keep: bool, jobs: int) -> Outcomes:
    """Yield the runs of a group when it is done, each number with its outcome, in ``jobs`` processes with one BLAS
    thread each.

    Closing the iterator ends them. Raises WorkersLost if a process is killed.
    """
    from concurrent.futures import BrokenExecutor

    import joblib

    process_setup = {"initializer": end_with_parent, "initargs": (os.getpid(),)}
    # No memory maps: those would be pickles in files
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1, max_nbytes=None, **process_setup):
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    with _safe_import_path(), interrupts_hidden():
        done_groups = parallel(_calls(groups, by, keep))
    with _safe_import_path(), _closing(done_groups):
        try:
            yield from done_groups
        except BrokenExecutor as error:
            why = "the system killed a training process, perhaps for lack of memory; use fewer jobs"
            raise WorkersLost(why) from error


def run_on_cluster(tasks: Sequence[Task], by: str, keep: bool, address: str) -> Outcomes:
    """Yield each run when it is done, its number with its outcome, by the workers of the Dask scheduler at ``address``.

    Raises UserError if Dask is not installed, or no worker can be reached, and WorkersLost if they are lost later.
    """
    try:
        import distributed
    except ImportError as error:
        raise UserError("dask", f"Dask is not installed; get it with {INSTALL}") from error
    from concurrent.futures import CancelledError

    import joblib

    with _logging_disabled("distributed.client"), _client(distributed, address) as client:
        with joblib.parallel_config(backend="dask", client=client, wait_for_workers_timeout=DASK_TIMEOUT):
            parallel = joblib.Parallel(n_jobs=-1, return_as="generator_unordered")
        try:
            done_groups = parallel(_calls([[task] for task in tasks], by, keep))
        except TimeoutError as error:
            reason = f"the scheduler at {quoted(address)} has no workers; start some with dask worker"
            raise UserError("dask", reason) from error
        with _closing(done_groups):
            try:
                yield from done_groups
            except (distributed.KilledWorker, OSError, CancelledError) as error:
                raise WorkersLost("the cluster's workers or its scheduler are gone") from error


def size_of_stack(experiment: Experiment) -> StackSize | None:
    """Return how many runs like ``experiment`` are best trained at a time; None if it can't be trained.

    Its data are kept for the next run of this thread.
    """
    session = _session()
    try:
        session.load(experiment)
    except (UserError, MemoryError):
        return None
    return runs_together(session)


def run_group(tasks: Tasks, by: str, keep: bool) -> Outcomes:
    """Train the runs of ``tasks`` together on one thread; yield those that end together, each number with its outcome.

    Without ``keep``, no snapshots are taken. If the runs can't be trained together, each is trained by itself. Runs
    that are trained together are yielded after an interrupt, too, as far as they are, before it is raised.
    """
    numbers, experiments = zip(*tasks, strict=True)
    done: set[int] = set()
    if len(tasks) > 1:
        with contextlib.suppress(UserError, MemoryError), linear_algebra().limit(limits=1, user_api="blas"):
            session = _session()
            session.load(experiments[0])
            _check_measure(session, by)  # which all of them have, or none
            for ended in train_together(session, experiments):
                outcomes = [(place, _outcome(session, keep)) for place, _ in ended]
                done.update(place for place, _ in outcomes)
                yield [(numbers[place], outcome) for place, outcome in outcomes]
    for place, experiment in enumerate(experiments):
        if place not in done:
            yield [(numbers[place], run_one(experiment, by, keep))]


def run_one(experiment: Experiment, by: str, keep: bool) -> Outcome:
    """Train ``experiment`` to its end on one thread; it fails if it cannot be trained, or has no score ``by``.

    Without ``keep``, no snapshot is taken.
    """
    session = _session()
    try:
        with linear_algebra().limit(limits=1, user_api="blas"):
            session.load(experiment)
            _check_measure(session, by)
            session.train()
            session.advance_to_end()
            return _outcome(session, keep)
    except UserError as error:
        return Outcome("failed", str(error))
    except MemoryError:
        release()
        return Outcome("failed", "model: its data and layers don't fit into memory; use fewer units, rows or jobs")


def stored_outcome(
    experiment: Experiment, snapshot: Mapping[str, Array], epochs: Mapping[str, Array], state: str
) -> Outcome | None:
    """Return the outcome of a run that was trained before, without a snapshot; None if that is of other data.

    ``snapshot`` and ``epochs`` are what the store has of it, ``state`` is how it ended.
    """
    session = _session()
    try:
        with linear_algebra().limit(limits=1, user_api="blas"):
            session.load(experiment)
            session.restore(snapshot, epochs, state)
            outcome = _outcome(session, keep=False)
            message = "Diverged when it was trained before." if outcome.state == "diverged" else "Trained before."
            return dataclasses.replace(outcome, message=message)
    except (UserError, MemoryError, KeyError, ValueError):
        release()
        return None


def _session() -> Session:
    if _thread_state.session is None:
        _thread_state.session = Session(max_threads=1, memory=0)
    return _thread_state.session


def release() -> None:
    """Release the data of the last run of this thread."""
    _thread_state.session = None


def with_absolute_path(experiment: Experiment) -> Experiment:
    """Make the paths of the data files absolute: other processes may have another working folder."""
    config = experiment.dataset
    paths = {
        name: os.path.abspath(confined(path, f"dataset.{name}"))
        for name, path in (("path", config.path), ("test_path", config.test_path))
        if path is not None
    }
    return replace(experiment, dataset=replace(config, **paths)) if paths else experiment


def end_with_parent(parent: int) -> None:
    """End this process when the process ``parent`` ends: a killed parent cannot end its children."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _client(distributed: Any, address: str) -> Any:
    if not ADDRESS.fullmatch(address):
        raise UserError("dask", f"expected an address such as tcp://10.0.0.5:8786, got {quoted(address)}")
    try:
        client = distributed.Client(address, timeout=DASK_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = f"no Dask scheduler answers at {quoted(address)}; start one with dask scheduler, and workers for it"
        raise UserError("dask", reason) from error
    try:
        versions = set(client.run(_version).values())
    except Exception as error:  # an import error on a worker is raised here as itself
        client.close()
        raise UserError("dask", "a worker of the cluster can't import tui-trainer; install it there") from error
    if versions - {__version__}:
        client.close()
        reason = f"tui-trainer is {__version__} here, {', '.join(sorted(versions))} on the cluster; install the same"
        raise UserError("dask", reason)
    return client


def _version() -> str:
    """Return the version; called on a worker."""
    return __version__


def _calls(groups: Sequence[Tasks], by: str, keep: bool) -> Iterator[Any]:
    import joblib

    return (joblib.delayed(_outcomes)(tasks, by, keep) for tasks in groups)


def _outcomes(tasks: Tasks, by: str, keep: bool) -> list[NumberedOutcome]:
    return [outcome for ended in run_group(tasks, by, keep) for outcome in ended]


@contextlib.contextmanager
def _logging_disabled(logger: str) -> Iterator[None]:
    """Suppress a package's log messages about problems that are reported here."""
    import logging

    log = logging.getLogger(logger)
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@contextlib.contextmanager
def _closing(outcomes: Outcomes) -> Iterator[None]:
    """Close ``outcomes`` at the end, without the warning about the runs that are abandoned on purpose."""
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            outcomes.close()


@contextlib.contextmanager
def _safe_import_path() -> Iterator[None]:
    """Keep processes started inside from importing modules of the current folder, such as anybody's ``pickle.py``."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


def _check_measure(session: Session, by: str) -> None:
    """Raise UserError, before the training, if the run will have no score ``by``."""
    parts = session.split
    names = list(
        scores(session.trainer.model, session.experiment.training, parts.x_train[:1], parts.y_train[:1], parts.target)
    )
    if parts.x_val is not None:
        names += [f"val_{name}" for name in names]
    if by not in names:
        raise UserError("by", f"this run has no {by}; what it has: {', '.join(names)}")


def _outcome(session: Session, keep: bool) -> Outcome:
    trainer = session.trainer
    is_over = RUN_STATES[session.state].ended
    return Outcome(
        session.state,
        session.sentence if is_over else f"Interrupted after {trainer.epochs:,} of {session.target_epochs:,} epochs.",
        epochs=trainer.epochs,
        steps=trainer.steps,
        seconds=session.seconds,
        scores={} if session.state == "diverged" else session.scores(),
        weights=_weights(session),
        latest=session.values,
        history=session.history.columns(0),
        snapshot=session.snapshot() if keep else {},
    )


def _weights(session: Session) -> dict[str, float]:
    """Return w, or w_0 and w_1, and b, of a model with so few parameters; else nothing."""
    parameters = session.trainer.model.parameters
    if parameters.flat.size > MAX_PARAMETERS:
        return {}
    values = [float(value) for kernel in parameters.kernels for value in kernel.ravel()]
    weights = {"w": values[0]} if len(values) == 1 else {f"w_{i}": value for i, value in enumerate(values)}
    (bias,) = parameters.biases[:1]
    return weights if bias is None else {**weights, "b": float(bias[0])}


def _watch(parent: int) -> None:
    wait_for_end(parent)
    os._exit(1)
