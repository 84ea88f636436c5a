"""Questions, targets and checks against results, one by one."""

from __future__ import annotations

from typing import Any

import pytest
from lesson_texts import changed, lesson_of, whole, without
from msgspec.structs import replace

from tui_trainer.book.checking import Results, Verdict, check
from tui_trainer.book.lesson import Lesson
from tui_trainer.experiment.schema import Experiment, LayerConfig, ModelConfig, OutputConfig, TrainingConfig

TEN = Experiment(training=TrainingConfig(epochs=10))


def lesson_with(**condition: Any) -> Lesson:
    """A lesson of nothing but one check."""
    data = {name: whole()[name] for name in ("title", "chapter", "text", "experiment", "variants")}
    return lesson_of({**data, "view": "loss", "checks": [{"done": "Done.", "missing": "Missing.", **condition}]})


def state_of(lesson: Lesson, **known: Any) -> str:
    (item,) = check(lesson, Results(**{"experiment": TEN, "state": "running", **known})).items
    assert item.sentence == ("Done." if item.state == "done" else "Missing.")
    return item.state


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ({"at_most": 0.5}, 0.5, True),
        ({"at_most": 0.5}, 0.6, False),
        ({"at_least": 0.5}, 0.5, True),
        ({"at_least": 0.5}, 0.4, False),
        ({"near": 1.0, "within": 0.1}, 0.95, True),
        ({"near": 1.0, "within": 0.1}, 1.2, False),
        ({"at_least": 0.5, "at_most": 0.6}, 0.7, False),
        ({"at_most": 0.5}, float("nan"), False),
        ({"at_most": 0.5}, float("-inf"), False),
    ],
)
def test_a_value_is_checked_against_its_condition(condition: dict[str, float], value: float, holds: bool) -> None:
    lesson = lesson_with(value="loss", **condition)
    said = state_of(lesson, epoch=3, values={"loss": value})
    assert said == ("done" if holds else "open")


def test_a_value_is_open_until_the_run_has_ended() -> None:
    lesson = lesson_with(value="val_loss", at_most=0.1, epoch=5)
    assert state_of(lesson, epoch=4, values={"val_loss": 0.05}) == "open", "too early"
    assert state_of(lesson, epoch=5, values={"val_loss": 0.05}) == "done"
    assert state_of(lesson, epoch=6, values={"val_loss": 0.5}) == "open"
    assert state_of(lesson, epoch=6, values={"val_loss": 0.5}, state="stopped early") == "wrong"
    assert state_of(lesson, epoch=10, values={"val_loss": 0.5}, state="paused") == "wrong", "the last epoch is done"
    assert state_of(lesson, epoch=10, values={}, state="finished") == "open", "there is no such value"


def test_a_gap_is_open_while_one_of_its_values_is_not_there() -> None:
    lesson = lesson_with(value="val_loss - loss", at_most=100)
    assert state_of(lesson, epoch=1, values={"loss": 2.0}) == "open"
    assert state_of(lesson, epoch=1, values={"loss": 2.0, "val_loss": float("nan")}) == "open"


def test_the_number_that_came_out_is_told() -> None:
    (item,) = check(
        lesson_with(value="loss", at_most=0.1), Results(experiment=TEN, epoch=10, values={"loss": 1 / 3})
    ).items
    assert item.state == "wrong" and item.details == ("loss is 0.333333",)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("epoch", {"epoch": 7}),
        ("step", {"steps": 7}),
        ("params", {"params": 7}),
        ("weight[1]", {"weights": (0.0, 7.0)}),
        ("layer_params[2]", {"layer_params": (1, 2, 7)}),
        ("dead_units[1]", {"dead_units": (0, 7)}),
        ("val_recall[2]", {"values": {"val_recall[2]": 7.0}}),
        ("val_loss - loss", {"values": {"val_loss": 9.0, "loss": 2.0}}),
    ],
)
def test_counts_and_weights_are_checked_like_values(name: str, known: dict[str, Any]) -> None:
    lesson = lesson_with(value=name, near=7, within=0)
    assert state_of(lesson, **{"epoch": 1, **known}) == "done"
    assert state_of(lesson, epoch=1, weights=None) == "open"
    assert state_of(lesson_with(value="weight[9]", at_least=0), epoch=1, weights=(1.0,)) == "open"


