"""What is imported when: the command line starts fast, and no process waits for what it does not need.

Statements that need equally little share an interpreter: each is run after those above it, and what all of them
together have imported is looked at.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tui_trainer.tabs import TABS

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCREEN = ("textual", "rich", "plotext")
FILES = ("pandas", "safetensors")
HEAVY = ("numpy", *SCREEN, *FILES, "tui_trainer.engine")

LIGHT = (
    "import tui_trainer",
    "dir(tui_trainer)",
    "import tui_trainer.cli.main",
    "import tui_trainer.experiment",
    "import tui_trainer.datasets",
    "import contextlib, io",
    "with contextlib.redirect_stdout(io.StringIO()): tui_trainer.cli.main.main(['datasets'])",
)
BOOK = ("from tui_trainer.book.library import packaged", "packaged()")
ENGINE = ("import tui_trainer.engine",)
TRAINER = (
    "import tui_trainer.training.session",
    "import tui_trainer.store.store",
    "import tui_trainer.runtime.worker",
)
TABS_COMPUTED = tuple(
    f"import tui_trainer.tabs{path.split(':')[0]}" for tab in TABS for path in (tab.messages, tab.compute) if path
)
TOY_SET = (
    "from tui_trainer.datasets.loading import load",
    "from tui_trainer.experiment.schema import DatasetConfig",
    "load(DatasetConfig(name='blobs'))",
    "load(DatasetConfig(name='boston'))",
)
APP = ("import tui_trainer.sweep.client", "import tui_trainer.sweep.fields", "import tui_trainer.app.app")
SWEEP = ("import tui_trainer.cli.sweep", "import tui_trainer.sweep.service")
INTERPRETERS = (LIGHT, BOOK, (*ENGINE, *TOY_SET, *TRAINER, *TABS_COMPUTED), APP, SWEEP)


@cache
def run(statements: tuple[str, ...]) -> dict[str, list[str]]:
    """Run statements in a fresh interpreter, and return for each the modules that are imported after it."""
    code = (
        "import json, sys\nloaded = {}\n"
        "for statement in json.loads(sys.argv[1]):\n"
        "    exec(statement)\n"
        "    loaded[statement] = list(sys.modules)\n"
        "print(json.dumps(loaded))"
    )
    command = [sys.executable, "-c", code, json.dumps(statements)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, list[str]] = json.loads(ended.stdout)
    return result


def imported_by(statement: str) -> set[str]:
    """Return the modules that are imported after ``statement`` and those before it in its interpreter."""
    statements = next(group for group in INTERPRETERS if statement in group)
    return set(run(statements)[statement])


@pytest.mark.parametrize("statement", [one for one in LIGHT if "tui_trainer" in one])
def test_the_command_line_needs_nothing_heavy(statement: str) -> None:
    assert not imported_by(statement) & set(HEAVY)


def test_the_book_needs_no_numbers_no_screen_and_no_engine() -> None:
    unneeded = {*HEAVY, "tui_trainer.runtime", "tui_trainer.datasets"}
    assert not imported_by("packaged()") & unneeded


def test_the_engine_stands_on_numpy_alone() -> None:
    foreign = {*SCREEN, "msgspec", "pandas", "threadpoolctl", "tui_trainer.ui", "tui_trainer.runtime"}
    assert not imported_by("import tui_trainer.engine") & foreign


@pytest.mark.parametrize("name", ["blobs", "boston"])
def test_a_shipped_set_needs_no_pandas(name: str) -> None:
    assert "pandas" not in imported_by(f"load(DatasetConfig(name={name!r}))")


@pytest.mark.parametrize("statement", TRAINER + TABS_COMPUTED)
def test_the_trainer_needs_no_screen(statement: str) -> None:
    assert not imported_by(statement) & set(SCREEN)


def test_a_tab_is_imported_when_it_is_opened() -> None:
    modules = imported_by("import tui_trainer.runtime.worker") | imported_by("import tui_trainer.app.app")
    opened = ("tui_trainer.tabs.landscape.", "tui_trainer.tabs.network.", "tui_trainer.tabs.predictions.")
    assert not [name for name in modules if name.startswith(opened) and not name.endswith(".keys")]


@pytest.mark.parametrize("statement", ["import tui_trainer.runtime.worker", "import tui_trainer.app.app"])
def test_what_reads_files_is_imported_for_the_first_of_them(statement: str) -> None:
    assert not imported_by(statement) & {"tui_trainer.datasets.csv.reader", "tui_trainer.datasets.csv.text"}


@pytest.mark.parametrize("statement", APP[:2])
def test_the_app_needs_no_engine_to_ask_for_a_sweep(statement: str) -> None:
    unneeded = ("tui_trainer.engine", "joblib", "pandas")
    assert not [name for name in imported_by(statement) if name.startswith(unneeded)]


def test_the_app_needs_no_pandas_and_no_engine() -> None:
    modules = imported_by("import tui_trainer.app.app")
    assert "textual" in modules and not modules & set(FILES)
    assert not [name for name in modules if "tui_trainer.engine" in name]


def test_a_sweep_needs_no_optuna_before_it_searches() -> None:
    assert not imported_by(SWEEP[-1]) & {"optuna", "sqlalchemy"}


@pytest.mark.parametrize("path", sorted(BENCHMARKS.glob("*.py")), ids=lambda path: path.stem)
def test_what_a_benchmark_imports_of_the_package_is_there(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tui_trainer"):
            module = importlib.import_module(str(node.module))
            for name in node.names:
                there = hasattr(module, name.name) or importlib.util.find_spec(f"{node.module}.{name.name}")
                assert there, f"{node.module} has no {name.name}"
