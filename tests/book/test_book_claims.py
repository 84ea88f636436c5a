"""What the lessons' texts say beyond their checks, seen in the engine."""

from __future__ import annotations

import numpy as np
import pytest
from book_runs import LESSONS, trained

from tui_trainer.engine import ACTIVATIONS
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
