"""What systems do differently stands in ``system`` alone, and both ways of each difference have the same names."""

from __future__ import annotations

import ast
import ctypes
import importlib.util
import re
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest
from systems import WINDOWS

import tui_trainer
from tui_trainer.system import files

ROOT = Path(tui_trainer.__file__).parent
ROOM = ROOT / "system"
# Modules that not every system has, or that are used to find out which system it is.
MODULES = re.compile(
    r"_?winapi|winreg|msvcrt|ctypes|fcntl|grp|pty|pwd|resource|signal|termios|tty"
    r"|textual\.drivers\.(?:linux_driver|windows_driver|win32)"
)
# The same for what modules have, whatever their names are.
NAMES = re.compile(
    r"platform|getwindowsversion|AF_UNIX|SO_\w+|pass_fds|start_new_session|creationflags|preexec_fn"
    r"|O_(?:CLOEXEC|NONBLOCK|NOFOLLOW|DIRECTORY|BINARY|NOINHERIT)|pread|pwrite|fchmod|mkfifo|statvfs|sysconf|uname"
    r"|(?:get|set)(?:e|re|res)?[ug]id|getlogin|getppid|getpgid|setsid|setpgrp|killpg|fork|sched_\w+|SIG[A-Z]+"
    r"|add_signal_handler|pthread_\w+|open_unix_connection|start_unix_server|fromshare|startfile"
)
PLACES = re.compile(r"/(?:proc|tmp|sys|run|var|etc|usr|bin)\b")


def elsewhere() -> list[Path]:
    """The modules of the package that are not in the room."""
    return [path for path in sorted(ROOT.rglob("*.py")) if ROOM not in path.parents]


def found_in(text: str) -> Iterator[str]:
    """What in a module depends on the system, with its line."""
    tree = ast.parse(text)
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        names: list[str] = []
        match node:
            case ast.Import(names=aliases):
                names = [alias.name for alias in aliases if MODULES.fullmatch(alias.name)]
            case ast.ImportFrom(module=str(module), names=aliases):
                full = [module, *(f"{module}.{alias.name}" for alias in aliases)]
                names = [name for name in full if MODULES.fullmatch(name)]
                names += [alias.name for alias in aliases if NAMES.fullmatch(alias.name)]
            case ast.Attribute(value=ast.Name(id="os"), attr="name" | "kill" | "nice"):
                names = [ast.unparse(node)]
            case ast.Attribute(attr=name) if NAMES.fullmatch(name):
                names = [ast.unparse(node)]
            case ast.keyword(arg=str(name)) if NAMES.fullmatch(name):
                names = [name]
            case ast.Constant(value=str(text)) if id(node) not in documents:
                names = [text] if NAMES.fullmatch(text) or PLACES.match(text) else []
        yield from (f"{node.lineno}: {name}" for name in names if hasattr(node, "lineno"))


