"""``tui-trainer sweep``: what it prints, writes and returns, how it refuses, and how it ends at Ctrl+C."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sweep_cases import BOOK, LONG, RATE, SMALL, UNITS
from systems import KILL, KILLED, WINDOWS, not_on_windows

from tui_trainer.cli import sweep
from tui_trainer.cli.main import main
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.share import share, unshare
from tui_trainer.experiment.toml_file import write
from tui_trainer.store.store import Store, default_path
from tui_trainer.sweep import workers

Sweep = Callable[..., tuple[int, str]]
HUNDRED = ",".join(map(str, range(1, 101)))
RATES = f"--set={RATE}=1e-6,1e-5,5e-5"
NOWHERE = Path("no/such/folder.csv")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Sweep:
    """Runs the command on an experiment, one run after the other; returns its exit code and what it printed."""

    def swept(experiment: Experiment, *words: str) -> tuple[int, str]:
        code = main(["sweep", share(experiment), "--jobs", "1", *words])
        out, err = capsys.readouterr()
        assert err == "" and "\x1b" not in out
        return code, out

    return swept


def test_the_question_of_the_book(run: Sweep) -> None:
    code, out = run(BOOK, RATES)
    lines = out.splitlines()
    assert code == 0
    assert lines[:5] == [
        "run 1/3  learning_rate = 1e-6  loss 147766",
        "run 2/3  learning_rate = 1e-5  loss 29564.2",
        "run 3/3  learning_rate = 5e-5  loss 458987",
        "",
        "run  learning_rate     loss        r2      mae          w",
    ]
    assert [line.split()[0] for line in lines[5:8]] == ["2", "1", "3"]
    assert [line.split()[-1] for line in lines[5:8]] == ["3.63293", "1.23633", "-0.953449"]
    assert lines[9] == "Best by loss: run 2, learning_rate = 1e-5: loss 29564.2, r2 0.307894, mae 5.47336."
    assert lines[10].startswith("3 runs in ") and "in one process. Kept in the store as numbers 1 to 3" in lines[10]


def test_the_best_run_is_told_by_its_number_in_the_store(run: Sweep) -> None:
    run(BOOK, RATES)
    _, out = run(BOOK, RATES)
    assert "Best by loss: run 2," in out
    assert "Kept in the store as numbers 4 to 6, the best as 5, with the tag sweep-4." in out


def test_lines_come_in_the_order_of_numbers_whatever_ends_first(run: Sweep) -> None:
    _, out = run(SMALL, "--set=training.epochs=3,2,1", "--set=dataset.seed=1,0")  # done by data, seed 0 first
    assert [line.split()[1] for line in out.splitlines()[:6]] == [f"{n}/6" for n in range(1, 7)]


def test_several_seeds_are_told_together(run: Sweep) -> None:
    code, out = run(SMALL, f"--set={RATE}=0.01,0.1", f"--set={UNITS}=4", "--repeat=3", "--epochs=2")
    assert code == 0
    assert "run 6/6  learning_rate = 0.1, units = 4, model.seed = 2" not in out
    assert "run 6/6  learning_rate = 0.1, units = 4, seed = 2  val_loss " in out
    assert "learning_rate  units" in out and out.count(" 3 seeds\n") == 2
    (means,) = [line for line in out.splitlines() if "mean val_loss" in line]
    assert "mean val_accuracy" in means and out.count(" ± ") >= 8
    assert "Best by val_loss: learning_rate = 0.1, units = 4: " in out and "on average over 3 seeds" in out


def test_a_table_of_all_for_other_programs(run: Sweep, tmp_path: Path) -> None:
    table = tmp_path / "runs.csv"
    code, _ = run(
        SMALL, "--random=4", "--seed=3", f"--set={RATE}=log:1e-3..1e-1", f"--set={UNITS}=2..9", f"--results={table}"
    )
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert code == 0 and {row["number"] for row in rows} == {"1", "2", "3", "4"}
    assert all(1e-3 <= float(row[RATE]) <= 1e-1 and 2 <= int(row[UNITS]) <= 9 for row in rows)
    losses = [float(row["val_loss"]) for row in rows]
    assert losses == sorted(losses) and {row["state"] for row in rows} == {"finished"}
    assert {row["run"] for row in rows} == {"1", "2", "3", "4"}


def test_json_is_one_object_and_has_no_nan(run: Sweep) -> None:
    def refuse(constant: str) -> float:
        raise ValueError(f"{constant} is not JSON")

    code, out = run(BOOK, f"--set={RATE}=1e-5,1", "--json", "--repeat=2", "--no-store", "--epochs=300")
    result = json.loads(out, parse_constant=refuse)
    assert code == 0
    assert (result["by"], result["direction"], result["planned"], result["done"], result["best"]) == (
        "loss",
        "min",
        4,
        4,
        1,
    )
    assert [one["state"] for one in result["runs"]] == ["finished", "finished", "diverged", "diverged"]
    assert [(one["counted"], one["mean"] is None) for one in result["settings"]] == [(2, False), (0, True)]
    first = result["runs"][0]
    assert first["settings"] == {RATE: 1e-5, "model.seed": 0} and first["run"] is None
    assert unshare(first["experiment"]) == with_field(BOOK, "training.epochs", 300)


def test_where_all_diverge_none_is_the_best(run: Sweep) -> None:
    code, out = run(BOOK, f"--set={RATE}=1,10", "--epochs=300", "--no-store")
    assert code == 1
    assert out.count("diverged in epoch ") == 2 and "No run finished with a score" in out
    assert "Best by" not in out and "The loss became" in out.splitlines()[0]


def test_where_the_workers_are_lost_it_is_said_and_the_code_is_1(run: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*words: Any) -> workers.Outcomes:
        yield next(alone(*words))[:1]
        raise workers.WorkersLost("they are gone")

    alone = workers.run_sequentially
    monkeypatch.setattr(workers, "run_sequentially", lost)
    code, out = run(SMALL, f"--set={RATE}=0.1,0.2")
    assert code == 1 and "Best by val_loss: run 1" in out
    assert "Interrupted: 1 of 2 runs are done." in out and "The sweep has ended early: they are gone." in out


def test_an_interrupt_before_the_first_run_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "prepare", interrupted)
    assert main(["sweep", share(SMALL), f"--set={RATE}=0.1"]) == 130
    assert capsys.readouterr() == ("", "Interrupted.\n")


def test_no_table_is_left_behind_by_a_sweep_that_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "runs.csv"
    assert main(["sweep", share(SMALL), f"--set={RATE}=0.1,x", f"--results={table}"]) == 2
    assert not table.exists()


def test_what_differs_in_two_layers_is_told_apart(run: Sweep) -> None:
    experiment = Experiment(model=SMALL.model, training=with_field(SMALL, "training.epochs", 1).training)
    experiment = with_field(experiment, "model.layers", [{"units": 4}, {"units": 4}])
    _, out = run(
        experiment, f"--set={UNITS}=2", "--set=model.layers[1].units=3,4", "--set=dataset.features=sepal width (cm)"
    )
    assert "run  layers[0].units  layers[1].units          features  val_loss" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "nothing to vary; --set training.learning_rate=1e-3,1e-2 gives"),
        (["--set", RATE], "--set: expected a field and its values, such as --set training.learning_rate=1e-3,1e-2"),
        (["--set", f"{RATE}=0.1,x"], "training.learning_rate: expected a finite number greater than 0"),
        (["--set", f"{RATE}=0.1", "--set", f"{RATE} =0.2"], "training.learning_rate: is given twice"),
        (["--set", "\x1b[2J=0.1"], "is not the path of a field"),
        (["--set", f"{RATE}=1e-4..1e-1"], "a range needs --random N"),
        (["--set", f"{RATE}=0.1,0.2", "--random", "3"], "--random: expected at most 2 runs"),
        (["--set", f"{RATE}=0.1", "--repeat", "0"], "--repeat: expected a whole number from 1 to 10,000, got 0"),
        (["--set", f"{RATE}=0.1", "--repeat", "10001"], "--repeat: expected a whole number from 1 to 10,000"),
        (["--set", f"training.epochs={HUNDRED}", "--set", f"{UNITS}={HUNDRED}", "--repeat", "2"], "runs, got 20,000"),
        (["--set", f"{RATE}=0.1", "--jobs", "1000"], "--jobs: expected a whole number from 1 to 512, got 1000"),
        (["--set", f"{RATE}=0.1", "--by", "speed"], "--by: expected one of: loss, accuracy, balanced_accuracy, "),
        (["--set", f"{RATE}=0.1", "--by", "r2"], "no run can be trained; the first one: by: this run has no r2"),
        (["--set", f"{RATE}=0.1", "--epochs", "0"], "training.epochs: expected an integer"),
        (["--set", f"{RATE}=0.1", "--results", f"{NOWHERE}"], f"--results: cannot write '{NOWHERE}'"),
    ],
)  # fmt: skip
def test_what_is_refused(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", share(SMALL), *words]) == 2
    out, err = capsys.readouterr()
    assert "Best" not in out and err.startswith("tui-trainer: ") and err.count("\n") == 1
    assert told in err and err[:-1].isprintable()


@pytest.mark.parametrize("words", [["--repeat", "x"], ["--jobs", "-1"], ["--seed", "1" * 19], ["--nosuch"]])
def test_wrong_usage_prints_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sweep", share(SMALL), "--set", f"{RATE}=0.1", *words])
    assert ended.value.code == 2
    assert "usage: tui-trainer sweep" in capsys.readouterr().err


def test_the_help_shows_a_range(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sweep", "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: tui-trainer sweep") and "log:1e-4..1e-1" in out
    assert all(len(line) <= 100 for line in out.splitlines())


@pytest.fixture
def under_way(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A sweep in a process of its own, in two more processes, that has done its first run and never ends."""
    write(LONG, tmp_path / "long.toml")
    words = ["sweep", "long.toml", "--jobs=2", "--set=training.epochs=2,9000000,9999999"]
    with subprocess.Popen(
        [sys.executable, "-m", "tui_trainer", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("run 1/3  epochs = 2  val_loss ")
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill() if WINDOWS else os.killpg(process.pid, KILL)


@not_on_windows("Ctrl+C can't be sent there but to everybody at the same console, the tests themselves too")
def test_ctrl_c_ends_all_processes_and_tells_what_is_done(under_way: subprocess.Popen[str]) -> None:
    os.killpg(under_way.pid, signal.SIGINT)  # as a terminal does: to this process and to its workers
    out, err = under_way.communicate(timeout=20)  # ends when the last of them has let go of the pipes
    assert err == "" and under_way.returncode == 130
    assert "Interrupted: 1 of 3 runs are done." in out and "Kept in the store as number 1" in out


def test_no_process_outlives_a_sweep_that_is_killed(under_way: subprocess.Popen[str]) -> None:
    under_way.kill()
    out, _ = under_way.communicate(timeout=20)  # ends when the last of its workers has let go of the pipes
    assert out == "" and under_way.returncode == KILLED
    store = Store(default_path())
    assert [run.epoch for run in store.runs()] == [2]
    store.close()
