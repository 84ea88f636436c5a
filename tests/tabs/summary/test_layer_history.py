"""The layers over time: what the Summary tab has seen of them while it was open."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.protocol import pack, unpack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.summary import compute
from tui_trainer.tabs.summary.compute import SummaryCompute
from tui_trainer.tabs.summary.messages import LayerHistory, LayerNumbers, SummaryContent, WatchSummary
from tui_trainer.tabs.summary.view import history_lines
from tui_trainer.training.session import Session

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


def lines(content: SummaryContent, width: int) -> list[str]:
    return ["".join(part for part, _ in line) for line in history_lines(content, width)]


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


def test_layers_over_time_are_drawn_on_one_scale() -> None:
    numbers = LayerNumbers(8, (1,), 1.0, (1,), (0.0, 1.0), 1e-3, 1e-3)
    first = LayerHistory(pack(np.array([1e-5, 1e-3])), pack(np.array([np.nan, 1e-2])), pack(np.array([0.0, 1.0])))
    last = LayerHistory(pack(np.array([1e-1, 0.0])), pack(np.array([1e-2, 1e-4])), pack(np.full(2, np.nan)))
    content = SummaryContent((numbers, numbers), (), pack(np.array([1.0, 41.0])), (first, last))
    shown = lines(content, 77)
    assert " ".join(shown[1].split()) == "gradient 1e-5 to 1e-1 step 1e-4 to 1e-2 idle up to 100%"
    assert shown[2].startswith("1    ▁") and shown[2][5 + 21] == "▅", "from the least to the middle of four decades"
    assert shown[2][5 + 24] == " " and shown[2].endswith("█"), "what it has not is empty; all idle is full"
    assert shown[3].startswith("out  █") and shown[4].strip() == "epoch 1 to 41, while this tab was open"
    assert max(map(len, shown)) <= 77
    assert len({len(line) for line in shown[2:4]}) == 1
    narrow = lines(content, 60)
    assert " ".join(narrow[1].split()) == "gradient step idle up to 100%", "a span is there whole or not at all"
    assert lines(content, 40) == [], "there is no room"
    assert history_lines(SummaryContent((numbers, numbers), ()), 77) == []
