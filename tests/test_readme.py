"""The README and the examples say what is so: commands, transcripts, keys, experiments, Python code."""

from __future__ import annotations

import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tui_trainer.cli.main import main
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import loads, read
from tui_trainer.training.session import Session

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
PICTURES = sorted((ROOT / "screenshots").glob("*.svg"))
SECONDS = re.compile(r"in \d+\.\d+ s[;,]")
TOLERANCE = 1e-3  # machines round differently, and training carries it on


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def between(page: str, name: str) -> str:
    """What stands between two comments of a page, such as <!-- keys --> and <!-- /keys -->."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, re.DOTALL)
    assert found is not None, f"no <!-- {name} --> in docs/{page}"
    return found[1]


def transcripts() -> Iterator[tuple[str, str]]:
    """Each command line after ``$ tui-trainer`` in the README and in docs/data.md, and what it prints."""
    for page in (ROOT / "README.md", ROOT / "docs" / "data.md"):
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            for part in re.split(r"^\$ tui-trainer ", block, flags=re.MULTILINE)[1:]:
                command, _, printed = part.partition("\n")
                yield command, printed.rstrip()


def words(text: str) -> list[str | float]:
    """Words and numbers; how long it took is left out."""
    found: list[str | float] = []
    for word in SECONDS.sub("", text).split():
        try:
            found.append(float(word))
        except ValueError:
            found.append(word)
    return found


def test_the_two_commands_are_there_word_for_word() -> None:
    lines = README.splitlines()
    assert "python -m pip install . && tui-trainer" in lines
    assert "python -m pip install '.[test]' && python -m pytest" in lines


@pytest.mark.parametrize(("command", "printed"), transcripts())
def test_a_transcript_is_what_the_command_prints(
    command: str, printed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    assert main(shlex.split(command)) == 0
    got, expected = words(capsys.readouterr().out), words(printed)
    assert len(got) == len(expected)
    for ours, theirs in zip(got, expected, strict=True):
        numbers = isinstance(ours, float) and isinstance(theirs, float)
        assert ours == (pytest.approx(theirs, rel=TOLERANCE) if numbers else theirs)


def test_the_key_table_is_the_one_of_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")
    table = importlib.import_module("make_keys").table()
    assert between("keys.md", "keys") == table, "python docs/make_keys.py writes it anew"


def test_the_annotated_experiment_has_every_field_and_can_be_trained() -> None:
    text = between("experiment.md", "experiment").removeprefix("```toml\n").removesuffix("```")
    Session().load(loads(text))
    named = _field_names(tomllib.loads(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE)))
    assert _all_field_names(msgspec.inspect.type_info(Experiment)) == named


def test_the_python_example_prints_what_the_readme_says(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out in blocks("text")


def test_the_first_numbers_of_the_book() -> None:
    perceptron = read(ROOT / "examples" / "perceptron.toml")
    rows = re.findall(r"^\| (\de-\d) \| (-?\d\.\d{4}) \|", README, re.MULTILINE)
    assert len(rows) == 3
    for rate, weight in rows:
        session = Session()
        session.load(with_field(perceptron, "training.learning_rate", rate))
        session.train()
        session.advance_to_end()
        assert f"{session.trainer.model.get_weights()[0].item():.4f}" == weight


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_loads_fits_its_data_and_says_what_to_see(path: Path) -> None:
    experiment = read(path)
    session = Session()
    session.load(experiment)
    session.step()
    assert experiment.name == path.stem
    assert path.read_text(encoding="utf-8").startswith("# ")
    assert f"(../examples/{path.name})" in (ROOT / "docs" / "experiment.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_fetches_nothing_and_holds_no_path(path: Path) -> None:
    svg = path.read_text(encoding="utf-8")
    assert svg.startswith("<svg ")
    assert set(re.findall(r"https?://[^\"' )]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert "@font-face" not in svg
    assert str(Path.home()) not in svg


def _field_names(table: dict[str, Any], prefix: str = "") -> set[str]:
    names = set()
    for key, value in table.items():
        inner = value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value
        names |= _field_names(inner, f"{prefix}{key}.") if isinstance(inner, dict) and inner else {prefix + key}
    return names


def _all_field_names(kind: msgspec.inspect.Type, prefix: str = "") -> set[str]:
    if isinstance(kind, msgspec.inspect.UnionType):
        kind = next((t for t in kind.types if isinstance(t, msgspec.inspect.StructType)), kind)
    if isinstance(kind, msgspec.inspect.VarTupleType):
        kind = kind.item_type
    if not isinstance(kind, msgspec.inspect.StructType):
        return {prefix.removesuffix(".")}
    return set().union(*(_all_field_names(field.type, f"{prefix}{field.name}.") for field in kind.fields))
