"""The Network view's numbers: against the model's predictions, the trainer's gradients, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.engine import ACTIVATIONS
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OutputConfig,
    TrainingConfig,
)
from tui_trainer.protocol import Update, encode, frame, pack, report_decoder, unpack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.network.compute import CURVE_POINTS, MAX_BARS, NetworkCompute, phi_and_slope, span_of
from tui_trainer.tabs.network.messages import InputSeen, Network, NeuronDetail, NeuronRange, WatchNetwork
from tui_trainer.tabs.predictions.compute import PredictionsCompute
from tui_trainer.tabs.predictions.messages import Importance, WatchImportance
from tui_trainer.tabs.view import decode_content
from tui_trainer.training.session import Session

HIDDEN = (LayerConfig(5, "tanh"), LayerConfig(4, "gelu", use_bias=False))
IRIS = Experiment(model=ModelConfig(layers=HIDDEN, dtype="float64"), training=TrainingConfig(l2=0.01, batch_size=15))
ALL = tuple(NeuronRange(layer, 0, units) for layer, units in enumerate((4, 5, 4, 3)))
ROOMS = Experiment(
    dataset=DatasetConfig("boston_rm", standardize=False, validation_split=0.0),
    model=ModelConfig(layers=(), dtype="float64"),
)


def loaded(experiment: Experiment = IRIS, steps: int = 0) -> Session:
    session = Session()
    session.load(experiment)
    for _ in range(steps):
        session.step()
    return session


def see(session: Session, request: WatchNetwork) -> Network:
    content = NetworkCompute(TrainerContext(session)).compute(request)
    assert isinstance(content, Network)
    return content


def neuron(session: Session, request: WatchNetwork) -> NeuronDetail:
    found = see(session, request).looked_at
    assert isinstance(found, NeuronDetail)
    return found


def test_batch_normalization_stands_between_the_sum_and_the_activation() -> None:
    session = loaded(with_field(with_field(Experiment(), "model.layers[0].batch_norm", True), "model.dtype", "float64"))
    session.epoch()
    found, model = neuron(session, WatchNetwork(sample=3, layer=1, neuron=2)), session.trainer.model
    kernel, bias, gamma, beta, mean, variance = (array[..., 2] for array in model.get_weights()[:6])
    weighted = float(session.split.x_train[3] @ kernel + bias)
    assert found.norm is not None and found.bias is not None
    assert found.sum + found.bias.weight == pytest.approx(weighted)
    assert found.o == pytest.approx(float(gamma * (weighted - mean) / np.sqrt(variance + 1e-3) + beta))
    assert found.a == pytest.approx(max(found.o, 0.0))
    last = neuron(session, WatchNetwork(sample=3, layer=2, neuron=1))
    gradient = session.trainer._gradients.kernels[1][:, 1]
    assert [term.gradient for term in last.terms] == gradient[[term.source for term in last.terms]].tolist()


@pytest.mark.parametrize("sample", [0, 7])
def test_the_values_are_those_of_the_model(sample: int) -> None:
    session = loaded(steps=3)
    model, x = session.trainer.model, session.split.x_train
    content = see(session, WatchNetwork(sample=sample, windows=ALL))
    values = [unpack(layer.values) for layer in content.layers]
    np.testing.assert_array_equal(values[0], x[sample])
    np.testing.assert_allclose(values[3], model.predict(x)[sample], rtol=1e-12)
    kernel, bias, second, _, _ = model.get_weights()
    hidden = np.tanh(x[sample] @ kernel + bias)
    np.testing.assert_allclose(values[1], hidden, rtol=1e-12)
    np.testing.assert_allclose(values[2], phi_and_slope(ACTIVATIONS["gelu"], hidden @ second)[0], rtol=1e-12)
    assert content.row == session.split.train_rows[sample] and content.samples == 120
    np.testing.assert_array_equal(unpack(content.layers[0].raw), session.dataset.x[content.row])
    np.testing.assert_array_equal(unpack(content.layers[1].biases), bias)
    assert content.layers[2].biases == b"", "this layer has none"
    assert content.target == session.split.y_train[sample].argmax()
    assert content.prediction == values[3].argmax() and content.output == values[3].max()


@pytest.mark.parametrize(("layer", "number"), [(1, 4), (2, 0), (3, 2)])
def test_a_neuron_is_the_sum_of_its_terms(layer: int, number: int) -> None:
    session = loaded(steps=2)
    found = neuron(session, WatchNetwork(sample=5, layer=layer, neuron=number))
    bias = 0.0 if found.bias is None else found.bias.weight
    assert (found.bias is None) == (layer == 2)
    assert len(found.terms) == found.inputs and found.rest == 0.0
    assert found.sum == pytest.approx(sum(term.weight * term.x for term in found.terms))
    assert all(term.product == term.weight * term.x for term in found.terms)
    assert found.o == pytest.approx(found.sum + bias)
    outputs = unpack(see(session, WatchNetwork(sample=5, windows=ALL)).layers[layer].values)
    assert found.a == outputs[number]
    if found.activation != "softmax":
        phi, slope = phi_and_slope(ACTIVATIONS[found.activation], np.array([found.o]))
        assert (found.a, found.slope) == (pytest.approx(phi[0]), slope[0])
    else:
        assert found.slope is None and found.total == pytest.approx(1.0)
        assert [one.value for one in found.probabilities] == outputs.tolist()


def test_places_and_gradients_are_the_trainers() -> None:
    session = loaded(steps=4)
    flat = session.trainer.model.parameters.flat
    gradients = np.concatenate([array.ravel() for array in session.trainer.gradient()])
    seen_places: set[int] = set()
    for layer, units in ((1, 5), (2, 4), (3, 3)):
        for number in range(units):
            found = neuron(session, WatchNetwork(layer=layer, neuron=number))
            for term in (*found.terms, *([found.bias] if found.bias else [])):
                assert term.weight == flat[term.index]
                assert term.gradient == gradients[term.index]
                seen_places.add(term.index)
    assert seen_places == set(range(len(flat))), "every parameter belongs to one neuron"


def test_no_gradient_before_a_step_was_taken_here() -> None:
    request = WatchNetwork(layer=1)
    session = loaded()
    assert {term.gradient for term in neuron(session, request).terms} == {None}
    session.step()
    assert None not in {term.gradient for term in neuron(session, request).terms}
    resumed = loaded()
    resumed.restore(session.snapshot(), {})
    assert resumed.trainer.steps == 1
    assert {term.gradient for term in neuron(resumed, request).terms} == {None}, "the last step was not its own"


def test_the_perceptron_is_that_of_the_book() -> None:
    """a = identity(9.1020 * 6.575 - 34.67) = 25.18 for the first house, whose price is 24."""
    experiment = replace(ROOMS, model=replace(ROOMS.model, weights=(9.1020, -34.67)))
    content = see(loaded(experiment), WatchNetwork(windows=(NeuronRange(0, 0, 1), NeuronRange(1, 0, 1))))
    found = content.looked_at
    assert isinstance(found, NeuronDetail) and found.bias is not None
    assert (found.terms[0].weight, found.terms[0].x, found.bias.weight) == (9.1020, 6.575, -34.67)
    assert found.o == found.a == pytest.approx(25.17565) and found.slope == 1.0
    assert (content.target, content.prediction) == (24.0, found.a)
    without = see(loaded(with_field(experiment, "model.output.use_bias", False)), WatchNetwork()).looked_at
    assert isinstance(without, NeuronDetail) and without.bias is None and without.o == without.sum


def test_links_and_shades_are_parts_of_the_largest() -> None:
    session = loaded()
    content = see(session, WatchNetwork(windows=(NeuronRange(0, 1, 2), NeuronRange(1, 2, 3), NeuronRange(3, 0, 3))))
    kernel = session.trainer.model.get_weights()[0]
    links = np.frombuffer(content.layers[1].links, np.int8).reshape(2, 3)
    np.testing.assert_array_equal(links, np.rint(kernel[1:3, 2:5] / np.abs(kernel).max() * 127))
    assert content.layers[2].links == b"", "the layer before is not drawn"
    shades = np.frombuffer(content.layers[2].shades, np.int8)
    values = unpack(content.layers[2].values)
    np.testing.assert_array_equal(shades, np.rint(values * 127), "the ends of softmax are 0 and 1")


def test_numbers_that_are_not_finite_are_told_and_drawn() -> None:
    session = loaded()
    session.trainer.model.parameters.flat[:20] = np.nan
    session.trainer.model.parameters.flat[1] = np.inf
    content = see(session, WatchNetwork(windows=ALL))
    links = np.frombuffer(content.layers[1].links, np.int8).reshape(4, 5)
    assert links[0, 1] == 127 and np.count_nonzero(links) == 1
    assert isinstance(content.looked_at, NeuronDetail) and math.isnan(content.looked_at.o)


def test_the_largest_terms_or_those_around_a_parameter() -> None:
    session = loaded(with_field(IRIS, "model.layers[0].units", 40), steps=1)
    largest = neuron(session, WatchNetwork(layer=2, neuron=1, terms=6))
    every = neuron(session, WatchNetwork(layer=2, neuron=1, terms=64))
    assert len(every.terms) == 40 and every.rest == 0.0
    sizes = sorted((abs(term.product) for term in every.terms), reverse=True)
    assert sorted((abs(term.product) for term in largest.terms), reverse=True) == sizes[:6]
    assert [term.source for term in largest.terms] == sorted(term.source for term in largest.terms)
    assert largest.rest == pytest.approx(largest.sum - sum(term.product for term in largest.terms))
    for parameter, first in ((0, 0), (20, 17), (39, 34), (40, 34)):
        around = neuron(session, WatchNetwork(layer=2, neuron=1, terms=6, parameter=parameter))
        assert [term.source for term in around.terms] == list(range(first, first + 6))


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "softmax"])
def test_a_curve_comes_once_for_each_activation_and_span(name: str) -> None:
    session = loaded(with_field(IRIS, "model.layers[0].activation", name))
    found = neuron(session, WatchNetwork(layer=1))
    assert found.curve is not None and (found.curve.activation, found.curve.span) == (name, 6.0)
    o, phi, slope = unpack(found.curve.o), unpack(found.curve.phi), unpack(found.curve.slope)
    assert len(o) == CURVE_POINTS and (o[0], o[-1]) == (-6.0, 6.0)
    smooth = np.abs(o) > 0.2  # away from kinks
    np.testing.assert_allclose(np.gradient(phi, o)[smooth][1:-1], slope[smooth][1:-1], atol=2e-3)
    assert neuron(session, WatchNetwork(layer=1, curves=((name, 6.0),))).curve is None
    assert neuron(session, WatchNetwork(layer=1, curves=((name, 50.0),))).curve is not None


def test_the_curves_are_their_closed_forms() -> None:
    o = np.array([-2.0, 0.5, 3.0])
    np.testing.assert_allclose(phi_and_slope(ACTIVATIONS["tanh"], o)[1], 1 - np.tanh(o) ** 2)
    np.testing.assert_allclose(phi_and_slope(ACTIVATIONS["sigmoid"], o)[0], 1 / (1 + np.exp(-o)))
    np.testing.assert_allclose(phi_and_slope(ACTIVATIONS["softplus"], o)[1], 1 / (1 + np.exp(-o)))
    assert phi_and_slope(ACTIVATIONS["leaky_relu"], o)[1].tolist() == [0.01, 1.0, 1.0]


@pytest.mark.parametrize(
    ("o", "span"),
    [(0.0, 6.0), (-6.0, 6.0), (6.1, 10.0), (-25.18, 50.0), (100.0, 100.0), (101.0, 200.0), (1e9, 1e6)],
)
def test_the_span_of_a_curve_grows_in_round_steps(o: float, span: float) -> None:
    assert span_of(o) == span
    assert span_of(math.nan) == span_of(-math.inf) == 6.0


def test_an_input_is_standardized() -> None:
    session = loaded()
    found = see(session, WatchNetwork(sample=3, layer=0, neuron=2)).looked_at
    assert isinstance(found, InputSeen)
    assert found.x == session.split.x_train[3, 2] == pytest.approx((found.raw - found.mean) / found.scale)
    assert found.raw == session.dataset.x[session.split.train_rows[3], 2]


def test_what_lies_outside_is_brought_inside() -> None:
    """A request may have been made for the network before."""
    windows = (NeuronRange(0, 3, 9), NeuronRange(1, 99, 99), NeuronRange(77, 0, 5), NeuronRange(-2, -3, -4))
    content = see(loaded(), WatchNetwork(sample=121, layer=99, neuron=99, windows=windows, parameter=10_000))
    assert [layer.window for layer in content.layers] == [
        NeuronRange(0, 3, 1),
        NeuronRange(1, 4, 1),
        NeuronRange(3, 0, 3),
        NeuronRange(0, 0, 0),
    ]
    assert content.sample == 1
    assert isinstance(content.looked_at, NeuronDetail) and (content.looked_at.layer, content.looked_at.neuron) == (3, 2)
    assert see(loaded(), WatchNetwork(layer=-5, neuron=-5)).looked_at.neuron == 0


def test_first_weights_only_before_the_first_step_and_of_small_models() -> None:
    session = loaded()
    assert see(session, WatchNetwork()).first_weights == b""
    request = WatchNetwork(first_weights=True)
    assert see(session, request).first_weights == pack(session.trainer.model.parameters.flat)
    session.step()
    assert see(session, request).first_weights == b""
    large = loaded(with_field(IRIS, "model.layers[0].units", 600))
    assert see(large, request).first_weights == b""


def test_two_classes_with_one_output_and_a_number() -> None:
    circle = Experiment(dataset=DatasetConfig("circle"), model=ModelConfig(layers=(LayerConfig(3, "tanh"),)))
    session = loaded(circle)
    content = see(session, WatchNetwork(sample=2))
    output = session.trainer.model.predict(session.split.x_train)[2, 0]
    assert content.output == pytest.approx(output) and content.prediction == float(output >= 0.5)
    assert content.target == session.split.y_train[2, 0]
    two = see(loaded(replace(circle, model=ModelConfig(output=OutputConfig(2, "softmax")))), WatchNetwork(layer=9))
    assert isinstance(two.looked_at, NeuronDetail) and len(two.looked_at.probabilities) == 2


def test_of_many_classes_the_largest_probabilities() -> None:
    """The sum is that of all of them."""
    found = neuron(loaded(Experiment(dataset=DatasetConfig("digits"))), WatchNetwork(layer=2))
    assert len(found.probabilities) == 10 <= MAX_BARS and found.total == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("widths", [(16, 8), (256, 256, 256), (8,) * 30])
def test_a_report_is_small_and_comes_through_the_pipe(widths: tuple[int, ...]) -> None:
    session = loaded(Experiment(model=ModelConfig(layers=tuple(LayerConfig(units) for units in widths))), steps=1)
    windows = tuple(NeuronRange(layer, 0, 28) for layer in range(min(len(widths) + 2, 10)))
    content = see(session, WatchNetwork(windows=windows, terms=30))
    sent = frame(Update(1, "network", 1, encode(content)))
    assert len(sent) < 20_000
    report = report_decoder.decode(sent[4:])
    assert isinstance(report, Update) and report.steps == 1 and decode_content(report) == content


def test_inputs_have_the_importance_that_was_computed_for_the_run() -> None:
    session = loaded(steps=40)
    request = WatchNetwork(layer=0, neuron=2, windows=ALL)
    found = see(session, request)
    assert found.layers[0].importances == b"" and isinstance(found.looked_at, InputSeen)
    assert found.looked_at.importance is None
    predictions = PredictionsCompute(TrainerContext(session))
    content = predictions.compute(WatchImportance())
    while isinstance(content, Importance) and content.unfinished:
        content = predictions.compute(WatchImportance())
    assert isinstance(content, Importance)
    found, means = see(session, request), unpack(content.means)
    np.testing.assert_allclose(unpack(found.layers[0].importances), np.maximum(means, 0) / means.max())
    assert isinstance(found.looked_at, InputSeen) and found.looked_at.importance is not None
    assert found.looked_at.importance.mean == means[2] and found.looked_at.importance.by == "accuracy"
    session.load(session.requested)
    assert see(session, request).layers[0].importances == b"", "a new run has none yet"


DROPPING = Experiment(
    dataset=DatasetConfig("iris", validation_split=0.0),
    model=ModelConfig(layers=(LayerConfig(5, "tanh"), LayerConfig(4, dropout=0.5)), input_dropout=0.3),
    training=TrainingConfig(batch_size=40),
)


def test_what_dropout_took_away_in_a_single_step_is_seen_until_training_goes_on() -> None:
    """It is what the recorded step had, for the sample that is shown or else the first, in a short last batch too."""
    session = loaded(DROPPING)
    compute = NetworkCompute(TrainerContext(session))

    def dropped(sample: int) -> tuple[int | None, list[list[bool]]]:
        content = compute.compute(WatchNetwork(sample, windows=ALL))
        assert isinstance(content, Network)
        return content.dropped_of, [np.frombuffer(layer.dropped, np.bool_).tolist() for layer in content.layers]

    assert dropped(0) == (None, [[], [], [], []])
    for number in range(1, 9):
        record = session.trainer.record_step()
        session.step()
        assert len(record.samples) == (30 if number % 4 == 0 else 40)
        masks = record.layers[0].mask, record.layers[2].mask
        assert record.layers[1].mask is None and masks[0] is not None and masks[1] is not None
        for member in (0, 7, 29):
            inputs, units = (mask[:, member] == 0.0 for mask in masks if mask is not None)
            expected = [inputs.tolist(), [], units.tolist(), []]
            assert dropped(int(record.samples[member])) == (record.samples[member], expected)
        other = next(sample for sample in range(150) if sample not in record.samples)
        assert dropped(other) == dropped(int(record.samples[0]))
    early = session.snapshot()
    session.epoch()
    assert dropped(0)[0] is None, "an epoch is more than a step"
    session.step()
    assert dropped(0)[0] is not None
    session.train()
    session.advance(0.01)
    session.pause()
    assert dropped(0)[0] is None
    session.step()
    session.trainer.restore(early)
    assert session.trainer.last_dropout() is None, "the masks in the buffers are of another step"
    session.load(DROPPING)
    assert session.dropout is None
    session.load(IRIS)
    session.step()
    assert session.dropout is None, "a network without dropout"


def test_links_from_what_was_dropped_are_not_drawn() -> None:
    session = loaded(DROPPING, steps=1)
    content = see(session, WatchNetwork(windows=ALL))
    for before, layer in zip(content.layers, content.layers[1:], strict=False):
        links = np.frombuffer(layer.links, np.int8).reshape(before.window.count, layer.window.count)
        off = np.frombuffer(before.dropped, np.bool_) if before.dropped else np.zeros(before.window.count, np.bool_)
        assert not links[off].any() and links[~off].any(axis=1).all()
