"""What is imported when: the command line starts fast, and the app does not wait for pandas."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "pandas", "textual", "rich", "plotext", "safetensors")


def imported_by(statement: str) -> list[str]:
    """Which of the heavy packages a fresh interpreter has imported after ``statement``."""
    code = f"{statement}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[-1].split()


def test_the_command_line_needs_nothing_heavy() -> None:
    assert imported_by("import tui_trainer.cli.main") == []


def test_listing_datasets_needs_no_table() -> None:
    statement = "from tui_trainer.cli.main import main; main(['datasets'])"
    assert imported_by(statement) == []


def test_the_app_needs_no_pandas() -> None:
    found = imported_by("import tui_trainer.app.app")
    assert "textual" in found and "pandas" not in found and "safetensors" not in found


@pytest.mark.parametrize("module", ["runtime.worker", "training.session", "store.store"])
def test_the_runtime_needs_no_screen(module: str) -> None:
    assert not {"textual", "rich", "plotext"} & set(imported_by(f"import tui_trainer.{module}"))


def test_the_front_end_does_not_import_the_engine() -> None:
    code = "import tui_trainer.app.app, sys; print([m for m in sys.modules if 'tui_trainer.engine' in m])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
