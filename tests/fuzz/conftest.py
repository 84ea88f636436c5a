"""The options of the fuzzers, their cases in blocks, and the table at the end.

    python -m pytest tests/fuzz -m fuzz --cases 5000 --seed 1

tries 5,000 inputs of all kinds together. ``--case N`` with one file of this folder repeats a single one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from holding import Campaign, Tally

from tui_trainer.files import DATA_VARIABLE, ROOT_VARIABLE
from tui_trainer.settings import CONFIG_VARIABLE

FEW = 160  # cases of a plain run, of all kinds together
BLOCK = 250  # cases of one test, so that workers can share them
# Of all cases, so many of each kind: most of what is quick, few of what starts processes.
SHARES = {
    "experiments": 0.20,
    "csv": 0.18,
    "settings": 0.12,
    "lessons": 0.12,
    "handed_in": 0.01,
    "words": 0.14,
    "store": 0.09,
    "frames": 0.136,
    "commands": 0.003,
    "keys": 0.001,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options; there only where this folder is named on the command line."""
    group = parser.getgroup("fuzzers")
    group.addoption("--cases", type=int, help=f"inputs of all kinds together; {FEW} if it is not given")
    group.addoption("--seed", type=int, default=1, help="what they are drawn from")
    group.addoption("--case", type=int, help="this one alone, of each kind")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each block of cases."""
    if "numbers" not in metafunc.fixturenames:
        return
    options = metafunc.config.option
    single = getattr(options, "case", None)
    share = SHARES[metafunc.module.KIND]
    total = max(2, round(share * (getattr(options, "cases", None) or FEW)))
    blocks = [range(start, min(start + BLOCK, total)) for start in range(0, total, BLOCK)]
    if single is not None:
        blocks = [range(single, single + 1)]
    metafunc.parametrize("numbers", blocks, ids=[f"{one.start}-{one.stop - 1}" for one in blocks])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is tested here."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "numbers" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.fuzz)


@pytest.fixture
def campaign(
    numbers: range, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Campaign]:
    """Runs the cases of a block, each in an empty folder, with nothing of the user's own in reach."""
    for name in (ROOT_VARIABLE, CONFIG_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path)
    module = request.module
    runner = Campaign(module.KIND, getattr(request.config.option, "seed", 1), numbers, tmp_path, module.__file__)
    yield runner
    os.chdir(tmp_path)
    request.node.user_properties.append(("fuzz", runner.tally.as_property()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """A line for each kind, where a number of cases was asked for."""
    if getattr(config.option, "cases", None) is None:
        return
    tallies: dict[str, Tally] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "fuzz" and report.when == "teardown":
                    tally = Tally.of_property(value)
                    tallies[tally.kind] = tallies[tally.kind] + tally if tally.kind in tallies else tally
    terminalreporter.section(f"fuzzers, seed {config.option.seed}")
    for kind in (one for one in SHARES if one in tallies):
        terminalreporter.write_line(tallies[kind].line)
