"""Where runs are done: in this process one after the other, in processes side by side, or on a Dask cluster."""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import os
import re
import signal
import threading
import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from multiprocessing import resource_tracker
from typing import Any

from msgspec.structs import replace
from threadpoolctl import threadpool_limits

from tui_trainer.errors import UserError, quoted
from tui_trainer.experiment.schema import Experiment
from tui_trainer.files import confined
from tui_trainer.run_state import RUN_STATES
from tui_trainer.training.scores import scores, split_scores
from tui_trainer.training.session import Session
from tui_trainer.training.trajectory import MAX_PARAMETERS
from tui_trainer.version import __version__

from .results import Outcome

Task = tuple[int, Experiment]  # with the number of its run
PATIENCE = 10  # seconds that a Dask scheduler may take to answer, and its workers to be there
ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?[^\s/]+:\d{1,5}")  # Dask hangs on some others
SAFE_PATH = "PYTHONSAFEPATH"
INSTALL = "python -m pip install 'tui-trainer[dask]'"
LOOK_EVERY = 1.0  # seconds
Done = tuple[int, Outcome]
Outcomes = Generator[Done, None, None]  # closing it ends what is under way


class WorkersLost(Exception):
    """Processes that did the runs are gone; the sentence says what may have happened."""


def one_after_the_other(tasks: Sequence[Task], by: str, keep: bool) -> Outcomes:
    """Each run with its outcome, done in this process."""
    try:
        for number, experiment in tasks:
            yield number, run_one(experiment, by, keep)
    finally:
        release()


def side_by_side(tasks: Sequence[Task], by: str, keep: bool, jobs: int) -> Outcomes:
    """Each run with its outcome once it is done, in ``jobs`` processes with one thread each for linear algebra.

    Closing the iterator ends them. Raises WorkersLost where one is ended from outside.
    """
    import joblib

    first = {"initializer": end_with, "initargs": (os.getpid(),)}
    # No memory maps: those would be pickles in files.
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1, max_nbytes=None, **first):
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    with _no_code_from_here(), _interrupts_held():
        done = parallel(_calls(tasks, by, keep))
    with _no_code_from_here(), _closing(done):
        try:
            for one in done:  # noqa: UP028 (``yield from`` would close it before ``_closing`` does)
                yield one
        except concurrent.futures.BrokenExecutor as error:
            why = "the system ended a process that trained, perhaps for want of memory; use fewer jobs"
            raise WorkersLost(why) from error


def on_cluster(tasks: Sequence[Task], by: str, keep: bool, address: str) -> Outcomes:
    """Each run with its outcome once it is done, by the workers of the Dask scheduler at ``address``.

    Raises ExperimentError where Dask is not installed, or no worker can be reached, and WorkersLost later on.
    """
    try:
        import distributed
    except ImportError as error:
        raise UserError("dask", f"Dask is not installed; get it with {INSTALL}") from error
    import joblib

    with _quiet("distributed.client"), _client(distributed, address) as client:
        with joblib.parallel_config(backend="dask", client=client, wait_for_workers_timeout=PATIENCE):
            parallel = joblib.Parallel(n_jobs=-1, return_as="generator_unordered")
        try:
            done = parallel(_calls(tasks, by, keep))
        except TimeoutError as error:
            told = f"the scheduler at {quoted(address)} has no workers; start some with dask worker"
            raise UserError("dask", told) from error
        with _closing(done):
            try:
                for one in done:  # noqa: UP028
                    yield one
            except (distributed.KilledWorker, OSError, concurrent.futures.CancelledError) as error:
                raise WorkersLost("the workers of the cluster, or its scheduler, are gone") from error


def _client(distributed: Any, address: str) -> Any:
    if not ADDRESS.fullmatch(address):
        raise UserError("dask", f"expected an address such as tcp://10.0.0.5:8786, got {quoted(address)}")
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        told = f"no Dask scheduler answers at {quoted(address)}; start one with dask scheduler, and workers for it"
        raise UserError("dask", told) from error
    try:
        versions = set(client.run(_version).values())
    except Exception as error:  # whatever the missing package raises there comes back as itself
        client.close()
        raise UserError("dask", "a worker of the cluster can't import tui-trainer; install it there") from error
    if versions - {__version__}:
        client.close()
        told = f"tui-trainer is {__version__} here, {', '.join(sorted(versions))} on the cluster; install the same"
        raise UserError("dask", told)
    return client


