"""What predictions depend on, computed in the trainer: slices of importances, responses, and moved inputs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from predictions_pictures import BOSTON, drawn, rows_of

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, ModelConfig, OutputConfig
from tui_trainer.protocol import Watch, encode, unpack
from tui_trainer.runtime import reporting
from tui_trainer.tabs.computing import TabComputing, TrainerContext
from tui_trainer.tabs.predictions import inspection
from tui_trainer.tabs.predictions.compute import PredictionsCompute
from tui_trainer.tabs.predictions.inspection import step_within
from tui_trainer.tabs.predictions.messages import Importance, Input, WatchImportance, WatchWhatIf, WhatIf
from tui_trainer.tabs.predictions.plots import Picture
from tui_trainer.tabs.predictions.why import draw_importance, draw_what_if, moved_value, ranking, response
from tui_trainer.training.session import Session

ROWS = "size,town,kind\n" + "".join(f"{i % 9},{'ABC'[i % 3]},{'yes' if i % 9 > 4 else 'no'}\n" for i in range(60))


def trained(experiment: Experiment, epochs: int = 3) -> Session:
    session = Session()
    session.load(experiment)
    for _ in range(epochs):
        session.epoch()
    return session


@pytest.fixture
def table(tmp_path: Path) -> Session:
    """A network of two classes that depends on a size of whole values alone, not on a town: yes from 5 on."""
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    data = DatasetConfig(path=str(path), target="kind", standardize=False, validation_split=0.2)
    model = ModelConfig(
        layers=(), output=OutputConfig(1, "sigmoid"), weights=(1.0, 0.0, 0.0, 0.0, -4.5), dtype="float64"
    )
    return trained(Experiment(dataset=data, model=model), epochs=0)


def complete(compute: PredictionsCompute, request: WatchImportance) -> Importance:
    """The importances when they are finished, and how it came to that."""
    content = compute.compute(request)
    assert isinstance(content, Importance)
    while content.is_partial:
        content = compute.compute(request)
        assert isinstance(content, Importance)
    return content


def what_if(session: Session, request: WatchWhatIf) -> WhatIf:
    content = PredictionsCompute(TrainerContext(session)).compute(request)
    assert isinstance(content, WhatIf)
    return content


def picture_of(session: Session, content: Importance | WhatIf, column: int = 0) -> Picture:
    empty = Picture.of(reporting.loaded(session, 1))
    of_importance = content if isinstance(content, Importance) else None
    of_what_if = content if isinstance(content, WhatIf) else None
    return Picture(
        None,
        empty.features,
        empty.target,
        empty.classes,
        empty.rows,
        importance=of_importance,
        what_if=of_what_if,
        column=column,
    )


def test_importances_come_in_slices_and_belong_to_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "SLICE_AT_REST", 0.0)  # one permutation at a time
    session = trained(Experiment())
    compute = PredictionsCompute(TrainerContext(session))
    first = compute.compute(WatchImportance())
    assert isinstance(first, Importance) and first.is_partial and first.repeats == 0
    means = unpack(first.means)
    assert np.isfinite(means[0]) and np.isnan(means[1:]).all()
    session.epoch()
    old = first
    while old.repeats < 5:
        content = compute.compute(WatchImportance())
        assert isinstance(content, Importance)
        old = content
    assert (old.epoch, old.repeats, old.all_repeats, old.rows) == (3, 5, 5, 30), "of the weights it began with"
    assert old.is_partial, "there are others by now"
    again = compute.compute(WatchImportance())
    assert isinstance(again, Importance) and again.is_partial
    assert again.epoch == 3, "the old ones until the new are done"
    done = complete(compute, WatchImportance())
    assert done.epoch == 4
    assert not complete(compute, WatchImportance()).is_partial, "nothing is computed while nothing changes"


def test_another_part_or_measure_is_another_importance() -> None:
    compute = PredictionsCompute(TrainerContext(trained(Experiment())))
    usual = complete(compute, WatchImportance())
    assert usual.by == "accuracy" and usual.measures[:2] == ("loss", "accuracy") and "log_loss" in usual.measures
    by_loss = complete(compute, WatchImportance(by="loss"))
    assert by_loss.by == "loss" and by_loss.means != usual.means
    assert complete(compute, WatchImportance(by="nonsense")).by == "accuracy"
    training = complete(compute, WatchImportance(part="training"))
    assert (training.part.name, training.rows) == ("training", 120)


def test_an_unfinished_content_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "SLICE_AT_REST", 0.0)
    tabs = TabComputing(TrainerContext(trained(Experiment())))
    tabs.watch(Watch("predictions", encode(WatchImportance())))
    assert tabs.compute() is not None and tabs.is_partial
    tabs.stop()
    assert not tabs.is_partial and tabs.compute() is None


def test_the_category_of_a_table_is_one_column(table: Session) -> None:
    content = complete(PredictionsCompute(TrainerContext(table)), WatchImportance())
    assert content.columns == ("size", "town") and ranking(content) == [0, 1]
    assert content.value == 1.0 and unpack(content.means)[1] == 0.0
    lines = rows_of(drawn(draw_importance, picture_of(table, content), 78, 6))
    assert lines[0].startswith("accuracy 1 of 12 rows after epoch 0")
    assert lines[1].startswith("lower by this much where a column is permuted, 5 times")
    assert lines[3].startswith("▸ size") and "█" in lines[3] and "±" in lines[3]
    assert lines[4].split() == ["town", "0.000", "±", "0"] or lines[4].split()[:2] == ["town", "0.000"]
    ascii_lines = rows_of(drawn(draw_importance, picture_of(table, content), 78, 6, "ascii"))
    assert ascii_lines[3].startswith("> size") and "#" in ascii_lines[3] and "".join(ascii_lines).isascii()


def test_the_response_is_in_the_unit_of_the_column(table: Session) -> None:
    compute = PredictionsCompute(TrainerContext(table))
    content = complete(compute, WatchImportance(column=0))
    assert content.response is not None and content.response.of_class == 1
    values, mean = unpack(content.response.values), unpack(content.response.mean)
    sizes = table.dataset.x[table.split.val_rows, 0]
    assert values.tolist() == sorted(set(sizes.tolist())) and content.response.count == len(sizes) == 12
    assert mean == pytest.approx(1 / (1 + np.exp(4.5 - values))), "the sigmoid of the size, whatever the town is"
    plot = response(picture_of(table, content))
    assert (plot.x_label, plot.y_label, plot.y_limits) == ("size", "output of yes", (0.0, 1.0))
    content = complete(compute, WatchImportance(column=1))
    assert content.response is not None and content.response.categories == ("A", "B", "C")
    plot = response(picture_of(table, content))
    assert plot.x_names == ("A", "B", "C") and plot.series[-1].kind == "scatter"


def test_the_response_follows_the_weights_and_is_kept_while_they_stay() -> None:
    session = trained(BOSTON)
    compute = PredictionsCompute(TrainerContext(session))
    content = complete(compute, WatchImportance(column=5))
    again = complete(compute, WatchImportance(column=5))
    assert content.response is again.response is not None and content.response.of_class is None
    assert response(picture_of(session, content)).y_label == session.dataset.target
    session.epoch()
    later = complete(compute, WatchImportance(column=5))
    assert later.response is not None and later.response.mean != content.response.mean


def test_moved_inputs_change_the_output_and_flips_are_told(table: Session) -> None:
    before = what_if(table, WatchWhatIf())
    assert before.outputs == before.before and before.columns == 2
    size, town = before.inputs
    assert (size.low, size.high, size.step) == (0.0, 8.0, 1.0)
    assert size.flips == ((5.0,) if size.value < 4.5 else (4.0,)), "the first whole number on the other side"
    assert town.categories == ("A", "B", "C") and town.flips == () and town.value == town.original
    other = 8.0 if size.value < 4.5 else 0.0
    moved = what_if(table, WatchWhatIf(moved=((0, other), (1, (town.value + 1) % 3))))
    assert moved.predicted != moved.predicted_before == before.predicted
    assert unpack(moved.outputs)[1] == pytest.approx(1 / (1 + np.exp(4.5 - other)))
    assert moved.inputs[1].value != town.value == moved.inputs[1].original
    assert what_if(table, WatchWhatIf(moved=((7, 1.0), (0, float("nan"))))).outputs == before.outputs
    lines = rows_of(drawn(draw_what_if, picture_of(table, moved), 78, 8))
    names = table.dataset.classes
    assert f"predicted {names[int(before.predicted)]} → {names[int(moved.predicted)]}" in lines[0]
    flip = f"{moved.inputs[0].flips[0]:.0f}"
    assert lines[3].strip() == f"flips at size = {flip}"
    assert lines[4].startswith("▸ size") and f"was {size.value:.0f}, flips at {flip}" in lines[4]
    assert "was " in lines[5]


def test_a_number_passes_its_true_value() -> None:
    session = trained(BOSTON, epochs=30)
    content = what_if(session, WatchWhatIf(rows=4, first=5))
    assert (content.first, content.columns, len(content.inputs)) == (5, 13, 4)
    column = session.dataset.features.index(content.inputs[0].name)
    row = session.dataset.x[int(session.split.val_rows[0])].copy()
    assert content.true == session.dataset.y[int(session.split.val_rows[0]), 0]
    passed = [one for one in what_if(session, WatchWhatIf(rows=13)).inputs if one.flips]
    assert passed and column == 5
    for one in passed:
        place = session.dataset.features.index(one.name)
        sides = []
        for value in (one.flips[0] - 1e-3 * one.step, one.flips[0] + 1e-3 * one.step):
            moved = row.copy()
            moved[place] = value
            x = (moved - session.split.mean) / session.split.scale
            output = session.split.target.restore(session.trainer.model.predict(x[None]))
            sides.append(output[0, 0] > content.true)
        assert sides[0] != sides[1] or one.step >= 1.0, one.name
    lines = rows_of(drawn(draw_what_if, picture_of(session, content, column=5), 78, 8))
    assert "predicted " in lines[1] and "pass" in lines[2]


def test_a_value_outside_of_the_training_rows_moves_the_way_of_the_key() -> None:
    session = trained(with_field(BOSTON, "dataset.seed", 1))
    train, values = session.dataset.x[session.split.train_rows], session.dataset.x[session.split.val_rows]
    outside = np.argwhere((values < train.min(axis=0)) | (values > train.max(axis=0)))
    assert len(outside)
    for sample, column in outside.tolist():
        (one,) = what_if(session, WatchWhatIf(sample=sample, first=column, rows=1)).inputs
        assert one.original == values[sample, column] and one.low <= one.original <= one.high
        assert len(set(one.flips)) == len(one.flips)
        steps = [moved_value(one, one.original, offset) - one.original for offset in (-1, 1)]
        assert steps[0] <= 0.0 <= steps[1] and any(steps)


def test_steps_are_round_and_stay_within_the_data() -> None:
    assert step_within(0.0, 7.9, is_whole=False) == 0.2
    assert step_within(4.0, 6.0, is_whole=False) == pytest.approx(0.05)
    assert step_within(0.0, 8.0, is_whole=True) == 1.0
    assert step_within(0.0, 4000.0, is_whole=True) == 100.0
    assert step_within(3.0, 3.0, is_whole=False) == 1.0
    number = Input("size", 1.0, 1.0, 0.0, 2.0, 0.05, ())
    assert (
        moved_value(number, 1.0, 1) == 1.05 and moved_value(number, 2.0, 1) == 2.0 and moved_value(number, 0.0, -1) == 0
    )
    category = Input("town", 2.0, 2.0, 0.0, 2.0, 1.0, (), ("A", "B", "C"))
    assert moved_value(category, 2.0, 1) == 0.0 and moved_value(category, 0.0, -1) == 2.0


@pytest.mark.parametrize(
    "beyond", [WatchImportance(column=99, of_class=-4), WatchWhatIf(sample=10**6, first=-3, rows=0)]
)
def test_numbers_beyond_the_data_are_clipped_and_all_of_it_can_be_sent(beyond: WatchImportance | WatchWhatIf) -> None:
    content = PredictionsCompute(TrainerContext(trained(Experiment()))).compute(beyond)
    assert isinstance(content, Importance | WhatIf)
    assert msgspec.msgpack.decode(encode(content), type=Importance | WhatIf) == content


def test_the_test_part_is_noted_when_its_importances_are_looked_at() -> None:
    session = trained(with_field(Experiment(), "dataset.test_split", 0.2))
    compute = PredictionsCompute(TrainerContext(session))
    complete(compute, WatchImportance(part="test"))
    assert len(session.test_seen_at) == 1


def test_a_network_with_batch_normalization_is_judged_as_it_predicts() -> None:
    session = trained(with_field(Experiment(), "model.layers[0].batch_norm", True))
    content = complete(PredictionsCompute(TrainerContext(session)), WatchImportance(by="loss"))
    assert content.value == pytest.approx(session.scores()["val_loss"], rel=1e-5)
