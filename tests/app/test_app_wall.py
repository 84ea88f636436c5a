"""The wall from the app: opened, raced, varied, looked at, left, and one of its networks opened."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from running_app import Flow
from systems import ENDED_BY_KILL, KILL
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.dialogs import wall_screen
from tui_trainer.app.dialogs.wall_screen import WallClient, WallScreen
from tui_trainer.app.dialogs.wall_tiles import DIGITS, Order, arrange, large_text, line_dots, networks_for
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OptimizerConfig,
    TrainingConfig,
)
from tui_trainer.system.processes import how_it_ended
from tui_trainer.tabs.book.view import BookView
from tui_trainer.wall.messages import Network, RaceNews, RaceReady

if TYPE_CHECKING:
    from running_app import Start

MOONS = Experiment(
    dataset=DatasetConfig("moons", validation_split=0.3),
    model=ModelConfig(layers=(LayerConfig(4, "tanh"),)),
    training=TrainingConfig(epochs=12, learning_rate=0.02, optimizer=OptimizerConfig("adam")),
)
SMALL = (80, 24)


def wall_of(flow: Flow) -> WallScreen:
    screen = flow.pilot.app.screen
    assert isinstance(screen, WallScreen)
    return screen


def standing(flow: Flow) -> str:
    return str(wall_of(flow).query_one("#standing", Static).content)


async def opened(flow: Flow) -> WallScreen:
    """Open the wall, and wait until its networks are there."""
    await flow.until(lambda: flow.screen.dialogs.is_free, "the last dialog has ended")
    await flow.press("T")
    await flow.until(lambda: isinstance(flow.pilot.app.screen, WallScreen), "the wall")
    await flow.until(lambda: wall_of(flow).is_mounted and wall_of(flow).tiles.wall.order, "its networks")
    return wall_of(flow)


async def raced(flow: Flow) -> None:
    """Race to the end, as fast as it goes."""
    await flow.press("Z", "Z", "space")
    await flow.until(lambda: " won: " in standing(flow), "the end of the race")


async def test_nine_networks_race_and_the_winner_is_told(start: Start) -> None:
    async with start(MOONS) as flow:
        wall = await opened(flow)
        await flow.until_shown("Which one wins? space starts the race.")
        assert len(wall.tiles.wall.order) == 9
        await raced(flow)
        await flow.until_shown("1. ")
        text = flow.screen_text()
        assert "validation accuracy" in text and "pace full" in text
        news = wall.tiles.wall.news
        assert news is not None and news.is_over and {network.state for network in news.networks} == {"finished"}
        sentence = standing(flow)
        await flow.press("escape")
        await flow.until_said(sentence)
        assert flow.screen.state == "ready" and flow.screen.experiment == MOONS, "the current run is as it was"
        await flow.until(lambda: flow.screen.wall.client is None, "the end of its process")


async def test_one_of_them_is_opened_with_its_weights(start: Start) -> None:
    async with start(MOONS, SMALL) as flow:
        wall = await opened(flow)
        await flow.press("v")
        await flow.until(lambda: wall.tiles.wall.order and wall.field.value == "model.seed", "a race of seeds")
        await flow.press("enter")
        await flow.until_shown("It has not been trained yet: space starts the race.")
        await raced(flow)
        await flow.press("down", "down", "right")
        chosen = wall.tiles.wall.chosen
        assert chosen == wall.tiles.wall.order[3]
        assert wall.tiles.wall.ready is not None
        seed = int(wall.tiles.wall.ready.names[chosen])
        await flow.press("enter")
        await flow.until_said(f"Opened seed = {seed} at epoch 12; space continues training.")
        assert flow.screen.experiment.model.seed == seed
        await flow.until_state("finished")


async def test_a_paused_race_goes_on_epoch_by_epoch_and_its_network_in_the_app(start: Start) -> None:
    async with start(MOONS, SMALL) as flow:
        await opened(flow)
        await flow.press("n")
        await flow.until_shown("Epoch 1 of 12.")
        await flow.press("n", "n")
        await flow.until_shown("Epoch 3 of 12.")
        await flow.press("enter")
        await flow.until_said("at epoch 3; space continues training.")
        await flow.until_state("paused")
        await flow.press("e")
        await flow.until(lambda: flow.progress.epoch == 4, "the next epoch")


async def test_values_are_typed_and_what_is_wrong_with_them_is_told(start: Start) -> None:
    async with start(MOONS, SMALL) as flow:
        wall = await opened(flow)
        for typed, reason in (
            ("0.1", "Learning rate: a race needs two values at least"),
            ("0.1, fast", "got 'fast'"),
            ("0.01, 0.1, 0.3", "Which one wins?"),
        ):
            wall.values.focus()
            await flow.until(lambda: wall.values.has_focus)
            wall.values.value = typed
            await flow.press("enter")
            await flow.until_shown(reason)
        ready = wall.tiles.wall.ready
        assert ready is not None and ready.names == ("0.01", "0.1", "0.3")
        wall.field.focus()
        await flow.press("right", "right")
        await flow.until_shown("adagrad")
        await flow.press("escape", "escape")
        await flow.until(lambda: flow.pilot.app.screen is flow.screen, "the app")
        again = await opened(flow)
        assert again.field.value == "training.optimizer.name", "what differed is remembered"


async def test_a_lesson_says_what_its_wall_races_with(start: Start, tmp_path: Path) -> None:
    (tmp_path / "1_race.toml").write_text(
        """
