"""What the lessons' texts say beyond their checks, seen in the engine."""

from __future__ import annotations

import numpy as np
import pytest
from book_runs import LESSONS, trained

from tui_trainer.engine import ACTIVATIONS
from tui_trainer.protocol import unpack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.landscape.compute import LandscapeCompute
from tui_trainer.tabs.landscape.messages import Landscape, WatchLandscape
from tui_trainer.teaching.trial import solution
from tui_trainer.training.session import Session


def run(name: str, variant: int = 0) -> Session:
    return trained(LESSONS[name].variants[variant].experiment)


def outputs(session: Session) -> np.ndarray:
    """Predictions of the training rows, (n, outputs)."""
    return session.trainer.model.predict(session.split.x_train)


@pytest.mark.parametrize(("variant", "weight"), [(0, "3.6329"), (1, "1.2363"), (2, "-0.9534")])
def test_w_after_ten_steps_is_as_the_book_says(variant: int, weight: str) -> None:
    session = run("gradient_descent", variant)
    assert session.trainer.steps == 10
    assert f"{session.trainer.model.get_weights()[0].item():.4f}" == weight


def test_the_parabola_is_as_the_book_says() -> None:
    session = run("loss_curve")
    x, y = session.split.x_train[:, 0], session.split.y_train[:, 0]
    assert f"{x @ y / (x @ x):.4f}" == "3.6534" and f"{x @ x:.1f}" == "20234.6"
    assert f"{np.sum((x @ y / (x @ x) * x - y) ** 2):.2f}" == "29555.78"
    assert round(1 - 2e-5 * float(x @ x), 3) == 0.595 and f"{1 / (x @ x):.3g}" == "4.94e-05"


def test_the_data_have_the_rows_and_columns_that_are_named() -> None:
    boston, iris = run("housing_data").dataset, run("iris_data").dataset
    assert len(boston.x) == 506 and boston.features == ("RM",) and boston.x[0, 0] == 6.575 and boston.y[0, 0] == 24.0
    assert boston.y.max() == 50.0
    assert len(iris.x) == 150 and len(iris.features) == 4 and np.bincount(iris.labels).tolist() == [50, 50, 50]


def test_boston_six_has_the_columns_of_the_book() -> None:
    session = Session()
    session.load(LESSONS["exercise_boston"].experiment)
    data = session.dataset
    assert (data.features, data.target) == (("RM", "CRIM", "INDUS", "NOX", "AGE", "TAX"), "PRICE")
    np.testing.assert_allclose(data.x[0], [6.575, 0.00632, 2.31, 0.538, 65.2, 296.0])
    np.testing.assert_allclose(data.x[505], [6.030, 0.04741, 11.93, 0.573, 80.8, 273.0])
    assert len(data.x) == 506 and (data.y[0, 0], data.y[505, 0]) == (24.0, 11.9)


def test_the_best_line_with_rm_as_it_is() -> None:
    session = run("two_parameters")
    x, y = session.split.x_train[:, 0], session.split.y_train[:, 0]
    assert [f"{value:.2f}" for value in np.polyfit(x, y, 1)] == ["9.10", "-34.67"]
    assert [f"{array.item():.2f}" for array in session.trainer.model.get_weights()] == ["4.07", "-2.67"]


def test_the_stacks_have_the_parameters_that_are_named() -> None:
    counts = [run("stacking_layers", place).trainer.model.count_params() for place in range(3)]
    text = LESSONS["stacking_layers"].text
    assert counts == [3, 257, 141] and all(f"{count} parameters" in text for count in counts)


@pytest.mark.parametrize(("variant", "blank"), [(1, 0), (2, 1)])
def test_parameters_of_the_curve_fits(variant: int, blank: int) -> None:
    question = LESSONS["universal_approximation"].questions[0]
    session = Session()
    session.load(LESSONS["universal_approximation"].variants[variant].experiment)
    assert session.trainer.model.count_params() == question.blanks[blank].answer


def test_the_activations_are_as_steep_as_is_said() -> None:
    z = np.linspace(-6, 6, 1201)[None, :]
    steepest = {}
    for name in ("sigmoid", "tanh", "relu"):
        activation = ACTIVATIONS[name]
        a, out = np.empty_like(z), np.empty_like(z)
        work = [np.zeros_like(z) for _ in range(activation.buffers)]
        activation.forward(z, a, work)
        activation.slope(z, a, out, work)
        steepest[name] = float(out.max())
    assert steepest == {"sigmoid": pytest.approx(0.25), "tanh": pytest.approx(1.0), "relu": 1.0}