def test_parameters_are_there_before_training() -> None:
    assert state_of(lesson_with(value="params", near=7, within=0), params=7) == "done"
    assert state_of(lesson_with(value="epoch", at_least=0), epoch=0) == "open"


@pytest.mark.parametrize(
    ("field", "condition", "holds"),
    [
        ("training.epochs", {"equals": 10}, True),
        ("training.epochs", {"equals": 11}, False),
        ("training.shuffle", {"equals": True}, True),
        ("training.batch_size", {"one_of": [16, 32]}, True),
        ("training.batch_size", {"one_of": [16, "full"]}, False),
        ("training.learning_rate", {"at_most": 0.01}, False),
        ("training.learning_rate", {"near": 0.05, "within": 0}, True),
        ("model.layers", {"at_least": 1}, True),
        ("model.layers", {"equals": 2}, False),
        ("model.layers[3].units", {"at_least": 1}, False),
        ("training.early_stopping.patience", {"at_least": 1}, False),
        ("dataset.name", {"at_least": 1}, False),
    ],
)
def test_a_field_is_checked_against_its_condition(field: str, condition: dict[str, Any], holds: bool) -> None:
    lesson = lesson_with(field=field, **condition)
    assert state_of(lesson) == ("done" if holds else "open")
    assert state_of(lesson_with(field=field, epoch=2, **condition), epoch=1) == "open"


def test_states_variants_and_sizes_are_checked() -> None:
    lesson = lesson_with(state="diverged")
    assert state_of(lesson, state="diverged") == "done"
    assert state_of(lesson, state="running") == "open" and state_of(lesson, state="finished") == "wrong"
    slow = lesson_with(value="loss", at_most=1.0, variant="slow")
    assert state_of(slow, epoch=1, values={"loss": 0.0}, variant="slow") == "done"
    assert state_of(slow, epoch=10, values={"loss": 0.0}, variant="as it is") == "open"
    small = lesson_with(value="loss", at_most=1.0, most_params=20)
    assert state_of(small, epoch=1, values={"loss": 0.0}, params=20) == "done"
    assert state_of(small, epoch=10, values={"loss": 0.0}, params=21) == "open"


def test_what_is_done_stays_done() -> None:
    lesson = lesson_with(value="loss", at_most=0.1)
    first = check(lesson, Results(experiment=TEN, epoch=1, values={"loss": 0.0}))
    assert first.passed and first.done == {lesson.checks[0].key}
    later = Results(experiment=TEN, epoch=10, values={"loss": 9.0})
    assert not check(lesson, later).passed and check(lesson, later, first.done).passed
    other = lesson_with(value="loss", at_most=0.01)
    assert not check(other, later, first.done).passed, "another check has another key"


def answered(question: dict[str, Any], answers: Any) -> Verdict:
    data = changed("question", question)
    lesson = lesson_of({name: data[name] for name in data if name not in ("checks", "target")})
    return check(lesson, Results(experiment=TEN, answers=(answers,)))


@pytest.mark.parametrize(("answer", "said"), [(1, "done"), (0, "wrong"), (None, "open"), ((1.0,), "open")])
def test_an_answer_is_right_wrong_or_missing(answer: Any, said: str) -> None:
    verdict = answered(whole()["question"], answer)
    assert verdict.items[0].state == said and verdict.passed == (said == "done")
    assert verdict.items[0].sentence == ("That." if said == "done" else "Which?")


@pytest.mark.parametrize(
    ("answers", "said", "details"),
    [
        ((220, 0.5), "done", ()),
        ((220, 0.509), "done", ()),
        ((200, 0.5), "wrong", ("dense: 200 is not right",)),
        ((200, 1.0), "wrong", ("dense: 200 is not right", "half: 1 is not right")),
        ((220, None), "open", ()),
        ((None, 9.0), "wrong", ("half: 9 is not right",)),
        ((220, float("nan")), "wrong", ("half: nan is not right",)),
        ((220,), "open", ()),
        (None, "open", ()),
        (1, "open", ()),
    ],
)
def test_all_blanks_have_to_be_right(answers: Any, said: str, details: tuple[str, ...]) -> None:
    blanks = [{"label": "dense", "answer": 220}, {"label": "half", "answer": 0.5, "within": 0.01}]
    (item,) = answered({"text": "Fill in.", "because": "So.", "blanks": blanks}, answers).items
    assert (item.state, item.details) == (said, details)


