"""A step under the microscope: its numbers against the step that is then taken, and what is said of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OptimizerConfig,
    OutputConfig,
    ScheduleConfig,
    TrainingConfig,
)
from tui_trainer.formats import format_measure
from tui_trainer.protocol import Unavailable, encode, frame, unpack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.network import microscope
from tui_trainer.tabs.network.compute import NetworkCompute
from tui_trainer.tabs.network.layout import Layer, Shape
from tui_trainer.tabs.network.messages import (
    BETA,
    BIAS,
    GAMMA,
    MOVING_MEAN,
    MOVING_VARIANCE,
    Network,
    NeuronRange,
    NeuronStep,
    Stage,
    StageKind,
    StepTerm,
    WatchNetwork,
)
from tui_trainer.tabs.network.neuron_panel import Table
from tui_trainer.tabs.network.step_equations import EQUATIONS, update_lines
from tui_trainer.tabs.network.step_panel import (
    STATES,
    StageOfLayer,
    stages_of,
    step_heading,
    step_table,
    terms_of,
    track_line,
)
from tui_trainer.training.session import Session
from tui_trainer.ui.plot_widgets import Line

OPTIMIZERS = {
    "sgd": OptimizerConfig("sgd"),
    "momentum": OptimizerConfig("sgd", momentum=0.9),
    "nesterov": OptimizerConfig("sgd", momentum=0.9, nesterov=True),
    **{name: OptimizerConfig(name) for name in ("adagrad", "rmsprop", "adam", "adamw", "nadam")},
}
LAYERS = (LayerConfig(5, "tanh", dropout=0.4, batch_norm=True), LayerConfig(4, "gelu"))
IRIS = Experiment(
    model=ModelConfig(layers=LAYERS, dtype="float64", input_dropout=0.2),
    training=TrainingConfig(batch_size=16, learning_rate=0.03, l2=0.01, l1=0.002),
)
ALL = tuple(NeuronRange(layer, 0, units) for layer, units in enumerate((4, 5, 4, 3)))
SHAPE = Shape(
    (Layer(4), Layer(5, "tanh", True, batch_norm=True), Layer(4, "gelu", True), Layer(3, "softmax", True)),
    ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
    ("setosa", "versicolor", "virginica"),
)
KINDS: tuple[StageKind, ...] = ("forward", "loss", "backward", "update")


def loaded(experiment: Experiment = IRIS, steps: int = 2) -> Session:
    session = Session()
    session.load(experiment)
    for _ in range(steps):
        session.step()
    return session


def see(session: Session, stage: Stage, layer: int = 1, neuron: int = 0) -> tuple[Network, NeuronStep]:
    request = WatchNetwork(layer=layer, neuron=neuron, windows=ALL, terms=64, stage=stage)
    content = NetworkCompute(TrainerContext(session)).compute(request)
    assert isinstance(content, Network) and isinstance(content.looked_at, NeuronStep)
    return content, content.looked_at


def terms(step: NeuronStep) -> dict[int, StepTerm]:
    return {term.source: term for term in (*step.terms, *step.more)}


def text(*lines: Line) -> list[str]:
    return ["".join(part for part, _ in line) for line in lines]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("limit", [{}, {"clip_norm": 0.05}, {"clip_value": 0.002}])
def test_the_new_weights_are_those_after_the_step(optimizer: str, limit: dict[str, float]) -> None:
    """Bit for bit, of every neuron; and looking at all stages changes nothing of the run."""
    training = replace(IRIS.training, optimizer=OPTIMIZERS[optimizer], schedule=ScheduleConfig("exponential"), **limit)
    session, plain = (loaded(replace(IRIS, training=training)) for _ in range(2))
    new: dict[int, float] = {}
    for layer, units in ((1, 5), (2, 4), (3, 3)):
        for neuron in range(units):
            _, step = see(session, Stage("update"), layer, neuron)
            new |= {term.index: term.new for term in terms(step).values()}
            for kind in KINDS:
                see(session, Stage(kind, member=3), layer, neuron)
    flat = session.trainer.model.parameters.flat
    assert sorted(new) == list(range(len(flat))), "every parameter is seen"
    session.step()
    plain.step()
    np.testing.assert_array_equal([new[index] for index in sorted(new)], session.trainer.model.parameters.flat)
    np.testing.assert_array_equal(session.trainer.model.parameters.flat, plain.trainer.model.parameters.flat)
    assert session.values["batch_loss"] == plain.values["batch_loss"]


def test_a_gradient_is_told_by_its_factors() -> None:
    """Of a sample: dL/da phi' is dL/do, and that times x is dL/dw; the mean over the samples is that of the step."""
    session = loaded()
    for layer, neuron in ((1, 2), (2, 3), (3, 0)):
        whole = see(session, Stage("backward", of_batch=True), layer, neuron)[1]
        steps = [see(session, Stage("backward", member), layer, neuron)[1] for member in range(whole.samples)]
        for step in steps:
            if step.slope is not None and step.of_a is not None:
                assert step.of_a * step.slope == pytest.approx(step.of_o, abs=1e-15)
            for source, term in terms(step).items():
                delta = step.of_o if source in (GAMMA, BETA) else step.of_weighted
                assert term.of_stage == pytest.approx(delta * term.x, abs=1e-15)
        for source, term in terms(whole).items():
            assert term.of_stage == pytest.approx(term.gradient, abs=1e-14)
            assert np.mean([terms(step)[source].of_stage for step in steps]) == pytest.approx(term.gradient, abs=1e-14)
        assert np.mean([step.of_o for step in steps]) == pytest.approx(whole.of_o, abs=1e-14)
    session.step()
    gradient = session.trainer._gradients
    update = see(loaded(), Stage("update"), 2, 3)[1]
    assert [term.direction for term in update.terms] == gradient.kernels[1][:, 3].tolist()


