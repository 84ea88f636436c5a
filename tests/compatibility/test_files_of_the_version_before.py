"""Files that version 0.1 has written mean the same today."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tui_trainer.api import Run
from tui_trainer.book.library import packaged
from tui_trainer.book.progress import LessonProgress
from tui_trainer.cli.main import main
from tui_trainer.experiment.schema import Experiment, OptimizerConfig, ScheduleConfig
from tui_trainer.experiment.share import share, unshare
from tui_trainer.experiment.toml_file import loads, read
from tui_trainer.experiment.validation import to_plain
from tui_trainer.export.trained import load_weights
from tui_trainer.files import DATA_VARIABLE
from tui_trainer.settings import CONFIG_VARIABLE, RememberedSettings
from tui_trainer.store.edits import RunEdits
from tui_trainer.store.store import Store
from tui_trainer.tabs.runs.index import RunIndex
from tui_trainer.tabs.runs.messages import RunList, WatchRuns
from tui_trainer.training.session import Session

FILES = Path(__file__).with_name("version_0_1")
EXPECTED = json.loads((FILES / "expected.json").read_text())
EXPERIMENTS = sorted(path.stem for path in (FILES / "experiments").iterdir())

NEW_KEYS = {
    "tab_loss": "0",
    "all_epochs": "w",
    "choose_none": "X",
    "quit_now": "ctrl+q",
}  # other ones than in that version


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files, as the folder of the user's data."""
    copy = tmp_path / "data"
    shutil.copytree(FILES, copy)
    monkeypatch.setenv(DATA_VARIABLE, str(copy))
    monkeypatch.setenv(CONFIG_VARIABLE, str(copy / "config.toml"))
    return copy


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """The store, opened by a process that owns none of its runs."""
    opened = Store(folder / "runs.sqlite")
    yield opened
    opened.close()


def listed(store: Store, text: str = "") -> RunList:
    """All runs that pass a filter, by number."""
    return RunIndex(store).list(WatchRuns(text, rows=100, sort="run"))


# Fields of each table that the version before did not have, and what they are in its files
NEWER: dict[str, dict[str, object]] = {
    "dataset": {
        "skip_rows": None,
        "comment": None,
        "quote": None,
        "missing_marks": [],
        "standardize_target": False,
        "fold": None,
        "test_split": 0.0,
        "split_order": "shuffled",
        "split_column": None,
        "group_column": None,
        "weight_column": None,
        "test_path": None,
    },
    "model": {"input_dropout": 0.0},
    "training": {
        "best_epoch_by": None,
        "schedule": to_plain(ScheduleConfig()),
        "class_weight": None,
        "clip_norm": None,
        "clip_value": None,
        "stop_at_step": None,
        "stop_at_gradient": None,
    },
}


NEWER_TABLES = {"moments": {"run", "arrays"}}  # of the store, which the version before leaves alone
NEWER_OF_LAYERS = {"initializer_scale": 1.0, "l1": None, "l2": None, "trainable": True}


def as_json(experiment: Experiment) -> Any:
    """Its fields, as they stand in ``expected.json``; those that are newer are as if they did not exist."""
    fields = json.loads(json.dumps(to_plain(experiment)))
    for table, values in NEWER.items():
        for name, value in values.items():
            assert fields[table].pop(name) == value
    for layer in (*fields["model"]["layers"], fields["model"]["output"]):
        for name, value in NEWER_OF_LAYERS.items():
            assert layer.pop(name) == value
    assert not any(layer.pop("batch_norm") for layer in fields["model"]["layers"])
    for name in ("weight_decay", "history_size", "max_eval"):
        assert fields["training"]["optimizer"].pop(name) == getattr(OptimizerConfig(), name)
    return fields


def rounding() -> str:
    """How this machine rounds; the same as in ``make_files.py``."""
    values = np.random.Generator(np.random.PCG64(0)).normal(size=(64, 64))
    for _ in range(8):
        values = np.tanh(values @ values / 8) + np.exp(-np.abs(values)) - np.log1p(values**2) / np.sqrt(1 + values**2)
    return sha256(values.tobytes()).hexdigest()


def layout(path: Path) -> tuple[dict[str, dict[str, tuple[object, ...]]], set[str]]:
    """The columns of each table with all that is said of them but for their order, and the SQL of the indices."""
    connection = sqlite3.connect(path)
    entries = connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    tables = {
        name: {row[1]: row[2:] for row in connection.execute(f"PRAGMA table_info({name})")}
        for kind, name, _ in entries
        if kind == "table"
    }
    connection.close()
    return tables, {sql for kind, _, sql in entries if kind == "index"}


def test_a_new_store_has_the_same_tables(tmp_path: Path) -> None:
    Store(tmp_path / "new.sqlite").close()
    tables, indices = layout(tmp_path / "new.sqlite")
    assert {name: tables.pop(name).keys() for name in NEWER_TABLES} == NEWER_TABLES
    assert (tables, indices) == layout(FILES / "runs.sqlite")


def test_the_runs_are_listed_with_the_same_values(store: Store) -> None:
    rows = listed(store).rows
    assert [str(row.run) for row in rows] == list(EXPECTED["runs"])
    for row in rows:
        for name, value in EXPECTED["runs"][str(row.run)].items():
            assert getattr(row, name) == value, (row.run, name)


