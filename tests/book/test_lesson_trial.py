"""A lesson tried without a screen: what holds is told with its numbers, and each fault of a lesson with its check."""

from __future__ import annotations

from typing import Any

from lesson_texts import lesson_of

from tui_trainer.teaching.trial import Trial, describe, solution, try_lesson

RATE = "training.learning_rate"
ASKED = {"text": "Which?", "choices": ["a", "b"], "answer": 0, "because": "A."}


def lesson(**changes: Any) -> dict[str, Any]:
    """A lesson of two rates for four clouds without a hidden layer, of a few steps."""
    return {
        "title": "Two rates",
        "chapter": "Mine",
        "text": "Compare.",
        "view": "loss",
        "experiment": {
            "dataset": {"name": "blobs"},
            "model": {"layers": []},
            "training": {"epochs": 5, "learning_rate": 0.1},
        },
        "variants": [{"name": "fast"}, {"name": "slow", "set": {RATE: 0.001}}],
        "checks": [
            {"variant": "fast", "value": "loss", "at_most": 0.4, "epoch": 5, "done": "Low.", "missing": "Train fast."},
            {"variant": "slow", "value": "loss", "at_least": 0.4, "epoch": 5, "done": "High.", "missing": "And slow."},
        ],
        **changes,
    }


def tried(**changes: Any) -> Trial:
    return try_lesson(lesson_of(lesson(**changes)))


def check(**changes: Any) -> dict[str, Any]:
    return {"done": "Done.", "missing": "Train.", **changes}


def test_each_variant_is_run_and_its_check_told_with_the_number() -> None:
    trial = tried()
    assert trial.faults == ()
    assert [run.variant for run in trial.runs] == ["fast", "slow"] and trial.seconds > 0
    assert [(one.run.variant, one.number, one.holds) for one in trial.outcomes] == [
        ("fast", 0, True),
        ("slow", 1, True),
    ]
    for one in trial.outcomes:
        assert one.seen == f"{one.run.results.values['loss']:.6g}"
    assert trial.outcomes[0].expected == "loss ≤ 0.4, from epoch 5"


def test_a_check_that_never_holds_is_a_fault_with_what_came_instead() -> None:
    trial = tried(variants=[{"name": "fast"}], checks=[check(value="params", near=14, within=0)])
    assert trial.faults == ("checks[0] never holds: expected params 14 ± 0, got 12 of the variant 'fast'",)
    assert [one.holds for one in trial.outcomes] == [False]


def test_a_check_that_holds_from_the_start_is_a_fault() -> None:
    (fault,) = tried(variants=[{"name": "fast"}], checks=[check(value="params", near=12, within=0)]).faults
    assert fault == "checks[0] holds before anything was done: params 12 ± 0"


def test_checks_that_any_variant_passes_are_a_fault() -> None:
    checks = [check(variant=name, value="loss", at_most=100) for name in ("fast", "slow")]
    faults = tried(checks=checks).faults
    assert [fault.split(" pass ")[0] for fault in faults] == [
        "the results of the variant 'fast'",
        "the results of the variant 'slow'",
    ]


def test_what_is_left_to_the_reader_is_tried_as_the_solution() -> None:
    checks = [check(value="loss", at_most=0.4, epoch=5)]
    asked = {"variants": [{"name": "slow", "set": {RATE: 0.001}}], "checks": checks}
    assert "checks[0] never holds" in tried(**asked).faults[0]
    trial = tried(**asked, solution={RATE: 0.1})
    assert trial.faults == () and [run.variant for run in trial.runs] == ["slow", ""]


def test_a_target_is_built() -> None:
    target = {"model.layers[0].units": 5, "model.layers": 1, "model.layers[0].activation": "tanh"}
    given = lesson_of(lesson(target=target, variants=[], checks=[check(value="loss", at_most=1)]))
    assert [(layer.units, layer.activation) for layer in solution(given).model.layers] == [(5, "tanh")]
    assert try_lesson(given).faults == ()
    there = lesson_of(lesson(target={"model.layers": 0}, variants=[], checks=[]))
    assert "loads the network that it asks for" in try_lesson(there).faults[0]


def test_what_cannot_be_trained_is_one_fault() -> None:
    lost = {"name": "lost", "set": {"dataset.features": ["nowhere"]}}
    (fault,) = tried(variants=[lost], checks=[], question=ASKED).faults
    assert fault.startswith("the variant 'lost' can't be trained: ") and "nowhere" in fault


def test_conditions_in_words() -> None:
    given = lesson_of(
        lesson(
            checks=[
                check(state="diverged", variant="slow"),
                check(field="model.layers", at_least=1, at_most=3),
                check(field="dataset.standardize", equals=True),
                check(field="dataset.name", one_of=["iris", "wine"]),
                check(value="val_accuracy", at_least=0.95, most_params=1000),
            ]
        )
    )
    assert list(map(describe, given.checks)) == [
        "diverged",
        "model.layers 1 to 3",
        "dataset.standardize = true",
        "dataset.name one of iris, wine",
        "val_accuracy ≥ 0.95, ≤ 1,000 parameters",
    ]
