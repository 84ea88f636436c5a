"""What holds for all tests: their runs are saved elsewhere, modules are compiled once, and collections are few.

The last line that is printed says how many slow tests the plain command left out, and how to run them.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence

import pytest
from hypothesis import settings
from systems import FOLDERS, WINDOWS

from tui_trainer.files import DATA_VARIABLE

# A busy machine is no fault of an example, so there is no deadline. --hypothesis-profile thorough tries many more.
settings.register_profile("plain", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=200)
settings.load_profile("plain")
PLAIN = "not slow"  # the marker expression in pyproject.toml
MAX_UNCOLLECTED = 1_400_000  # objects; an app leaves some 100,000, in 7 MB
LEFT_OUT = pytest.StashKey[int]()
collect_ignore = [*FOLDERS] if WINDOWS else []


COMPILED = pytest.StashKey[str]()
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


def pytest_configure(config: pytest.Config) -> None:
    """Keep compiled modules in pytest's cache where they are kept nowhere; without that, in a folder of this run.

    Every process that the tests start would compile the whole package for itself, and every worker all tests.
    Collecting the tests makes a million objects that stay, which the garbage collector would look at again and again.
    """
    gc.set_threshold(2 * MAX_UNCOLLECTED, 10, 10)
    if os.environ.pop(NO_BYTECODE, "") and not hasattr(config, "workerinput"):
        cache = getattr(config, "cache", None)  # none with -p no:cacheprovider
        if cache is None:
            folder = config.stash[COMPILED] = tempfile.mkdtemp(prefix="compiled-")
        else:
            folder = str(cache.mkdir("compiled"))
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = folder
        sys.dont_write_bytecode = False


@pytest.fixture(autouse=True)
def store_of_tests(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the user's own runs out of the tests, and theirs out of the store."""
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path_factory.getbasetemp() / "runs"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep all tests and imports out of garbage collections, and these out of the tests, as the app does for itself."""
    gc.collect()
    gc.freeze()


def pytest_runtest_logfinish() -> None:
    """Collect garbage between tests, where there is much: a dozen apps that have ended.

    Within a test, the collector looks at a whole app that is still held, and finds nothing.
    """
    if gc.get_count()[0] > MAX_UNCOLLECTED:  # a long test may make more, and then the collector is let in
        gc.collect()
        gc.freeze()  # what is left are mostly caches, which the next collection would go through again


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
    if COMPILED in config.stash:
        shutil.rmtree(config.stash[COMPILED], ignore_errors=True)
    count = config.stash.get(LEFT_OUT, 0)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if count and reporter is not None and not hasattr(config, "workerinput"):
        tests = "1 slow test was" if count == 1 else f"{count} slow tests were"
        kinds = "kills, SSH, terminals, browser, monkey, long forms"
        reporter.write_line(f"{tests} left out ({kinds}): python -m pytest -m slow")