def _version() -> str:
    """Called on a worker."""
    return __version__


def _calls(tasks: Sequence[Task], by: str, keep: bool) -> Iterator[Any]:
    import joblib

    return (joblib.delayed(_numbered)(number, experiment, by, keep) for number, experiment in tasks)


def _numbered(number: int, experiment: Experiment, by: str, keep: bool) -> Done:
    return number, run_one(experiment, by, keep)


@contextlib.contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Without what a package logs of troubles that are told here."""
    found = logging.getLogger(logger)
    before = found.level
    found.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        found.setLevel(before)


@contextlib.contextmanager
def _closing(done: Outcomes) -> Iterator[None]:
    """Close ``done`` in the end, without a warning of the runs that are given up by that: this is meant."""
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            done.close()


@contextlib.contextmanager
def _no_code_from_here() -> Iterator[None]:
    """Processes started meanwhile take no module from the folder they are in: it may be anybody's ``pickle.py``."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl+C, which a terminal sends to all of them; this one sees it after."""
    resource_tracker.ensure_running()  # its own start, which the first process brings about, would end the hold
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Place(threading.local):
    """Where a thread does its runs: one session after the other, so that their data are read once."""

    session: Session | None = None


_place = _Place()


def run_one(experiment: Experiment, by: str, keep: bool) -> Outcome:
    """Train ``experiment`` to its end on one thread; what can't be trained, or has no score ``by``, has failed.

    Without ``keep`` no snapshot is taken.
    """
    if _place.session is None:
        _place.session = Session(max_threads=1)
    session = _place.session
    try:
        with threadpool_limits(limits=1, user_api="blas"):
            session.load(experiment)
            _check_score(session, by)
            session.train()
            session.advance_to_end()
            return _outcome(session, keep)
    except UserError as error:
        return Outcome("failed", str(error))
    except MemoryError:
        release()
        return Outcome("failed", "model: its data and layers don't fit into memory; use fewer units, rows or jobs")


def release() -> None:
    """Forget the data of the last run of this thread."""
    _place.session = None


def located(experiment: Experiment) -> Experiment:
    """The same, with the path of its file from the root on: other processes may have another working folder."""
    config = experiment.dataset
    if config.path is None:
        return experiment
    return replace(experiment, dataset=replace(config, path=os.path.abspath(confined(config.path, "dataset.path"))))


def _check_score(session: Session, by: str) -> None:
    """Before the training, not after it."""
    parts = session.split
    names = list(scores(session.trainer.model, session.experiment.training, parts.x_train[:1], parts.y_train[:1]))
    if parts.x_val is not None:
        names += [f"val_{name}" for name in names]
    if by not in names:
        raise UserError("by", f"this run has no {by}; what it has: {', '.join(names)}")


def _outcome(session: Session, keep: bool) -> Outcome:
    assert RUN_STATES[session.state].ended
    trainer = session.trainer
    return Outcome(
        session.state,
        session.sentence,
        epochs=trainer.epochs,
        steps=trainer.steps,
        seconds=session.seconds,
        scores={}
        if session.state == "diverged"
        else split_scores(trainer.model, session.experiment.training, session.split),
        weights=_weights(session),
        latest=session.values,
        history=session.history.columns(0),
        snapshot=session.snapshot() if keep else {},
    )


def _weights(session: Session) -> dict[str, float]:
    """w, or w_0 and w_1, and b, of a model that has so few parameters."""
    parameters = session.trainer.model.parameters
    if parameters.flat.size > MAX_PARAMETERS:
        return {}
    values = [float(value) for kernel in parameters.kernels for value in kernel.ravel()]
    named = {"w": values[0]} if len(values) == 1 else {f"w_{i}": value for i, value in enumerate(values)}
    (bias,) = parameters.biases[:1]
    return named if bias is None else {**named, "b": float(bias[0])}


def end_with(parent: int) -> None:
    """Watch the process ``parent`` from now on: one that was killed can't tell its children to end."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os._exit(1)