def test_a_value_is_the_sum_of_its_terms() -> None:
    session = loaded()
    for member in (0, 5):
        for layer, neuron in ((1, 2), (2, 3), (3, 0)):
            step = see(session, Stage("forward", member), layer, neuron)[1]
            own = terms(step)
            assert sum(term.weight * term.x for term in step.terms) + own[BIAS].weight == pytest.approx(step.weighted)
            if layer == 1:
                assert own[GAMMA].weight * step.normed + own[BETA].weight == pytest.approx(step.o)
                assert step.a == pytest.approx(math.tanh(step.o))
            else:
                assert step.o == step.weighted and math.isnan(step.normed)


def test_the_drawn_network_follows_the_stages() -> None:
    """Forward, layers beyond the stage's are empty; back, those before it are as they were, and links are gradients."""
    session = loaded()
    forward, _ = see(session, Stage("forward"), 2)
    assert [bool(layer.values) for layer in forward.layers] == [True, True, True, False]
    assert [any(layer.links) for layer in forward.layers] == [False, True, True, False]
    loss, _ = see(session, Stage("loss"), 3)
    assert all(layer.values for layer in loss.layers) and all(any(layer.links) for layer in loss.layers[1:])
    backward, step = see(session, Stage("backward"), 2, 1)
    assert [any(layer.links) for layer in backward.layers] == [False, False, True, True]
    assert unpack(backward.layers[2].values)[1] == step.of_o
    assert unpack(backward.layers[1].values).tolist() == unpack(forward.layers[1].values).tolist()
    links = np.frombuffer(backward.layers[2].links, np.int8).reshape(5, 4)
    assert [np.sign(link) for link in links[:, 1]] == [np.sign(term.of_stage) for term in step.terms]
    update, step = see(session, Stage("update"), 2, 1)
    links = np.frombuffer(update.layers[2].links, np.int8).reshape(5, 4)
    assert [np.sign(link) for link in links[:, 1]] == [np.sign(term.new - term.weight) for term in step.terms]


def test_dropout_is_seen_by_its_mask() -> None:
    session = loaded()
    record = session.trainer.record_step()
    mask = record.layers[1].mask
    assert mask is not None
    for member in range(4):
        content, step = see(session, Stage("forward", member), 2)
        assert np.frombuffer(content.layers[1].dropped, np.bool_).tolist() == (mask[:, member] == 0).tolist()
        assert [term.mask for term in step.terms] == mask[:, member].tolist() and step.has_mask
        assert [term.x == 0.0 for term in step.terms] == (mask[:, member] == 0).tolist()
    content, step = see(session, Stage("forward", of_batch=True), 2)
    assert not content.layers[1].dropped and not step.has_mask


def test_the_sample_is_one_of_the_next_mini_batch() -> None:
    session = loaded()
    samples = session.trainer.record_step().samples
    for member in (0, 7, 15, 16, -1):
        content, step = see(session, Stage("loss", member))
        assert content.sample == samples[member % 16] and content.row == session.split.train_rows[content.sample]
        assert step.sample_loss == pytest.approx(unpack(step.losses)[member % 16])
    assert (step.number, step.batch, step.batches, step.samples) == (3, 3, 8, 16)
    assert np.mean(unpack(step.losses)) == pytest.approx(step.data_loss) and step.penalty > 0.0


