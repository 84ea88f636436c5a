"""A store that was damaged or tampered with: told in a sentence or left out; no crash, no hang, no control code."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from systems import PIPES, WINDOWS

from tui_trainer.cli.main import main
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.export.trained import stored_session
from tui_trainer.protocol import Update, encode, frame, report_decoder
from tui_trainer.runtime import resume
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.store import Store, StoreError
from tui_trainer.tabs.runs.index import RunIndex
from tui_trainer.tabs.runs.messages import RunList, WatchRuns
from tui_trainer.tabs.view import decode_content
from tui_trainer.training.session import Session

RUN_COLUMNS = (
    "started",
    "updated",
    "pid",
    "name",
    "experiment",
    "state",
    "epoch",
    "step",
    "latest",
    "owner",
    "watched",
)
CARD_COLUMNS = (
    *("name", "tags", "words", "pinned", "deleted_by", "dataset", "layers", "activation", "optimizer", "rate", "batch"),
    *("wanted", "seed", "owner", "state", "epoch", "step", "loss", "val_loss", "accuracy", "r2", "mae", "seconds"),
    *("started", "updated"),
)
VALUES = (9e999, -9e999, b"\xff\x00", "\x1b[2J\u202e", "", -1, 0, 2**63 - 1)
TENSORS = (("BF16", 2), ("F8_E4M3", 1), ("I64", 8), ("BOOL", 1), ("F64", 8), ("F16", 2), ("C64", 8), ("F4", 1))
Act = Callable[[Path], list[str]]
Fresh = Callable[..., Path]
ENDLESS = "WITH RECURSIVE r(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM r) SELECT id FROM r"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a store with one run that was cut off."""
    path = tmp_path_factory.mktemp("store") / "runs.sqlite"
    session, keeper = Session(), Checkpointer(path, "gone")
    session.load(Experiment())
    session.epoch()
    keeper.save(session)
    assert keeper.store is not None
    keeper.store.close()
    assert not path.with_name("runs.sqlite-wal").exists()
    return path.read_bytes()


