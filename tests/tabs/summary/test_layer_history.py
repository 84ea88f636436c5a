"""The layers over time: what the Summary tab has seen of them while it was open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.plotting.heatmaps import FIRST_SHADE, SEQUENTIAL, SHADES, TINTS
from tui_trainer.plotting.plot import HIGHEST, UNKNOWN
from tui_trainer.protocol import Update, pack, unpack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.summary import compute
from tui_trainer.tabs.summary.compute import SummaryCompute
from tui_trainer.tabs.summary.heatmaps import FAINTEST, LayerHeatmaps, draw, lay_out, quantities
from tui_trainer.tabs.summary.messages import LayerHistory, LayerNumbers, SummaryContent, WatchSummary
from tui_trainer.training.session import Session

if TYPE_CHECKING:
    from running_app import Start

IRIS = Experiment(
    dataset=DatasetConfig("iris"),
    model=ModelConfig(layers=(LayerConfig(8, "tanh"), LayerConfig(4, "relu"))),
    training=TrainingConfig(epochs=400, batch_size=30),
)


def loaded() -> tuple[Session, SummaryCompute]:
    session = Session()
    session.load(IRIS)
    return session, SummaryCompute(TrainerContext(session))


def table(content: SummaryContent) -> list[tuple[list[float], list[float], list[float]]]:
    """Gradients, updates and idle shares of each layer."""
    return [
        (unpack(layer.gradients).tolist(), unpack(layer.updates).tolist(), unpack(layer.idle).tolist())
        for layer in content.history
    ]


def test_each_look_is_one_moment() -> None:
    session, look = loaded()
    assert look.compute(WatchSummary()).history == (), "before the first step there is no gradient"
    seen = []
    for _ in range(3):
        session.step()
        session.step()
        seen.append(look.compute(WatchSummary()))
        again = look.compute(WatchSummary())
        assert again == seen[-1] and len(unpack(again.epochs)) == len(seen)
    assert unpack(seen[-1].epochs) == pytest.approx([0.5, 1.0, 1.5])
    for number, layer in enumerate(table(seen[-1])):
        for moment, content in enumerate(seen):
            numbers = content.layers[number]
            assert [values[moment] for values in layer[:2]] == [numbers.gradient, numbers.update]
    idle = [layer[2][-1] for layer in table(seen[-1])]
    last = seen[-1].layers
    assert idle[0] == last[0].saturated and last[1].dead is not None and idle[1] == last[1].dead / 4
    assert np.isnan(idle[2]), "a softmax is never idle"


def test_while_training_the_doctor_looks_again_when_the_run_is_a_twentieth_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def examined(session: Session, _: object) -> list[object]:
        asked.append(session.trainer.epochs)
        return []

    monkeypatch.setattr(compute, "examine", examined)
    session, look = loaded()
    for _ in range(60):
        session.epoch()
        session.state = "running"  # as it is between two slices
        look.compute(WatchSummary())
    later = [21, *range(23, 42, 2), *range(44, 60, 3)]
    assert asked == [*range(1, 21), *later]
    session.pause()
    look.compute(WatchSummary())
    assert asked[-1] == 60, "at rest, always"


def test_there_are_never_too_many_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "MAX_MOMENTS", 8)
    session, look = loaded()
    for _ in range(50):
        session.step()
        content = look.compute(WatchSummary())
        epochs = unpack(content.epochs)
        assert len(epochs) <= 8 and (np.diff(epochs) > 0.0).all()
    assert epochs[0] == 0.25 and epochs[-1] == 12.5, "the first and the newest stay"


def test_a_run_that_goes_back_forgets_what_came_later() -> None:
    session, look = loaded()
    session.epoch()
    early = session.snapshot()
    look.compute(WatchSummary())
    session.epoch()
    look.compute(WatchSummary())
    session.trainer.restore(early)
    session.step()
    assert unpack(look.compute(WatchSummary()).epochs).tolist() == [1.0, 1.25]


def seen_twice() -> SummaryContent:
    """Two layers at two moments: one that gets more gradient, and one that stops learning and can't be idle."""
    numbers = LayerNumbers(8, (1,), 1.0, (1,), (0.0, 1.0))
    first = LayerHistory(pack(np.array([1e-5, 1e-3])), pack(np.array([np.nan, 1e-2])), pack(np.array([0.0, 1.0])))
    last = LayerHistory(pack(np.array([1e-1, 0.0])), pack(np.array([1e-2, 1e-4])), pack(np.full(2, np.nan)))
    return SummaryContent((numbers, numbers), (), pack(np.array([1.0, 41.0])), (first, last))


def test_scales_are_whole_decades_and_shares() -> None:
    gradient, step, idle = quantities(seen_twice())
    assert (gradient.ends, step.ends, idle.ends) == (("1e-5", "1e-1"), ("1e-4", "1e-2"), ("0%", "100%"))
    middle = round((FAINTEST + HIGHEST) / 2)
    assert gradient.levels.tolist() == [[FAINTEST, middle], [HIGHEST, 0]], "from the least to the middle of 4 decades"
    assert step.levels.tolist() == [[UNKNOWN, HIGHEST], [HIGHEST, FAINTEST]]
    assert idle.levels.tolist() == [[0, HIGHEST], [UNKNOWN, UNKNOWN]]
    nothing = LayerHistory(pack(np.zeros(2)), pack(np.full(2, np.nan)), pack(np.zeros(2)))
    empty = SummaryContent((), (), pack(np.array([1.0, 2.0])), (nothing,))
    assert [one.ends for one in quantities(empty)] == [("", ""), ("", ""), ("0%", "100%")]


