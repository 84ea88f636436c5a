"""Whole sweeps: the same whatever does the runs, kept as they end, and ended cleanly."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sweep_cases import BOOK, LONG, RATE, SMALL, UNITS
from systems import KILL, WINDOWS

from tui_trainer.cli.sweep import sentences
from tui_trainer.engine import StackedTrainer
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.store.store import Checkpoint, Store, StoreError, StoreFull, default_path
from tui_trainer.sweep import Row, SweepResult, scheduler, sweep, workers
from tui_trainer.sweep.workers import run_group, run_one
from tui_trainer.tabs.runs.index import RunIndex
from tui_trainer.tabs.runs.messages import WatchRuns
from tui_trainer.training.session import Session
from tui_trainer.training.stack import Stack

FIELDS = {RATE: "0.01,0.1,1", UNITS: [4, 8]}


@pytest.fixture(autouse=True)
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes do the runs, however short these are."""
    monkeypatch.setattr(scheduler, "PROCESSES_SECONDS", 0.0)


def content(result: SweepResult) -> list[tuple[object, ...]]:
    """All that a sweep has found, but for times."""
    return [
        (row.number, row.settings, row.state, row.message, row.scores, {k: v.tolist() for k, v in row.history.items()})
        for row in result.rows
    ]


def signals_held(pid: int) -> int:
    """The mask of the signals that never reach a process, as Linux tells it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:")), 16)


def test_workers_that_are_ended_from_outside_are_told_of() -> None:
    held: list[int] = []

    def end_the_others(_: Row) -> None:
        for process in multiprocessing.active_children():
            assert process.pid is not None
            held.append(1 << signal.SIGINT - 1 if WINDOWS else signals_held(process.pid))
            os.kill(process.pid, KILL)

    result = sweep(SMALL, {"training.epochs": [2, 1_000_000, 999_999]}, jobs=2, keep=False, on_row=end_the_others)
    assert [row.number for row in result.rows] == [1] and not result.interrupted
    assert result.complaint.startswith("The sweep has ended early: the system killed a training process")
    assert len(held) == 2 and all(mask & 1 << signal.SIGINT - 1 for mask in held)  # Ctrl+C is not theirs


@pytest.mark.parametrize("jobs", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_the_number_of_jobs_changes_nothing(jobs: int) -> None:
    alone, together = (sweep(SMALL, FIELDS, jobs=n, keep=False) for n in (1, jobs))
    assert (alone.jobs, together.jobs) == (1, jobs) and len(alone.rows) == 6
    assert content(alone) == content(together)
    for row in together.rows:
        single = run_one(row.experiment, "loss", keep=False)
        assert (single.scores, single.steps) == (row.scores, row.steps)


def test_the_question_of_the_book() -> None:
    result = sweep(BOOK, {RATE: [1e-6, 1e-5, 5e-5]}, jobs=2, keep=False)
    assert [(row.settings[RATE], f"{row.weights['w']:.4f}") for row in result.rows] == [
        (1e-5, "3.6329"),
        (1e-6, "1.2363"),
        (5e-5, "-0.9534"),
    ]
    assert result.best is not None and result.by == "loss" and result.best.settings == {RATE: 1e-5}


def test_runs_that_diverge_or_fail_do_not_end_the_others() -> None:
    losses = ["mse", "categorical_crossentropy"]
    book = with_field(with_field(BOOK, "dataset.validation_split", 0.2), "training.epochs", 300)
    result = sweep(book, {"training.loss": losses, RATE: [0.01, 1.0]}, jobs=2)
    assert [(row.number, row.state) for row in result.rows][:2] == [(1, "finished"), (2, "diverged")]
    assert [(row.number, row.state, row.run) for row in result.rows][2:] == [(3, "failed", None), (4, "failed", None)]
    assert result.rows[1].run is not None and "The loss became" in result.rows[1].message
    assert "categorical_crossentropy is for classes" in result.rows[2].message


@pytest.mark.parametrize("jobs", [1, 2])
def test_where_no_run_can_be_done_the_first_reason_is_told(jobs: int) -> None:
    with pytest.raises(UserError, match=r"no run can be trained; the first one: dataset\.name: there is no"):
        sweep(SMALL, {"dataset.name": "irsi,wien"}, jobs=jobs)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"jobs": 0}, "jobs: expected a whole number from 1 to 512, got 0"),
        ({"repeat": 0}, "repeat: expected a whole number from 1 to 10,000, got 0"),
        ({"random": 10001}, "random: expected a whole number from 1 to 10,000, got 10001"),
        ({"by": "speed"}, "by: expected one of: loss"),
    ],
)
def test_numbers_and_measures_are_checked(options: dict[str, object], told: str) -> None:
    with pytest.raises(UserError) as refused:
        sweep(SMALL, FIELDS, **options)  # type: ignore[arg-type]
    assert told in str(refused.value)


def test_any_measure_may_decide_and_is_taken_for_it() -> None:
    result = sweep(SMALL, {RATE: [0.001, 0.5]}, by="val_f1", jobs=1, keep=False)
    assert all(row.experiment.training.metrics == ("f1",) for row in result.rows)
    first, second = (row.scores["val_f1"] for row in result.rows)
    assert first > second, "more is better"


def test_nothing_runs_where_one_value_is_wrong() -> None:
    seen: list[Row] = []
    with pytest.raises(UserError, match="got 70000"):
        sweep(SMALL, {UNITS: [4, 8, 70000]}, jobs=1, on_row=seen.append)
    assert seen == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_run_is_kept_and_can_be_opened_again(jobs: int) -> None:
    result = sweep(SMALL, FIELDS, jobs=jobs)
    store = Store(default_path())
    stored = {run.id: run for run in store.runs()}
    assert sorted(stored) == sorted(row.run for row in result.rows if row.run is not None) == [1, 2, 3, 4, 5, 6]
    for row in result.rows:
        assert row.run is not None
        run = stored[row.run]
        assert (run.experiment, run.state, run.epoch, run.step) == (row.experiment, row.state, row.epochs, row.steps)
        assert not run.alive and not run.is_resumable
        snapshot, epochs = store.snapshot(row.run)
        assert all(np.array_equal(epochs[name], values) for name, values in row.history.items())
        session = Session()
        session.load(run.experiment)
        session.restore(snapshot, epochs)
        parts = session.split
        assert session.trainer.evaluate(parts.x_train, parts.y_train)["loss"] == row.scores["loss"]
    together = RunIndex(store).list(WatchRuns(result.tag, rows=10))
    assert (result.tag, {row.run for row in together.rows}) == ("sweep-1", set(stored))
    assert all(row.seconds > 0 for row in together.rows)
    assert {row.name for row in together.rows} >= {"learning_rate = 0.01, units = 4", "learning_rate = 1, units = 8"}
    store.close()


def test_a_long_name_is_cut() -> None:
    layers = with_field(SMALL, "model.layers", [{"units": 4}] * 9)
    sweep(layers, {f"model.layers[{index}].units": [3] for index in range(9)}, jobs=1)
    store = Store(default_path())
    (row,) = RunIndex(store).list(WatchRuns(rows=10)).rows
    assert row.name.startswith("layers[0].units = 3, layers[1].units = 3, ") and row.name.endswith("…")
    store.close()


def test_nothing_is_kept_where_that_is_not_wanted() -> None:
    assert [row.run for row in sweep(SMALL, {RATE: [0.1]}, keep=False).rows] == [None]
    assert not default_path().exists()


def test_a_store_that_fails_is_told_of_and_the_sweep_goes_on(own_store: Path) -> None:
    own_store.write_text("in the way")
    result = sweep(SMALL, {RATE: [0.1, 0.2]}, jobs=1)
    assert [row.state for row in result.rows] == ["finished", "finished"]
    assert result.complaint.startswith("Runs can't be saved in ")


def test_a_disk_that_is_full_for_a_moment_loses_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    save, failures = Store.save, iter((True, True))

    def fail_twice(*arguments: Any) -> None:
        if next(failures, False):
            raise StoreFull("The disk is full.")
        save(*arguments)

    monkeypatch.setattr(Store, "save", fail_twice)
    monkeypatch.setattr(scheduler, "PAUSES", (0.0, 0.0))
    result = sweep(SMALL, {RATE: [0.1, 0.2]}, jobs=1)
    assert result.complaint == "" and all(row.run is not None for row in result.rows)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_keeps_what_is_done(jobs: int) -> None:
    seen: list[Row] = []

    def interrupt(row: Row) -> None:
        seen.append(row)
        if len(seen) == 2:
            raise KeyboardInterrupt

    endless = LONG.training.epochs
    result = sweep(SMALL, {"training.epochs": [2, 3, endless, endless - 1]}, jobs=jobs, on_row=interrupt)
    assert result.interrupted and result.planned == 4
    assert sorted(row.number for row in result.rows) == [1, 2] and result.best is not None
    store = Store(default_path())
    assert len(store.runs()) == 2
    store.close()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl+C interrupts, also where the tests run in the background of a shell, which ignores it there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_keeps_runs_that_are_trained_together_as_far_as_they_came(monkeypatch: pytest.MonkeyPatch) -> None:
    advance = Stack.advance

    def interrupted_once(stack: Stack, steps: int) -> list[int]:
        ended = advance(stack, steps)
        if stack.trainer.epochs == 3:
            signal.raise_signal(signal.SIGINT)
        return ended

    monkeypatch.setattr(Stack, "advance", interrupted_once)
    result = sweep(SMALL, {"training.stop_at_loss": [1e9, 1e-9, 1e-8, 1e-7]}, jobs=1)
    assert result.interrupted and result.done == 1
    rows = sorted(result.rows, key=lambda row: row.number)
    assert [(row.state, row.epochs, row.cut_after) for row in rows] == [
        ("stopped early", 1, None),
        *[("paused", 3, 3)] * 3,
    ]
    assert rows[1].message == "Interrupted after 3 of 5 epochs." and rows[1].scores.keys() == rows[0].scores.keys()
    assert "Interrupted: 1 of 4 runs are done, and 3 as far as they came." in sentences(result)
    monkeypatch.setattr(Stack, "advance", advance)
    alone = Session(max_threads=1)
    alone.load(rows[1].experiment)
    alone.train()
    alone.advance_to_end()
    resumed = Session(max_threads=1)
    resumed.load(rows[1].experiment)
    store = Store(default_path())
    assert rows[1].run is not None
    resumed.restore(*store.snapshot(rows[1].run))
    store.close()
    assert resumed.state == "paused"
    resumed.train()
    resumed.advance_to_end()
    np.testing.assert_array_equal(resumed.trainer.model.parameters.flat, alone.trainer.model.parameters.flat)


def test_runs_that_end_together_are_saved_though_one_of_them_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    add = Store.add

    def refuse_one(store: Store, checkpoint: Checkpoint) -> int:
        if checkpoint.experiment.training.learning_rate == 0.2:
            raise StoreError("It can't be saved.")
        return add(store, checkpoint)

    monkeypatch.setattr(Store, "add", refuse_one)
    result = sweep(SMALL, {RATE: [0.1, 0.2, 0.3, 0.4]}, jobs=1)
    rows = sorted(result.rows, key=lambda row: row.number)
    assert [row.run is None for row in rows] == [False, True, False, False]
    assert result.complaint == "It can't be saved."
    store = Store(default_path())
    assert len(store.runs()) == 3
    store.close()


def test_a_cluster_of_dask_finds_the_same() -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is an extra: pip install 'tui-trainer[dask]'")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        there = sweep(SMALL, FIELDS, dask=cluster.scheduler_address)
    assert there.jobs == 0 and [row.run is not None for row in there.rows] == [True] * 6
    assert content(there) == content(sweep(SMALL, FIELDS, jobs=1, keep=False))


def test_an_address_where_no_scheduler_is() -> None:
    pytest.importorskip("distributed", reason="Dask is an extra: pip install 'tui-trainer[dask]'")
    for address in ("nowhere", "http://a b", "tcp://a:b"):
        with pytest.raises(UserError, match=r"dask: expected an address such as tcp://10\.0\.0\.5:8786, got "):
            sweep(SMALL, FIELDS, dask=address)


def test_without_dask_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"dask: Dask is not installed; get it with python -m pip install"):
        sweep(SMALL, FIELDS, dask="localhost:8786")


def test_runs_without_the_measure_are_not_trained_together_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StackedTrainer, "run_steps", lambda *_: pytest.fail("a step was taken"))
    tasks = [(number, with_field(SMALL, "model.seed", number)) for number in range(1, 5)]
    outcomes = [outcome for ended in run_group(tasks, "r2", keep=False) for outcome in ended]
    assert [(number, outcome.state) for number, outcome in outcomes] == [(n, "failed") for n in range(1, 5)]
    assert outcomes[0][1].message.startswith("by: this run has no r2")


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[Experiment]:
    """The experiments that were built to see how many of them to train at a time."""
    monkeypatch.setattr(scheduler, "PROCESSES_SECONDS", 1.5)
    experiments: list[Experiment] = []
    size_of_stack = workers.size_of_stack
    monkeypatch.setattr(workers, "size_of_stack", lambda one: experiments.append(one) or size_of_stack(one))
    return experiments


def test_single_runs_are_looked_at_until_it_is_known_that_they_take_long(looked_at: list[Experiment]) -> None:
    long = with_field(SMALL, "training.epochs", 100_000)
    kinds = scheduler._kinds([(units, with_field(long, UNITS, units)) for units in range(1, 21)])
    assert len(kinds) == 20 and len(looked_at) == 1
    short = scheduler._kinds([(units, with_field(SMALL, UNITS, units)) for units in range(1, 4)])
    assert len(looked_at) == 4 and sum(kind.seconds for kind in short) < 1.0


def test_of_very_many_kinds_those_with_most_runs_are_trained_together(
    looked_at: list[Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "MAX_KINDS", 2)
    tasks = [
        (10 * units + seed, with_field(with_field(SMALL, UNITS, units), "model.seed", seed))
        for units, runs in ((5, 2), (6, 4), (7, 3))
        for seed in range(runs)
    ]
    kinds = scheduler._kinds(tasks)
    assert [len(kind.tasks) for kind in kinds] == [2, 4, 3]
    assert [kind.stack > 1 for kind in kinds] == [False, True, True] and len(looked_at) == 2