def test_prices_with_identity_relu_and_a_dead_one() -> None:
    line, relu, dead = (outputs(run("output_prices", place)) for place in range(3))
    assert int((line < 0).sum()) == 1 and f"{line.min():.3f}" == "-2.258"
    assert relu.min() == 0.0
    assert not dead.any()


def test_ranges_of_the_wrong_choices_for_classes() -> None:
    probability, line, tanh = (outputs(run("output_two_classes", place)) for place in range(3))
    assert probability.min() > 0 and probability.max() < 1
    assert (f"{line.min():.2f}", f"{line.max():.2f}") == ("-0.22", "1.40")
    assert -1 < tanh.min() < 0


def test_softmax_rows_sum_to_one_and_others_do_not() -> None:
    softmax, sigmoids, lines = (outputs(run("output_softmax", place)) for place in range(3))
    np.testing.assert_allclose(softmax.sum(axis=1), 1.0, atol=1e-6)
    sums = sigmoids.sum(axis=1)
    assert (f"{sums.min():.2f}", f"{sums.max():.2f}") == ("0.49", "1.63")
    assert (f"{lines.min():.2f}", f"{lines.max():.2f}") == ("-0.52", "1.28")


@pytest.mark.parametrize(
    ("name", "layers"), [("summary", [220, 63]), ("exercise_iris", [500, 303]), ("exercise_boston", [700, 101])]
)
def test_the_exercises_have_the_parameters_that_are_named(name: str, layers: list[int]) -> None:
    session = Session()
    session.load(solution(LESSONS[name]))
    assert [params for *_, params in session.summary()] == layers
    assert session.trainer.model.count_params() == sum(layers)


def test_mini_batches_make_the_steps_that_are_named() -> None:
    session = run("mini_batches", 1)
    assert session.trainer.steps_per_epoch == 127 and len(session.split.x_train) % 4 == 2
    assert session.trainer.steps == 2540


def test_the_loss_rises_at_first_with_momentum() -> None:
    losses = run("momentum", 1).history.epochs["loss"]
    assert losses[2] > losses[0]


def test_depths_of_the_two_valleys() -> None:
    right, left, stuck = (run("two_valleys", place) for place in range(3))
    losses = [f"{one.values['loss']:.2f}" for one in (right, left, stuck)]
    assert losses[:2] == ["0.10", "0.18"] and float(losses[2]) > 0.25


def test_the_best_epoch_of_the_overfitted_flowers() -> None:
    session = run("overfitting")
    validation = np.array(session.history.epochs["val_loss"])
    assert 25 <= validation.argmin() + 1 <= 55 and validation.min() < 0.12
    assert session.trainer.model.count_params() == 133_635 and session.values["loss"] < 0.01
    assert run("overfitting", 2).trainer.model.count_params() == 35


def test_penalties_make_weights_small() -> None:
    def sizes(variant: int) -> np.ndarray:
        kernels = [w for w in run("l2_penalty", variant).trainer.model.get_weights() if w.ndim == 2]
        return np.abs(np.concatenate([kernel.ravel() for kernel in kernels]))

    free, l2, too_much, l1 = (sizes(place) for place in range(4))
    assert free.max() > 2 * l2.max() and too_much.max() < 0.05
    assert np.mean(l1 < 1e-3) > 0.6 > np.mean(l2 < 1e-3) > np.mean(free < 1e-3)
    assert np.ptp(outputs(run("l2_penalty", 2))) < 0.05


def test_the_numbers_of_adam_are_those_of_its_formula() -> None:
    """In the first step the printed formula and the usual one are alike: m = g, s = g², each step is rho long."""
    experiment = LESSONS["adam_numbers"].variants[0].experiment
    session = Session()
    session.load(experiment)
    session.step()
    optimizer = session.trainer.optimizer
    m, s = (optimizer.state[name] / (1 - beta) for name, beta in (("mean", 0.9), ("mean_of_squares", 0.999)))
    np.testing.assert_allclose(m, [-10, -100])
    np.testing.assert_allclose(s, [100, 10_000])
    rates = experiment.training.learning_rate / np.sqrt(s)
    answers = [blank.answer for blank in LESSONS["adam_numbers"].questions[0].blanks]
    assert answers == pytest.approx([m[1], s[1], rates[1], -rates[1] * m[1]])
    np.testing.assert_allclose(session.trainer.model.parameters.flat, -rates * m, rtol=1e-6)
    without = run("adam_numbers", 1).trainer.optimizer.state["mean"]
    g = 2 * (session_before_last("adam_numbers", 1) @ [1, 10] - 5) * np.array([1, 10])
    np.testing.assert_allclose(without, g)