def test_each_heatmap_has_a_row_for_each_layer_and_a_legend() -> None:
    """In the colours of a scale, or in ASCII in characters that differ; side by side or one below the other."""
    content = seen_twice()
    wide, narrow = lay_out(2, 117), lay_out(2, 60)
    assert wide is not None and narrow is not None and lay_out(2, 17) is None
    assert (wide.columns, wide.height) == (35, 5) and (narrow.columns, narrow.height) == (54, 11)
    rows = draw(content, 117, wide.height, "ascii").rows
    assert all(row.isascii() for row in rows)
    words = " ".join(rows[1].split())
    assert words == "gradient 1e-5 :-=++*#%@@ 1e-1 step 1e-4 :-=++*#%@@ 1e-2 idle 0% :-=++*#%@@ 100%"
    assert rows[2][:6] == "1     " and rows[3].startswith("out   ")
    tight = draw(content, 77, 5, "ascii").rows[1]
    assert len(tight) == 77 and tight.split()[0] == "gradient" and "1e-5 :*@ 1e-1" in tight, "as 80 columns have it"
    starts = [left for left, _ in wide.corners]
    early, late = ([[row[left + column] for left in starts] for row in rows[2:4]] for column in (0, 34))
    assert early == [[":", "?", " "], ["@", "@", "-"]] and late == [["*", "@", "@"], [" ", ":", " "]]
    assert rows[4].split() == ["epoch", *3 * ["1", "41"]]
    stacked = draw(content, 60, narrow.height, "ascii").rows
    assert [stacked[row].split()[0] for row in (1, 4, 7)] == ["gradient", "step", "idle"]
    assert [stacked[row][:3] for row in (2, 3, 5, 6, 8, 9)] == 3 * ["1  ", "out"] and stacked[10].startswith("epoch 1")
    coloured = draw(content, 117, wide.height, "pixels")
    row, (left, top) = coloured.roles[2], wide.corners[0]
    shades = row[left : left + 35] // TINTS - FIRST_SHADE - SEQUENTIAL * SHADES
    assert top == 2 and 0 < shades[0] < shades[-1] < SHADES - 1 and set(coloured.rows[2][left : left + 35]) == {" "}
    shaded = draw(content, 117, wide.height, "shades").rows[2]
    assert shaded[left] == "░" and shaded[left + 34] == "▓"


def test_before_two_moments_nothing_is_drawn() -> None:
    assert not "".join(draw(SummaryContent((), ()), 117, 5, "pixels").rows).strip()


async def test_the_heatmaps_appear_while_the_tab_is_open(start: Start) -> None:
    async with start(IRIS, (80, 24)) as flow:
        await flow.press("7")
        await flow.until_shown("layer gradient step idle weights gradients outputs")
        heatmaps = flow.screen.query_one(LayerHeatmaps)
        assert not heatmaps.display
        await flow.press("s")
        await flow.until(lambda: any(isinstance(one, Update) and one.steps == 1 for one in flow.reports), "a moment")
        await flow.press("s")
        await flow.until(lambda: heatmaps.display and heatmaps.size.height == 6, "three layers and their legends")
        await flow.press("pagedown")
        await flow.until_shown("Each layer over time while this tab was open (gradient, step: log scale) gradient")


def test_an_earlier_moment_is_marked_where_the_run_was_then() -> None:
    content = replace(seen_twice(), moment=21.0)
    layout = lay_out(2, 117)
    assert layout is not None
    bottom = draw(content, 117, layout.height, "ascii").rows[-1]
    assert [at for at, char in enumerate(bottom) if char == "^"] == [left + 17 for left, _ in layout.corners]
    assert "^" not in draw(seen_twice(), 117, layout.height, "ascii").rows[-1]


async def test_the_heatmaps_stay_at_an_earlier_moment(start: Start) -> None:
    async with start(IRIS, (120, 40)) as flow:
        await flow.press("7", "e")
        await flow.until(lambda: flow.progress.epoch == 1, "an epoch")
        heatmaps = flow.screen.query_one(LayerHeatmaps)
        for epoch in (2, 3):
            await flow.press("e")
            await flow.until(lambda epoch=epoch: flow.progress.epoch == epoch, "another")
        await flow.until(lambda: heatmaps.display, "the heatmaps")
        await flow.press("<")
        await flow.until(lambda: heatmaps._drawing is not None and heatmaps._drawing.moment == 2.0, "an earlier moment")
        assert heatmaps.display
        await flow.press("escape")
        await flow.until(lambda: heatmaps._drawing is not None and heatmaps._drawing.moment is None, "now")
        assert heatmaps.display
