"""What the preview says, and how its keys change the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from tui_trainer.app.dialogs.preview_data import describe_preview, detected_labels, name_of, with_choice, with_next_kind
from tui_trainer.datasets.file_preview import FilePreview, PreviewColumn
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import DatasetConfig

CONFIG = DatasetConfig(path="x.csv")
COLUMN = PreviewColumn("a", "number", "number", "number", 0)
SEEN = FilePreview(
    sentence="Commas.",
    delimiter="comma",
    encoding="Windows-1252 (it is not UTF-8)",
    columns=(COLUMN, PreviewColumn("y", "category", "category", "category of 2", 1)),
    rows=1200,
    targets=("y",),
    task="binary",
    classes=("no", "[red]yes"),
    features=1,
    notes=("Done.",),
)


def changed(seen: FilePreview = SEEN, **fields: Any) -> FilePreview:
    values = {name: getattr(seen, name) for name in seen.__struct_fields__}
    return FilePreview(**{**values, **fields})


def test_kinds_go_round_and_a_guess_is_not_noted() -> None:
    first = with_next_kind(CONFIG, COLUMN)
    second = with_next_kind(first, COLUMN)  # pressed again before the answer came
    assert (first.kinds, second.kinds) == ({"a": "category"}, {"a": "ignore"})
    assert with_next_kind(second, COLUMN) == CONFIG
    text = PreviewColumn("b", "ignore", "ignore", "a different text in each row", 0)
    assert with_next_kind(first, text).kinds == {"a": "category", "b": "number"}


def test_other_columns_forget_what_was_said_of_these() -> None:
    said = with_choice(with_next_kind(CONFIG, COLUMN), "target", "a")
    assert with_choice(said, "missing", "fill") == DatasetConfig(
        path="x.csv", target="a", kinds={"a": "category"}, missing="fill"
    )
    assert with_choice(said, "header", "false") == DatasetConfig(path="x.csv", header=False)
    assert with_choice(said, "delimiter", "tab") == DatasetConfig(path="x.csv", delimiter="tab")
    assert with_choice(DatasetConfig(path="x.csv", header=True), "header", None) == CONFIG
    assert with_choice(said, "skip_rows", "2") == DatasetConfig(path="x.csv", skip_rows=2)
    assert with_choice(said, "quote", "none") == DatasetConfig(path="x.csv", quote="none")


def test_marks_of_missing_values_are_words_with_commas_between() -> None:
    for text, marks in (
        ("-999, not known,,?", ("-999", "not known", "?")),
        ("-9,9; x", ("-9,9", "x")),
        ("", ()),
        (None, ()),
    ):
        assert with_choice(CONFIG, "missing_marks", text).missing_marks == marks
    with pytest.raises(UserError, match="skip_rows"):
        with_choice(CONFIG, "skip_rows", "123456")


def test_what_a_file_comes_to() -> None:
    assert describe_preview(SEEN) == "1,200 rows, 2 columns; 1 feature. y: 2 classes (no, [red]yes). Done."
    part = changed(is_part=True, classes=(), features=2, hidden_columns=9, notes=())
    assert describe_preview(part) == (
        "The first 1,200 rows, 11 columns; 2 features. y: a number, regression. 9 more columns are not shown here."
    )
    assert describe_preview(changed(problem="a: no.")) == "a: no."
    assert describe_preview(changed(problem="a: no.", is_part=True)) == "The first 1,200 rows: a: no."
    assert describe_preview(FilePreview(problem="dataset.path: there is no file")) == "there is no file"
    many = changed(classes=tuple(map(str, range(9))))
    assert "y: 9 classes (0, 1, 2, 3, 4, …)." in describe_preview(many)


def test_what_is_found_stands_in_the_lists() -> None:
    come_to = detected_labels(SEEN, CONFIG)
    assert come_to == {
        "delimiter": "(commas)",
        "decimal": "(point)",
        "encoding": "(Windows-1252)",
        "header": "(has names)",
        "comment": "(none)",
        "quote": "(double)",
        "skip_rows": "(0)",
        "missing_marks": "(empty cells)",
        "target": "(y)",
        "task": "(classes)",
    }
    chosen = detected_labels(SEEN, DatasetConfig(path="x.csv", delimiter="comma", task="regression"))
    assert (chosen["delimiter"], chosen["task"], chosen["target"]) == ("as found", "as found", "(y)")
    assert set(detected_labels(FilePreview(problem="no file"), CONFIG).values()) == {"as found"}


def test_names_of_files_are_fit_for_the_screen() -> None:
    assert name_of("/data/\x1b[2J/[b]\x1b.csv") == "[b]�.csv"