def session_before_last(name: str, variant: int) -> np.ndarray:
    """The weights that the last step of a variant starts from."""
    session = Session()
    session.load(LESSONS[name].variants[variant].experiment)
    for _ in range(session.experiment.training.epochs - 1):
        session.step()
    return session.trainer.model.parameters.flat


# What the pages have of the book's formulas, drawings and remarks, each as it stands there
PAGES = {
    "perceptron": (
        "  x ──w──╮\n          Σ ──o──▶ φ ──a──▶\n  +1 ──b──╯",
        "o = w x + b,   a = φ(o)",
        "o = Σⱼ xⱼ wⱼ + b",
    ),
    "housing_data": ("owner-occupied homes, in $1,000", "the pair (xᵢ, yᵢ)"),
    "loss_curve": ("ŷᵢ = w xᵢ", "ℒ(w) = Σᵢ (ŷᵢ - yᵢ)²", "100¹⁰ losses"),
    "gradient_descent": ("wₜ₊₁ = wₜ - ρ ∂ℒ/∂w (wₜ)", "∂ℒ/∂w = Σᵢ 2 (w xᵢ - yᵢ) xᵢ", "repeated until convergence"),
    "two_parameters": ("The gradient is now a vector, (∂ℒ/∂w, ∂ℒ/∂b)",),
    "stacking_layers": (
        "x        h⁽¹⁾     h⁽²⁾     ŷ",
        "ŷ = φₒᵤₜ(Σᵢ wᵢ⁽²⁾ hᵢ⁽²⁾ + b⁽²⁾)          (2.1)\n"
        "  ∀i, hᵢ⁽²⁾ = φ(Σⱼ wᵢⱼ⁽¹⁾ hⱼ⁽¹⁾ + bᵢ⁽¹⁾)   (2.2)\n"
        "  ∀i, hᵢ⁽¹⁾ = φ(Σⱼ wᵢⱼ⁽⁰⁾ xⱼ + bᵢ⁽⁰⁾)      (2.3)",
        "leaves the biases b out",
    ),
    "universal_approximation": (
        "x        h⁽¹⁾     ŷ",
        "universal approximation theorem",
        "how many neurons",
        "promise",
    ),
    "architecture": (
        "quantities            1 for each",
        "two classes           1",
        "more classes          1 for each class",
    ),
    "activations": ("tanh(x) = 2 / (1 + e⁻²ˣ) - 1", "sigmoid(x) = 1 / (1 + e⁻ˣ)", "ReLU(x) = x if x > 0, else 0"),
    "identity": ("(w⁽¹⁾ w⁽⁰⁾) x + (w⁽¹⁾ b⁽⁰⁾ + b⁽¹⁾)",),
    "output_prices": ("A price is never negative", "ReLU never goes below 0"),
    "output_softmax": ("softmax(oᵢ) = e^oᵢ / Σⱼ e^oⱼ",),
    "exercise_iris": ("(m)", "(7)"),
    "exercise_boston": ("(m)", "(7)"),
    "squared_error": ("ŷᵢ = m_θ(xᵢ) for every i", "1/n Σᵢ ‖ŷᵢ - yᵢ‖²", "1/n Σᵢ ‖m_θ(xᵢ) - yᵢ‖²", "four times as much"),
    "logistic_loss": ("ℒ(𝒟; m_θ) = 1/n Σᵢ -log p(ŷᵢ = yᵢ; m_θ)", "At p = 1 a sample costs nothing"),
    "chain_rule": ("∂ℒ/∂wⱼ = ∂ℒ/∂o xⱼ",),
    "two_paths": ("θ ← θ - ρ 1/n Σᵢ ∇ℒᵢ", "θ ← θ - ρ 1/b Σᵢ∈B ∇ℒᵢ"),
    "momentum": ("vₜ₊₁ = β vₜ - ρ ∂ℒ/∂w (wₜ)\n  wₜ₊₁ = wₜ + vₜ₊₁",),
    "adam_numbers": (
        "m ← (β₁ m + (1 - β₁) g) / (1 - β₁ᵗ)",
        "s ← (β₂ s + (1 - β₂) g²) / (1 - β₂ᵗ)",
        "ρ̂ = ρ / √(s + ε)",
        "w ← w - ρ̂ m",
        "corrects a copy",
    ),
    "vanishing_gradients": ("∂ℒ/∂w⁽⁰⁾ = ∂ℒ/∂a⁽³⁾ · ∂a⁽³⁾/∂o⁽³⁾ · …\n             · ∂a⁽¹⁾/∂o⁽¹⁾ · ∂o⁽¹⁾/∂w⁽⁰⁾",),
    "risks": ("1/n Σᵢ ℒ(m_θ(xᵢ), yᵢ)", "different minimizers"),
    "l2_by_layer": ("ℒᵣ = ℒ + Σₗ λₗ ‖w⁽ˡ⁾‖²",),
    "dropout": ("scaled up to make up for it",),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_has_what_the_book_has(name: str) -> None:
    for part in PAGES[name]:
        assert part in LESSONS[name].text, part


def test_both_paths_begin_where_the_book_has_them() -> None:
    full, batches = (variant.experiment for variant in LESSONS["two_paths"].variants)
    session = run("two_paths")
    x, y = session.split.x_train, session.split.y_train[:, 0]
    assert x.shape == (20, 2) and np.abs(x).max() <= 1.5 and (y == (x[:, 0] > 0)).all()
    assert (full.model.weights, full.training.learning_rate, full.training.epochs) == ((1.0, -3.0), 0.2, 10)
    assert (full.training.batch_size, batches.training.batch_size) == ("full", 4)
    assert run("two_paths", 1).trainer.steps_per_epoch == 5


def test_one_weight_of_a_sigmoid_network_has_several_valleys() -> None:
    session = Session()
    session.load(LESSONS["many_valleys"].experiment)
    assert session.dataset.x.shape == (150, 6)
    view = LandscapeCompute(TrainerContext(session))
    content = view.compute(WatchLandscape(200, 40, kind="slice", parameter=69, low=-5.0, high=5.0))
    assert isinstance(content, Landscape) and content.axes[0].name == "layer 1: w₁₀,₄⁽⁰⁾"
    curve = np.array(unpack(content.curve))
    is_valley = (curve[1:-1] < curve[:-2]) & (curve[1:-1] < curve[2:])
    assert is_valley.sum() >= 2


def test_the_gradient_of_early_sigmoid_layers_vanishes() -> None:
    """Before the first step: each layer below has less of it with the sigmoid, and not with ReLU."""
    shares = {}
    for place, name in enumerate(("sigmoid", "ReLU")):
        session = Session()
        session.load(LESSONS["vanishing_gradients"].variants[place].experiment)
        session.step()
        norms = [float(np.linalg.norm(kernel)) for kernel in session.trainer._gradients.kernels]
        shares[name] = norms[0] / norms[-1]
    assert shares["sigmoid"] < 0.1 < shares["ReLU"]


def test_raw_and_standardized_flowers_end_as_far_apart_as_in_the_book() -> None:
    raw, standardized = (run("scaled_inputs", place) for place in range(2))
    assert [f"{one.values['loss']:.1g}" for one in (raw, standardized)] == ["0.1", "0.0007"]
    largest_jumps = [np.abs(np.diff(one.history.epochs["loss"]))[-50:].max() for one in (raw, standardized)]
    assert largest_jumps[0] > 0.04 > 0.02 > largest_jumps[1]


def test_stopping_early_comes_when_the_book_says() -> None:
    session = run("early_stopping", 1)
    losses = np.array(session.history.epochs["val_loss"])
    assert (losses.argmin() + 1, f"{losses.min():.4f}", len(losses)) == (28, "0.1320", 38)
    best = np.array(run("early_stopping").history.epochs["val_loss"])
    assert best.argmin() + 1 == 28 and best[-1] > 1.2 * best.min()


def test_the_penalty_is_on_the_hidden_kernels_alone() -> None:
    model = LESSONS["l2_by_layer"].variants[1].experiment.model
    assert [layer.l2 for layer in model.layers] == [0.01] * 3 and not model.output.l2


def test_with_dropped_inputs_the_validation_loss_is_the_lower_one() -> None:
    lower = []
    for place in range(2):
        epochs = run("dropped_inputs", place).history.epochs
        lower.append(int((np.array(epochs["val_loss"]) < np.array(epochs["loss"])).sum()))
    assert 5 <= lower[0] <= 12 and lower[1] == 98


def test_prices_are_not_said_to_want_the_identity_and_two_quantities_have_two_outputs() -> None:
    lesson = LESSONS["architecture"]
    (of_prices,) = [one for one in lesson.checks if one.variant == "prices"]
    assert "identity" not in of_prices.done and "lesson 13" in of_prices.done
    assert LESSONS["output_prices"].file.startswith("13_")
    assert outputs(run("architecture", 5)).shape[1] == 2
