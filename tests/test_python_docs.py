"""docs/python.md says what is so: its blocks are run in their order, and print what stands below them.

Those of scikit-learn, which is an extra, are run where it is installed.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"\d+(?:\.\d*)?")
DOTS = re.compile("[\u2800-\u28ff ]+")
TOLERANCE = 0.03  # machines round differently, and training carries it on


def blocks() -> list[tuple[str, str]]:
    """Each piece of code, and what it prints."""
    found = BLOCK.findall(PAGE)
    assert len(found) == PAGE.count("```python\n"), "a block without its output"
    return found


def assert_alike(printed: str, said: str) -> None:
    """The same words, with about the same numbers; dots of a curve may lie elsewhere."""
    got, expected = (DOTS.sub(" ", text.replace("model.onnx, ", "")) for text in (printed, said))
    assert NUMBER.sub("#", got).split() == NUMBER.sub("#", expected).split()
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (got, expected)]
    assert numbers[0] == pytest.approx(numbers[1], rel=TOLERANCE, abs=0.005)


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code, said in blocks():
        if "sklearn" in code and find_spec("sklearn") is None:
            continue
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(code, "docs/python.md", "exec"), names)
        assert_alike(output.getvalue(), said)
