"""A real OpenSSH server on loopback, with keys and a configuration of its own, and the app at the other end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_sshd import LoopbackSshd, trainer_command, why_not
from remote_app import ENDLESS, SIZE, Connect, RemoteApp, end_sessions


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all of this folder where there is no server to be had, and say why."""
    reason = why_not() or ("reads /proc" if sys.platform != "linux" else "")
    here = Path(__file__).parent
    for item in items:
        if reason and here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def sshd() -> Iterator[LoopbackSshd]:
    """The server."""
    server = LoopbackSshd()
    yield server
    server.stop()


@pytest.fixture
def experiment(tmp_path: Path) -> str:
    """An experiment that never ends, on the other side."""
    path = tmp_path / "endless.toml"
    path.write_text(ENDLESS)
    return str(path)


@pytest.fixture
def connect(sshd: LoopbackSshd, tmp_path: Path) -> Iterator[Connect]:
    """Runs the trainer over SSH: ``connect("--resume", port=..., size=...)``; what is left is ended."""
    apps: list[RemoteApp] = []

    def run(*words: str, port: int | None = None, size: tuple[int, int] = SIZE) -> RemoteApp:
        app = RemoteApp(sshd.command(trainer_command(words, tmp_path), port), tmp_path, *size)
        apps.append(app)
        return app

    yield run
    for app in apps:
        app.end()
    end_sessions(tmp_path)
