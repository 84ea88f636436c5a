"""The app as a follower: it shows what another session shows, in its tab or in one of its own, and changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from running_app import Flow, Start, wait_until
from textual._context import active_app

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.dialogs.help import JumpScreen
from tui_trainer.app.following import GO_ALONG, OF_MOMENT, REFUSAL
from tui_trainer.app.moments import MOMENTS
from tui_trainer.app.palette import entries
from tui_trainer.app.screen import NO_TARGET, MainScreen
from tui_trainer.datasets.catalog import choose
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.experiment.validation import to_plain
from tui_trainer.protocol import AnyCommand, AnyReport, EditRuns, Follow, Watch
from tui_trainer.runtime import Launch
from tui_trainer.runtime.client import ChildProcess
from tui_trainer.runtime.resume import find_session
from tui_trainer.tabs import TABS, tab_named
from tui_trainer.tabs.runs.view import RunOpened, RunsEdited
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.keymap import keymap

ENDLESS = with_field(with_field(Experiment(), "training.epochs", 10_000_000), "name", "far [b]away[/b]")
TABS_ONLY = {"quit", "quit_now", "interrupt", "help", "jump", "code", "save", "filter"}  # that open something, or leave


class OneOfTwo(Flow):
    """One of two apps in this process: while it is looked at, it is the active one."""

    async def press(self, *keys: str) -> None:
        active_app.set(self.pilot.app)
        await super().press(*keys)

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        active_app.set(self.pilot.app)
        await super().until(condition, what)


def one(flow: Flow) -> OneOfTwo:
    """The same app beside another one."""
    return OneOfTwo(flow.pilot, flow.reports)


@asynccontextmanager
async def following(size: tuple[int, int] = (120, 40)) -> AsyncIterator[OneOfTwo]:
    """An app that follows the only session."""
    app = TrainerApp(Experiment(), launch=Launch(follow=find_session("")))
    async with app.run_test(size=size) as pilot:
        flow = OneOfTwo(pilot, [])
        await wait_until(pilot, lambda: isinstance(app.screen, MainScreen), "the main screen")
        await flow.until(lambda: flow.screen.state != "empty" and flow.screen.tabs.view is not None, "the session")
        yield flow


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[bool, AnyCommand]]]:
    """All that clients have sent: whether as a follower, and what."""
    commands: list[tuple[bool, AnyCommand]] = []
    send = ChildProcess.send

    def recorded(client: ChildProcess[AnyCommand, AnyReport], command: AnyCommand) -> None:
        commands.append((getattr(client, "follows", False), command))
        send(client, command)

    monkeypatch.setattr(ChildProcess, "send", recorded)
    yield commands


async def test_two_apps_show_one_session(start: Start) -> None:
    async with AsyncExitStack() as quits, AsyncExitStack() as stays:
        presenter = one(await quits.enter_async_context(start(ENDLESS)))
        follower = await stays.enter_async_context(following())
        assert follower.screen.experiment == ENDLESS and follower.screen.tabs.active == "loss"
        await follower.until_shown("following far [b]away[/b], read only")
        await presenter.press("5")
        await follower.until(lambda: follower.screen.tabs.active == "network", "the tab of the presenter")

        await follower.press("space")
        assert follower.message == REFUSAL and presenter.screen.state == "ready"
        await presenter.press("space")
        await follower.until_state("running")
        await follower.until(lambda: follower.progress.steps > 0, "a step")
        await presenter.press("space")
        await follower.until_state("paused")
        await follower.until(lambda: follower.progress.steps == presenter.progress.steps, "the same step")
        assert follower.progress.values == presenter.progress.values

        await follower.press("7")
        await follower.until_said("Looking around; g goes along")
        await follower.until_shown("Layer (type)")
        await presenter.press("4")
        await presenter.until(lambda: presenter.screen.tabs.active == "boundary", "another tab there")
        assert follower.screen.tabs.active == "summary"
        await follower.press("g")
        await follower.until(lambda: follower.screen.tabs.active == "boundary", "its tab again")

        await presenter.press("<")
        await follower.until_shown("earlier moment following far")
        await follower.press(">", "escape")
        await presenter.until(lambda: presenter.screen.moments.shown is not None, "the moment there, too")
        assert follower.screen.moments.shown is not None, "which a follower does not leave"
        await presenter.press("escape")
        await follower.until(lambda: follower.screen.moments.shown is None, "the present")

        await presenter.press("r", "]")
        await follower.until(lambda: follower.progress.steps == 0, "the first step")
        await follower.until(lambda: follower.screen.experiment == presenter.screen.experiment, "the new rate")
        await presenter.press("q")
        await quits.aclose()
        await follower.until(lambda: follower.pilot.app._exit, "the end of the follower")
        assert follower.pilot.app._exit_renderables == ["The session has ended."]


async def test_what_would_change_something_is_refused(start: Start, sent: list[tuple[bool, AnyCommand]]) -> None:
    async with start(ENDLESS) as presenter, following() as follower:
        before = presenter.screen.experiment
        for key in (key for key in keymap().listed if not key.when_following and key.name != GO_ALONG):
            follower.screen.message_line.show_message("")
            await follower.screen.action_do(key.name)
            assert follower.message == (OF_MOMENT if key.owner == MOMENTS else REFUSAL), key.name
        for message in (
            TabView.FieldChosen("training.epochs", 1),
            TabView.WeightSet(0, 1.0, 0.0, ""),
            TabView.OfferTaken(),
            RunOpened(1),
            RunsEdited(EditRuns((1,), deleted=True)),
        ):
            follower.screen.post_message(message)
        for action in ("next_pace", "look_at(0)", "predict_rows"):
            await follower.screen.run_action(action)
        await follower.pilot.pause()
        assert follower.screen.query_one("#setup").disabled
        of_follower = {type(command) for follows, command in sent if follows}
        assert of_follower == {Follow, Watch}
        assert follower.screen.experiment == presenter.screen.experiment == before
        titles = {entry.title for entry in entries(follower.screen)}
        assert "Boundary tab" in titles and not {"Train", "Pace full", "Report", "Iris"} & titles


async def test_a_refusal_goes_with_what_is_done_next(start: Start) -> None:
    """Be it another key here, or another tab in the session; and each says what fits its key."""
    async with start(ENDLESS) as started, following() as follower:
        presenter = one(started)
        for key, refusal in (("space", REFUSAL), ("<", OF_MOMENT), ("right_curly_bracket", OF_MOMENT)):
            await follower.press(key)
            assert follower.message == refusal
            await follower.press("y")
            assert follower.message == ""
        await follower.press("space", "semicolon")
        assert follower.message == NO_TARGET, "its fields are of the session"
        await follower.press("space")
        assert follower.message == REFUSAL
        await presenter.press("2")
        await follower.until(lambda: follower.screen.tabs.active == "data", "another tab there")
        assert follower.message == ""
        await follower.until_shown("↑ ↓ column")
        await follower.press("space", "y")
        assert follower.message == "", "also with a key that has no effect in this tab"
        await follower.press("semicolon")
        await follower.until(lambda: isinstance(follower.pilot.app.screen, JumpScreen), "letters on what can be used")


LOOKS = (  # a tab, what is pressed there, and what then is looked at in both apps
    ("network", "5", ("right", "down", "."), lambda view: (view.choice, view.in_mode)),
    ("network", "5", ("v", "right", "right"), lambda view: (view.choice, view.in_mode, view._stage_of_layer)),
    ("boundary", "4", ("left", "down", "h"), lambda view: replace(view._choice)),
    ("live", "1", ("left", "down", "o", "t"), lambda view: (replace(view._choice), view._shows_tally)),
    ("landscape", "3", ("v", "n", "plus"), lambda view: (view.request.kind, view.request.parameter, view._zoom)),
    ("predictions", "6", ("t", "down", "down"), lambda view: (view.part, view.panel, view._chosen)),
    ("predictions", "6", ("v", "v"), lambda view: view.panel),
    ("predictions", "6", ("w", "down", "enter"), lambda view: (view.part, view.panel, view._column)),
    ("loss", "0", ("v", "S", "left"), lambda view: (view.quantity, view.smoothing, view.viewport)),
)


@pytest.mark.slow
@pytest.mark.parametrize(("tab", "key", "pressed", "looked_at"), LOOKS)
async def test_what_is_looked_at_in_a_tab_is_looked_at_there_too(
    start: Start, tab: str, key: str, pressed: tuple[str, ...], looked_at: Callable[[Any], object]
) -> None:
    """Also on a terminal of another size, and by who comes later."""
    async with start(ENDLESS) as started, following((80, 24)) as follower:
        presenter = one(started)
        await presenter.press("e")
        await follower.until(lambda: follower.progress.epoch == 1, "an epoch")

        def view(flow: Flow) -> TabView:
            found = flow.screen.tabs.made(tab)
            assert found is not None
            return found

        await presenter.press(key)
        for flow in (presenter, follower):
            await flow.until(lambda flow=flow: flow.screen.tabs.active == tab and flow.screen.tabs.view, "the tab")
        await presenter.until(lambda: presenter.contents(tab), "its content")
        before = looked_at(view(presenter))
        for each in pressed:
            await presenter.press(each)
            await presenter.pilot.pause(0.1)  # what a key asks for changes what the next one does
        assert looked_at(view(presenter)) != before
        await follower.until(lambda: looked_at(view(follower)) == looked_at(view(presenter)), "the same")
        async with following() as later:
            await later.until(lambda: later.screen.tabs.active == tab and later.screen.tabs.view, "the tab")
            await later.until(lambda: looked_at(view(later)) == looked_at(view(presenter)), "the same")


@pytest.mark.slow
async def test_all_other_keys_of_a_follower_only_look(start: Start, sent: list[tuple[bool, AnyCommand]]) -> None:
    async with start(ENDLESS) as presenter, following() as follower:
        before = presenter.screen.experiment
        for tab in TABS:
            await follower.screen.tabs.open(tab.name)
            for key in keymap().listed:
                if key.when_following and key.name not in TABS_ONLY and follower.screen.works(key):
                    await follower.screen.action_do(key.name)
                    await follower.pilot.pause()
        assert {type(command) for follows, command in sent if follows} == {Follow, Watch}
        assert follower.screen.experiment == presenter.screen.experiment == before


async def test_a_small_terminal_follows(start: Start) -> None:
    async with start(ENDLESS) as started, following((80, 24)) as follower:
        presenter = one(started)
        assert "read only" in follower.screen_text().splitlines()[0]
        await presenter.press("e")
        await follower.until(lambda: follower.progress.epoch == 1, "an epoch")
        await presenter.press("<")
        await follower.until_shown("earlier moment")
        assert "read only" in follower.screen_text().splitlines()[0]
        await follower.press("question_mark")
        await follower.until_shown("This terminal follows a session")
        assert "Train or pause" not in follower.screen_text()


async def test_a_session_in_which_nothing_is_loaded_yet(start: Start, tmp_path: Path) -> None:
    missing = with_field(ENDLESS, "dataset.path", str(tmp_path / "missing.csv"))
    app = TrainerApp(missing)
    async with app.run_test(size=(120, 40)) as pilot:
        presenter = OneOfTwo(pilot, [])
        await wait_until(pilot, lambda: isinstance(app.screen, MainScreen), "the main screen")
        await presenter.until_said("missing.csv")
        other = TrainerApp(Experiment(), launch=Launch(follow=find_session("")))
        async with other.run_test(size=(120, 40)) as other_pilot:
            follower = OneOfTwo(other_pilot, [])
            await wait_until(other_pilot, lambda: isinstance(other.screen, MainScreen), "the main screen")
            await follower.until_shown("waiting until something is loaded in the session")
            await presenter.screen.trainer.start_over(ENDLESS)
            await follower.until_state("ready")
            assert follower.screen.experiment == ENDLESS


@pytest.mark.slow
async def test_a_drawing_is_seen_as_the_network_sees_it(start: Start) -> None:
    """By who follows from the start, and by who comes later and does not know the ink of the data yet."""
    async with start(with_field(ENDLESS, "dataset", DatasetConfig("digits"))) as started, following() as follower:
        presenter = one(started)
        await presenter.press("6")
        await presenter.until(lambda: presenter.contents("predictions"), "the samples")
        await presenter.press("P")
        board = presenter.screen.tabs.view._board  # type: ignore[union-attr]
        await presenter.until(lambda: board.ink is not None, "the ink")
        await presenter.press("enter", "down", "down", "right")
        async with following((80, 24)) as later:
            for flow in (follower, later):
                await flow.until(lambda flow=flow: flow.screen.tabs.active == "predictions", "the tab")
                view = flow.screen.tabs.view
                await flow.until(lambda view=view: view.panel == "drawing", "the canvas")
                await flow.until(lambda view=view: view._board.features == board.features, "the drawing")
                await flow.until_shown("what the network sees")
            await presenter.press("escape", "v")
            for flow in (follower, later):
                await flow.until(lambda flow=flow: flow.screen.tabs.view.panel == "samples", "the samples")


IRIS = with_field(ENDLESS, "dataset", DatasetConfig("iris"))


async def test_a_lesson_shows_its_own_data_in_a_tab_that_has_shown_others(start: Start) -> None:
    """Also its plot, of the same size as before, whose tab was not on the screen when the data came."""
    async with start(IRIS) as started, following() as follower:
        presenter = one(started)
        await presenter.press("2")
        await follower.until_shown("virginica")
        await presenter.press("9")
        await follower.until(lambda: follower.screen.tabs.active == "book", "the book")
        await presenter.press("home", "down", "enter")
        await follower.until(lambda: follower.screen.tabs.active == "data", "the tab of the lesson")
        await follower.until_shown("y PRICE")
        await follower.pilot.pause()
        assert "virginica" not in follower.screen_text()

        await follower.until_shown("following housing_data, read only")
        await presenter.press("L")
        moons = choose(presenter.screen.experiment.dataset, "moons")
        await presenter.screen.editor.change_field("dataset", to_plain(moons))
        await follower.until_shown("following moons 8")


@pytest.mark.slow
@pytest.mark.parametrize("tab", [tab.name for tab in TABS if tab.name not in ("book", "runs")])
async def test_a_tab_shows_other_data_as_it_does_to_who_comes_later(start: Start, tab: str) -> None:
    async with start(IRIS) as started, following() as follower:
        presenter = one(started)
        await presenter.press(tab_named(tab).key)
        await follower.until(lambda: follower.screen.tabs.active == tab and follower.screen.tabs.view, "the tab")
        await presenter.until(lambda: presenter.contents(tab), "its content")
        await presenter.press("8")
        await follower.until(lambda: follower.screen.tabs.active == "runs", "another tab")
        await presenter.screen.trainer.start_over(with_field(ENDLESS, "dataset", DatasetConfig("circle")))
        await follower.until_shown("circle")
        await presenter.press(tab_named(tab).key)
        async with following() as later:
            for flow in (follower, later):
                await flow.until(lambda flow=flow: flow.screen.tabs.active == tab and flow.screen.tabs.view, "the tab")
            await later.until(lambda: later.screen_text() == follower.screen_text(), "the same")
