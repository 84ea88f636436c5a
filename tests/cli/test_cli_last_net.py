"""Whatever goes wrong around a command ends in a sentence and the right exit code, never in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from systems import CURRENT, SHELL, WINDOWS, not_on_windows
from textual.screen import Screen

from tui_trainer.app.app import TrainerApp
from tui_trainer.cli import commands
from tui_trainer.cli.main import main
from tui_trainer.experiment.schema import Experiment

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    ["datasets"],
    ["settings"],
    ["keys"],
    ["sessions"],
    ["summary", "tiny.toml"],
    ["train", "tiny.toml"],
    ["train", "tiny.toml", "--json"],
    ["export", "tiny.toml", "--format", "csv", "--force"],
    ["report", "--help"],
    ["sweep", "tiny.toml", "--repeat", "2", "--jobs", "1", "--no-store"],
    ["--version"],
    ["train", "--help"],
)
needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a short experiment in it and an empty data folder."""
    (tmp_path / "tiny.toml").write_text("[training]\nepochs = 2\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "data"))
    return tmp_path


def code_of(words: list[str]) -> int:
    """The exit code of a command, however it ends."""
    try:
        return main(words)
    except SystemExit as ended:
        return int(ended.code or 0)


@pytest.mark.parametrize(
    ("words", "printed"),
    [(["keys"], "←"), (["train", "λ² ⣿.toml"], "there is no file 'λ² ⣿.toml'")],
    ids=["output", "error"],
)
def test_a_pipe_takes_every_character(words: list[str], printed: str) -> None:
    """The code page that Windows has for pipes lacks most of ours."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "0", "LC_ALL": "C.UTF-8"}
    environment.pop("PYTHONIOENCODING", None)
    done = subprocess.run([sys.executable, "-m", "tui_trainer", *words], env=environment, capture_output=True)
    assert printed in (done.stdout + done.stderr).decode("utf-8")


def in_shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in which ``tui-trainer`` is this one."""
    line = command.replace("tui-trainer", f"{sys.executable} -m tui_trainer")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(["sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_closed_output_is_as_good_as_none(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
        monkeypatch.setattr(sys, f"__{name}__", None)
    assert code_of(words) == 0


@needs_full_device
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_output_that_is_full_is_told_of(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert code_of(words) == 2
    err = capsys.readouterr().err
    assert err == "tui-trainer: the output can't be written: No space left on device\n"


@needs_full_device
@not_on_windows(SHELL)
def test_streams_of_the_shell(folder: Path) -> None:
    """What is opened next takes the number of a closed stream, and Python itself complains of a full one at its end."""
    for line, code, told in (
        ("tui-trainer datasets >&-", 0, ""),
        ("tui-trainer sessions <&- >&- 2>&-", 0, ""),
        ("tui-trainer train tiny.toml --history h.csv >&-", 0, ""),
        ("tui-trainer <&-", 2, "the app needs a terminal"),
        ("tui-trainer --help >/dev/full", 2, "can't be written: No space left on device"),
        ("tui-trainer train missing.toml 2>/dev/full", 2, ""),
    ):
        done = in_shell(line, folder)
        assert done.returncode == code, (line, done.stderr)
        assert told in done.stderr and done.stderr.count("\n") == bool(told), (line, done.stderr)
    assert (folder / "h.csv").read_text().count("\n") == 3


@needs_full_device
@not_on_windows(SHELL)
def test_a_history_is_written_though_the_output_is_full(folder: Path) -> None:
    (folder / "long.toml").write_text("[training]\nepochs = 200\n")
    done = in_shell("tui-trainer train long.toml --history h.csv >/dev/full", folder)
    assert "Traceback" not in done.stderr
    assert (folder / "h.csv").read_text().count("\n") == 201


@not_on_windows(SHELL)
def test_characters_that_the_output_lacks_are_replaced(folder: Path) -> None:
    done = in_shell("PYTHONIOENCODING=ascii tui-trainer datasets", folder)
    assert done.returncode == 0 and done.stderr == ""
    assert "? (30 features)" in done.stdout


def failing(error: BaseException) -> Callable[[list[str]], int]:
    """A command that fails."""

    def run(words: list[str]) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (PermissionError(13, "Permission denied", "/no/\x1b[2Jway"), 2, r"'/no/\x1b[2Jway' can't be used: Permission"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
        (MemoryError(), 2, "there is not enough memory"),
        (RuntimeError("what\x1b[2J now"), 70, r"internal error: RuntimeError: what\x1b[2J now; "),
    ],
)
def test_any_error_is_a_sentence(
    error: Exception,
    code: int,
    told: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setitem(commands.COMMANDS, "datasets", failing(error))
    for words in (["datasets"], ["datasets", "--debug"], ["--debug", "datasets"]):
        assert main(words) == code
        err = capsys.readouterr().err
        assert err.startswith("tui-trainer: ") and told in err and err.count("\n") == 1 and err[:-1].isprintable()
        files = list(folder.glob("tui-trainer-*.txt"))
        assert len(files) == (code == 70 or "--debug" in words), words
        for file in files:
            assert str(file) in err and "Traceback (most recent call last)" in file.read_text()
            assert WINDOWS or file.stat().st_mode & 0o077 == 0
            file.unlink()


def test_a_users_error_is_kept_with_debug(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert main(["train", "missing.toml", "--debug"]) == 2
    (file,) = folder.glob("tui-trainer-*.txt")
    assert f"the details are in {file}" in capsys.readouterr().err
    assert "there is no file" in file.read_text()


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(commands.COMMANDS, "datasets", failing(KeyboardInterrupt()))
    assert main(["datasets"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


@pytest.mark.parametrize("module", ["tui_trainer.cli.commands", "tui_trainer.training.session"])
def test_an_interrupt_while_a_command_starts(module: str, folder: Path) -> None:
    """Ctrl+C while modules are imported, whichever."""
    script = f"""
import signal, sys
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)
            print("imported whole")  # a compiled module that is interrupted halfway may crash Python
sys.meta_path.insert(0, Interrupts())
from tui_trainer.cli.main import main
from tui_trainer.experiment.schema import Experiment
sys.exit(main(["summary", "tiny.toml"]))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "imported whole\n", "Interrupted.\n")


def test_warnings_of_python_are_not_for_users(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def warns(words: list[str]) -> int:
        warnings.warn("overflow encountered in square", RuntimeWarning, stacklevel=1)
        return 0

    monkeypatch.setitem(commands.COMMANDS, "datasets", warns)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["datasets"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "words",
    [
        ["train", "tiny.toml", "\x1b[2J.toml"],
        ["summary", "tiny.toml", "--\x1b[2J"],
        ["datasets", "\x9b2J"],
        ["\u202ea", "b"],
        ["serve", "a", "\x1b[2J"],
        ["export", "tiny.toml", "--format", "\x1b[2J"],
        ["sweep", "tiny.toml", "--jobs", "\x1b[2J"],
        ["sessions", "\x1b[2J"],
        ["settings", "\x1b[2J"],
        ["keys", "\x1b[2J"],
    ],
)
def test_wrong_usage_is_told_without_control_codes(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    err = capsys.readouterr().err
    assert ended.value.code == 2 and "error: " in err
    assert all(line.isprintable() for line in err.splitlines())


def test_an_app_that_fails_leaves_its_error_to_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: TrainerApp) -> None:
        raise RuntimeError("what now")

    monkeypatch.setattr(TrainerApp, "get_default_screen", lambda _: Screen())
    monkeypatch.setattr(TrainerApp, "on_ready", fails, raising=False)
    app = TrainerApp(Experiment())
    app.run(headless=True)
    assert isinstance(app.unexpected_error, RuntimeError)
    assert "Traceback" not in "".join(capsys.readouterr())


class Denied:
    """Makes everything in a folder look as if the user had no access to it; root, who runs tests, has it anyway."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = str(folder)
        for name in ("stat", "lstat", "open", "mkdir", "listdir", "access"):
            monkeypatch.setattr(os, name, self._denying(getattr(os, name)))

    def _denying(self, function: Any) -> Any:
        def denied(path: Any, *others: Any, **named: Any) -> Any:
            if isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self._folder + os.sep):
                if function.__name__ == "access":
                    return False
                raise PermissionError(13, "Permission denied", os.fspath(path))
            return function(path, *others, **named)

        return denied


@pytest.mark.parametrize(
    "words",
    [
        ["train", "secret/a.toml"],
        ["train", "--csv", "secret/a.csv"],
        ["train", "tiny.toml", "--weights", "secret/w.safetensors"],
        ["train", "tiny.toml", "--history", "secret/h.csv"],
        ["export", "tiny.toml", "--to", "secret/out"],
        ["sweep", "tiny.toml", "--repeat", "2", "--no-store", "--results", "secret/t.csv"],
        ["settings"],
        ["keys"],
        ["sessions"],
        ["export", "7"],
        ["report", "7", "--to", "secret/r.md"],
        ["--resume"],
        ["--csv", "secret/a.csv"],
        ["secret/a.toml"],
        ["--class-root", "secret/class"],
        ["--jail", "secret/jail"],
    ],
    ids=" ".join,
)
def test_a_folder_without_access(
    words: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = folder / "secret"
    secret.mkdir()
    monkeypatch.setenv("TUI_TRAINER_DATA", str(secret / "data"))
    monkeypatch.setenv("TUI_TRAINER_CONFIG", str(secret / "config.toml"))
    Denied(secret, monkeypatch)
    absolute = [word.replace("secret", str(secret)) for word in words]
    assert main(absolute) == 2
    out, err = capsys.readouterr()
    assert err.count("\n") == 1 and ("Permission denied" in err or "can't be written to" in err), err
    assert "'" in err.partition(": ")[2], "it names the file"
    assert out == "" or words[0] in ("settings", "keys")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--jail", "."], "can't be used"),
        (["--lessons", "."], "--lessons: the folder it was started in no longer exists"),
        (["--class-root", "."], "can't be used"),
        (["serve"], "the folder it was started in no longer exists"),
        (["train", "tiny.toml"], "there is no file"),
        (["export", "DATA.toml"], "can't be written"),
        (["train", "DATA.toml", "--history", "h.csv"], "cannot write"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@not_on_windows(CURRENT)
def test_in_a_folder_that_was_deleted(
    words: list[str],
    told: str,
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "DATA.toml"
    elsewhere.write_text("[training]\nepochs = 2\n")
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main([word.replace("DATA.toml", str(elsewhere)) for word in words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err and err.count("\n") == 1


@not_on_windows("users have no numbers there")
def test_a_user_whom_the_system_does_not_know(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    assert main(["--class-root", str(folder)]) == 2
    assert "--class-root: user 4000000 has no name on this system" in capsys.readouterr().err


def test_a_config_file_with_an_endless_number(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = folder / "config.toml"
    monkeypatch.setenv("TUI_TRAINER_CONFIG", str(config))
    for line in ("theme = 0x" + "f" * 10_000, "[keys]\nquit = 0o" + "7" * 9_000):
        config.write_text(line)
        assert main(["settings"]) == 2


def test_nothing_of_the_command_line_is_imported_before_it_is_guarded() -> None:
    code = "import tui_trainer.cli.main, sys; print(sorted(m for m in sys.modules if m.startswith('tui_trainer')))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    names = ["tui_trainer", "tui_trainer.cli", "tui_trainer.cli.main", "tui_trainer.version"]
    assert done.stdout == f"{names}\n"
