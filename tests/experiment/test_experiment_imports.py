"""The experiment knows neither the engine nor a numeric library."""

from __future__ import annotations

import subprocess
import sys


def test_experiment_imports_no_numeric_library() -> None:
    code = (
        "import tui_trainer.experiment, sys;"
        "print([m for m in ('numpy', 'pandas', 'textual', 'tui_trainer.engine') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
