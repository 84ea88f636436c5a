"""Rows of a file are called by their line in it, with what tells them apart, wherever one is named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import DataTable

from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.protocol import Loaded, unpack

if TYPE_CHECKING:
    from running_app import Start

# Two titles above, and a gap: line 7 is left out
TREES = "Trees of our street\n\ntree,height,kind\n" + "".join(
    f"T{i:02},{'' if i == 3 else i % 9 + (i % 2) * 8}.5,{'oak' if i % 2 else 'fir'}\n".replace(",.5,", ",,")
    for i in range(40)
)


async def test_lines_and_names_stand_in_all_tabs(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "trees.csv"
    path.write_text(TREES)
    async with start(Experiment(dataset=DatasetConfig(path=str(path), target="kind"))) as flow:
        loaded = next(report for report in flow.reports if isinstance(report, Loaded)).dataset
        assert (loaded.row_heading, loaded.row_column, loaded.row_names[:2]) == ("line", "tree", ("T00", "T01"))
        assert unpack(loaded.row_numbers)[:5].tolist() == [4, 5, 6, 8, 9]

        await flow.press("2")
        await flow.until(lambda: flow.screen.query("DataView #rows"), "the table")
        table = flow.screen.query_one("DataView #rows", DataTable)
        await flow.until(lambda: table.row_count == 39, "the rows")
        assert [str(column.label) for column in table.ordered_columns][:3] == ["line", "tree", "kind"]
        assert list(map(str, table.get_row_at(3)))[:2] == ["8", "T04"]

        await flow.press("6")
        await flow.until_shown(", tree T")
        listed = next(line for line in flow.screen_text().splitlines() if "predicted" in line and "true" in line)
        assert listed.split()[listed.split().index("#") + 1 :][:2] == ["line", "tree"]
        called = next(part for part in flow.screen_text().split("line ") if ", tree T" in part[:10])
        number, name = called.split(", tree T")[0], called.split(", tree T")[1][:2]
        assert int(number) - 4 == int(name)

        await flow.press("5")
        await flow.until_shown(" (line ")
        assert ", tree T" in flow.screen_text()


async def test_rows_of_shipped_data_are_counted(start: Start) -> None:
    async with start() as flow:
        loaded = next(report for report in flow.reports if isinstance(report, Loaded)).dataset
        assert (loaded.row_heading, loaded.row_column, loaded.row_names) == ("row", "", ())
        assert unpack(loaded.row_numbers)[:3].tolist() == [0, 1, 2]
        await flow.press("5")
        await flow.until_shown(" (row ")
