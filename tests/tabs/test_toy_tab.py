"""A tab is one folder: one that is not ours is added by a row in the table, and works in both processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from running_app import Start
from toy_tab import TOY
from toy_tab.view import ToyView

from tui_trainer import tabs
from tui_trainer.app import tab_bar
from tui_trainer.experiment.schema import Experiment
from tui_trainer.runtime import client

TESTS = str(Path(__file__).resolve().parents[1])


@pytest.fixture
def with_toy_tab(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy tab is in the table of the app, and in that of its trainer."""

    monkeypatch.setattr(client, "MODULE", "toy_tab.trainer")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([TESTS, os.environ.get("PYTHONPATH", "")]))
    table = (*tabs.TABS, TOY)
    for module in (tabs, tab_bar):
        monkeypatch.setattr(module, "TABS", table)


@pytest.mark.usefixtures("with_toy_tab")
async def test_a_tab_is_added_by_its_folder_and_a_row_in_the_table(start: Start) -> None:
    async with start(Experiment()) as flow:
        await flow.screen.action_tab("toy")
        await flow.until(lambda: flow.screen.query(ToyView), "its view")
        view = flow.screen.query_one(ToyView)
        await flow.until(lambda: view.content, "its content")
        assert view.content is not None and view.content.pid == flow.screen.trainer.client.pid, (
            "computed by the trainer"
        )
        assert flow.contents("toy")[0].factor == 2 and view.content.product == 0

        await flow.press("s")
        await flow.until_shown("product 2")
        view.action_factor(5)
        await flow.until_shown("product 5")
        count = len(flow.contents("toy"))
        view.action_factor(5)
        view.action_factor(7)
        await flow.until_shown("product 7")
        assert len(flow.contents("toy")) == count + 1, "what was requested already is not requested again"

        view.action_factor(0)
        await flow.until_shown("Zero times anything is nothing.")
        view.action_factor(3)
        await flow.until_shown("product 3")
