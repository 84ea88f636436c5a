"""Unexpected errors: the first is recorded and mentioned, a second one in a row ends the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from systems import WINDOWS
from textual.css.query import NoMatches
from textual.dom import NoScreen
from textual.message_pump import MessagePump
from textual.widget import MountError

from tui_trainer.app.error_net import MAX_BYTES, ErrorNet, keep_widgets_alive
from tui_trainer.sweep.messages import AnyEvent, SweepCrashed, SweepProgress

if TYPE_CHECKING:
    from running_app import Start


def failing(*_: object) -> None:
    raise ZeroDivisionError("a slip of ours")


def caught(net: ErrorNet) -> bool:
    """Raise an error, and have the net catch it."""
    try:
        failing()
    except ZeroDivisionError as error:
        return net.catch(error)
    return False


@pytest.mark.parametrize(
    ("times", "goes_on"),
    (
        ((0.0,), True),
        ((0.0, 0.1, 0.2), True),  # one slip, which more than one widget trips over
        ((0.0, 1.0), False),
        ((0.0, 0.2, 0.4), False),
        ((0.0, 10.0, 20.0), True),
    ),
)
def test_errors_in_a_row_are_too_many(times: tuple[float, ...], goes_on: bool, tmp_path: Path) -> None:
    clock = iter(times)
    net = ErrorNet(tmp_path, lambda: next(clock))
    assert [caught(net) for _ in times][-1] is goes_on


def test_the_file_is_private_and_bounded(tmp_path: Path) -> None:
    net = ErrorNet(tmp_path / "data")
    for _ in range(600):
        caught(net)
    text = net.path.read_text()
    assert text.endswith("ZeroDivisionError: a slip of ours\n\n")
    assert len(text) <= MAX_BYTES
    if not WINDOWS:
        assert net.path.stat().st_mode & 0o777 == 0o600 and net.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    net = ErrorNet(tmp_path / "data")
    assert caught(net)
    assert "could not be written" in net.where


async def test_an_error_is_mentioned_and_the_app_goes_on(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MessagePump, "_dispatch_message", MessagePump._dispatch_message)  # put back at the end
    keep_widgets_alive()
    times = [0.0]
    async with start() as flow:
        screen = flow.screen
        net = flow.pilot.app.error_net = ErrorNet(tmp_path / "net", lambda: times[0])  # type: ignore[attr-defined]
        step, on_report = screen.trainer.action_step, screen.sweeps.on_report
        monkeypatch.setattr(screen.trainer, "action_step", failing)
        await flow.press("s")  # in a handler
        await flow.until_said("(ZeroDivisionError); the run goes on.")
        assert str(net.path) in flow.message and "a slip of ours" in net.path.read_text()
        monkeypatch.setattr(screen.trainer, "action_step", step)
        times[0] = 10.0
        monkeypatch.setattr(screen.sweeps, "on_report", failing)  # while a report is handled
        await flow.press("s")
        await flow.until(lambda: net.path.read_text().count("a slip of ours") > 1, "another error")
        monkeypatch.setattr(screen.sweeps, "on_report", on_report)
        times[0] = 20.0
        await flow.until(lambda: flow.progress.steps == 1, "the step whose report another handler failed on")
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 2, "a step")
        monkeypatch.setattr(screen.trainer, "action_step", failing)


async def test_a_second_error_in_a_row_ends_the_app(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MessagePump, "_dispatch_message", MessagePump._dispatch_message)  # put back at the end
    keep_widgets_alive()
    times = iter((0.0, 1.0))
    with pytest.raises(ZeroDivisionError):
        async with start() as flow:
            flow.pilot.app.error_net = ErrorNet(tmp_path / "net", lambda: next(times))  # type: ignore[attr-defined]
            monkeypatch.setattr(flow.screen.trainer, "action_step", failing)
            await flow.press("s")
            await flow.until_said("the run goes on")
            await flow.press("s")
            await flow.until(lambda: not flow.pilot.app.is_running, "the end")


class BrokenNews:
    """A sweep whose first news meets an error of ours, and whose second is its end."""

    async def events(self) -> AsyncIterator[AnyEvent]:
        yield SweepProgress(1, 3, 0, "loss")
        yield SweepCrashed("The sweep has ended")

    async def close(self) -> None:
        """Nothing is left of it."""


async def test_an_error_in_news_of_a_sweep_is_mentioned_and_the_next_is_heard(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start() as flow:
        sweeps = flow.screen.sweeps
        net = flow.pilot.app.error_net = ErrorNet(tmp_path / "net")  # type: ignore[attr-defined]
        monkeypatch.setattr(sweeps, "_show_progress", failing)
        client = sweeps.client = BrokenNews()  # type: ignore[assignment]
        sweeps.run_worker(lambda: sweeps._follow(client))
        await flow.until_said("The sweep has ended. Finished runs are kept.")
        assert "a slip of ours" in net.path.read_text()


async def test_widgets_that_miss_one_another_while_the_app_closes_are_no_error(start: Start) -> None:
    async with start() as flow:
        app = flow.pilot.app
        app._exit = True
        for error in (NoMatches("a line"), MountError("a pane"), NoScreen("a view")):
            app._handle_exception(error)
            assert app._exception is None, error
