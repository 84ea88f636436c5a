"""The store of runs and an exported network, damaged: listed, opened, gone on with, loaded, or refused."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from holding import ROOT, Campaign, Case, check_sentence, check_shown, run_command
from mutators import NASTY_TEXTS, changed_json, damaged

from tui_trainer.api import Run
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.export.trained import stored_session
from tui_trainer.files import DATA_VARIABLE
from tui_trainer.protocol import Update, encode, frame, report_decoder
from tui_trainer.runtime import resume
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.store import Store, StoreError
from tui_trainer.tabs.runs.index import RunIndex
from tui_trainer.tabs.runs.messages import RunList, WatchRuns
from tui_trainer.tabs.view import decode_content
from tui_trainer.training.session import Session

KIND = "store"
OLD = ROOT / "tests/compatibility/version_0_1"
PARTS = ("experiment.toml", "model.json", "history.csv", "weights.safetensors")
VALUES: tuple[object, ...] = (
    *(None, "", "x", -1, 0, 1, 2**62, 2**63 - 1, -(2**63), 1.5, 9e999, -9e999, 5e-324, b"", b"\xff\x00", bytes(100)),
    *("{}", "[]", '{"loss": 1e400}', '{"loss": null}', "running", "finished", "paused", "diverged", "1" * 30),
    *NASTY_TEXTS,
)


@cache
def good() -> tuple[bytes, ...]:
    """Stores: one with a run of every kind, and that of an older version."""
    with TemporaryDirectory(dir=os.getcwd()) as folder:
        path = Path(folder) / "runs.sqlite"
        for number, name in enumerate(("iris", "boston_six", "spiral")):
            session, keeper = Session(), Checkpointer(path, f"gone-{number}")
            session.load(with_field(with_field(Experiment(), "dataset.name", name), "training.epochs", 2 + number))
            for _ in range(number + 1):
                session.epoch()
                keeper.save(session)
            keeper.close()
        return path.read_bytes(), (OLD / "runs.sqlite").read_bytes()


def store_file(rng: random.Random, folder: Path) -> bytes:
    """The bytes of a store with something changed in it: anywhere, in whole pages, or in its tables."""
    content = rng.choice(good())
    match rng.randrange(8):
        case 0 | 1:
            return damaged(rng, content, good())
        case 2:
            return changed_pages(rng, content)
        case 3 | 4:
            return changed_tail(rng, content)
        case _:
            return changed_tables(rng, content, folder)


def changed_pages(rng: random.Random, content: bytes) -> bytes:
    """It with whole pages exchanged, gone, there twice or empty."""
    size = 4096
    pages = [content[start : start + size] for start in range(0, len(content), size)]
    first, second = rng.randrange(len(pages)), rng.randrange(len(pages))
    match rng.randrange(4):
        case 0:
            pages[first], pages[second] = pages[second], pages[first]
        case 1:
            del pages[first]
        case 2:
            pages.insert(first, pages[second])
        case _:
            pages[first] = bytes(size)
    return b"".join(pages)


def changed_tail(rng: random.Random, content: bytes) -> bytes:
    """It with bytes changed behind its first pages: in what the runs consist of."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 3, 30))):
        changed[rng.randrange(min(8192, len(changed) - 1), len(changed))] = rng.randrange(256)
    return bytes(changed)


def changed_tables(rng: random.Random, content: bytes, folder: Path) -> bytes:
    """It with other values in its columns, or with rows that are missing; arrays are damaged in their blocks."""
    path = folder / "changed.sqlite"
    path.write_bytes(content)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        for _ in range(rng.choice((1, 1, 2, 4))):
            table = rng.choice(("runs", "runs", "cards", "snapshots", "epochs"))
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            column, rows = rng.choice(columns), [one[0] for one in connection.execute(f"SELECT rowid FROM {table}")]
            with contextlib.suppress(sqlite3.Error, OverflowError, UnicodeError):
                if not rows:
                    continue
                row = rng.choice(rows)
                (old,) = connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (row,)).fetchone()
                if rng.random() < 0.1:
                    connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
                else:
                    new = changed_value(rng, old)
                    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, row))
        connection.commit()
    content = path.read_bytes()
    path.unlink()
    return content