@pytest.fixture
def fresh(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fresh:
    """Makes a data folder with a copy of it, or with what is in its place; each time another one."""

    def make(changed: bytes = content) -> Path:
        folder = tmp_path / str(len(os.listdir(tmp_path)))
        folder.mkdir()
        monkeypatch.setenv("TUI_TRAINER_DATA", str(folder))
        (folder / "runs.sqlite").write_bytes(changed)
        return folder / "runs.sqlite"

    return make


@pytest.fixture
def store(fresh: Fresh) -> Path:
    """One copy."""
    return fresh()


def change(path: Path, *statements: str | tuple[str, tuple[object, ...]]) -> None:
    """Do to a store what its app never would."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(*([statement] if isinstance(statement, str) else statement))
    connection.commit()
    connection.close()


def use(path: Path, *acts: Act) -> list[str]:
    """All that is done with a store; the sentences that come of it. Anything but these fails the test."""
    said: list[str] = []
    for act in acts or (_list, _come_back, _catalogue, _export, _resume, _begin):
        try:
            said += act(path)
        except (StoreError, UserError) as error:
            said.append(str(error))
    assert all(sentence.isprintable() for sentence in said), said
    return said


def _list(path: Path) -> list[str]:
    return resume.listed()


def _come_back(path: Path) -> list[str]:
    resume.find(None)
    return []


def _catalogue(path: Path) -> list[str]:
    """What the Runs tab is told can be understood at the other end."""
    with contextlib.closing(Store(path)) as opened:
        found = RunIndex(opened).list(WatchRuns(rows=10, compared=(1,)))
    report = report_decoder.decode(frame(Update(1, "runs", 0, encode(found)))[4:])
    assert isinstance(report, Update) and isinstance(decode_content(report), RunList)
    return []


def _export(path: Path) -> list[str]:
    with contextlib.closing(Store(path)) as opened:
        stored_session(opened, 1)
    return []


def _resume(path: Path) -> list[str]:
    keeper, session = Checkpointer(path, "another"), Session()
    if keeper.store is None:
        return [keeper.complaint]
    keeper.resumable_run()
    stored = keeper.claim(1)
    session.load(stored.experiment)
    keeper.restore(session, 1, stored.state)
    session.step()
    keeper.save(session)
    return [keeper.complaint]


def _begin(path: Path) -> list[str]:
    """A new run goes on, kept or not."""
    keeper, session = Checkpointer(path, "a third"), Session()
    session.load(Experiment())
    session.step()
    keeper.save(session)
    assert session.steps == 1
    return [keeper.complaint]


def test_a_store_as_it_should_be(store: Path) -> None:
    assert [line.split()[:3] for line in resume.listed()] == [["1", "iris", "16"]]
    assert [said for said in use(store)[1:] if said] == []


def multiply(path: Path, times: int) -> None:
    """Give the store copies of its run, numbered from 2 on."""
    connection = sqlite3.connect(path)
    for table, key in (("runs", "id"), ("cards", "run"), ("snapshots", "run"), ("epochs", "run")):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != key]
        names = ", ".join(columns)
        for number in range(2, times + 2):
            connection.execute(
                f"INSERT INTO {table} ({key}, {names}) SELECT {number}, {names} FROM {table} WHERE {key} = 1"
            )
    connection.commit()
    connection.close()


@pytest.mark.parametrize("value", VALUES)
def test_other_values_in_its_columns(store: Path, value: object) -> None:
    """One column of each run is something else; the run that is well stays on every list."""
    odd = [("runs", "id", name) for name in RUN_COLUMNS] + [("cards", "run", name) for name in CARD_COLUMNS]
    multiply(store, len(odd))
    change(
        store,
        *(
            (f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (value, number))
            for number, (table, key, column) in enumerate(odd, start=2)
        ),
    )
    use(store)
    opened = Store(store)
    listed = RunIndex(opened).list(WatchRuns(rows=100))
    assert 1 in [row.run for row in listed.rows] and 1 in [run.id for run in opened.runs()]
    for number in range(2, len(odd) + 2):
        with contextlib.suppress(StoreError):
            opened.claim(number)
    opened.close()


@pytest.mark.parametrize("table", ["snapshots", "epochs"])
def test_arrays_that_are_none(fresh: Fresh, table: str) -> None:
    wrong: list[object] = ["x", 5, 1.5, b"", b"\xff" * 9, struct.pack("<Q", 2**60)]
    for kind, size in TENSORS:
        head = json.dumps({"loss": {"dtype": kind, "shape": [], "data_offsets": [0, size]}}).encode()
        wrong.append(struct.pack("<Q", len(head)) + head + b"\1" * size)
    for arrays in wrong:
        store = fresh()
        change(store, (f"UPDATE {table} SET arrays = ?", (arrays,)))
        assert any(
            any(word in said for word in ("damaged", "match", "fit")) for said in use(store, _export, _resume)
        ), arrays


def test_a_file_cut_or_changed_anywhere(fresh: Fresh, content: bytes) -> None:
    chance = random.Random(6)
    for _ in range(30):
        cut = bytearray(content[: chance.randrange(len(content))] if chance.random() < 0.3 else content)
        for _ in range(chance.randrange(200)):
            if cut:
                cut[chance.randrange(len(cut))] = chance.randrange(256)
        use(fresh(bytes(cut)))


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP TABLE cards", f"CREATE VIEW cards AS {ENDLESS}"),
        ("DROP TABLE runs", f"CREATE VIEW runs AS {ENDLESS}"),
        (f"CREATE TRIGGER t AFTER UPDATE ON runs BEGIN INSERT INTO epochs {ENDLESS}; END",),
        ("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END",),
    ],
)
def test_views_and_triggers_are_not_run(store: Path, statements: tuple[str, ...]) -> None:
    change(store, *statements)
    assert "it holds views or triggers, so it was not made by this app" in use(store)[0]


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP TABLE runs", 'CREATE TABLE runs (id INTEGER PRIMARY KEY, "\x1b[2J" TEXT)'),
        ("DROP TABLE cards", "CREATE TABLE cards (a)"),
        ("DROP TABLE snapshots", "CREATE TABLE snapshots (arrays)"),
        ("PRAGMA writable_schema = 1", "UPDATE sqlite_schema SET sql = 'x', name = '\x1b]0;x\x07' WHERE name = 'runs'"),
    ],
)
def test_tables_of_something_else(store: Path, statements: tuple[str, ...]) -> None:
    change(store, *statements)
    assert any(use(store)), "something is said of it"


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: os.mkfifo(path), "it is a pipe or a device, not a file"),
        (_link("/dev/zero"), "it is a pipe or a device, not a file"),
        (_link("/dev/full"), "it is a pipe or a device, not a file"),
        (_link("runs.sqlite"), "Too many levels of symbolic links"),
        (os.mkdir, "Is a directory"),
    ],
)
def test_something_else_in_its_place(store: Path, make: Callable[[Path], None], told: str) -> None:
    if WINDOWS and make is not os.mkdir:
        pytest.skip(PIPES)
    store.unlink()
    make(store)
    assert any(told in said for said in use(store)), "and nothing has waited for a pipe"


def test_what_is_listed_of_it_is_plain_text(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = "\x1b]0;title\x07\x9b2J\u202e\u200b\n"
    change(store, ("UPDATE runs SET state = ?, name = ?, watched = 0", (odd, odd)))
    assert main(["sessions"]) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1 and out[:-1].isprintable() and "]0;title" in out and err == ""
