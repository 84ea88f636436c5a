"""What the Network view says: numbers, formulas, the table of weights, bars, the line over the picture."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from tui_trainer.formats import fit_number, format_bar, format_cell, format_measure
from tui_trainer.protocol import DatasetView
from tui_trainer.tabs.network.layout import Layer, Shape
from tui_trainer.tabs.network.messages import BIAS, InputImportance, InputSeen, Network, NeuronDetail, Probability, Term
from tui_trainer.tabs.network.neuron_panel import (
    bar_lines,
    formula_lines,
    heading,
    importance_line,
    table,
    terms_that_fit,
    title_line,
)
from tui_trainer.tabs.network.view import first_weights_with, nudged, parse_weight, picked_term, short_name, term_name
from tui_trainer.ui.plot_widgets import Line

HOUSES = Shape((Layer(1), Layer(1, "linear", True)), ("RM",), ("PRICE",))
IRIS = Shape(
    (Layer(4), Layer(16, "relu", True), Layer(3, "softmax", True)),
    ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
    ("setosa", "versicolor", "virginica"),
)
ROOMS = NeuronDetail(
    layer=1,
    neuron=0,
    activation="linear",
    inputs=1,
    o=25.17565,
    a=25.17565,
    slope=1.0,
    terms=(Term(0, 0, 9.1020, 6.575, 59.84565, -1258.8),),
    rest=0.0,
    sum=59.84565,
    bias=Term(BIAS, 1, -34.67, 1.0, -34.67, 3e-7),
    span=50.0,
)
SEPAL = replace(
    ROOMS,
    activation="relu",
    neuron=2,
    inputs=4,
    o=-0.3541,
    a=0.0,
    slope=0.0,
    sum=-0.4017,
    bias=Term(BIAS, 70, 0.0476, 1.0, 0.0476, None),
    terms=tuple(Term(i, 16 * i + 2, 0.1 * (i - 1), 1.5, 0.15 * (i - 1), None) for i in range(4)),
)


def text(*lines: Line) -> list[str]:
    return ["".join(part for part, _ in line) for line in lines]


@pytest.mark.parametrize(
    ("value", "width", "shown"),
    [
        (0.874, 5, "0.87"),
        (-34.67, 5, "−34.7"),
        (-34.67, 6, "−34.67"),
        (123456.0, 5, "1.2e5"),
        (-1e-9, 5, "0.00"),
        (math.nan, 5, "nan"),
        (-math.inf, 5, "−∞"),
        (-1.25e300, 5, "−1e300"),
    ],
)
def test_a_number_fits_its_width(value: float, width: int, shown: str) -> None:
    assert fit_number(value, width) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (25.17565, "25.18"),
        (-34.67, "−34.67"),
        (0.0, "0"),
        (9.1, "9.100"),
        (1.25e-7, "1.25e−7"),
        (3.5e9, "3.5e9"),
        (41576.2, "41,576"),
        (-63470.0, "−63,470"),
        (math.nan, "–"),
    ],
)
def test_a_number_has_four_significant_digits(value: float, shown: str) -> None:
    assert format_measure(value) == shown


def test_a_cell_keeps_its_width_and_tells_small_numbers() -> None:
    assert format_cell(0.00003, 9, 4) == "     3e−5" and format_cell(0.0, 9, 4) == "   0.0000"
    assert all(len(format_cell(value, 9, 4)) == 9 for value in (1.0, -34.67, 1e9, -1e-9, math.nan, 12345.678))


def test_the_formula_is_that_of_the_book() -> None:
    (line, _) = formula_lines(ROOMS, 62)
    assert text(line) == ["a = φ(w x + b) = identity(9.1020 · 6.575 − 34.67) = 25.18"]
    assert text(*formula_lines(ROOMS, 45)) == [
        "a = φ(w x + b)   φ′(o) = 1.000",
        "  = identity(9.1020 · 6.575 − 34.67) = 25.18",
    ]
    (line, _) = formula_lines(replace(ROOMS, bias=None, o=59.84565, a=59.84565), 62)
    assert text(line) == ["a = φ(w x) = identity(9.1020 · 6.575) = 59.85"]
    assert text(title_line(HOUSES, ROOMS)) == ["output PRICE  φ = identity"]


def test_formulas_of_more_inputs_and_of_a_softmax() -> None:
    assert text(*formula_lines(SEPAL, 45)) == ["a = φ(Σ wⱼ xⱼ + b)   φ′(o) = 0", "  = relu(−0.4017 + 0.04760) = 0"]
    assert text(title_line(IRIS, SEPAL)) == ["layer 1, neuron 3 of 16  φ = relu"]
    softmax = replace(SEPAL, layer=2, neuron=1, activation="softmax", o=1.25, sum=1.2024, a=0.87, slope=None)
    assert text(*formula_lines(softmax, 45)) == [
        "o = Σ wⱼ xⱼ + b = 1.202 + 0.04760 = 1.250",
        "a = e^o / Σₖ e^oₖ = 0.8700",
    ]


@pytest.mark.parametrize("width", [40, 45, 62])
def test_a_formula_gives_up_digits_before_it_is_cut(width: int) -> None:
    term = Term(0, 0, -1234.5678, -0.00012345, 0.1524, 0.0)
    seen = replace(ROOMS, activation="leaky_relu", terms=(term,), bias=replace(ROOMS.bias, weight=-1e-6), a=-0.0012345)
    assert all(len(line) <= width for line in text(*formula_lines(seen, width)))


def test_an_input_shows_how_it_is_standardized() -> None:
    seen = InputSeen(neuron=0, raw=5.1, mean=5.843, scale=0.828, x=-0.8974)
    assert text(*formula_lines(seen, 45)) == [
        "x = (raw − mean) / deviation   ",
        "  = (5.100 − 5.843) / 0.8280 = −0.8974",
    ]
    assert "5.100 + 5.843" in text(*formula_lines(replace(seen, mean=-5.843), 45))[1]
    plain = text(*formula_lines(InputSeen(0, 5.1, 0.0, 1.0, 5.1), 45))
    assert [line.strip() for line in plain] == ["x = 5.100", "as it stands in the data"]
    assert text(title_line(IRIS, seen)) == ["input sepal length (cm)"]


def test_the_importance_of_an_input_is_told_with_its_measure_and_epoch() -> None:
    one = InputImportance(0.2134, 0.0402, "accuracy", 1200)
    assert text(importance_line(one)) == ["importance 0.213 ± 0.040 (accuracy, epoch 1,200)"]


def test_the_table_of_weights_has_straight_columns() -> None:
    shown = table(IRIS, SEPAL, 45, 11, 1, ("of sample 12", "of batch"))
    lines = text(*shown.lines)
    assert {len(line) for line in lines} == {45}, "columns stand under each other"
    assert lines[0].split() == ["of", "sample", "12", "of", "batch"], "they are not of the same samples"
    assert lines[1].split() == ["w", "x", "w·x", "∂ℒ/∂w"]
    assert lines[3].startswith("▸ sepal wi… ") and lines[2].split()[-4:] == ["−0.1000", "1.500", "−0.150", "–"]
    assert lines[6].split() == ["bias", "b", "0.0476", "–"]
    assert shown.parameters == (None, None, 0, 1, 2, 3, 4)
    assert text(*table(HOUSES, ROOMS, 45, 10, None).lines)[3].split() == ["bias", "b", "−34.6700", "3e−7"]


def test_what_the_table_leaves_out_is_summed_up() -> None:
    seen = replace(SEPAL, inputs=100, rest=-1.25)
    shown = table(IRIS, seen, 45, 8, picked=100)
    lines = text(*shown.lines)
    assert len(lines) == 8 == terms_that_fit(8, 100, True) + 4
    assert [terms_that_fit(8, inputs, bias) for inputs, bias in ((5, True), (6, True), (6, False), (1, True))] == [
        5,
        4,
        6,
        5,
    ]
    assert lines[6].split() == ["…", "96", "more", "−1.250"] and lines[7].startswith("▸ bias b")
    assert shown.parameters == (None, None, 0, 1, 2, 3, None, 100)


def test_a_softmax_shows_its_bars() -> None:
    probabilities = tuple(Probability(i, value) for i, value in enumerate((0.02, 0.95, 0.03)))
    seen = replace(SEPAL, layer=2, neuron=1, activation="softmax", probabilities=probabilities, total=1.0)
    lines = bar_lines(IRIS, seen, 30, 8, "braille")
    assert text(*lines)[0] == "Σ a = 1.000"
    assert [line[0] for line in lines[1:]] == [
        ("setosa     ", "text"),
        ("versicolor ", "title"),
        ("virginica  ", "text"),
    ]
    assert [line[-1][0].strip() for line in lines[1:]] == ["0.0200", "0.9500", "0.0300"]
    assert {len(line) for line in text(*lines[1:])} == {29}
    short = text(*bar_lines(IRIS, seen, 30, 3, "ascii"))
    assert short[0] == "Σ a of all 3 = 1.000" and len(short) == 3 and "versicolor" in short[1]
    assert (format_bar(0.5, 10, ascii_only=True), format_bar(0.55, 10), format_bar(math.nan, 4)) == (
        "#####",
        "█████▌",
        "",
    )


def test_the_line_over_the_picture() -> None:
    dataset = DatasetView("iris", "Iris", (), "species", "multiclass", IRIS.outputs, 150, 120, 30, (), {})
    network = Network(11, 120, 71, 1.0, 2.0, 0.6, (), SEPAL)
    line = heading(dataset, network, 117, "color")
    assert text(line)[0].startswith("sample 12 of 120 (row 71): versicolor, predicted virginica ✗")
    assert text(line)[0].endswith("━━ w > 0  ━━ w < 0") and len(text(line)[0]) == 117
    own = replace(dataset, row_heading="line", row_column="id")
    line = heading(own, replace(network, row=1073, name="A7"), 117, "color")
    assert text(line)[0].startswith("sample 12 of 120 (line 1,073, id A7): versicolor")
    right = heading(dataset, replace(network, prediction=1.0), 65, "dashed")
    assert ("versicolor ✓", "good") in right and text(right)[0].endswith("── +  ╌╌ −") and len(text(right)[0]) == 65
    number = heading(replace(dataset, classes=()), replace(network, target=24.0, prediction=25.17565), 90, "ascii")
    assert "(row 71): species 24.00, predicted 25.18" in text(number)[0] and "++ w > 0" in text(number)[0]


def test_the_line_over_the_picture_says_of_which_sample_the_dropped_units_are() -> None:
    dataset = DatasetView("iris", "Iris", (), "species", "multiclass", IRIS.outputs, 150, 120, 30, (), {})
    own = Network(11, 120, 71, 1.0, 2.0, 0.6, (), SEPAL, dropped_of=11)
    assert "   × off in the last step  " in text(heading(dataset, own, 117, "color"))[0]
    other = replace(own, dropped_of=39)
    assert "   × off in the last step, for sample 40  " in text(heading(dataset, other, 117, "color"))[0]
    for width in range(60, 117):
        (line,) = text(heading(dataset, other, width, "ascii"))
        assert "   x off" in line and len(line) <= width


@pytest.mark.parametrize(
    ("typed", "value"), [("0.5", 0.5), (" -2 ", -2.0), ("−1,5", -1.5), ("1e-3", 0.001), ("+7", 7.0), ("0", 0.0)]
)
def test_a_parse_weight_is_read(typed: str, value: float) -> None:
    assert parse_weight(typed) == value


@pytest.mark.parametrize("typed", ["", "abc", "nan", "inf", "-inf", "1.2.3", "1e31", "0x10", "[red]"])
def test_what_is_no_weight_gives_a_sentence(typed: str) -> None:
    sentence = parse_weight(typed)
    assert isinstance(sentence, str) and sentence.startswith("Expected a number") and repr(typed) in sentence


def test_a_weight_is_nudged_by_a_tenth() -> None:
    assert [nudged(value, 1) for value in (0.0, 0.5, 1.0, 9.1, -34.67)] == [0.1, 0.6, 1.1, 10.01, -31.203]
    assert [nudged(value, -1) for value in (0.0, 0.05, 10.0, -10.0)] == [-0.1, -0.05, 9.0, -11.0]


def test_weights_by_name_and_place() -> None:
    bias, first = SEPAL.bias, SEPAL.terms[0]
    assert bias is not None
    assert picked_term(SEPAL, 0) is first and picked_term(SEPAL, 4) is bias
    assert picked_term(SEPAL, None) is None and picked_term(replace(SEPAL, inputs=9), 8) is None
    assert term_name(IRIS, SEPAL, first) == "weight from input sepal length (cm) to layer 1, neuron 3"
    assert term_name(HOUSES, ROOMS, ROOMS.bias or first) == "bias of output PRICE"
    assert (short_name(IRIS, SEPAL, first), short_name(IRIS, SEPAL, bias)) == ("weight of sepal length (cm)", "bias")
    assert first_weights_with([1.0, 2.0, 3.0], 1, 9.0) == (1.0, 9.0, 3.0)