title = "Momentum"
chapter = "Mine"
view = "loss"
text = "A race."
race = { field = "training.optimizer.momentum", values = [0, 0.5, 0.9] }
experiment = { dataset = { name = "moons" }, training = { epochs = 3 } }
checks = [{ state = "finished", done = "Done.", missing = "Train." }]
"""
    )
    async with start(MOONS, lessons=tmp_path) as flow:
        await flow.press("9")
        await flow.until(lambda: isinstance(flow.screen.tabs.view, BookView), "the book")
        await flow.press("end")
        await flow.until_shown("A race.")
        await flow.press("enter")
        await flow.until_said("T opens the wall: a race of 3 values of momentum.")
        await flow.until_state("ready")
        wall = await opened(flow)
        assert wall.values.value == "0, 0.5, 0.9" and wall.field.label == "momentum"
        await raced(flow)
        assert standing(flow).startswith("Momentum ")
        await flow.press("v")
        await flow.until_shown("learning rate")
        await flow.press("escape")
        await flow.until(lambda: flow.pilot.app.screen is flow.screen, "the lesson")
        assert flow.screen.in_lesson


async def test_a_click_chooses_and_a_second_one_opens(start: Start) -> None:
    async with start(MOONS, SMALL) as flow:
        wall = await opened(flow)
        await flow.press("n")
        await flow.until_shown("Epoch 1 of 12.")
        await flow.pilot.click(wall.tiles, offset=(45, 12))
        await flow.until(lambda: wall.tiles.wall.chosen == wall.tiles.wall.order[3], "the fourth")
        await flow.pilot.click(wall.tiles, offset=(45, 12))
        await flow.until_said("Opened learning_rate = ")


async def test_in_a_terminal_that_is_too_small_it_says_so(start: Start) -> None:
    async with start(MOONS, (59, 18)) as flow:
        await flow.press("T")
        await flow.until_shown("This terminal is 59x18; the wall needs at least 60x20.")
        await flow.press("escape")
        await flow.until(lambda: flow.pilot.app.screen is flow.screen, "the app")


@pytest.mark.parametrize("markers", ["ascii", "block"])
async def test_it_is_drawn_with_other_characters(start: Start, markers: str) -> None:
    async with start(MOONS, SMALL) as flow:
        flow.screen.choose_markers(markers)  # type: ignore[arg-type]
        await opened(flow)
        await raced(flow)
        text = "\n".join(flow.screen_text().splitlines()[1:-2])
        assert text.isascii() == (markers == "ascii"), text


async def test_lines_are_thick_on_a_projector(start: Start) -> None:
    async with start(MOONS, SMALL) as flow:
        flow.pilot.app.theme = "projector"
        wall = await opened(flow)
        assert wall.tiles.markers == "block"


async def test_a_process_that_ends_is_told_of_and_the_run_goes_on(start: Start) -> None:
    async with start(MOONS, SMALL) as flow:
        await opened(flow)
        client = flow.screen.wall.client
        assert client is not None and client.pid is not None
        os.kill(client.pid, KILL)
        await flow.until_shown(f"The wall's process {how_it_ended(ENDED_BY_KILL)}")
        await flow.press("escape", "e")
        await flow.until(lambda: flow.progress.epoch == 1, "the run trains")


async def test_no_process_is_left_when_the_app_ends_with_an_open_wall(start: Start) -> None:
    clients: list[WallClient] = []
    async with start(MOONS, SMALL) as flow:
        await opened(flow)
        client = flow.screen.wall.client
        assert client is not None
        clients.append(client)
        await flow.press("space")
    (client,) = clients
    assert client._process is not None
    async with asyncio.timeout(10):
        await asyncio.to_thread(client._process.wait)


async def test_a_process_that_cannot_start_is_told_of(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wall_screen, "MODULE", "tui_trainer.wall.no_such_module")
    async with start(MOONS, SMALL) as flow:
        await flow.press("T")
        await flow.until_shown("The wall's process ended with code 1")
        await flow.press("escape")
        await flow.until(lambda: flow.pilot.app.screen is flow.screen, "the app")


@pytest.mark.parametrize(
    ("size", "count"), [((80, 24), 4), ((60, 20), 4), ((100, 30), 4), ((120, 40), 9), ((160, 50), 16), ((200, 60), 16)]
)
def test_as_many_as_can_be_seen(size: tuple[int, int], count: int) -> None:
    width, height = size[0], size[1] - 3
    assert networks_for(width, height) == count
    for networks in (2, 3, 4, 5, 9, 16):
        arrangement = arrange(networks, width, height)
        assert arrangement is not None
        assert arrangement.shown == networks or networks > count
        for index in range(arrangement.shown):
            row, column = arrangement.place(index)
            assert row + arrangement.height <= height and column + arrangement.width <= width
            assert arrangement.index_at(column, row) == index
            assert arrangement.index_at(column + arrangement.width - 1, row + arrangement.height - 1) == index
    assert arrange(9, 20, 5) is None and arrange(0, 120, 40) is None


def test_the_order_changes_at_most_once_in_two_seconds() -> None:
    ready = RaceReady(1, ("a", "b"), "map", "val_accuracy", 10)

    def news(*scores: float, state: str = "running") -> RaceNews:
        networks = tuple(Network(state, 1, score, 1.0) for score in scores)  # type: ignore[arg-type]
        return RaceNews(1, True, 1, networks)

    order = Order()
    order.update(ready, news(0.5, 0.6, state="ready"), 0.0)
    assert order.places == (0, 1)
    order.update(ready, news(0.5, 0.6), 1.0)
    assert order.places == (1, 0) and order.moved == {1: 1, 0: -1}
    order.update(ready, news(0.7, 0.6), 2.5)
    assert order.places == (1, 0)
    order.update(ready, news(0.7, 0.6), 3.1)
    assert order.places == (0, 1)
    order.update(ready, news(0.7, 0.8, state="finished"), 3.2)
    assert order.places == (1, 0), "at the end at once"


def test_large_digits_have_three_rows_and_fit() -> None:
    rows = large_text("97.3%", 20)
    assert len(rows) == 3 and len({len(row) for row in rows}) == 1
    assert "".join(rows).strip(" ▀▄█") == ""
    assert large_text("97.3%", len(rows[0]) - 2) == large_text("97.3", 40), "the sign is left out first"
    assert large_text("97.3", 5) == () and large_text("–", 40) == ()
    assert len({tuple(large_text(char, 9)) for char in DIGITS}) == len(DIGITS)


def test_a_line_is_connected_and_has_gaps_where_nothing_is_known() -> None:
    import numpy as np

    dots = line_dots(np.array([0.0, 1.0, np.nan, 0.5]), 9)
    assert dots[:, 2].sum() == 0 and dots[4, 3]
    assert dots[0, 0] and dots[8, 1] and dots[:, :2].any(axis=1).all()


@pytest.mark.parametrize("size", [pytest.param((120, 40), id="nine"), pytest.param(SMALL, id="four")])
def test_how_it_looks(
    size: tuple[int, int],
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    quick: None,
    forked_trainers: None,
) -> None:
    """Read the pictures before accepting new ones: a tile for each network, the leader first, one of them chosen."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    monkeypatch.setattr(Input, "cursor_blink", False)
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")
    exact = with_field(MOONS, "model.dtype", "float64")  # so that no shade depends on the machine's rounding

    async def race(pilot: Pilot[None]) -> None:
        flow = Flow(pilot, [])
        await flow.until(lambda: flow.screen.state == "ready", "the data")
        await opened(flow)
        await raced(flow)
        await flow.press("right", "right")
        await flow.until_shown("▶2.")

    assert snap_compare(TrainerApp(exact), terminal_size=size, run_before=race)
