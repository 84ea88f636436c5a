"""Wrong input on the command line: exit code 2, one line that says what to do, no traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tui_trainer.cli.main import main

Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Runs a command that must be refused; returns its one line."""

    def run(*words: str) -> str:
        assert main(list(words)) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("tui-trainer: ")
        assert err.count("\n") == 1 and err.endswith("\n"), err
        assert "Traceback" not in err and all(char.isprintable() for char in err[:-1])
        return err

    return run


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], str]:
    """Writes an experiment; returns its path."""

    def write(text: str) -> str:
        file = tmp_path / "experiment.toml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    return write


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[training]\nlearning_rate = 'abc'\n", "training.learning_rate"),
        ("[training]\nlearning_rate = 0\n", "training.learning_rate"),
        ("[training]\nlearning_rate = -1\n", "training.learning_rate"),
        ("[training]\nlearning_rate = 1e400\n", "training.learning_rate"),
        ("[training]\nlearning_rate = nan\n", "training.learning_rate"),
        ("[[model.layers]]\nunits = 0\n", "model.layers[0].units"),
        ("[[model.layers]]\nunits = 1000000000\n", "model.layers[0].units"),
        ("[[model.layers]]\nactivation = 'rleu'\n", "model.layers[0].activation"),
        ("[dataset]\nvalidation_split = 2\n", "dataset.validation_split"),
        ("[dataset]\nname = 'bostn'\n", "dataset.name"),
        ("[dataset]\nfeatures = ['nosuch']\n", "dataset.features"),
        ("[dataset]\ntarget = '\\u001b[31mnosuch'\n", "dataset.target"),
        ("[training]\nlernrate = 1\n", "training: unknown field 'lernrate'"),
        ("learning_rate = 1\n", "unknown field 'learning_rate'"),
        ("'\\u001b[2J' = 1\n", "unknown field"),
        ("[training\n", "this is not valid TOML at line 1"),
        ("epochs = " + "9" * 5000 + "\n", "TOML"),
    ],
)
@pytest.mark.parametrize("command", ["train", "summary"])
def test_a_wrong_experiment_is_refused_with_the_field(
    refused: Refused, toml: Callable[[str], str], command: str, text: str, field: str
) -> None:
    assert field in refused(command, toml(text))


def test_files_that_are_no_experiments(refused: Refused, tmp_path: Path) -> None:
    assert "there is no file" in refused("train", str(tmp_path / "missing.toml"))
    assert "is a folder" in refused("train", str(tmp_path))
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in refused("train", str(binary))
    assert "there is no file" in refused("train", "\x1b[31m\n.toml")


@pytest.mark.parametrize(
    ("content", "settings", "told"),
    [
        (None, "", "there is no file"),
        ("", "", "is empty"),
        ("a,b\n1,2\n", "", "only one row"),
        ("a,word,t\n" + "1,x,0.5\n2,y,1.5\n" * 3, "kinds = { word = 'number' }", "column 'word' holds text"),
        ("a,b,t\n1,2,0.5\n,3,1.5\n4,,2.5\n", "features = ['a', 'b']", "no value in a (1), b (1)"),
        ("a,b,t\n1,2,0.5\n,3,1.5\n", "delimiter = 'colon'", "dataset.delimiter: expected one of: comma"),
        ("a,b,t\n1,2,0.5\n,3,1.5\n", "kinds = { a = 'text' }", "for 'a', got 'text'"),
        ("a,t\n" + "".join(f"{i},same\n" for i in range(8)), "", "'same' in every row"),
        ("a,\x1b[31mb\n" + "".join(f"{i},\n" for i in range(8)), "", "no value in \ufffd[31mb (8)"),
        ("a,b\n1,2,3,4\n4,5,6,7\n", "", "cells"),
        ("a,b\n1e300,1\n2,2.5\n3,4\n", "", "goes beyond"),
    ],
)
def test_a_wrong_csv_is_refused_with_the_reason(
    refused: Refused,
    toml: Callable[[str], str],
    tmp_path: Path,
    content: str | None,
    settings: str,
    told: str,
) -> None:
    file = tmp_path / "own.csv"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert told in refused("train", toml(f"[dataset]\npath = {str(file)!r}\n{settings}\n"))


@pytest.mark.parametrize("epochs", ["abc", "0", "-3", "1.5", "1e400", ""])
def test_wrong_epochs_are_refused(refused: Refused, toml: Callable[[str], str], epochs: str) -> None:
    assert "training.epochs: expected an integer" in refused("train", toml(""), f"--epochs={epochs}")


def test_a_path_is_shown_as_it_is_typed(refused: Refused, tmp_path: Path) -> None:
    r"""Also with a ``\``, which Windows has between folders, and other systems in names."""
    folder = tmp_path / "my\\house"
    folder.mkdir(parents=True)
    assert refused("train", f"{folder}") == f"tui-trainer: '{folder}' is a folder; give the path of a TOML file\n"


def test_a_history_that_cannot_be_written(refused: Refused, toml: Callable[[str], str], tmp_path: Path) -> None:
    path = toml("[training]\nepochs = 10000000\n")  # refused before the training, or this test would not end
    assert "No such file or directory" in refused("train", path, "--history", str(tmp_path / "no" / "h.csv"))
    assert "--history" in refused("train", path, "--history", str(tmp_path))


def test_the_app_without_a_terminal(refused: Refused, toml: Callable[[str], str]) -> None:
    assert "the app needs a terminal; without one, use: tui-trainer train FILE.toml" in refused()
    assert "the app needs a terminal" in refused(toml(""))
    assert "there is no file" in refused("missing.toml")


@pytest.mark.parametrize("words", [["train"], ["train", "a.toml", "--nosuch"], ["summary"], ["--nosuch"]])
def test_wrong_usage_prints_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == "" and "usage: tui-trainer" in err and "Traceback" not in err


@pytest.mark.parametrize("name", ["nosuch", "file.toml", "\x1b[2J"])
def test_a_folder_of_lessons_that_is_none(refused: Refused, tmp_path: Path, name: str) -> None:
    (tmp_path / "file.toml").write_text("title = 'A lesson'", encoding="utf-8")
    said = refused("--lessons", str(tmp_path / name))
    assert "--lessons: there is no folder" in said
