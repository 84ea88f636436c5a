"""The Runs tab in the app: every key of it, on runs of a real store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from stored_runs import EPOCHS, store_runs
from textual.widget import Widget
from textual.widgets import Input

from tui_trainer.experiment.schema import Experiment, LayerConfig, ModelConfig
from tui_trainer.protocol import unpack
from tui_trainer.store.live_trainers import LiveTrainer, folder_beside
from tui_trainer.store.store import Store
from tui_trainer.tabs.runs.charts import ParallelPanel
from tui_trainer.tabs.runs.table import RunsPanel
from tui_trainer.tabs.runs.view import RunsView
from tui_trainer.ui.plot_widgets import FrameWidget, PlotWidget, TextLines
from tui_trainer.ui.status_lines import Prompt

if TYPE_CHECKING:
    from running_app import Flow, Start

NARROW = (80, 24)


def view_of(flow: Flow) -> RunsView:
    """The open tab."""
    view = flow.screen.tabs.view
    assert isinstance(view, RunsView)
    return view


def names(flow: Flow) -> list[str]:
    """The runs as they are listed."""
    listed = view_of(flow).listed
    return [] if listed is None else [row.name for row in listed.rows]


def under_cursor(flow: Flow) -> str:
    row = view_of(flow).place.row
    return "" if row is None else row.name


async def opened(flow: Flow, count: int = 4) -> None:
    """Open the tab and wait for the list."""
    await flow.press("8")
    await flow.until(lambda: isinstance(flow.screen.tabs.view, RunsView) and len(names(flow)) == count, "the list")
    await flow.until(lambda: all(name in flow.screen_text() for name in names(flow)), "on the screen")


async def type_in(flow: Flow, key: str, text: str, *keys: str) -> None:
    """Press ``key``, put ``text`` into the box it opens, and press more keys."""
    box = view_of(flow).query_one(Prompt).query_one(Input)
    await flow.press(key)
    await flow.until(lambda: box.has_focus, "the box")
    box.value = text
    await flow.press(*keys)


async def test_the_list_is_sorted_walked_and_filtered(start: Start, tmp_path: Path) -> None:
    store_runs(tmp_path / "store")
    async with start(size=NARROW) as flow:
        await opened(flow)
        assert names(flow) == ["homes", "adam", "usual", "slow"]
        await flow.until_shown("4 runs newest first")
        await flow.until_shown("kB on disk")
        await flow.press("down", "down", "down", "down")
        assert under_cursor(flow) == "slow"
        await flow.press("pageup")
        assert under_cursor(flow) == "homes"
        await flow.press("end", "up")
        assert under_cursor(flow) == "usual"
        await flow.press("home", "pagedown")
        assert under_cursor(flow) == "slow"
        await flow.press("O")
        await flow.until(lambda: names(flow) == ["slow", "usual", "adam", "homes"], "the oldest first")
        assert under_cursor(flow) == "slow", "the cursor stays on its run"
        while view_of(flow).sort != "lr":
            await flow.press("o")
        await flow.until(
            lambda: names(flow) == ["homes", "slow", "adam", "usual"], "by rate, the newer of equals first"
        )
        await flow.until_shown("by rate")
        await flow.press("right", "right")
        await flow.until(lambda: "dataset" in flow.screen_text() and "val loss" not in flow.screen_text(), "columns")
        await flow.press("left", "left", "left")
        await flow.until_shown("val loss")

        await type_in(flow, "slash", "lr<0.02 -boston")
        await flow.until(lambda: names(flow) == ["slow", "adam"], "while it is typed")
        assert flow.screen.focused is not None
        await flow.press("enter")
        await flow.until_shown("2 of 4 runs /lr<0.02 -boston by rate")
        await flow.until(lambda: flow.screen.focused is None, "keys that work")
        await type_in(flow, "slash", "lr<0.02 los<3")
        await flow.until_shown("there is no such field; did you mean loss?")
        text = flow.screen_text().splitlines()
        line = next(line for line in text if "los<3" in line and "/" in line)
        marks = text[text.index(line) - 2]
        assert marks.index("~") == line.index("los<3") and marks.strip() == "~~~", "under it, where it is wrong"
        assert names(flow) == ["slow", "adam"], "what was there stays"
        await flow.press("escape")
        await type_in(flow, "slash", "nothing like that", "enter")
        await flow.until_shown("No run matches the filter; / changes it.")
        await flow.press("enter", "v", "N")
        await type_in(flow, "slash", "", "enter")
        await flow.until(lambda: len(names(flow)) == 4, "all of them")


async def test_a_run_is_opened_as_it_was_and_goes_on(start: Start, tmp_path: Path) -> None:
    sessions = store_runs(tmp_path / "store")
    async with start(Experiment(model=ModelConfig(layers=(LayerConfig(3),)))) as flow:
        await opened(flow)
        await flow.press("down", "enter")
        await flow.until_said(f"Opened adam at epoch {EPOCHS}; space continues training.")
        await flow.until_state("finished")
        assert flow.screen.experiment == sessions["adam"].requested
        assert flow.screen.tabs.active == "loss"
        await flow.until(lambda: flow.progress.epoch == EPOCHS, "its epochs")
        curves = {curve.name: unpack(curve.y).tolist() for curve in await flow.until_curves()}
        assert curves["loss"] == list(sessions["adam"].history.epochs["loss"])
        assert curves["val_loss"] == list(sessions["adam"].history.epochs["val_loss"])
        last = {name: values[-1] for name, values in sessions["adam"].history.epochs.items()}
        assert flow.progress.values == last

        await flow.press("e")
        await flow.until(lambda: flow.progress.epoch == EPOCHS + 1, "one more epoch")
        sessions["adam"].epoch()
        assert flow.progress.values == sessions["adam"].values, "the same weights: as if it had never stopped"
        await opened(flow)
        await flow.until(lambda: names(flow)[0] == "adam", "it was saved last")
        rows = view_of(flow).place.rows
        assert (rows[0].here, rows[0].epoch, rows[1].here) == (True, EPOCHS + 1, False)
        assert len(names(flow)) == 4, "it is no copy that went on"
        await flow.press("u")
        await flow.until(lambda: flow.screen.experiment.model.layers == (LayerConfig(3),), "the settings from before")


async def test_a_run_that_is_at_work_elsewhere_is_not_opened(start: Start, tmp_path: Path) -> None:
    store_runs(tmp_path / "store")
    place = LiveTrainer(folder_beside(tmp_path / "store" / "runs.sqlite"))
    Store(tmp_path / "store" / "runs.sqlite", place.name).claim(4)
    async with start() as flow:
        await opened(flow)
        assert under_cursor(flow) == "homes"
        await flow.until_shown("↗")
        await flow.press("enter")
        await flow.until_said("Run 4 is running in another session; tui-trainer --resume 4 takes it over.")
        await flow.press("d")
        await flow.until_said("Run 4 is running and can't be deleted.")
        assert flow.screen.experiment == Experiment()
        await flow.press("e")
        await flow.until(lambda: flow.progress.epoch == 1, "the run before it is the one, and goes on")
        await flow.until(lambda: len(names(flow)) == 5, "and is listed")
    place.leave()


async def test_a_run_is_named_tagged_and_pinned(start: Start, tmp_path: Path) -> None:
    store_runs(tmp_path / "store")
    async with start() as flow:
        await opened(flow)
        await flow.press("down", "down", "down")
        await type_in(flow, "N", "[b]~/../x", "enter")
        await flow.until_said("Renamed.")
        await flow.until(lambda: names(flow)[3] == "[b]~/../x", "its name")
        await flow.until_shown("[b]~/../x")
        await type_in(flow, "N", " ", "enter")
        await flow.until_said("A run needs a name of at least one character.")
        await type_in(flow, "t", "book, 2.1", "enter")
        await flow.until_said("#book added, #2.1 added: one run.")
        await flow.until(lambda: view_of(flow).place.rows[3].tags == "book 2.1", "its tags")
        await type_in(flow, "t", "book", "enter")
        await flow.until_said("#2.1 removed: one run.")
        await flow.until(lambda: view_of(flow).place.rows[3].tags == "book", "without the one taken out of the box")
        await flow.press("P")
        await flow.until(lambda: names(flow)[0] == "[b]~/../x" and view_of(flow).place.cursor == 0, "it is on top")
        await flow.press("v", "down", "v")
        await type_in(flow, "t", "both -book", "enter")
        await flow.until_said("#both added, #book removed: 2 runs.")
        await flow.until(lambda: [view_of(flow).place.rows[place].tags for place in (0, 1)] == ["both", "both"])
        await flow.press("home", "P")
        await flow.until_said("2 runs unpinned.")
        await flow.press("X")
        await flow.until(lambda: "chosen" not in flow.screen_text(), "none is chosen any more")
        await type_in(flow, "N", "left alone", "escape")
        await flow.until(lambda: not view_of(flow).query_one(Prompt).purpose, "the box is left")
        assert "left alone" not in names(flow)


async def test_a_deleted_run_is_brought_back(start: Start, tmp_path: Path) -> None:
    store_runs(tmp_path / "store")
    async with start() as flow:
        await flow.press("a")
        await flow.until(lambda: len(flow.screen.experiment.model.layers) == 2, "a second layer")
        await opened(flow)
        await flow.press("v", "down", "v", "d")
        await flow.until_said("Deleted 2 runs; u restores them.")
        await flow.until(lambda: names(flow) == ["usual", "slow"], "the others")
        await flow.press("delete")
        await flow.until_said("Deleted one run; u restores it.")
        await flow.until(lambda: names(flow) == ["usual"], "the one under the cursor")
        assert len(flow.screen.experiment.model.layers) == 2, "no layer is removed by that key here"
        await flow.press("u", "u")
        await flow.until_said("2 runs restored.")
        await flow.until(lambda: names(flow) == ["homes", "adam", "usual", "slow"], "all of them")
        await flow.press("u")
        await flow.until(lambda: len(flow.screen.experiment.model.layers) == 1, "then u is the settings' again")
        await flow.press("d")
        await flow.until(lambda: len(names(flow)) == 3, "one less")
    async with start() as flow:
        await opened(flow, 3)
    connection = Store(tmp_path / "store" / "runs.sqlite")
    assert len(connection.runs()) == 3, "the next start has removed it"


async def test_what_chosen_runs_differ_in(start: Start, tmp_path: Path) -> None:
    store_runs(tmp_path / "store")
    async with start(size=NARROW) as flow:
        await opened(flow)
        await flow.press("w")
        await flow.until_shown("Choose two or more runs to see how they differ.")
        await flow.press("v", "down", "v")
        for text in ("A homes", "B adam", "training.optimizer.name", "boston", "validation loss"):
            await flow.until_shown(text)
        await flow.press("w")
        await flow.until(lambda: "training.optimizer.name" not in flow.screen_text(), "the list alone")
        await flow.pilot.resize_terminal(120, 40)
        await flow.press("w")
        await flow.until(lambda: "dataset.name" in flow.screen_text() and "slow" in flow.screen_text(), "both")


async def test_the_runs_are_charted(start: Start, tmp_path: Path) -> None:
    sessions = store_runs(tmp_path / "store")
    async with start(size=NARROW) as flow:
        await opened(flow)
        await flow.press("H")
        await flow.until_said("Colours are for the scatter plot; I shows it.")
        await flow.press("I")
        await flow.until_shown("what mattered")
        plot = view_of(flow).query_one(PlotWidget)
        await flow.until(lambda: len(plot.plot.series) > 1, "points")
        assert plot.plot.y_label == "validation loss"
        across = plot.plot.x_label
        await flow.until_shown(across)
        await flow.until_shown("run 4")
        await flow.press("right")
        await flow.until(lambda: plot.plot.x_label not in ("", across), "another field across")
        await flow.until_shown(plot.plot.x_label)
        title = plot.plot.title
        await flow.press("H")
        await flow.until(lambda: plot.plot.title != title, "other colours")
        await flow.press("left")
        await flow.until(lambda: plot.plot.x_label == across, "the first one again")
        await flow.press("down")
        await flow.until_shown("run 3")
        while view_of(flow).sort != "score":
            await flow.press("o")
        await flow.until(lambda: plot.plot.y_label == "score", "what the list is sorted by")
        await type_in(flow, "slash", "-boston", "enter")
        await flow.until_shown("3 of 4 runs")

        await flow.press("I")
        await flow.until_shown("green best quarter, red worst")
        panel = view_of(flow).query_one(ParallelPanel)
        await flow.until(lambda: "learning rate" in panel.render_line(0).text, "the axes")
        assert panel.render_line(0).text.rstrip().endswith("score")
        await flow.press("enter")
        await flow.until_said("Opened adam")
        assert flow.screen.experiment == sessions["adam"].requested
        await flow.press("8", "I")
        await flow.until(lambda: "val loss" in flow.screen_text() and not plot.display, "the table again")


async def test_the_mouse_uses_the_charts(start: Start, tmp_path: Path) -> None:
    sessions = store_runs(tmp_path / "store")
    async with start() as flow:
        await opened(flow)
        await flow.press("I")
        await flow.until_shown("what mattered")
        view = view_of(flow)
        plot, panel = view.query_one(PlotWidget), view.query_one(ParallelPanel)
        await flow.until(lambda: len(plot.plot.series) > 1 and plot.row_text(plot.size.height - 1).strip(), "points")

        async def click(widget: Widget, column: float, row: float) -> None:
            await flow.pilot.click(widget, offset=(int(column), int(row)))

        for series in [one for one in plot.plot.series if one.glyph != "◉"]:
            for x, y in zip(series.x, series.y, strict=True):
                cells = plot.cells(np.array([x]), np.array([y]))
                assert cells is not None
                await click(plot, cells[0][0], cells[1][0])
                told = view.query_one(".details", TextLines)
                await flow.until(
                    lambda told=told: told.text.startswith(f"run {view.place.run} ") and view.place.row is not None,
                    "a run",
                )
                assert view.chart is not None
                place = view.chart.runs.index(view.place.run or 0)
                assert unpack(view.chart.values)[place] == pytest.approx(y) or view.place.run in view.chart.diverged
        across = plot.plot.x_label
        row = plot.size.height - 1
        start_of_name = plot.row_text(row).index(across)
        await click(plot, start_of_name + 5, row)
        await flow.until(lambda: plot.plot.x_label != across, "the next field across")
        await flow.until(lambda: plot.plot.x_label in plot.row_text(row), "it is drawn")
        await click(plot, plot.row_text(row).index(plot.plot.x_label), row)
        await flow.until(lambda: plot.plot.x_label == across, "the one before, by its arrow")
        title = plot.plot.title
        await click(plot, plot.size.width - 3, 0)
        await flow.until(lambda: plot.plot.title != title, "other colours, by the legend")
        shares = view.query_one(".shares", TextLines)
        assert view.chart is not None
        second = view.chart.fields[1]
        await click(shares, shares.text.index(second.shared_label) + 1, 0)
        await flow.until(lambda: plot.plot.x_label == f"← {second.label} →", "the field of a share")
        sort = view.sort
        await click(plot, 2, 0)
        await flow.until(lambda: view.sort != sort, "another measure, by its name")

        view.sort = "loss"
        await flow.press("I")
        await flow.until(lambda: panel.display and panel.row_text(0).strip(), "parallel coordinates")
        rows: dict[int | None, int] = {}
        for row in range(1, panel.size.height):
            await click(panel, panel.size.width // 3, row)
            rows[view.place.run] = row
        assert len(rows) > 1, "lines select their runs"
        await click(panel, panel.row_text(0).index(view.chart.fields[1].label), 0)
        await flow.until(lambda: view.form == "scatter", "the scatter plot over an axis")
        assert view.choice.across == view.chart.fields[1].path
        await flow.press("I")
        await flow.until(lambda: view.form == "parallel" and panel.display, "the lines again")
        await flow.until(lambda: flow.screen.get_widget_at(*panel.region.offset)[0] is panel, "in their place")
        await flow.pilot.click(panel, offset=(panel.size.width // 3, max(rows.values())), times=2)
        await flow.until_said("Opened ")
        assert flow.screen.experiment in [session.requested for session in sessions.values()]


async def test_runs_that_differ_in_nothing_are_not_charted(start: Start, tmp_path: Path) -> None:
    store_runs(tmp_path / "store", {"one": {}, "two": {}})
    async with start(size=NARROW) as flow:
        await opened(flow, 2)
        await flow.press("I")
        await flow.until_shown("A chart needs runs that differ in a field; those that the list shows differ in none.")
        await flow.press("left", "H", "I")
        await flow.until_shown("A chart needs runs that differ in a field; those that the list shows differ in none.")


async def test_the_mouse_sorts_and_chooses_runs(start: Start, tmp_path: Path) -> None:
    store_runs(tmp_path / "store")
    async with start() as flow:
        await opened(flow)
        await flow.pilot.click(RunsPanel, offset=(10, 3))
        await flow.until(lambda: under_cursor(flow) == "usual", "the third")
        await flow.pilot.click(RunsPanel, offset=(1, 4))
        await flow.until(lambda: view_of(flow).choices.runs == (1,), "the fourth is chosen")
        await flow.pilot.click(RunsPanel, offset=(8, 0))
        await flow.until(lambda: names(flow) == ["adam", "homes", "slow", "usual"], "by name")
        await flow.pilot.click(RunsPanel, offset=(8, 0))
        await flow.until(lambda: names(flow) == ["usual", "slow", "homes", "adam"], "the other way round")
        await flow.pilot.click(RunsPanel, offset=(8, 12))
        assert under_cursor(flow) == "slow", "below the list there is nothing"


async def test_a_long_list_is_known_in_parts(start: Start, tmp_path: Path) -> None:
    from runs import make_store  # the store of the benchmark

    (tmp_path / "store").mkdir()
    make_store(tmp_path / "store" / "runs.sqlite", 600)
    async with start(size=NARROW) as flow:
        await flow.press("8")
        await flow.until(lambda: isinstance(flow.screen.tabs.view, RunsView) and view_of(flow).place.total == 600)
        assert len(names(flow)) < 120, "no more than a few pages"
        seen = set(names(flow))
        await flow.press("end")
        await flow.until(lambda: view_of(flow).place.row is not None, "the last run")
        last = under_cursor(flow)
        assert last not in seen and view_of(flow).place.cursor == 599
        await flow.until_shown(last)
        for _ in range(12):
            await flow.press("pageup")
        await flow.until(lambda: view_of(flow).place.row is not None and view_of(flow).place.is_known, "further up")
        await flow.press("O")
        await flow.until(lambda: view_of(flow).place.cursor == 599 - (599 - 12 * (view_of(flow).place.page - 1)))


async def test_ascii_alone_and_an_empty_store(start: Start) -> None:
    async with start(size=NARROW) as flow:
        await flow.press("8")
        await flow.until_shown("No runs yet: the first training step starts one.")
        await flow.press("enter")
        await flow.until_said("There is no run under the cursor.")
        await flow.press("v", "P", "N", "t", "d")
        await flow.until_said("Nothing to delete.")
        await flow.press("k", "k", "e")
        await flow.until(lambda: names(flow) == ["iris 16 relu ρ .05"], "the run under work, as soon as it is saved")
        await flow.until(lambda: {one.markers for one in view_of(flow).query(FrameWidget)} == {"ascii"})
        panel = view_of(flow).query_one(RunsPanel)
        await flow.until(lambda: panel.render_line(1).text.startswith(">  | iris 16 relu"), "in plain characters")