def test_a_step_is_recorded_again_when_it_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    session = loaded()
    compute, records = NetworkCompute(TrainerContext(session)), []
    record = session.trainer.record_step
    monkeypatch.setattr(session.trainer, "record_step", lambda: records.append(1) or record())

    def look(stage: Stage | None) -> NeuronStep | None:
        content = compute.compute(WatchNetwork(windows=ALL, terms=8, stage=stage))
        assert isinstance(content, Network)
        return content.looked_at if isinstance(content.looked_at, NeuronStep) else None

    for kind in KINDS:
        look(Stage(kind))
    assert len(records) == 1
    session.set_weight(0, 0.5)
    changed = look(Stage("forward"))
    assert len(records) == 2 and changed is not None and changed.terms[0].weight == 0.5
    session.tune(replace(session.requested.training, learning_rate=0.5))
    tuned = look(Stage("update"))
    assert tuned is not None and tuned.rule is not None and tuned.rule.rate == 0.5
    look(None)
    look(Stage("update"))
    assert len(records) == 4, "what is not looked at is not kept"


def test_what_takes_too_much_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microscope, "MAX_VALUES", 1000)
    content = NetworkCompute(TrainerContext(loaded())).compute(WatchNetwork(stage=Stage("loss")))
    assert (
        isinstance(content, Unavailable)
        and "16 samples" in content.reason
        and "batch size to 5 or less" in content.reason
    )


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_requests_are_clipped(kind: StageKind) -> None:
    session = loaded()
    request = WatchNetwork(-3, 99, -5, ALL, 10**9, 10**9, stage=Stage(kind, 10**12))
    content = NetworkCompute(TrainerContext(session)).compute(request)
    assert isinstance(content, Network) and isinstance(content.looked_at, NeuronStep)
    assert (content.looked_at.layer, content.looked_at.neuron) == (3, 0)
    assert frame(encode(content))


def all_tables(session: Session, shape: Shape, size: tuple[int, int]) -> Iterator[tuple[NeuronStep, Table]]:
    for stage in stages_of(shape):
        for of_batch in (False, True):
            request = WatchNetwork(
                layer=stage.layer,
                windows=ALL,
                stage=Stage(stage.kind, 3, of_batch),
                terms=terms_of(shape, stage, session.experiment.training, size[1]),
            )
            content = NetworkCompute(TrainerContext(session)).compute(request)
            assert isinstance(content, Network) and isinstance(content.looked_at, NeuronStep)
            yield content.looked_at, step_table(shape, content, content.looked_at, size)


@pytest.mark.parametrize("size", [(78, 10), (66, 15), (60, 15), (88, 15), (118, 17)])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_nothing_is_cut_in_any_window(optimizer: str, size: tuple[int, int]) -> None:
    training = replace(IRIS.training, optimizer=OPTIMIZERS[optimizer], clip_norm=0.05)
    session = loaded(replace(IRIS, training=training))
    width, height = size
    for step, shown in all_tables(session, SHAPE, size):
        if width == 60 and step.stage.kind == "update":
            continue  # beside a curve, which an update does not have
        lines = text(*shown.lines)
        assert len(lines) <= height and max(map(len, lines)) <= width
        assert not [line for line in lines if line.endswith("…")], step.stage
        rows = [line for line, number in zip(lines, shown.parameters, strict=True) if number is not None]
        assert len({len(line) for line in rows}) <= 1, "columns stand under each other"
        if step.stage.kind != "loss":
            assert rows and len(lines[lines.index(rows[0]) - 1]) == len(rows[0]), "and under their heads"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_equations_come_out(optimizer: str) -> None:
    """The numbers of the last equation, computed as they stand there, are the new weight."""
    training = replace(IRIS.training, optimizer=OPTIMIZERS[optimizer], learning_rate=0.5)
    session = loaded(replace(IRIS, training=training))
    request = WatchNetwork(layer=2, neuron=1, windows=ALL, terms=64, stage=Stage("update"))
    content = NetworkCompute(TrainerContext(session)).compute(request)
    assert isinstance(content, Network) and isinstance(content.looked_at, NeuronStep)
    step = content.looked_at
    for picked in range(5):
        lines = text(*step_table(SHAPE, content, step, (140, 20), picked).lines)
        equation = next(line for line in lines if line.strip().startswith("w ←"))
        _, numbers, result = equation.split(" = ")
        value = eval_arithmetic(numbers)
        term = step.terms[picked]
        assert eval_arithmetic(result) == pytest.approx(term.new, rel=6e-4)
        assert value - term.weight == pytest.approx(term.new - term.weight, rel=5e-3, abs=6e-4 * abs(term.weight))


