"""Nothing that is read can run: no unpickling, no evaluation, no shell, anywhere in the package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "tui_trainer"
MODULES = {
    *("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "yaml", "code", "codeop", "runpy"),
    *("webbrowser", "pty", "commands", "xml.etree", "xml.dom.minidom"),
}
BUILTINS = {"eval", "exec", "compile", "__import__", "breakpoint"}
CALLS = {
    *("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell"),
    *("joblib.load", "torch.load", "pd.read_pickle", "np.fromregex", "numpy.load", "np.load", "np.save", "np.savez"),
    *("os.startfile", "ctypes.CDLL", "importlib.import_module", "logging.config.fileConfig"),
}
PREFIXES = ("os.spawn", "os.exec", "os.posix_spawn")
# Modules of ours by name, from a table in the file itself; and the C library of the process, to give back memory.
ALLOWED = {
    "__init__.py": ["importlib.import_module"],
    "sweep/__init__.py": ["importlib.import_module"],
    "system/memory.py": ["ctypes.CDLL"],
    "tabs/__init__.py": ["from: importlib.import_module"],
}
KEYWORDS = {"shell", "allow_pickle"}  # wherever they may be true


def dotted(node: ast.expr) -> str:
    """``a.b.c`` as it is written; nothing of other expressions."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def found_in(text: str) -> Iterator[str]:
    """What in a module could run something."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:  # a module of ours
            names = []
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [module, *(f"{module}.{one.name}" for one in node.names)]
            yield from (f"from: {name}" for name in names if name in CALLS or name.startswith(PREFIXES))
        else:
            names = []
        yield from (f"import: {name}" for name in names if name in MODULES or name.split(".")[0] in MODULES)
        if isinstance(node, ast.Name) and node.id in BUILTINS:
            yield node.id
        if isinstance(node, ast.Attribute) and (dotted(node) in CALLS or dotted(node).startswith(PREFIXES)):
            yield dotted(node)
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg in KEYWORDS and not (
                    isinstance(keyword.value, ast.Constant) and not keyword.value.value
                ):
                    yield f"{keyword.arg}=True"
            if dotted(node.func).startswith("subprocess.") and node.args and not isinstance(node.args[0], ast.List):
                yield f"{dotted(node.func)} of no list"


def test_nothing_runs_what_is_read() -> None:
    modules = sorted(PACKAGE.rglob("*.py"))
    assert len(modules) > 150
    found = {one.relative_to(PACKAGE).as_posix(): list(found_in(one.read_text(encoding="utf-8"))) for one in modules}
    assert {name: what for name, what in found.items() if what} == ALLOWED


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "import yaml as y",
        "eval('1')",
        "f = exec",
        "import os\nos.system('ls')",
        "from os import system",
        "import os\nos.execvp('sh', [])",
        "import subprocess\nsubprocess.run(['ls'], shell=True)",
        "import subprocess\nsubprocess.run(['ls'], shell=flag)",
        "import subprocess\nsubprocess.Popen('ls')",
        "import asyncio\nasyncio.create_subprocess_shell('ls')",
        "import numpy as np\nnp.load('a.npy')",
        "load('a.npy', allow_pickle=True)",
        "__import__('os')",
    ],
)
def test_the_test_sees_it(text: str) -> None:
    assert list(found_in(text))


def test_and_lets_other_things_be() -> None:
    text = (
        "import re, subprocess\nre.compile('a')\nsubprocess.run(['ls'], shell=False)\nmodel.compile()\njson.load(file)"
    )
    assert list(found_in(text)) == []
