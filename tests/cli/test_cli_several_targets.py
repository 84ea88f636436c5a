"""Several targets on the command line: trained on, predicted, described, searched and explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui_trainer.cli.main import main

ENERGY = 'area,glazing,heating,"cooling, peak"\n' + "".join(
    f"{500 + 7 * n},{n % 5 / 10},{n * 0.5 + 3:.1f},{1000 - 9 * n}\n" for n in range(40)
)
BOTH = ["--target", "heating", "--target", "cooling, peak"]


@pytest.fixture
def energy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of a file with two targets; runs are kept beside it."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "store"))
    (tmp_path / "energy.csv").write_text(ENERGY)
    return str(tmp_path / "energy.csv")


def test_train_tells_of_each_and_predict_has_a_column_for_each(
    energy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--csv", energy, *BOTH, "--epochs", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("area and 1 other -> heating, 'cooling, peak': 2 numbers, 40 rows")
    assert any(line.startswith("Each target is standardized by itself for training: heating (mean ") for line in lines)
    assert not any("[0]" in line for line in lines)
    of_targets = [line for line in lines if line.startswith("  ")]
    assert [line.split(":")[0].strip() for line in of_targets] == ["heating", "cooling, peak"] * 2
    assert all("r2 " in line and "mae " in line for line in of_targets)

    (tmp_path / "new.csv").write_text("area,glazing\n500,0.1\n600,0.2\n")
    assert main(["predict", "1", str(tmp_path / "new.csv")]) == 0
    printed = capsys.readouterr()
    head, *rows = printed.out.splitlines()
    assert head == 'line,predicted_heating,"predicted_cooling, peak"'
    assert [len(row.split(",")) for row in rows] == [3, 3] and "Scores" not in printed.err
    assert main(["predict", "1", energy, "--to", str(tmp_path / "all.csv")]) == 0
    said = capsys.readouterr()
    assert "Scores: loss " in said.out + said.err and "  cooling, peak: r2 " in said.out + said.err


def test_programs_get_all_of_them(energy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--csv", energy, *BOTH, "--epochs", "2", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["data"]["target"] == ["heating", "cooling, peak"]
    assert [scale["mean"] for scale in result["target_scale"]] == pytest.approx([12.75, 824.5], rel=0.05)
    assert {"r2", "r2[0]", "r2[1]", "mae[1]"} <= set(result["validation"])


def test_other_commands_know_them(energy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "--csv", energy, *BOTH]) == 0
    assert "the targets are heating, 'cooling, peak'" in capsys.readouterr().out
    sweep = ["sweep", "--csv", energy, *BOTH, "--set", "learning_rate=0.001,0.01", "--epochs", "3"]
    assert main([*sweep, "--by", "val_mae[1]"]) == 0
    assert "Best by val_mae[1]: run 2" in capsys.readouterr().out
    assert main(["train", "--csv", energy, *BOTH, "--epochs", "2"]) == 0
    assert main(["importance", "3", "--by", "mae[1]"]) == 0
    assert "area" in capsys.readouterr().out
    assert main(["report", "3", "--to", str(tmp_path / "report.md")]) == 0
    assert "| MAE of cooling, peak |" in (tmp_path / "report.md").read_text()


def test_names_are_not_cut_at_commas(energy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--csv", energy, "--target", "cooling, peak", "--epochs", "1"]) == 0
    assert "-> cooling, peak: a number" in capsys.readouterr().out
    assert (
        main(["train", "--csv", energy, "--set", 'dataset.target=["heating", "cooling, peak"]', "--epochs", "1"]) == 0
    )
    assert "2 numbers" in capsys.readouterr().out
    assert main(["train", "--csv", energy, "--target", "heating,glazing"]) == 2
    assert "or on the command line --target heating --target glazing" in capsys.readouterr().err
