"""docs/sweeps.md says what is so: its commands and its Python code are run, and print what stands below them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tui_trainer.cli.main import main
from tui_trainer.cli.sweep import _parser
from tui_trainer.experiment.schema import Experiment
from tui_trainer.sweep.plan import MAX_RUNS, SweepOptions
from tui_trainer.sweep.scheduler import prepare

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"^```console\n\$ tui-trainer (.*?)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SECONDS = re.compile(r"in \d+\.\d+ s,")
TOLERANCE = 1e-3  # machines round differently, and training carries it on


def words(text: str) -> list[str | float]:
    """Words and numbers; how long it took is left out."""
    found: list[str | float] = []
    for word in SECONDS.sub("", text).split():
        try:
            found.append(float(word.rstrip(",.;:")))
        except ValueError:
            found.append(word)
    return found


def assert_alike(printed: str, said: str) -> None:
    """The same words, with about the same numbers."""
    got, expected = words(printed), words(said)
    assert len(got) == len(expected), printed
    for ours, theirs in zip(got, expected, strict=True):
        both = isinstance(ours, float) and isinstance(theirs, float)
        assert ours == (pytest.approx(theirs, rel=TOLERANCE) if both else theirs), printed


@pytest.mark.parametrize(("command", "said"), CONSOLE, ids=("book", "grid", "folds", "halving"))
def test_a_transcript_is_what_the_command_prints(
    command: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(command)) == 0
    assert_alike(capsys.readouterr().out, said)


def test_the_python_example_prints_what_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    ((code, said),) = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    exec(compile(code, "docs/sweeps.md", "exec"), {})
    assert_alike(capsys.readouterr().out, said)


def test_what_can_be_set_is_understood() -> None:
    rows = re.findall(r"^\| `'?([a-z_.\[\]0-9]+)=([^`]*?)'?` \|", PAGE, re.MULTILINE)
    assert len(rows) == 8
    for path, values in rows:
        experiment = Experiment()
        random = 3 if ".." in values else None
        assert prepare(experiment, {path: values}, SweepOptions(random=random)).planned


def test_every_option_is_told_of() -> None:
    options = re.findall(r"--[a-z-]+", _parser().format_help())
    assert {option for option in options if option not in PAGE} == {"--help"}
    assert f"{MAX_RUNS:,}" in PAGE


def test_links_and_pictures_are_there() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (ROOT / "docs" / target.partition("#")[0]).exists(), target
