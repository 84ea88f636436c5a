"""The Data tab: the columns in numbers, the rows, and the plot of two columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from textual.widgets import DataTable, Static

from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.plotting.plot import HIGHEST, unpack_levels
from tui_trainer.protocol import Unavailable
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.data.compute import DataCompute
from tui_trainer.tabs.data.messages import RowPicture, WatchRow
from tui_trainer.tabs.data.view import ColumnTable, DataView, common_limits
from tui_trainer.training.session import Session
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.plot_widgets import PictureWidget

if TYPE_CHECKING:
    from running_app import Flow, Start


async def opened(flow: Flow) -> ColumnTable:
    await flow.press("2")
    await flow.until(lambda: flow.screen.query(DataView), "the tab")
    table = flow.screen.query_one(ColumnTable)
    await flow.until(lambda: table.row_count, "the columns")
    return table


def cells(table: ColumnTable, row: int) -> dict[str, str]:
    headings = [str(column.label).split(" ")[0] for column in table.ordered_columns]
    return dict(zip(headings, map(str, table.get_row_at(row)), strict=True))


async def test_it_opens_on_the_columns_with_the_target_first(start: Start) -> None:
    async with start(Experiment(dataset=DatasetConfig(name="boston"))) as flow:
        table = await opened(flow)
        assert table.row_count == 14
        assert cells(table, 0)["column"] == "PRICE" and cells(table, 0)["with"] == ""
        assert cells(table, 6)["column"] == "RM" and cells(table, 6)["with"] == "r 0.70"
        assert "with PRICE" in flow.screen_text() and not flow.screen.query_one("#rows").display
        await flow.until_shown("PRICE: mean 22.53")


async def test_the_same_columns_are_not_filled_in_again_when_the_tab_is_opened_again(start: Start) -> None:
    async with start(Experiment(dataset=DatasetConfig(name="boston"))) as flow:
        table = await opened(flow)
        rows, answers = list(table.rows), len(flow.contents("data"))
        await flow.press("1", "2")
        await flow.until(lambda: len(flow.contents("data")) > answers, "the columns again")
        await flow.press("down")
        assert [row is before for row, before in zip(table.rows, rows, strict=True)] == [True] * 14


async def test_the_cursor_chooses_what_is_plotted_and_told(start: Start) -> None:
    async with start(Experiment(dataset=DatasetConfig(name="boston"))) as flow:
        table = await opened(flow)
        axis = flow.screen.query_one("#x-axis", Dropdown)
        assert axis.value == "CRIM"
        await flow.press(*["down"] * 6)
        await flow.until(lambda: axis.value == "RM", "the column on the x axis")
        await flow.until_shown("RM: mean 6.285 ± 0.7019")
        await flow.press("up")
        await flow.until(lambda: axis.value == "NOX" and table.cursor_row == 5, "the column above")


async def test_a_lesson_shows_the_first_and_the_last_rows(start: Start) -> None:
    async with start(Experiment(dataset=DatasetConfig(name="boston_rm"))) as flow:
        await opened(flow)
        view, rows = flow.screen.query_one(DataView), flow.screen.query_one("#rows", DataTable)
        view.configure({"panel": "rows", "ends": True})
        await flow.until(lambda: rows.row_count == 11, "five rows, a line, and five rows")
        assert [str(column.label) for column in rows.ordered_columns] == ["row", "RM", "PRICE"]
        shown = [[str(cell) for cell in rows.get_row_at(row)] for row in range(11)]
        assert shown[0] == ["0", "6.575", "24"] and shown[10] == ["505", "6.03", "11.9"]
        assert [line[0] for line in shown] == [*"01234", "…", "501", "502", "503", "504", "505"]
        await flow.press("v", "v")
        await flow.until(lambda: rows.row_count == 506 and rows.display, "all rows")


async def test_a_key_shows_the_rows_and_the_columns_again(start: Start) -> None:
    async with start() as flow:
        table = await opened(flow)
        rows = flow.screen.query_one("#rows", DataTable)
        await flow.press("v")
        await flow.until(lambda: rows.display and not table.display, "the rows")
        assert rows.row_count == 150
        await flow.press("down", "down")
        await flow.until(lambda: rows.cursor_row == 2, "the third row")
        await flow.press("v")
        await flow.until(lambda: table.display and not rows.display, "the columns")
        assert table.cursor_row == 0, "its cursor has stayed"


async def test_other_data_have_other_columns_while_the_tab_is_open(start: Start) -> None:
    async with start() as flow:
        table = await opened(flow)
        assert cells(table, 0)["kind"] == "3 classes"
        await flow.screen.editor.change_field("dataset.name", "boston")
        await flow.until(lambda: table.row_count == 14, "the columns of the other data")
        assert cells(table, 0)["column"] == "PRICE"


async def test_rows_beyond_the_axes_are_told(start: Start, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=200)
    values[7] = 1e6
    path = tmp_path / "outlier.csv"
    path.write_text("a,b\n" + "\n".join(f"{value:.4f},{rng.normal():.4f}" for value in values))
    async with start(Experiment(dataset=DatasetConfig(path=str(path), target="b"))) as flow:
        await opened(flow)
        await flow.until_shown("x is cut at the 1st and 99th percentile: 4 rows lie beyond")
        await flow.screen.editor.change(Experiment())
        line = flow.screen.query_one("DataView .beyond", Static)
        await flow.until(lambda: not line.display, "nothing beyond")


async def test_names_of_a_file_are_never_markup(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("[red]a[/],\x1b[31mb,y\n" + "\n".join(f"{n % 5},[b]{n % 2}[/],{n % 3}" for n in range(30)))
    async with start(Experiment(dataset=DatasetConfig(path=str(path), target="y"))) as flow:
        table = await opened(flow)
        assert [cells(table, row)["column"] for row in range(3)] == ["y", "[red]a[/]", "\ufffd[31mb"]
        await flow.press("down", "down")
        await flow.until_shown("[b]0[/] 15 (50%)")


def test_an_axis_is_cut_only_where_the_rest_would_squeeze_it() -> None:
    values = np.linspace(0, 1, 101)
    assert common_limits(values) is None
    assert common_limits(np.append(values, 100.0)) == pytest.approx((0.0101, 0.9999))
    assert common_limits(np.append(np.zeros(1000), 5.0)) is None, "between equal numbers there is no axis"
    assert common_limits(np.array([])) is None


def test_a_row_of_pixels_is_computed_as_a_picture() -> None:
    session = Session()
    session.load(Experiment(dataset=DatasetConfig(name="digits")))
    compute, x = DataCompute(TrainerContext(session)), session.dataset.x
    for row, shown in ((7, 7), (-1, 0), (10_000, 1796)):
        content = compute.compute(WatchRow(1, row))
        assert isinstance(content, RowPicture) and content.row == shown
        levels = unpack_levels(content.levels, content.rows)
        np.testing.assert_array_equal(levels == HIGHEST, x[shown].reshape(8, 8) == 16)
    session.load(Experiment())
    assert isinstance(DataCompute(TrainerContext(session)).compute(WatchRow(1, 0)), Unavailable)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_chosen_row_is_drawn_where_the_columns_are_pixels(start: Start, size: tuple[int, int]) -> None:
    async with start(Experiment(dataset=DatasetConfig(name="digits")), size) as flow:
        await opened(flow)
        picture = flow.screen.query_one(PictureWidget)
        assert not picture.display
        await flow.press("v")
        await flow.until(lambda: picture.display, "the picture beside the plot")
        await flow.press("down", "down")

        def drawn() -> bool:
            content = flow.contents("data")[-1]
            lines = [picture.render_line(y) for y in range(picture.size.height)]
            shades = {(character, style) for line in lines for text, style, _ in line for character in text}
            return isinstance(content, RowPicture) and content.row == 2 and len(shades) > 3

        await flow.until(drawn, "the third row")
        await flow.press("v")
        await flow.until(lambda: not picture.display, "the columns")


async def test_other_rows_are_not_drawn(start: Start) -> None:
    async with start(Experiment()) as flow:
        await opened(flow)
        await flow.press("v")
        await flow.until(lambda: flow.screen.query_one("#rows").display, "the rows")
        assert not flow.screen.query_one(PictureWidget).display
