"""Where runs are done: in this process one after the other, in processes side by side, or on a Dask cluster."""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import os
import re
import signal
import warnings
from collections.abc import Generator, Iterator, Sequence
from multiprocessing import resource_tracker
from typing import Any

from tui_trainer import __version__
from tui_trainer.errors import ExperimentError, quoted
from tui_trainer.experiment.schema import Experiment

from .parent import end_with
from .running import Outcome, release, run_one

Task = tuple[int, Experiment]  # with the number of its run
Done = tuple[int, Outcome]
Outcomes = Generator[Done, None, None]  # closing it ends what is under way
PATIENCE = 10  # seconds that a Dask scheduler may take to answer, and its workers to be there
ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?[^\s/]+:\d{1,5}")  # Dask hangs on some others
SAFE_PATH = "PYTHONSAFEPATH"
INSTALL = "python -m pip install 'tui-trainer[dask]'"


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
        raise ExperimentError("dask", f"Dask is not installed; get it with {INSTALL}") from error
    import joblib

    with _quiet("distributed.client"), _client(distributed, address) as client:
        with joblib.parallel_config(backend="dask", client=client, wait_for_workers_timeout=PATIENCE):
            parallel = joblib.Parallel(n_jobs=-1, return_as="generator_unordered")
        try:
            done = parallel(_calls(tasks, by, keep))
        except TimeoutError as error:
            told = f"the scheduler at {quoted(address)} has no workers; start some with dask worker"
            raise ExperimentError("dask", told) from error
        with _closing(done):
            try:
                for one in done:  # noqa: UP028
                    yield one
            except (distributed.KilledWorker, OSError, concurrent.futures.CancelledError) as error:
                raise WorkersLost("the workers of the cluster, or its scheduler, are gone") from error


def _client(distributed: Any, address: str) -> Any:
    if not ADDRESS.fullmatch(address):
        raise ExperimentError("dask", f"expected an address such as tcp://10.0.0.5:8786, got {quoted(address)}")
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        told = f"no Dask scheduler answers at {quoted(address)}; start one with dask scheduler, and workers for it"
        raise ExperimentError("dask", told) from error
    try:
        versions = set(client.run(_version).values())
    except Exception as error:  # whatever the missing package raises there comes back as itself
        client.close()
        raise ExperimentError("dask", "a worker of the cluster can't import tui-trainer; install it there") from error
    if versions - {__version__}:
        client.close()
        told = f"tui-trainer is {__version__} here, {', '.join(sorted(versions))} on the cluster; install the same"
        raise ExperimentError("dask", told)
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
