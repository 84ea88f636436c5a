"""OpenSSH's server on loopback, for tests and benchmarks: keys, configuration and port of its own."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRIVILEGE_SEPARATION = Path("/run/sshd")  # which the server of a user who is root wants

SERVER = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
PrintLastLog no
"""

CLIENT = """\
Host trainer
HostName 127.0.0.1
Port {port}
User {user}
IdentityFile {folder}/user_key
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile {folder}/known_hosts
StrictHostKeyChecking yes
BatchMode yes
LogLevel ERROR
"""


def why_not() -> str:
    """Why no server can be started here, or nothing."""
    missing = [name for name in ("sshd", "ssh", "ssh-keygen") if _program(name) is None]
    if missing:
        return f"OpenSSH is not installed: no {', '.join(missing)}"
    try:
        shell = pwd.getpwuid(os.getuid()).pw_shell
    except KeyError:
        return f"nobody can log in as user {os.getuid()}, who has no entry in the system"
    if not os.access(shell, os.X_OK) or shell.endswith(("nologin", "false")):
        return f"this user can't log in: the shell is {shell}"
    if os.getuid() == 0 and not PRIVILEGE_SEPARATION.is_dir():
        try:
            PRIVILEGE_SEPARATION.mkdir(mode=0o755)
        except OSError as error:
            return f"{PRIVILEGE_SEPARATION} is missing and can't be made: {error.strerror}"
    if os.getuid() != 0 and not _terminals_belong():
        return "a server that is not root's can't give out terminals here: /dev/pts is mounted without gid=tty"
    return ""


class LoopbackSshd:
    """A server that lets in the user who started it, and nobody else; RuntimeError where it does not start."""

    def __init__(self, extra: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sshd-"))
        for name in ("host_key", "user_key"):
            command = [str(_program("ssh-keygen")), "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
            subprocess.run(command, check=True)
        self.port = _free_port()
        key = (self.folder / "user_key.pub").read_text()
        (self.folder / "authorized_keys").write_text(key)
        host = " ".join((self.folder / "host_key.pub").read_text().split()[:2])
        (self.folder / "sshd_config").write_text(SERVER.format(port=self.port, folder=self.folder) + extra)
        self._host_key = host
        log = str(self.folder / "log")
        command = [str(_program("sshd")), "-D", "-f", str(self.folder / "sshd_config"), "-E", log]
        self._process = subprocess.Popen(command)
        self._wait()

    def command(self, words: Sequence[str], port: int | None = None, options: Sequence[str] = ()) -> list[str]:
        """``ssh -tt`` that runs ``words`` over there; ``port`` is that of a proxy in between."""
        port = port or self.port
        (self.folder / "known_hosts").open("a").write(f"[127.0.0.1]:{port} {self._host_key}\n")
        config = self.folder / f"config_{port}"
        config.write_text(CLIENT.format(port=port, folder=self.folder, user=pwd.getpwuid(os.getuid()).pw_name))
        return ["ssh", "-tt", "-F", str(config), *options, "trainer", *words]

    def sessions(self) -> list[int]:
        """The server's processes for connections that are open."""
        text = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(pid) for pid in text.split()]

    def stop(self) -> None:
        """End the server and its sessions."""
        for pid in (*self.sessions(), self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        self._process.wait()
        shutil.rmtree(self.folder)

    def _wait(self) -> None:
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1.0) as connection:
                    if connection.recv(4) == b"SSH-":
                        return
            except OSError:
                time.sleep(0.01)
        self._process.kill()
        raise RuntimeError(f"sshd did not start: {(self.folder / 'log').read_text()}")


def trainer_command(words: Sequence[str], data: Path, **variables: str) -> list[str]:
    """The trainer as a command for the other side's shell, with the store in ``data``."""
    environment: Mapping[str, str] = {
        "TUI_TRAINER_DATA": str(data),
        "PYTHONPATH": str(ROOT),
        "COLORTERM": "truecolor",
        **variables,
    }
    pairs = [f"{name}={value}" for name, value in environment.items()]
    return [shlex.join(["exec", "env", *pairs, sys.executable, "-m", "tui_trainer", *words])]


def _terminals_belong() -> bool:
    """Whether new terminals are the group's that sshd would give them to: only root may change that."""
    ends = os.openpty()
    try:
        return os.fstat(ends[1]).st_gid == grp.getgrnam("tty").gr_gid
    except KeyError:  # without such a group it changes nothing
        return True
    finally:
        for end in ends:
            os.close(end)


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