def test_each_question_has_its_answer() -> None:
    numbers = {"text": "How many?", "because": "So.", "blanks": [{"label": "n", "answer": 3}]}
    data = {name: whole()[name] for name in whole() if name not in ("checks", "target", "question")}
    lesson = lesson_of({**data, "questions": [whole()["question"], numbers]})
    for answers, states in (((), "open open"), ((1, (4.0,)), "done wrong"), ((0, (3.0,)), "wrong done")):
        verdict = check(lesson, Results(experiment=TEN, answers=answers))
        assert " ".join(item.state for item in verdict.items) == states
    assert check(lesson, Results(experiment=TEN, answers=(1, (3.0,)))).passed


def test_a_target_names_every_difference() -> None:
    lesson = lesson_of(without("question"))
    there = ModelConfig((LayerConfig(100),), OutputConfig(activation="relu"))
    done = replace(TEN, model=there)

    def details(model: ModelConfig) -> tuple[str, ...]:
        return check(lesson, Results(experiment=replace(TEN, model=model))).items[0].details

    assert details(there) == ()
    assert details(ModelConfig((LayerConfig(16), LayerConfig(1)), OutputConfig(activation="linear"))) == (
        "there are 2 hidden layers, expected 1",
        "hidden layer 1 has 16 units, expected 100",
        "the output layer has activation linear, expected relu",
    )
    assert details(ModelConfig((), OutputConfig())) == (
        "there are no hidden layers, expected 1",
        "the output layer has activation not set, expected relu",
    )
    results = Results(experiment=done, epoch=10, values={"loss": 0.0}, variant="slow")
    states = [item.state for item in check(lesson, results).items]
    assert states == ["done", "done", "open", "wrong"], "the rate is not changed, and it has not diverged"
    other = replace(results, experiment=TEN)
    assert [item.state for item in check(lesson, other).items] == ["open"] * 4, "the run of another network"
    kept = check(lesson, results).done
    assert [item.state for item in check(lesson, other, kept).items] == ["done", "done", "open", "open"]


def test_other_fields_of_a_target() -> None:
    data = changed(
        "target",
        {
            "dataset.name": "iris_two",
            "training.shuffle": False,
            "training.early_stopping.patience": 3,
            "model.layers[1].units": 2,
        },
    )
    (_, item, *_) = check(lesson_of(data), Results(experiment=TEN)).items
    assert item.details == (
        "the dataset is iris, expected iris_two",
        "training.shuffle is on, expected off",
        "training.early_stopping.patience is not set, expected 3",
        "hidden layer 2 is missing",
    )


@pytest.mark.parametrize(
    ("layers", "inputs", "index", "name"),
    [
        ((), 1, 0, "w"),
        ((), 1, 1, "b"),
        ((), 2, 1, "w₂"),
        ((LayerConfig(2),), 3, 5, "layer 1: w₂₃⁽⁰⁾"),
        ((LayerConfig(2),), 3, 7, "layer 1: b₂⁽⁰⁾"),
        ((LayerConfig(2),), 3, 9, "output: w₁₂⁽¹⁾"),
    ],
)
def test_a_weight_that_came_out_wrong_is_named_as_in_the_book(
    layers: tuple[LayerConfig, ...], inputs: int, index: int, name: str
) -> None:
    experiment = replace(TEN, model=ModelConfig(layers, OutputConfig(units=1)))
    results = Results(experiment=experiment, inputs=inputs, epoch=10, weights=(0.25,) * 20)
    (item,) = check(lesson_with(value=f"weight[{index}]", at_least=9.0), results).items
    assert item.details == (f"{name} is 0.25",)
