"""A server set up for a class as docs/ssh.md says: the app and nothing else, each student in an own folder."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_sshd import LoopbackSshd, trainer_command
from pty_app import PtyApp

pytestmark = pytest.mark.slow

DOCS = Path(__file__).resolve().parents[2] / "docs" / "ssh.md"


def documented(command: str) -> str:
    """The configuration in the documentation, for this user and with ``command``."""
    found = re.search(r"```sshd_config\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert found is not None
    user = pwd.getpwuid(os.getuid()).pw_name
    text = found[1].replace("Match Group students", f"Match User {user}")
    return text.replace("/usr/local/bin/tui-trainer --class-root /srv/class", command)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of the class, with something that no student should get."""
    (tmp_path / "solution.toml").write_text("name = 'solution'\n")
    return tmp_path


@pytest.fixture
def server(root: Path) -> Iterator[LoopbackSshd]:
    (command,) = trainer_command(["--class-root", str(root)], root / "unused")
    server = LoopbackSshd(documented(command))
    yield server
    server.stop()


def test_whatever_is_asked_for_the_app_comes(server: LoopbackSshd, root: Path) -> None:
    app = PtyApp(server.command(["echo let in; sh"]), 100, 30)
    seen = app.read_until(b"epoch")
    app.press(b"\x1a\x1c")  # ctrl+z and ctrl+\ are keys like any other here
    app.press(b"\x0f")
    app.read_until(b"Open the experiment")
    app.press(b"../solution.toml\r")
    seen += app.read_until(b"is outside of")
    app.press(b"\x13")
    app.read_until(b"Save the experiment")
    app.press(b"\r")
    app.read_until(b"Saved as")
    app.press(b"q")
    assert app.wait() == 0 and b"let in" not in seen
    own = root / pwd.getpwuid(os.getuid()).pw_name
    assert sorted(path.name for path in own.iterdir()) == [".tui-trainer", "spiral.toml"]
    assert not (root / "unused").exists()


def test_without_a_terminal_there_is_nothing(server: LoopbackSshd) -> None:
    """Neither a command nor a file transfer; nor another way into the network."""
    command = [word for word in server.command(["id"]) if word != "-tt"]
    ended = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ended.returncode == 2 and ended.stdout == "" and "the app needs a terminal" in ended.stderr
    place = command.index("trainer")
    transfer = [*command[:place], "-s", "trainer", "sftp"]
    ended = subprocess.run(transfer, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ended.returncode != 0 and ended.stdout == ""
    forward = [*command[:place], "-W", f"127.0.0.1:{server.port}", "trainer"]
    ended = subprocess.run(forward, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ended.returncode != 0 and "SSH-" not in ended.stdout
