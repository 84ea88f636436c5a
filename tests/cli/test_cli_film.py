"""The command ``film``: a cast and a moving SVG of a saved run, without a terminal, and nothing of the run changes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest
from known_styles import know_styles

from tui_trainer.app.film import epochs_of, take_film
from tui_trainer.cli.film import FILMED
from tui_trainer.cli.main import main
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.runtime.playback import Playback
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.training.session import Session

EPOCHS = 40
SPIRAL = Experiment(
    name="arms",
    dataset=DatasetConfig("spiral", validation_split=0.3, samples=100),
    model=ModelConfig(layers=(LayerConfig(4, "tanh"),)),
    training=TrainingConfig(learning_rate=0.05, batch_size=35, epochs=EPOCHS),
)
SHORT = ["--seconds", "1", "--size", "80x24"]
SET = ("TERM", "COLORTERM", "TEXTUAL_COLOR_SYSTEM", "NO_COLOR")  # by the command, for its own process


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each film is of an app of its own; what starts a process of its own works out its styles itself."""
    know_styles(monkeypatch)


def trained() -> Session:
    session = Session()
    session.load(SPIRAL)
    session.train()
    session.advance_to_end()
    return session


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where films are written, with a store of one run."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "store"))
    for name in SET:
        monkeypatch.setenv(name, os.environ.get(name, ""))
    (tmp_path / "store").mkdir()
    checkpointer = Checkpointer(tmp_path / "store" / "runs.sqlite")
    checkpointer.save(trained())
    checkpointer.close()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def played(cast: str) -> list[tuple[float, list[str]]]:
    """The rows of the terminal after each event of a cast."""
    header, *events = map(json.loads, cast.splitlines())
    rows = [""] * header["height"]
    screens = []
    for time, kind, written in events:
        assert kind == "o"
        for number, row in re.findall(r"\x1b\[(\d+);1H([^\x1b]*(?:\x1b\[[0-9;]*m[^\x1b]*)*)", written):
            rows[int(number) - 1] = re.sub(r"\x1b\[[0-9;]*m", "", row)
        screens.append((time, list(rows)))
    return screens


def test_a_film_without_a_terminal(folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in SET} | {"NO_COLOR": "1"}
    command = [sys.executable, "-m", "tui_trainer", "film", "1", *SHORT]
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment, check=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["arms.cast", "arms.svg"]
    cast, svg = ((folder / name).read_text(encoding="utf-8") for name in ("arms.cast", "arms.svg"))
    header, *events = map(json.loads, cast.splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, 80, 24)
    assert header["duration"] == 1.0 and header["title"] == "arms"
    assert len(header["theme"]["palette"].split(":")) == 16 and re.fullmatch("#[0-9a-f]{6}", header["theme"]["bg"])
    times = [time for time, _, _ in events]
    assert times[0] == 0.0 and times == sorted(times) and times[-1] == 1.0
    assert "\x1b[38;2;" in events[0][2], "in colour, whatever this terminal can do"
    screens = played(cast)
    assert f"epoch 0/{EPOCHS}" in screens[0][1][0] and f"epoch {EPOCHS}/{EPOCHS} finished" in screens[-1][1][0]
    assert all(len(row) <= 80 for _, rows in screens for row in rows)
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg") and "@keyframes" in svg and "prefers-reduced-motion" in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", ""), "nothing is fetched"


def test_the_same_run_gives_the_same_film_and_stays_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run() -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(folder / "store" / "runs.sqlite")) as connection:
            tables = ("runs", "cards", "snapshots", "moments", "epochs")
            return [row for name in tables for row in connection.execute(f"SELECT * FROM {name}").fetchall()]

    before = run()
    for name in ("one", "two"):
        assert main(["film", "1", *SHORT, "--tab", "boundary", "--to", name]) == 0
    assert "frames show the nearest" not in capsys.readouterr().out
    for ending in (".cast", ".svg"):
        assert (folder / f"one{ending}").read_bytes() == (folder / f"two{ending}").read_bytes()
    assert run() == before


@pytest.mark.parametrize("tab", FILMED)
def test_every_tab_can_be_filmed(tab: str) -> None:
    session = trained()
    film = asyncio.run(take_film(Playback(session), tab, 2.0, (100, 30), setup=tab == "loss", frames=3))
    assert [frame.epoch for frame in film.frames] == [0, EPOCHS // 4, EPOCHS] and film.inexact == 0
    texts = ["\n".join(re.sub(r"\x1b\[[0-9;]*m", "", row) for row in frame.rows) for frame in film.frames]
    assert len(set(texts)) == 3, "something moves"
    assert not any("error of the program" in text for text in texts)
    assert ("Data" in texts[0].splitlines()[2]) == (tab == "loss"), "the settings are only shown on request"


def test_most_frames_are_early_and_none_twice() -> None:
    assert epochs_of(100, 5) == [0, 6, 25, 56, 100]
    assert epochs_of(2, 24) == [0, 1, 2] and epochs_of(1, 2) == [0, 1]


def test_existing_files_stay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "arms.svg").write_text("<svg></svg>")
    assert main(["film", "1", *SHORT]) == 2
    assert "arms.svg' exists already" in capsys.readouterr().err and not (folder / "arms.cast").exists()
    assert main(["film", "1", *SHORT, "--force"]) == 0
    assert "@keyframes" in (folder / "arms.svg").read_text(encoding="utf-8")
    (folder / "thesis.cast").write_text("my thesis")
    assert main(["film", "1", *SHORT, "--to", "thesis", "--force"]) == 2
    assert (folder / "thesis.cast").read_text() == "my thesis"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["spiral"], "expected the number of a saved run"),
        (["7"], "there is no run 7"),
        (["1", "--tab", "boundry"], "there is no tab 'boundry' to film, did you mean boundary?"),
        (["1", "--tab", "runs"], "there is no tab 'runs' to film"),
        (["1", "--size", "100"], "expected columns x rows from 60x16 to 300x100"),
        (["1", "--size", "20x5"], "expected columns x rows"),
        (["1", "--seconds", "nan"], "expected seconds from 1 to 60"),
        (["1", "--theme", "drak"], "there is no theme"),
        (["1", "--to", "no/such/folder/film"], "cannot write"),
    ],
)
def test_what_cannot_be_filmed(folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    try:
        code = main(["film", *words])
    except SystemExit as wrong_usage:
        code = wrong_usage.code
    assert code == 2 and said in capsys.readouterr().err
    assert not list(folder.glob("*.cast")) and not list(folder.glob("*.svg"))


def test_a_run_without_an_epoch(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session, checkpointer = Session(), Checkpointer(folder / "store" / "runs.sqlite")
    session.load(SPIRAL)
    session.step()
    checkpointer.save(session)
    checkpointer.close()
    assert main(["film", "2"]) == 2
    assert "run 2 has no epoch yet" in capsys.readouterr().err
