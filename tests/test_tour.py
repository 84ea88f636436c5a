"""docs/tour.md says what is so: its commands are run in their order, and print what stands below them."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest

from tui_trainer.cli.main import main

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```console\n\$ tui-trainer (.*?)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TABLES = re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE)
NUMBER = re.compile(r"\d+(?:\.\d+)?")
TOLERANCE = 0.03  # machines round differently, and training carries it on
LEFT_OUT = "..."


def is_alike(line: str, said: str) -> bool:
    """Whether a line has the same words, with about the same numbers."""
    if NUMBER.sub("#", line).split() != NUMBER.sub("#", said).split():
        return False
    pairs = zip(NUMBER.findall(line), NUMBER.findall(said), strict=True)
    return all(float(got) == pytest.approx(float(expected), rel=TOLERANCE) for got, expected in pairs)


def assert_printed(printed: str, said: str) -> None:
    """The lines of ``said`` come in this order, and nothing stands between them but where lines are left out."""
    lines, place, may_skip = printed.splitlines(), 0, False
    for expected in said.splitlines():
        if expected == LEFT_OUT:
            may_skip = True
            continue
        matching = [at for at in range(place, len(lines)) if is_alike(lines[at], expected)]
        assert matching and (may_skip or matching[0] == place), f"no line as {expected!r} in\n{printed}"
        place, may_skip = matching[0] + 1, False
    assert may_skip or place == len(lines), f"more is printed:\n{printed}"


def test_the_commands_print_what_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "data"))
    assert len(COMMANDS) == 10
    for command, said in COMMANDS:
        assert main(shlex.split(command)) == 0
        assert_printed(capsys.readouterr().out.replace(os.sep, "/"), said)
    report = Path("out/churn.md").read_text(encoding="utf-8").splitlines()
    rows = [row for table in TABLES for row in table.splitlines()]
    assert len(rows) == 11
    for row in rows:
        assert any(is_alike(line, row) for line in report), f"the report has no row as {row!r}"


def test_the_table_is_the_one_that_is_made(tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples" / "make_churn.py", tmp_path)
    runpy.run_path(str(tmp_path / "make_churn.py"), run_name="__main__")
    for name in ("churn.csv", "churn_new.csv"):
        assert (tmp_path / name).read_bytes() == (ROOT / "examples" / name).read_bytes()