def test_no_other_module_asks_which_system_it_is_on() -> None:
    found = {str(path.relative_to(ROOT)): list(found_in(path.read_text(encoding="utf-8"))) for path in elsewhere()}
    assert not {name: lines for name, lines in found.items() if lines}


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.name == 'nt'",
        "import sys\nsys.platform == 'win32'",
        "from sys import platform",
        "import fcntl",
        "import pwd",
        "import resource",
        "import termios",
        "from signal import SIGTERM",
        "import os\nos.getuid()",
        "import os\nhasattr(os, 'geteuid')",
        "import socket\nsocket.AF_UNIX",
        "import subprocess\nsubprocess.Popen(['x'], pass_fds=(3,))",
        "import os\nos.kill(1, 9)",
        "open('/proc/self/stat')",
        "Path('/tmp')",
        "import os\nos.open('x', os.O_RDONLY | os.O_CLOEXEC)",
        "from textual.drivers import linux_driver",
    ],
)
def test_the_test_sees_it(text: str) -> None:
    assert list(found_in(text))


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_both_ways_have_the_same_names(path: Path) -> None:
    """Functions, and constants that others import, whatever the system."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "sys.platform == 'win32'":
            windows, others = ({*functions(ways)} for ways in (node.body, node.orelse))
            assert windows == others


def functions(statements: list[ast.stmt]) -> Iterator[str]:
    """The public functions of one way, with their arguments and results."""
    for one in statements:
        if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
            yield f"{one.name}({ast.unparse(one.args)}) -> {ast.unparse(one.returns or ast.Constant(None))}"


def test_the_room_knows_nothing_of_the_package() -> None:
    for path in ROOM.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "tui_trainer." not in text.replace("from .", "") or path.name == "__init__.py"


def as_on_windows(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of ``system`` as it is on Windows, whatever the system."""
    monkeypatch.setattr(sys, "platform", "win32")
    spec = importlib.util.spec_from_file_location(f"tui_trainer.system.{name}_of_windows", ROOM / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.undo()
    return module


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``system.sockets`` as it is on Windows: ports of this machine are everywhere."""
    return as_on_windows("sockets", monkeypatch)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("model.layers[0].activation=leaky_relu", "model.layers[0].activation=leaky_relu"),
        (r"C:\data\mine.toml", r"C:\data\mine.toml"),
        (r"C:\my data\mine.toml", r'"C:\my data\mine.toml"'),
        (r"R&D\mine.toml", r'"R&D\mine.toml"'),  # else the Command Prompt starts a second command
        ("Jo's.toml", '"Jo\'s.toml"'),  # else PowerShell waits for the other quote
        ("R&D\\", '"R&D\\\\"'),
        ("", '""'),
    ],
)
def test_a_word_of_a_command_for_windows(text: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "WinDLL", lambda *_, **__: None, raising=False)
    assert as_on_windows("terminal", monkeypatch).as_argument(text) == word


def let_in(ports: ModuleType, listener: socket.socket, call: Callable[[], object]) -> bool:
    """Whether the one who calls is let in."""
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(call)
        near, _ = listener.accept()
        with near:
            answer = bool(ports.is_own(near))
        calling.exception()
    return answer


def test_a_port_is_for_those_who_have_read_its_file(
    ports: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "PATIENCE", 0.2)
    folder = tmp_path / "sessions"
    with ports.listen(folder, "one") as listener:
        place = listener.getsockname()
        assert place[0] == "127.0.0.1", "no other machine reaches it"
        assert let_in(ports, listener, lambda: ports.connect(folder, "one").close())
        for said in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\0" * 32, b"\0" * 1000):
            assert not let_in(ports, listener, lambda said=said: socket.create_connection(place).sendall(said))


def test_who_has_taken_the_port_is_found_out(
    ports: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trainer that was killed leaves its file, and anybody may listen on its port later."""
    monkeypatch.setattr(ports, "PATIENCE", 0.2)
    with ports.listen(tmp_path, "one") as listener:
        place = listener.getsockname()
    for answer in (b"", b"\0" * 32):
        with socket.create_server(place) as impostor, ThreadPoolExecutor(1) as pool:
            calling = pool.submit(ports.connect, tmp_path, "one")
            near, _ = impostor.accept()
            with near:
                near.sendall(answer)
                assert isinstance(calling.exception(), OSError)
    ports.address(tmp_path, "one").write_bytes(b"\1")
    with pytest.raises(OSError, match="does not name a port"):
        ports.connect(tmp_path, "one")


def test_paths_as_a_system_writes_them() -> None:
    """The one that is typed after a folder counts, and a shell's escapes are undone where there are any."""
    assert files.last_absolute("houses//data/a.csv") == "/data/a.csv"
    assert files.last_absolute("houses/~/a.csv") == "~/a.csv"
    if WINDOWS:
        assert files.last_absolute(r"C:/data/D:\other\a.csv") == r"D:\other\a.csv"
        assert files.last_absolute(r"\\server\share\a.csv") == r"\\server\share\a.csv"
        assert files.unescaped(r"C:\data\a b.csv") == r"C:\data\a b.csv"
        assert files.path_of_url("/C:/data/a.csv") == "C:/data/a.csv"
        assert files.path_of_url("server/share/a.csv") == "//server/share/a.csv"
    else:
        assert files.unescaped(r"/data/a\ b.csv") == "/data/a b.csv"
        assert files.path_of_url("/data/a.csv") == "/data/a.csv"
        assert files.path_of_url("server/share/a.csv") == "file://server/share/a.csv"
