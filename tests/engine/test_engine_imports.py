"""The engine stands on NumPy alone."""

from __future__ import annotations

import subprocess
import sys

FOREIGN = (
    "textual",
    "rich",
    "msgspec",
    "pandas",
    "plotext",
    "threadpoolctl",
    "tui_trainer.ui",
    "tui_trainer.runtime",
)


def test_engine_imports_numpy_alone() -> None:
    code = f"import tui_trainer.engine, sys; print([m for m in {FOREIGN!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
