"""From what the trainer computed to what is drawn: colours, samples, the colour bar and the words over it."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, OutputConfig
from tui_trainer.formats import format_color_limit
from tui_trainer.plotting.heatmaps import render_heatmap
from tui_trainer.plotting.lines import render_plot
from tui_trainer.plotting.plot import STEPS, Gradient
from tui_trainer.tabs.boundary.compute import BoundaryCompute
from tui_trainer.tabs.boundary.drawing import describe, heatmap, plot
from tui_trainer.tabs.boundary.messages import Boundary, Function, WatchBoundary
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.session import Session

LAYERS = (LayerConfig(5, "tanh"),)


def content_of(name: str, features: tuple[str, ...] = (), units: int | None = None, **request: object) -> object:
    """What a fresh network shows of a dataset."""
    session = Session()
    model = ModelConfig(layers=LAYERS, output=OutputConfig(units=units))
    session.load(Experiment(dataset=DatasetConfig(name, features=features), model=model))
    return BoundaryCompute(TrainerContext(session)).compute(WatchBoundary(30, 20, **request))  # type: ignore[arg-type]


def plane(name: str, **request: object) -> Boundary:
    content = content_of(name, **request)  # type: ignore[arg-type]
    assert isinstance(content, Boundary)
    return content


def function(name: str, **request: object) -> Function:
    content = content_of(name, **request)  # type: ignore[arg-type]
    assert isinstance(content, Function)
    return content


def described(content: Boundary | Function, target: str = "the target") -> str:
    return describe(content.chosen, target, content.classes)


def bar(content: Boundary) -> str:
    """The colour bar, a gradient as = of its colour."""
    parts = heatmap(content, False, "all").bar
    return "".join(f"={part.kind}=" if isinstance(part, Gradient) else part for part in parts)


def test_classes_have_their_colours_in_the_picture_and_among_the_samples() -> None:
    picture = heatmap(plane("iris"), False, "all")
    assert picture.palette == "classes" and picture.kind_colors == ("class0", "class1", "class2")
    training = [marks for marks in picture.marks if marks.label in ("setosa", "versicolor", "virginica")]
    assert [(marks.color, marks.glyph, marks.ascii) for marks in training] == [
        ("class0", "●", "A"),
        ("class1", "▲", "B"),
        ("class2", "■", "C"),
    ]
    validation = [marks for marks in picture.marks if marks.glyph in "○△□" and len(marks.x)]
    assert [(marks.color, marks.glyph, marks.ascii) for marks in validation] == [
        ("class0", "○", "a"),
        ("class1", "△", "b"),
        ("class2", "□", "c"),
    ]
    assert picture.marks.index(validation[-1]) < picture.marks.index(training[0]), "those for training on top"
    assert sum(len(marks.x) for marks in picture.marks) == 150


def test_two_classes_share_a_scale_from_the_first_to_the_second() -> None:
    content = plane("xor")
    picture = heatmap(content, False, "all")
    assert picture.palette == "diverging" and picture.square
    assert bar(content) == "orange 0 =0= 0.5 =0= 1 blue"
    assert {marks.label: marks.color for marks in picture.marks if len(marks.x) and marks.label} == {
        "orange": "class1",
        "blue": "class0",
    }


def test_a_class_that_is_unlikely_is_not_painted_in_the_strongest_colour_of_another() -> None:
    content = plane("iris", neuron=2)
    picture = heatmap(content, False, "all")
    assert bar(content) == "0 =2= 1" and picture.palette == "classes"
    assert picture.kinds is not None and (picture.kinds == 2).all(), "from nothing to the colour of its class"


def test_a_number_colours_each_sample_by_itself() -> None:
    content = plane("boston")
    picture = heatmap(content, False, "all")
    assert bar(content) == "5 =0= 27.5 =0= 50"
    validation, training = picture.marks[:2]
    assert training.levels is not None and len(training.levels) == len(training.x) > len(validation.x)
    assert (training.label, training.ascii, validation.ascii, picture.marks[2].label) == (
        "training",
        "o",
        "x",
        "validation",
    )


@pytest.mark.parametrize(("name", "steps"), [("iris", 1), ("xor", 2), ("boston", 2)])
def test_discretized_there_are_only_sides(name: str, steps: int) -> None:
    assert heatmap(plane(name), True, "all").steps == steps
    assert heatmap(plane(name), False, "all").steps == STEPS


def test_samples_can_be_left_out() -> None:
    content = plane("iris")
    assert {marks.glyph for marks in heatmap(content, False, "training").marks} == {"●", "▲", "■"}
    assert heatmap(content, False, "none").marks == ()
    curve = function("boston_rm")
    assert [series.label for series in plot(curve, "all").series] == ["validation", "training", "model"]
    assert [series.label for series in plot(curve, "training").series] == ["training", "model"]
    assert [series.label for series in plot(curve, "none").series] == ["model"]


def test_samples_that_are_not_drawn_are_counted() -> None:
    content = replace(plane("iris"), hidden=1234)
    assert heatmap(content, False, "all").marks[-1].label == "1,234 more not drawn"
    assert heatmap(content, False, "none").marks == ()


def test_what_is_shown_is_said() -> None:
    assert described(plane("xor")) == "Output (sigmoid): probability of blue"
    assert described(plane("xor", layer=1, neuron=2)) == "Layer 1 (tanh): neuron 3 of 5"
    assert described(plane("xor", layer=0, neuron=1)) == "Inputs: x2"
    assert described(plane("iris")) == "Output (softmax): the likeliest class; 2 others at their mean"
    assert described(plane("iris", neuron=1)).startswith("Output (softmax): probability of versicolor; ")
    assert described(plane("boston"), "PRICE") == "Output (linear): PRICE; 11 others at their mean"
    three = ("RM", "LSTAT", "AGE")
    assert described(plane("boston", features=three)).endswith("; the other feature at its mean")
    assert described(plane("moons", units=2)) == "Output (softmax): probability of blue"
    assert described(plane("moons", units=2, neuron=0)) == "Output (softmax): probability of orange"
    assert described(function("curve_sine"), "y") == "Output (linear): y"


def test_curves_have_the_truth_or_their_classes() -> None:
    drawn = plot(function("curve_step"), "all")
    assert [series.label for series in drawn.series] == ["truth", "validation", "training", "model"], (
        "the samples lie over the truth, which would hide all of them where there is no noise"
    )
    assert [series.glyph for series in drawn.series] == ["", "○", "●", ""]
    neuron = plot(function("curve_step", layer=1), "all")
    assert [series.label for series in neuron.series] == ["neuron"] and neuron.y_label == "output"
    classes = plot(function("iris", features=("petal width (cm)",)), "all")
    lines = [(series.label, series.color) for series in classes.series if series.kind == "line"]
    assert lines == [("setosa", "class0"), ("versicolor", "class1"), ("virginica", "class2")]
    assert classes.y_label == "probability" and classes.x_label == "petal width (cm)"


def test_names_from_files_are_data() -> None:
    evil = "[red]\x1b[31m\x07 of a name\u202e"
    content = replace(plane("iris"), x=evil, y=evil, classes=(evil,) * 3)
    drawn = heatmap(content, False, "all")
    texts = [drawn.x_label, drawn.y_label, *(marks.label for marks in drawn.marks), described(content)]
    texts += render_heatmap(drawn, 90, 24).rows + render_heatmap(drawn, 90, 24, "ascii").rows
    curve = replace(function("iris", features=("petal width (cm)",)), x=evil, y=evil, classes=(evil,) * 3)
    texts += render_plot(plot(curve, "all"), 90, 24).rows
    assert any("[red]" in text for text in texts)
    assert not any(char in text for text in texts for char in "\x1b\x07\u202e")


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (1.0, "1"), (1 / 3, "0.33"), (27.5, "27.5"), (-0.5, "-0.5"), (1234.5, "1.23e+03"), (0.001, "0.001")],
)
def test_numbers_are_short(value: float, written: str) -> None:
    assert format_color_limit(value) == written
    assert len(format_color_limit(np.pi * value)) <= 9
