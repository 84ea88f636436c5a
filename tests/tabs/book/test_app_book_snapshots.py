"""How the book looks: read the pictures before accepting new ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from test_app_snapshots import IRIS, Compare, after, settle, still, wait  # noqa: F401 (a fixture)
from textual.pilot import Pilot

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.screen import MainScreen
from tui_trainer.tabs.book.view import LessonList


def is_filled(screen: MainScreen) -> bool:
    """Whether the lessons are listed."""
    return bool(screen.query(LessonList)) and screen.query_one(LessonList).chosen is not None


def lesson(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Begin the lesson of gradient descent, then press keys."""

    async def run_before(pilot: Pilot[None]) -> None:
        await after("9", then=is_filled)(pilot)
        await pilot.press("down", "down", "down", "enter")
        screen = next(one for one in pilot.app.screen_stack if isinstance(one, MainScreen))
        await wait(lambda: screen.in_lesson and screen.state == "ready")
        await pilot.press(*keys)
        await settle(pilot)

    return run_before


@pytest.mark.parametrize("size", [pytest.param((120, 40), id="wide"), pytest.param((80, 24), id="narrow")])
def test_book(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The lessons, and the page of the first one."""
    assert snap_compare(TrainerApp(IRIS), terminal_size=size, run_before=after("9", then=is_filled))


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        pytest.param((120, 40), ("B", *"ssssssssss"), id="wide"),
        pytest.param((80, 24), ("B", "9"), id="narrow"),
    ],
)
def test_lesson(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    """The page beside the view after ten steps, a prediction noted; or the page alone in its tab."""
    assert snap_compare(TrainerApp(IRIS), terminal_size=size, run_before=lesson(*keys))
