"""How the Boundary tab looks: read the pictures before accepting new ones."""

from __future__ import annotations

import pytest
from test_app_snapshots import IRIS, Compare, after, still  # noqa: F401 (a fixture)
from textual.pilot import Pilot

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.screen import MainScreen
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig
from tui_trainer.tabs.boundary.messages import WHOLE, Boundary, WatchBoundary
from tui_trainer.tabs.boundary.view import BoundaryView

SPIRAL = Experiment(
    name="snapshot",
    dataset=DatasetConfig("spiral", samples=120, validation_split=0.5),
    model=ModelConfig(layers=(LayerConfig(8, "tanh"), LayerConfig(8, "tanh"))),
)


@pytest.mark.parametrize(
    ("experiment", "size", "keys", "neuron"),
    [
        pytest.param(SPIRAL, (120, 40), ("m", "left", "down"), 1, id="neuron"),
        pytest.param(IRIS, (80, 24), (), WHOLE, id="classes"),
    ],
)
def test_boundary(
    snap_compare: Compare,
    monkeypatch: pytest.MonkeyPatch,
    experiment: Experiment,
    size: tuple[int, int],
    keys: tuple[str, ...],
    neuron: int,
) -> None:
    """First weights: a neuron with all others beside it, and classes over two of four features."""
    monkeypatch.setenv("COLORTERM", "truecolor")

    def seen(screen: MainScreen, neuron: int) -> bool:
        """Whether ``neuron`` is shown, with as many pixels as there is room for."""
        [*views] = screen.query(BoundaryView)
        content, asked = (views[0].content, views[0].request) if views else (None, None)
        if not isinstance(content, Boundary) or not isinstance(asked, WatchBoundary):
            return False
        fits = (content.columns, content.rows) == (asked.columns, asked.rows)
        return fits and tuple(one.window for one in content.thumbs) == asked.thumbs and content.chosen.neuron == neuron

    output = WHOLE if experiment is IRIS else 0

    async def run_before(pilot: Pilot[None]) -> None:
        await after("4", then=lambda screen: seen(screen, output))(pilot)
        await after(*keys, then=lambda screen: seen(screen, neuron))(pilot)

    assert snap_compare(TrainerApp(experiment), terminal_size=size, run_before=run_before)
