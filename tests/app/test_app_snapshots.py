"""How the screens look: read the pictures before accepting new ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from running_app import PATIENCE
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import DataTable, Input

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.dialogs.help import HelpScreen
from tui_trainer.app.screen import MainScreen
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.experiment.toml_file import read
from tui_trainer.protocol import pack
from tui_trainer.tabs.landscape.view import LandscapeView
from tui_trainer.tabs.live.view import LiveView
from tui_trainer.tabs.loss.messages import Curve, LossContent
from tui_trainer.tabs.loss.view import LossView
from tui_trainer.tabs.network.view import NetworkView
from tui_trainer.ui.plot_widgets import PlotWidget

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SIZES = [pytest.param((120, 40), id="wide"), pytest.param((80, 24), id="narrow")]
IRIS = Experiment(
    name="snapshot",
    dataset=DatasetConfig("iris"),
    model=ModelConfig(layers=(LayerConfig(16, "relu"), LayerConfig(8, "tanh", dropout=0.1))),
    training=TrainingConfig(learning_rate=0.05, epochs=60),
)
EXACT = with_field(IRIS, "model.dtype", "float64")  # so that no shade depends on the machine's rounding
BOSTON = Experiment(name="snapshot", dataset=DatasetConfig("boston"), training=TrainingConfig(learning_rate=0.001))
Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quick: None, forked_trainers: None) -> None:
    """No run on offer from another time, no cursor that comes and goes, and colours on any terminal."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    monkeypatch.setattr(Input, "cursor_blink", False)
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")


def after(*keys: str, then: Callable[[MainScreen], object] | None = None) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait for the data, press keys, and wait for ``then``."""

    async def run_before(pilot: Pilot[None]) -> None:
        screen = next(one for one in pilot.app.screen_stack if isinstance(one, MainScreen))
        await wait(lambda: screen.state == "ready")
        await pilot.press(*keys)
        if then is not None:
            await wait(lambda: then(screen))
        await settle(pilot)

    return run_before


async def settle(pilot: Pilot[None]) -> None:
    """Wait until two looks at the screen are the same, in every character and colour."""

    def look() -> list[list[Strip]]:
        """The screen and what is seen behind it, as for a picture, but not drawn."""
        app = pilot.app
        update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
        return [list(row) for row in update.strips]

    before, now = None, look()
    async with asyncio.timeout(PATIENCE):
        while before != now:
            await asyncio.sleep(0.05)
            before, now = now, look()


def live_is_there(screen: MainScreen) -> bool:
    """Whether the Live tab has all pictures of the network."""
    view = screen.query_one(LiveView)
    return view.content is not None and bool(view.content.boundary.thumbs)


def show_curves(screen: MainScreen) -> bool:
    """Two curves whose values are known, whatever the machine."""
    epochs = np.arange(1.0, 61.0)
    curves = (("loss", np.exp(-epochs / 12) + 0.02), ("val_loss", np.exp(-epochs / 15) + 0.1))
    view = screen.tabs.view  # none until it knows what is loaded
    if not isinstance(view, LossView) or not view.query_one(PlotWidget).size.width:
        return False
    view.show_content(LossContent("loss", tuple(Curve(name, pack(epochs), pack(values)) for name, values in curves)))
    view.show_content = lambda content: None  # type: ignore[method-assign] # a late report has none yet
    return True


async def wait(condition: Callable[[], object]) -> None:
    """Let the app work until ``condition`` holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("size", SIZES)
class TestTrainScreen:
    """The tabs and the setup."""

    def test_fresh_start(self, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
        """The setup on the left, the network on the right; without the setup where it is narrow."""
        monkeypatch.setenv("COLORTERM", "truecolor")
        assert snap_compare(TrainerApp(EXACT), terminal_size=size, run_before=after(then=live_is_there))

    def test_loss(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        """Two curves on a log axis."""

        async def run_before(pilot: Pilot[None]) -> None:
            await after("0", then=lambda screen: isinstance(screen.tabs.view, LossView))(pilot)
            await after("y", then=show_curves)(pilot)

        assert snap_compare(TrainerApp(IRIS), terminal_size=size, run_before=run_before)

    def test_data(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        """The table over the scatter."""
        filled = after("2", then=lambda screen: screen.tabs.view is not None and screen.query_one(DataTable).row_count)
        assert snap_compare(TrainerApp(BOSTON), terminal_size=size, run_before=filled)

    def test_summary(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        """Keras's table, then the training in words."""
        opened = after("7", then=lambda screen: screen.tabs.view)
        assert snap_compare(TrainerApp(IRIS), terminal_size=size, run_before=opened)

    def test_network(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        """A sample going through the layers, over all the width; the first neuron, hands on its second weight."""

        def opened(screen: MainScreen) -> bool:
            return bool(screen.query(NetworkView)) and screen.query_one(NetworkView).content is not None

        def picked(screen: MainScreen) -> bool:
            progress = screen.status.progress
            return progress is not None and progress.epoch == 3 and screen.query_one(NetworkView).choice.parameter == 1

        async def run_before(pilot: Pilot[None]) -> None:
            await after(*(("m", "5") if size[0] >= 100 else "5"), then=opened)(pilot)
            await after(*"eee", "w", "down", then=picked)(pilot)

        app = TrainerApp(with_field(IRIS, "model.dtype", "float64"))
        assert snap_compare(app, terminal_size=size, run_before=run_before)

    def test_help(self, snap_compare: Compare, size: tuple[int, int]) -> None:
        """Every key; it scrolls where it has to."""
        showing = after("2", "question_mark", then=lambda screen: isinstance(screen.app.screen, HelpScreen))
        assert snap_compare(TrainerApp(IRIS), terminal_size=size, run_before=showing)


@pytest.mark.parametrize(
    ("size", "bias", "keys"),
    [
        pytest.param((120, 40), False, ("m", "3", *"ssssssssss"), id="curve"),
        pytest.param((80, 24), True, ("3", *"ssss"), id="contour"),
    ],
)
def test_landscape(snap_compare: Compare, size: tuple[int, int], bias: bool, keys: tuple[str, ...]) -> None:
    """The loss of the book's perceptron, the steps on it, and the numbers of the last one."""
    experiment = with_field(read(EXAMPLES / "perceptron.toml"), "model.output.use_bias", bias)

    def seen(screen: MainScreen) -> bool:
        view = screen.query_one(LandscapeView)
        update = None if view.content is None else view.content.update
        return update is not None and update.step == keys.count("s")

    assert snap_compare(TrainerApp(experiment), terminal_size=size, run_before=after(*keys, then=seen))


def test_setup_alone_on_a_narrow_terminal(snap_compare: Compare) -> None:
    """The whole width is the setup's."""
    assert snap_compare(TrainerApp(IRIS), terminal_size=(80, 24), run_before=after("m"))


def test_a_wrong_value(snap_compare: Compare) -> None:
    """The field is marked, what was typed is kept, and the sentence is whole."""

    async def run_before(pilot: Pilot[None]) -> None:
        await after("2")(pilot)
        screen = next(one for one in pilot.app.screen_stack if isinstance(one, MainScreen))
        field = next(one for one in screen.query("TextField") if one.path == "training.learning_rate")
        box = field.query_one(Input)
        box.focus()
        box.value = "fast"
        await pilot.press("enter")
        await wait(lambda: field.invalid)
        await pilot.press("escape")
        await settle(pilot)

    assert snap_compare(TrainerApp(IRIS), terminal_size=(120, 40), run_before=run_before)
