"""Folders as the picker lists them."""

from __future__ import annotations

from pathlib import Path

import pytest
from systems import LINKS, not_on_windows

from tui_trainer.app.dialogs.pick_file import Entry, common_start, list_folder, split_path


@not_on_windows(LINKS)
def test_folders_first_then_files_of_data(tmp_path: Path) -> None:
    (tmp_path / "Zoo").mkdir()
    (tmp_path / "attic").mkdir()
    (tmp_path / ".git").mkdir()
    for name, size in (("b.csv", 12), ("A.TSV", 2_345_678), ("c.tab", 0), ("d.txt", 5), (".e.csv", 5)):
        (tmp_path / name).write_bytes(b"x" * size)
    (tmp_path / "broken.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "linked.csv").symlink_to(tmp_path / "b.csv")
    listing = list_folder(str(tmp_path))
    assert [entry.name for entry in listing.entries] == [
        "attic",
        "Zoo",
        "A.TSV",
        "b.csv",
        "c.tab",
        "d.txt",
        "linked.csv",
    ]
    assert [entry.size_text for entry in listing.entries] == ["", "", "2.35 MB", "12 B", "0 B", "5 B", "12 B"]
    assert listing.others == {"broken.csv"} and listing.problem == ""
    assert [entry.name for entry in listing.matching("a")] == ["attic", "A.TSV"]
    assert [entry.name for entry in listing.matching("OO")] == ["Zoo"]
    assert listing.matching("nothing") == []


def test_folders_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "can't be listed: " in list_folder(str(tmp_path / "none")).problem
    assert list_folder("\0").problem.isprintable() and list_folder("\0").problem
    monkeypatch.setenv("TUI_TRAINER_ROOT", str(tmp_path))
    assert "is outside of" in list_folder("/").problem
    assert list_folder(str(tmp_path)).problem == ""


@pytest.mark.parametrize(
    ("typed", "split"),
    [("data/bo", ("data/", "bo")), ("bo", ("", "bo")), ("/bo", ("/", "bo")), ("data/", ("data/", "")), ("", ("", ""))],
)
def test_what_is_typed_is_a_folder_and_the_beginning_of_a_name(typed: str, split: tuple[str, str]) -> None:
    assert split_path(typed) == split


def test_what_names_begin_with() -> None:
    assert common_start(["alpha_one", "alpha_two"]) == "alpha_"
    assert common_start(["alpha", "alphabet", "alp"]) == "alp"
    assert common_start(["a", "b"]) == "" and common_start(["same"]) == "same"


@pytest.mark.parametrize(
    ("size", "told"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (123_456_789, "123 MB"), (4 * 10**15, "4e+03 TB")]
)
def test_sizes_are_written_in_round_units(size: int, told: str) -> None:
    assert Entry("x.csv", False, size).size_text == told