def eval_arithmetic(numbers: str) -> float:
    """The value of an equation's right side: products before sums, one pair of brackets inside of another."""
    cleaned = numbers.replace("−", "-").replace("·", "*").replace(",", "").replace("/", " / ")
    while match := re.search(r"\(([^()]+)\)", cleaned):
        cleaned = cleaned[: match.start()] + f"{sum_of(match[1]):.17g}" + cleaned[match.end() :]
    return sum_of(cleaned)


def sum_of(text_: str) -> float:
    total = 0.0
    for sign, summand in re.findall(r"(^|[+-] )(.+?)(?= [+-] |$)", text_.strip()):
        value = None
        for operator, factor in re.findall(r"(^|[*/] )([^\s]+)", summand.strip()):
            number = float(factor)
            value = number if value is None else value / number if operator.startswith("/") else value * number
        assert value is not None
        total += -value if sign.startswith("-") else value
    return total


def test_what_is_said_of_each_stage() -> None:
    session = loaded(replace(IRIS, model=replace(IRIS.model, input_dropout=0.0, layers=LAYERS[1:])))
    shape = replace_layers(SHAPE, (SHAPE.layers[0], Layer(4, "gelu", True), SHAPE.layers[3]))
    windows = tuple(NeuronRange(layer, 0, units) for layer, units in enumerate((4, 4, 3)))

    def said(kind: StageKind, layer: int, of_batch: bool = False) -> str:
        request = WatchNetwork(layer=layer, windows=windows, terms=9, stage=Stage(kind, 2, of_batch))
        content = NetworkCompute(TrainerContext(session)).compute(request)
        assert isinstance(content, Network) and isinstance(content.looked_at, NeuronStep)
        return "\n".join(text(*step_table(shape, content, content.looked_at, (100, 20)).lines))

    sample = session.trainer.record_step().samples[2] + 1
    forward = said("forward", 1)
    assert f"of sample {sample}" in forward and "o = Σⱼ wᵢⱼ xⱼ + bᵢ = " in forward and "a = φ(o) = gelu(" in forward
    assert "mean over the 16 samples of this batch" in said("forward", 1, of_batch=True)
    assert "Σ −y log a" in said("loss", 2) and "ℒ = mean over the 16 samples + penalty = " in said("loss", 2)
    output = said("backward", 2)
    assert "∂ℒ/∂o = a − y = " in output and "softmax and cross-entropy in one" in output
    hidden = said("backward", 1)
    assert "∂ℒ/∂a = Σₖ wₖᵢ ∂ℒ/∂oₖ = " in hidden and "∂ℒ/∂o = ∂ℒ/∂a · φ′(o) = " in hidden
    assert f"of sample {sample}" in hidden and "mean of 16" in hidden, "both are in one row, and told apart"
    update = said("update", 1)
    assert "mean over the 16 samples of this batch" in update and "of sample" not in update
    assert "g = ∂ℒ/∂w + 2λ₂w + λ₁ sgn w = " in update and "w ← w − ρ g = " in update


def replace_layers(shape: Shape, layers: tuple[Layer, ...]) -> Shape:
    return Shape(layers, shape.inputs, shape.outputs)


def test_a_sum_is_not_called_a_mean() -> None:
    rooms = Experiment(
        dataset=DatasetConfig("boston_rm", validation_split=0.0),
        model=ModelConfig(layers=(), dtype="float64", output=OutputConfig(1, "linear")),
        training=TrainingConfig(loss="sse", learning_rate=1e-4),
    )
    session = loaded(rooms, 0)
    windows = (NeuronRange(0, 0, 1), NeuronRange(1, 0, 1))
    shape = Shape((Layer(1), Layer(1, "linear", True)), ("RM",), ("PRICE",))
    request = WatchNetwork(windows=windows, terms=4, stage=Stage("backward", 1))
    content = NetworkCompute(TrainerContext(session)).compute(request)
    assert isinstance(content, Network) and isinstance(content.looked_at, NeuronStep)
    step = content.looked_at
    lines = text(*step_table(shape, content, step, (78, 10)).lines)
    assert any("sum of 32" in line for line in lines) and not any("mean" in line for line in lines)
    shares = [see_term(session, windows, member).of_stage for member in range(step.samples)]
    assert sum(shares) == pytest.approx(step.terms[0].gradient)


