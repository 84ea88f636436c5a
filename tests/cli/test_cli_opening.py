"""How the app is opened: runs to come back to, and bounds for its user."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from tui_trainer.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str, folder: Path, **variables: str) -> tuple[int, str]:
    """Exit code and the lines of both outputs, of a process of its own: bounds are for the whole of it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", "tui_trainer", *words]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--resume",), "there is no run to come back to"),
        (("--resume", "3"), "there is no run 3; tui-trainer sessions lists what there is"),
        (("--resume", "3", "--detach"), "there is no run 3"),
        (("a.toml", "--resume", "3"), "--resume takes the number of a run and no file"),
        (("--class-root", "nowhere"), "--class-root: there is no folder 'nowhere'"),
        (("--jail", "nowhere/anna"), "can't be used: No such file or directory; ask whoever has set this up"),
    ],
)
def test_what_can_not_be_opened(
    tmp_path: Path,
    words: tuple[str, ...],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    assert main(list(words)) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err and err.count("\n") == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--resume", "iris.toml"), "'iris.toml' is not the number of a run"),
        (("--resume", "0"), "'0' is not the number of a run"),
        (("--resume", "9" * 40), "is not the number of a run"),
        (("--nice", "-5"), "is not a whole number from 0 to 19"),
        (("--nice", "20"), "'20' is not a whole number from 0 to 19"),
    ],
)
def test_numbers_that_are_none(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 2 and told in capsys.readouterr().err


def test_sessions_without_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "data"))
    assert main(["sessions"]) == 0
    assert capsys.readouterr().out == "No runs to come back to.\n"
    assert not (tmp_path / "data").exists()


def test_a_folder_for_each_of_a_class(tmp_path: Path) -> None:
    """It is made when it is first needed, for this user alone; what lies outside is not opened."""
    (tmp_path / "solution.toml").write_text("name = 'solution'\n")
    for words in ((), ("../solution.toml",), (str(tmp_path / "solution.toml"),)):
        code, told = run("--class-root", str(tmp_path), *words, folder=tmp_path)
        assert code == 2
        assert ("is outside of" if words else "the app needs a terminal") in told
    own = tmp_path / pwd.getpwuid(os.getuid()).pw_name
    assert own.stat().st_mode & 0o777 == 0o700 and list(own.iterdir()) == []


def test_commands_are_confined_too(tmp_path: Path) -> None:
    own = tmp_path / "anna"
    own.mkdir()
    (tmp_path / "solution.toml").write_text("name = 'solution'\n")
    (own / "a.toml").write_text("[training]\nepochs = 1\n")
    bounds = {"TUI_TRAINER_ROOT": str(own)}
    for words in (("train", "../solution.toml"), ("summary", "../solution.toml"), ("export", "../solution.toml")):
        code, told = run(*words, folder=own, **bounds)
        assert (code, told.count("\n")) == (2, 1) and "is outside of" in told
    code, told = run("train", "a.toml", "--history", "../h.csv", folder=own, **bounds)
    assert code == 2 and told.startswith("tui-trainer: --history: '../h.csv' is outside of")
    code, _ = run("train", "a.toml", "--history", "h.csv", folder=own, **bounds)
    assert code == 0 and (own / "h.csv").exists() and not (tmp_path / "h.csv").exists()
