"""The app inside tmux and GNU screen, each with a server and a configuration of its own."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from emulated_app import APP, EmulatedApp
from terminal_table import Terminal

Open = Callable[..., EmulatedApp]
CONFIGURATIONS = {
    "tmux": "set -g status off\nset -g default-terminal tmux-256color\nset -g escape-time 0\n",
    "screen": "startup_message off\nvbell off\n",
}


def why_not(terminal: Terminal) -> str:
    """Why it can't be had here; empty where it can."""
    missing = terminal.through and shutil.which(terminal.through) is None
    return f"{terminal.through} is not installed" if missing else ""


def start(terminal: Terminal, words: Sequence[str], size: tuple[int, int], folder: Path) -> EmulatedApp:
    """The app in the terminal, or in the program that makes it one."""
    environment = terminal.environment
    if not terminal.through:
        return EmulatedApp(words, size, folder, environment)
    settings = folder / f"{terminal.through}.conf"
    settings.write_text(CONFIGURATIONS[terminal.through])
    if terminal.through == "tmux":
        command = [
            "tmux",
            "-u",
            "-S",
            str(folder / "tmux"),
            "-f",
            str(settings),
            "new-session",
            shlex.join([*APP, *words]),
        ]
        return EmulatedApp([], size, folder, environment, command)
    sockets = folder / "screens"
    sockets.mkdir(mode=0o700)
    command = ["screen", "-U", "-c", str(settings), "env", "TERM=screen", *APP]  # else it is screen.xterm-256color
    return EmulatedApp(words, size, folder, {**environment, "SCREENDIR": str(sockets)}, command)


def end(terminal: Terminal, folder: Path) -> None:
    """End what a test has left of a server."""
    if terminal.through == "tmux":
        subprocess.run(["tmux", "-S", str(folder / "tmux"), "kill-server"], capture_output=True)
    elif terminal.through == "screen":
        environment = {"SCREENDIR": str(folder / "screens"), "PATH": "/usr/bin:/bin"}
        subprocess.run(["screen", "-X", "quit"], capture_output=True, env=environment)
