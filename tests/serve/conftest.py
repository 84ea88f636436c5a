"""A server for each test; all of it is skipped where the extra is not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from served import Served

HERE = Path(__file__).parent
LONG = "name = 'long'\n[training]\nepochs = 10000000\n"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the extra where it is not installed, and say so."""
    reason = "textual-serve is not installed" if find_spec("textual_serve") is None else ""
    reason = reason or ("reads /proc" if sys.platform != "linux" else "")
    for item in items:
        if reason and HERE in item.path.parents and "without_the_extra" not in item.name:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the server is started, with an experiment that never ends."""
    (tmp_path / "long.toml").write_text(LONG)
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Served]:
    """A server of that experiment."""
    served = Served(folder, "long.toml")
    yield served
    served.process.kill()
    served.process.communicate()
