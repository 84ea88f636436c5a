"""The command line of ``serve``: what can't be served is told before anything is listened on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tui_trainer.cli import serve
from tui_trainer.cli.main import main
from tui_trainer.serve.access import authority, is_loopback, listen


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nosuch.toml"], "there is no file 'nosuch.toml'"),
        (["--csv", "nosuch.csv"], "--csv: there is no file"),
        (["--lessons", "nosuch"], "--lessons: there is no folder"),
        (["tt1-nonsense"], "incomplete or mistyped"),
        (["--jail", "anna", "../x.toml"], "is outside of"),
        (["--host", "no host \x1b[2J"], r"--host: 'no host \x1b[2J' is not an address of this machine"),
        (["--host", "203.0.113.5", "--port", "0"], "--host: '203.0.113.5' can't be listened on"),
    ],
)
def test_what_cannot_be_served(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    assert main(["serve", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err and err[:-1].isprintable() and "Traceback" not in err
    assert Path.cwd() == tmp_path and dict(os.environ) == before, "bounds are set by each tab"


@pytest.mark.parametrize("words", [["--port", "65536"], ["--port", "-1"], ["--port", "http"], ["--nosuch"], ["a", "b"]])
def test_wrong_usage_prints_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *words])
    assert ended.value.code == 2 and "usage: tui-trainer" in capsys.readouterr().err


def test_a_port_that_is_in_use(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda _: True)
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    assert f"--port: {port} is in use; give another one, or 0 for any that is free" in capsys.readouterr().err


def test_serving_without_the_extra_says_how_to_get_it() -> None:
    """In a Python of its own, in which the packages of the extra can't be imported."""
    program = (
        "import sys; sys.modules.update(aiohttp=None, textual_serve=None)\n"
        "from tui_trainer.cli import serve; serve.find_spec = lambda name: None\n"
        "from tui_trainer.cli.main import main; sys.exit(main(['serve']))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert "get it with: python -m pip install 'tui-trainer[serve]'" in ended.stderr
    assert ended.returncode == 2 and ended.stdout == ""


def test_this_machine_alone_unless_another_host_is_said() -> None:
    assert serve._parser().parse_known_args([])[0].host == "127.0.0.1"
    for host, loopback in (("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)):
        with listen(host, 0) as listener:
            assert is_loopback(listener) is loopback
            port = listener.getsockname()[1]
            name = socket.gethostname() if host == "0.0.0.0" else "127.0.0.1"
            assert authority(listener) in (f"{name}:{port}", f"[::1]:{port}")


def test_others_are_warned_of(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    server = pytest.importorskip("tui_trainer.serve.server", reason="textual-serve is not installed")
    monkeypatch.setattr(server, "serve", lambda listener, words: listener.close() or 0)
    assert main(["serve", "--host", "0.0.0.0", "--port", "0"]) == 0
    assert "Other machines can reach this port" in capsys.readouterr().err
    assert main(["serve", "--port", "0"]) == 0
    assert capsys.readouterr().err == ""