def changed_value(rng: random.Random, old: object) -> object:
    """What may stand in a column instead."""
    if isinstance(old, bytes) and rng.random() < 0.8:
        (size,) = struct.unpack_from("<Q", old)
        head, data = old[8 : 8 + size].decode(), old[8 + size :]
        if rng.random() < 0.5:
            head = changed_json(rng, head)
        else:
            data = damaged(rng, data)
        return struct.pack("<Q", len(head.encode())) + head.encode() + data
    if isinstance(old, str) and old.startswith("{") and rng.random() < 0.7:
        return changed_json(rng, old)
    if isinstance(old, int) and rng.random() < 0.5:
        return old + rng.choice((-1, 1, 100))
    return rng.choice(VALUES)


def try_store(case: Case) -> bool:
    path = case.folder / "data" / "runs.sqlite"
    path.parent.mkdir()
    path.write_bytes(store_file(case.rng, case.folder))
    case.outputs |= {"data", "out", "r.md", "r-loss.svg"}
    os.environ[DATA_VARIABLE] = str(path.parent)  # the campaign puts it back
    acts = (_list, _find, _catalogue, _export, _resume, _begin)
    return all([_is_done(act, path) for act in acts])


def _is_done(act: Callable[[Path], list[str]], path: Path) -> bool:
    """Whether it can be done; otherwise it is refused with a sentence."""
    try:
        for sentence in act(path):
            if sentence:
                check_sentence(sentence)
    except (StoreError, UserError) as error:
        check_sentence(error)
        return False
    return True


def _list(_: Path) -> list[str]:
    """The commands that show what there is."""
    lines = resume.listed()
    assert run_command("sessions")[0] == 0
    check_shown(*lines)
    return []


def _find(_: Path) -> list[str]:
    """The run to return to."""
    with contextlib.suppress(UserError):
        resume.find(None)
    resume.find(1)
    return []


def _catalogue(path: Path) -> list[str]:
    """What the Runs tab is told."""
    with contextlib.closing(Store(path)) as store:
        found = RunIndex(store).list(WatchRuns(rows=10, compared=(1, 2), filter="loss < 9"))
    report = report_decoder.decode(frame(Update(1, "runs", 0, encode(found)))[4:])
    assert isinstance(report, Update) and isinstance(decode_content(report), RunList)
    return []


def _export(path: Path) -> list[str]:
    with contextlib.closing(Store(path)) as store:
        stored_session(store, 2)
    run_command("export", "1", "--to", "out", "--format", "csv", "--force")
    run_command("report", "1", "--to", "r.md", "--force")
    return []


def _resume(path: Path) -> list[str]:
    keeper, session = Checkpointer(path, "another"), Session()
    try:
        if keeper.store is None:
            return [keeper.complaint]
        keeper.resumable_run()
        stored = keeper.claim(1)
        session.load(stored.experiment)
        keeper.restore(session, 1, stored.state)
        session.step()
        keeper.save(session)
        return [keeper.complaint]
    finally:
        keeper.close()


def _begin(path: Path) -> list[str]:
    """A new run goes on, kept or not."""
    keeper, session = Checkpointer(path, "a third"), Session()
    session.load(Experiment())
    session.step()
    keeper.save(session)
    assert session.steps == 1
    keeper.close()
    return [keeper.complaint]


def try_export(case: Case) -> bool:
    """A network that was exported is loaded again, or refused."""
    folder = case.folder / "net"
    damaged_part = case.rng.choice(PARTS)
    for name in PARTS:
        content = (OLD / "exported" / name).read_bytes()
        if name == damaged_part:
            is_json = name == "model.json" and case.rng.random() < 0.7
            content = (
                changed_json(case.rng, content.decode()).encode("utf-8", "surrogatepass")
                if is_json
                else damaged(case.rng, content)
            )
        case.write(f"net/{name}", content)
    try:
        run = Run.load(folder)
    except UserError as error:
        check_sentence(error)
        return False
    rows = [[1.0] * len(run.features)] * 3
    run.predict(rows)
    assert run.epoch is not None and run.class_names is not None and repr(run)
    with contextlib.suppress(UserError):
        run.evaluate()
    case.outputs.add("again")
    with contextlib.suppress(UserError):
        run.save(case.folder / "again")
    return True


@pytest.fixture(autouse=True)
def stores(campaign: Campaign) -> None:
    """Make the good ones before any case is measured."""
    good()


def test_store(campaign: Campaign) -> None:
    campaign.run(lambda case: try_store(case) if case.rng.random() < 0.7 else try_export(case))
