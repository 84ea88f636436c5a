"""Frames paced by the answers of a terminal that is far away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import Queue
from typing import Any

import pytest

from tui_trainer.ui import pacing
from tui_trainer.ui.pacing import ANSWER_TIMEOUT, CURSOR_QUERY, FRAME_TIME, SLOW_FRAME, FramePacing, PaintBudget


class Terminal:
    """Stands for the app and its driver: takes down what is written; ``answers`` are for the test to give."""

    def __init__(self) -> None:
        self._driver = self._writer_thread = self
        self._queue: Queue[str] = Queue()
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)

    def call_after_refresh(self, act: Callable[..., None], *arguments: Any) -> None:
        act(*arguments)


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pacing, "time", clock)
    return clock


@pytest.fixture
def far(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> FramePacing:
    """Over SSH."""
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    return FramePacing()


def test_at_home_nothing_is_asked(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    near, terminal = FramePacing(), Terminal()
    near.drawn(terminal)  # type: ignore[arg-type]
    assert not terminal.written and not near.is_behind(terminal)  # type: ignore[arg-type]
    terminal._queue.put("a frame")
    assert near.is_behind(terminal)  # type: ignore[arg-type]


def test_a_frame_waits_for_the_answer_and_a_rest(far: FramePacing, clock: Clock) -> None:
    terminal: Any = Terminal()
    far.drawn(terminal)  # the first frame
    assert terminal.written == [CURSOR_QUERY] and far.is_behind(terminal)
    clock.now += 2.0
    far.answered(terminal)
    assert terminal.written == [CURSOR_QUERY, CURSOR_QUERY], "asked again, to know the way alone"
    clock.now += 0.05
    far.answered(terminal)
    assert not far.is_behind(terminal), "the way alone needs no rest"

    far.drawn(terminal)
    assert far.is_behind(terminal)
    far.drawn(terminal)
    assert len(terminal.written) == 3, "one question at a time"
    clock.now += 0.25
    far.answered(terminal)
    assert far.is_behind(terminal), "0.2 s were the frame's own, so the line is free for keys as long"
    clock.now += 0.21
    assert not far.is_behind(terminal)


def test_an_answer_that_is_lost_costs_ten_seconds(far: FramePacing, clock: Clock) -> None:
    terminal: Any = Terminal()
    far.drawn(terminal)
    far.answered(terminal)
    far.answered(terminal)
    far.drawn(terminal)
    clock.now += ANSWER_TIMEOUT + 0.1
    assert not far.is_behind(terminal)
    far.drawn(terminal)
    assert far.is_behind(terminal) and terminal.written == [CURSOR_QUERY] * 4


def test_a_terminal_that_never_answers_is_left_alone(far: FramePacing, clock: Clock) -> None:
    """Unless it was only slow: a late answer is as good."""
    terminal: Any = Terminal()
    far.drawn(terminal)
    clock.now += ANSWER_TIMEOUT + 0.1
    for _ in range(5):
        assert not far.is_behind(terminal)
        far.drawn(terminal)
    assert terminal.written == [CURSOR_QUERY]
    far.answered(terminal)
    assert terminal.written == [CURSOR_QUERY, CURSOR_QUERY] and far.is_behind(terminal)
    far.answered(terminal)
    far.answered(terminal)  # one that nobody asked for changes nothing
    assert not far.is_behind(terminal)


async def test_the_last_answer_is_waited_for(far: FramePacing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    terminal: Any = Terminal()
    far.drawn(terminal)
    far.answered(terminal)
    settled = asyncio.create_task(far.settle(5.0))
    await asyncio.sleep(0)
    assert not settled.done()
    far.answered(terminal)
    await settled
    far.drawn(terminal)
    assert terminal.written == [CURSOR_QUERY, CURSOR_QUERY], "nothing is asked any more"


def test_frames_are_as_rare_as_they_are_wanted(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    calm, terminal = FramePacing(), Terminal()
    calm.min_interval = 0.5
    assert not calm.is_behind(terminal), "the first is not waited for"  # type: ignore[arg-type]
    calm.drawn(terminal)  # type: ignore[arg-type]
    clock.now += 0.49
    assert calm.is_behind(terminal)  # type: ignore[arg-type]
    clock.now += 0.01
    assert not calm.is_behind(terminal)  # type: ignore[arg-type]


def frames(budget: PaintBudget, cells: int, cost: float, count: int) -> list[float]:
    """Seconds that the line takes for frames of pictures that want ``cells``, at ``cost`` seconds a cell."""
    taken = []
    for _ in range(count):
        budget.begin()
        taken.append(0.05 + cost * budget.take(cells))
        budget.learn(taken[-1])
    return taken


def test_a_slow_line_gets_as_many_cells_as_it_takes_in_a_moment() -> None:
    budget = PaintBudget()
    assert max(frames(budget, 600, 0.0001, 5)) < SLOW_FRAME and budget.limit is None, "a quick line gets all"
    taken = frames(budget, 600, 0.005, 12)
    assert taken[0] == 3.05 and max(taken[4:]) < 2 * FRAME_TIME and budget.owed
    assert 0.5 * FRAME_TIME < sum(taken[4:]) / 8 < 1.5 * FRAME_TIME
    frames(budget, 600, 0.00001, 90)
    assert not budget.owed, "the line has become quick"


def test_pictures_share_the_budget() -> None:
    budget = PaintBudget()
    frames(budget, 600, 0.005, 3)
    limit = budget.limit
    assert limit is not None
    budget.begin()
    granted = [budget.take(600) for _ in range(3)]
    assert granted[0] > granted[1] > granted[2] > 0 and sum(granted) <= limit and budget.owed
    budget.begin()
    assert budget.take(3) == 3 and not budget.owed, "few cells are painted at once"


def test_changes_that_nobody_sees_are_left_out_while_training_and_over_a_slow_line() -> None:
    budget = PaintBudget()
    budget.begin(is_training=True)
    assert budget.least > 0
    budget.begin()
    assert budget.least == 0
    frames(budget, 600, 0.005, 3)
    budget.begin()
    assert budget.limit is not None and budget.least > 0


def test_over_a_slow_line_the_next_frame_is_sent_while_one_is_displayed(far: FramePacing, clock: Clock) -> None:
    terminal: Any = Terminal()
    far.drawn(terminal)
    far.answered(terminal)
    clock.now += 0.05
    far.answered(terminal)  # the way alone takes 0.05 s
    far.budget.begin()
    far.budget.take(600)
    far.drawn(terminal)
    clock.now += 2.0
    far.answered(terminal)
    assert far.budget.limit is not None, "the line is slow"

    asked = len(terminal.written)
    far.drawn(terminal)
    assert not far.is_behind(terminal), "no rest, and one frame is not enough for the line"
    far.drawn(terminal)
    far.drawn(terminal)
    assert far.is_behind(terminal) and len(terminal.written) == asked + 2
    clock.now += 0.2
    far.answered(terminal)
    assert not far.is_behind(terminal)
    before = far.budget.limit
    clock.now += FRAME_TIME
    far.answered(terminal)  # sent long ago, but it had the line for itself only since the answer before
    assert far.budget.limit >= before
