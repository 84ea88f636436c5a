"""How the app is opened: runs to come back to, and bounds for its user."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from systems import WINDOWS

from tui_trainer.cli.main import main
from tui_trainer.files import ROOT_VARIABLE
from tui_trainer.store.live_trainers import LiveTrainer
from tui_trainer.system.private import user_name

# What Windows says of it, in the user's language, is not ours to test.
NO_FILE = "" if WINDOWS else "No such file or directory; ask the administrator"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in a folder, and undoes its bounds, which are the process's.

    Returns the exit code and both outputs.
    """
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)

    def run(*words: str, folder: Path, **variables: str) -> tuple[int, str]:
        before, environment = Path.cwd(), dict(os.environ)
        os.chdir(folder)
        os.environ.update(variables)
        try:
            code = main(list(words))
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)
        return code, "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--resume",), "there is no run to return to"),
        (("--resume", "3"), "there is no run 3; tui-trainer sessions lists the runs"),
        (("--resume", "3", "--detach"), "there is no run 3"),
        (("a.toml", "--resume", "3"), "--resume takes the number of a run, not a file"),
        (("--follow",), "--follow: there is no session to follow; tui-trainer FILE.toml starts one"),
        (("--follow", "../x"), "--follow: there is no session to follow"),
        (("--follow", "--detach"), "it shows another session and trains nothing of its own; leave out --detach"),
        (("a.toml", "--follow"), "leave out an experiment"),
        (("--follow", "3", "--set", "training.epochs=1"), "leave out --set"),
        (("--follow", "--resume"), "leave out --resume"),
        (("--hand-in",), "--hand-in: it needs the folder of a class; give --class-root FOLDER or --jail FOLDER, too"),
        (("--class-root", "nowhere"), "--class-root: there is no folder 'nowhere'"),
        (("--jail", "nowhere/anna"), f"can't be used: {NO_FILE}"),
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
def test_numbers_that_are_none_are_refused(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 2 and told in capsys.readouterr().err


def test_sessions_says_when_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "data"))
    assert main(["sessions"]) == 0
    assert capsys.readouterr().out == "No runs to return to.\n"
    assert not (tmp_path / "data").exists()


def test_a_folder_for_each_of_a_class(tmp_path: Path, run: Run) -> None:
    """It is made when it is first needed, for this user alone; what lies outside is not opened."""
    (tmp_path / "solution.toml").write_text("name = 'solution'\n")
    for words in ((), ("../solution.toml",), (str(tmp_path / "solution.toml"),)):
        code, told = run("--class-root", str(tmp_path), *words, folder=tmp_path)
        assert code == 2
        assert ("is outside of" if words else "the app needs a terminal") in told
    own = tmp_path / user_name()
    assert (WINDOWS or own.stat().st_mode & 0o777 == 0o700) and list(own.iterdir()) == []


def test_a_student_follows_nobody_else(tmp_path: Path, run: Run) -> None:
    """Of those who share an account, too: only sessions of the own folder are there."""
    teachers = LiveTrainer(tmp_path / "data" / "sessions")
    listener = teachers.listen()
    (tmp_path / "anna").mkdir()
    code, told = run("--follow", folder=tmp_path, TUI_TRAINER_DATA=str(tmp_path / "data"))
    assert code == 2 and "the app needs a terminal" in told, "the session is there for who is not confined"
    for words in (("--follow",), ("--follow", str(os.getpid())), ("--follow", teachers.name)):
        code, told = run("--jail", "anna", *words, folder=tmp_path, TUI_TRAINER_DATA=str(tmp_path / "data"))
        assert code == 2 and "--follow: there is no session to follow" in told
    listener.close()
    teachers.leave()


def test_commands_are_confined_too(tmp_path: Path, run: Run) -> None:
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
