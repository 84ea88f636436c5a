"""Terminals of many kinds, and the app on each of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import multiplexers
import pytest
from emulated_app import EmulatedApp
from terminal_table import EXPERIMENT, SIZES, Terminal


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all of this folder where there are no pseudo-terminals, and say so."""
    here = Path(__file__).parent
    for item in items:
        if sys.platform == "win32" and here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="there are no pseudo-terminals"))


@pytest.fixture
def open_app(tmp_path: Path) -> Iterator[multiplexers.Open]:
    """Opens the app on an experiment: ``open_app(terminal, size, text)``, with its trainer ready."""
    opened: list[tuple[Terminal, EmulatedApp]] = []

    def run(terminal: Terminal, size: tuple[int, int] = SIZES[0], experiment: str = EXPERIMENT) -> EmulatedApp:
        if reason := multiplexers.why_not(terminal):
            pytest.skip(reason)
        file = tmp_path / "looked_at.toml"
        file.write_text(experiment)
        app = multiplexers.start(terminal, [str(file)], size, tmp_path)
        opened.append((terminal, app))
        app.until(lambda text: "epoch 0/" in text, "the first frame with the trainer ready")
        return app

    yield run
    for terminal, app in opened:
        app.end()
        multiplexers.end(terminal, tmp_path)
