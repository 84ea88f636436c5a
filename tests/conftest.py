"""Says at the very end how many slow tests the plain command left out, and how to run them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

PLAIN = "not slow"  # the marker expression in pyproject.toml
LEFT_OUT = pytest.StashKey[int]()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count the slow tests that the plain command deselects. Each worker of xdist deselects the same ones."""
    config = items[0].config if items else None
    if config is None or config.option.markexpr != PLAIN:
        return
    slow = sum(item.get_closest_marker("slow") is not None for item in items)
    config.stash[LEFT_OUT] = config.stash.get(LEFT_OUT, 0) + slow


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the count from a worker to the process that writes the summary."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["slow_left_out"] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take over the count of a worker."""
    output = getattr(node, "workeroutput", {})  # a crashed worker has none
    config = node.config  # type: ignore[attr-defined]
    config.stash[LEFT_OUT] = max(config.stash.get(LEFT_OUT, 0), output.get("slow_left_out", 0))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Write the last line, below pytest's own summary."""
    count = config.stash.get(LEFT_OUT, 0)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if count and reporter is not None and not hasattr(config, "workerinput"):
        tests = "1 slow test was" if count == 1 else f"{count} slow tests were"
        reporter.write_line(f"{tests} left out (kills, SSH, terminals, browser, monkey): python -m pytest -m slow")