@pytest.mark.parametrize("text", EXPECTED["filters"])
def test_filters_find_the_same_runs(store: Store, text: str) -> None:
    assert [row.run for row in listed(store, text).rows] == EXPECTED["filters"][text]


def test_the_curves_are_the_same(store: Store) -> None:
    for run, columns in EXPECTED["curves"].items():
        found = {name: column.tolist() for name, column in store.epochs(int(run)).items()}
        assert found == columns


def test_the_experiments_of_runs_are_the_same(store: Store) -> None:
    with store.reading() as connection:
        texts = dict(connection.execute("SELECT id, experiment FROM runs").fetchall())
    assert {str(run): as_json(loads(text)) for run, text in texts.items()} == EXPECTED["experiments of runs"]


def test_a_paused_run_goes_on_bit_for_bit(store: Store) -> None:
    expected = EXPECTED["resumed"]
    session = Session()
    session.load(store.find(expected["run"]).experiment)
    session.restore(*store.snapshot(expected["run"]), "paused")
    assert session.steps == expected["steps"]
    assert session.trainer.model.parameters.flat.tolist() == expected["weights"]
    session.train()
    session.advance_to_end()
    assert session.steps == expected["steps at the end"]
    weights, losses = session.trainer.model.parameters.flat, session.history.columns(0)["loss"]
    np.testing.assert_allclose(weights, expected["weights at the end"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(losses, expected["loss at the end"], rtol=1e-9)
    if rounding() == EXPECTED["rounding"]:  # processors of other kinds round in other ways
        assert weights.tolist() == expected["weights at the end"]
        assert losses.tolist() == expected["loss at the end"]


def test_runs_can_be_changed(store: Store) -> None:
    edits = RunEdits(store)
    edits.rename(1, "another name")
    edits.tag((2,), ("new",), ("class",))
    edits.pin((3,), False)
    rows = {row.run: row for row in listed(store).rows}
    assert (rows[1].name, rows[2].tags, rows[3].pinned) == ("another name", "Übung new", False)
    assert edits.undelete((6,)) == 1 and [row.run for row in listed(store, "name=deleted").rows] == [6]


def test_a_new_run_is_the_next_one(store: Store) -> None:
    assert store.begin(Experiment()) == 10


def columns(text: str) -> dict[str, list[str]]:
    """The columns of a table, which have two spaces or more between them, by the first one."""
    rows = [re.split(r"\s{2,}", line) for line in text.splitlines()]
    return {name: rest for name, *rest in rows}


def test_changed_keys_are_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys"]) == 0
    keys = {name: key for name, (key, *_) in columns(capsys.readouterr().out).items()}
    before = {name: key for name, (key, *_) in columns(EXPECTED["printed"]["keys"]).items()}
    assert {name: keys.get(name) for name in before} == before | NEW_KEYS


def test_settings_are_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 0
    settings, before = columns(capsys.readouterr().out), columns(EXPECTED["printed"]["settings"])
    for name in before.keys() - {"config file", "themes"}:
        assert settings[name] == before[name]
    assert set(before["themes"][0].split(", ")) <= set(settings["themes"][0].split(", "))


def test_the_runs_to_resume_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions"]) == 0
    told = [line.split()[:-3] for line in capsys.readouterr().out.splitlines()]  # without the age
    assert told == [line.split()[:-3] for line in EXPECTED["printed"]["sessions"].splitlines()]


def test_choices_are_remembered(folder: Path) -> None:
    remembered = RememberedSettings(folder / "remembered.json").recall()
    assert (remembered.theme, remembered.markers) == ("high-contrast", "ascii")


def test_what_was_done_in_lessons_is_remembered(folder: Path) -> None:
    progress = LessonProgress(folder / "book.json")
    assert progress.complaint == "" and progress.opened == EXPECTED["book"]["opened"]
    done = {lesson.id: sorted(progress.done(lesson)) for lesson in packaged().lessons}
    assert {name: keys for name, keys in done.items() if keys} == {"book:perceptron": ["question"]}
    assert set(EXPECTED["book"]["done"]) <= set(done)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiment_files_and_words_are_the_same(name: str) -> None:
    experiment = read(FILES / "experiments" / f"{name}.toml")
    assert as_json(experiment) == EXPECTED["experiments"][name]
    assert unshare(EXPECTED["words"][name]) == experiment
    assert unshare(share(experiment)) == experiment


def test_an_exported_folder_is_the_run_it_was(folder: Path) -> None:
    expected = EXPECTED["exported"]
    run = Run.load(folder / "exported")
    assert run.state == expected["state"] and as_json(run.experiment) == as_json(
        read(folder / "exported/experiment.toml")
    )
    assert [one.tolist() for one in run.weights] == expected["weights"]
    assert {name: values.tolist() for name, values in run.history.items()} == expected["history"]
    predictions = run.predict([[1.4, 0.2], [4.7, 1.4], [6.0, 2.5]])
    np.testing.assert_allclose(predictions, expected["predictions"], rtol=1e-9)


def test_a_run_begins_with_exported_weights(folder: Path) -> None:
    session = Session()
    session.load(read(folder / "exported" / "experiment.toml"))
    load_weights(session, folder / "exported" / "weights.safetensors")
    assert [one.tolist() for one in session.trainer.model.get_weights()] == EXPECTED["exported"]["weights"]
