"""Any of the files given to the program itself, in a process of its own: the outermost net, and what is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from holding import ROOT, Campaign, Case, check_printed
from test_fuzz_csv import csv_file
from test_fuzz_experiments import experiment_file
from test_fuzz_lessons import lesson_file
from test_fuzz_settings import config_file
from test_fuzz_store import good as good_stores
from test_fuzz_store import store_file
from test_fuzz_words import shared_word

KIND = "commands"
PATIENCE = 50.0  # seconds
SMALL = b"[dataset]\nname = 'iris'\n[training]\nepochs = 2\n"
LIMITS = ("--epochs", "1")


def experiment(case: Case) -> list[str]:
    """An experiment, for what is soon done with it: a real one might train for hours."""
    case.write("x.toml", experiment_file(case.rng))
    return case.rng.choice((["summary", "x.toml"], ["x.toml"], ["sweep", "x.toml", "--repeat", "2", "--by", "nothing"]))


def data(case: Case) -> list[str]:
    """A file of data."""
    content, _ = csv_file(case.rng)
    case.write("own.csv", content)
    case.write("x.toml", SMALL)
    return case.rng.choice(
        (
            ["train", "x.toml", "--csv", "own.csv", *LIMITS, "--history", "out.csv"],
            ["train", "--csv", "own.csv", *LIMITS, "--json"],
            ["export", "x.toml", "--to", "out", "--force"],
            ["--csv", "own.csv"],
        )
    )


def config(case: Case) -> list[str]:
    """A config file."""
    case.write("data/config.toml", config_file(case.rng))
    return [case.rng.choice(("settings", "keys"))]


def lessons(case: Case) -> list[str]:
    """A folder of lessons; without a terminal, the app says that it needs one."""
    case.write("lessons/a.toml", lesson_file(case.rng))
    return ["--lessons", "lessons"]


def word(case: Case) -> list[str]:
    """A shared word."""
    return ["summary", shared_word(case.rng).replace("\0", "")]


def store(case: Case) -> list[str]:
    """A store of runs."""
    path = case.folder / "data" / "runs.sqlite"
    path.parent.mkdir()
    path.write_bytes(store_file(case.rng, case.folder))
    report = ["report", "1", "--to", "r.md"]
    commands = (["sessions"], ["--resume"], ["--resume", "1"], ["export", "1", "--to", "out", "--best"], report)
    return case.rng.choice(commands)


INPUTS: tuple[Callable[[Case], list[str]], ...] = (experiment, data, config, lessons, word, store)


def try_command(case: Case) -> bool:
    case.outputs |= {"out", "out.csv", "data", "r.md", "r-loss.svg"}
    words = case.rng.choice(INPUTS)(case)
    encoding = case.rng.choice(("utf-8", "ascii", "latin-1"))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": encoding,
        "TUI_TRAINER_DATA": str(case.folder / "data"),
        "COLUMNS": str(case.rng.choice((20, 80, 200))),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tui_trainer", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    check_printed(process.returncode, out.decode(encoding), err.decode(encoding))
    assert not in_session(process.pid), "a process was left behind"
    return process.returncode != 2


def in_session(leader: int) -> list[int]:
    """The processes of a session, which those keep that a process leaves behind."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[3]) == leader:
            found.append(int(status.parent.name))
    return found


@pytest.fixture(autouse=True)
def stores(campaign: Campaign) -> None:
    """Make the good ones before any case is measured."""
    good_stores()


def test_commands(campaign: Campaign) -> None:
    campaign.run(try_command)