def see_term(session: Session, windows: tuple[NeuronRange, ...], member: int) -> StepTerm:
    request = WatchNetwork(windows=windows, terms=4, stage=Stage("backward", member))
    content = NetworkCompute(TrainerContext(session)).compute(request)
    assert isinstance(content, Network) and isinstance(content.looked_at, NeuronStep)
    return content.looked_at.terms[0]


def test_the_lines_over_the_picture() -> None:
    session = loaded()
    _, step = see(session, Stage("backward", 3), 2)
    for width in (30, 48, 78, 118):
        line = text(step_heading(step, width, "color"))[0]
        assert line.startswith("step 3: 16 samples") and len(line) <= width
    assert "batch 3 of 8 in epoch 1" in line and "links ∂ℒ/∂w" in line and "neurons ∂ℒ/∂o" in line
    track = text(track_line(SHAPE, step, "sample 84 (row 35)", 90))[0]
    assert "backward  3 [2] 1 " in track and track.count("[") == 1 and track.endswith("sample 84 (row 35)")
    deep = Shape((*SHAPE.layers[:1], *SHAPE.layers[1:2] * 30, *SHAPE.layers[-1:]), SHAPE.inputs, SHAPE.outputs)
    assert text(track_line(deep, step, "", 78)) == ["backward, layer 2 of 31   stage 62 of 94"]


def test_a_step_goes_forward_and_back_again() -> None:
    stages = stages_of(SHAPE)
    assert [stage.layer for stage in stages] == [1, 2, 3, 3, 3, 2, 1, 1, 2, 3]
    assert stages[3] == StageOfLayer("loss", 3)


def test_a_loss_that_is_not_finite_has_no_update() -> None:
    session = loaded(replace(IRIS, model=replace(IRIS.model, layers=())), 0)
    session.trainer.model.parameters.flat[:] = math.inf
    shape = replace_layers(SHAPE, (SHAPE.layers[0], SHAPE.layers[3]))
    windows = (NeuronRange(0, 0, 4), NeuronRange(1, 0, 3))
    for kind in KINDS:
        request = WatchNetwork(windows=windows, terms=4, stage=Stage(kind))
        content = NetworkCompute(TrainerContext(session)).compute(request)
        assert isinstance(content, Network) and isinstance(content.looked_at, NeuronStep)
        step = content.looked_at
        assert step.rule is None and step_table(shape, content, step, (78, 10)).lines
    assert "this step diverges" in "".join(text(*step_table(shape, content, step, (120, 10)).lines))


def test_every_optimizer_has_its_equations_and_the_signs_of_its_state() -> None:
    from tui_trainer.engine import OPTIMIZERS as KINDS_OF_OPTIMIZERS

    assert set(EQUATIONS) == set(STATES) == set(KINDS_OF_OPTIMIZERS)
    for name, kind in KINDS_OF_OPTIMIZERS.items():
        assert name in ("sgd", "lbfgs") or len(kind.slots) == len(STATES[name])


def test_the_step_of_a_line_search_is_the_one_that_is_taken() -> None:
    plain = ModelConfig(layers=(LayerConfig(5, "tanh"), LayerConfig(4, "gelu")), dtype="float64")
    training = TrainingConfig(optimizer=OptimizerConfig("lbfgs"), batch_size="full", learning_rate=1.0, l2=0.01)
    session = loaded(Experiment(model=plain, training=training))
    for _ in range(3):
        _, step = see(session, Stage("update"), 1, 2)
        told = {term.index: term.new for term in (*step.terms, *step.more)}
        session.step()
        flat = session.trainer.model.parameters.flat
        assert told == {index: float(flat[index]) for index in told}
    term = see(session, Stage("update"), 1, 2)[1].terms[0]
    lines = update_lines(see(session, Stage("update"), 1, 2)[1], term, 120)
    assert "w ← w + t d = " in lines[-1] and lines[-1].endswith(format_measure(term.new))


def test_batch_normalization_has_its_rows() -> None:
    step = see(loaded(), Stage("update"), 1, 2)[1]
    assert [term.source for term in step.more] == [BIAS, GAMMA, BETA, MOVING_MEAN, MOVING_VARIANCE]
    step = see(loaded(), Stage("backward"), 1, 2)[1]
    assert [term.source for term in step.more] == [BIAS, GAMMA, BETA]
