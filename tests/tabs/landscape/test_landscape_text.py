"""What is written about a landscape, and which series and marks it has: from sessions, without an app."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from tui_trainer.book.library import packaged
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import read
from tui_trainer.formats import format_decimal, format_loss
from tui_trainer.plotting.lines import render_plot
from tui_trainer.protocol import Progress, pack, unpack
from tui_trainer.settings import Markers
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.landscape import surface as surfaces
from tui_trainer.tabs.landscape.compute import LandscapeCompute
from tui_trainer.tabs.landscape.drawing import (
    algorithms_text,
    chart,
    curve,
    epoch_note,
    lines_of_step,
    note,
    position_text,
    rows,
    steps_text,
    update_text,
)
from tui_trainer.tabs.landscape.messages import Axis, Landscape, WatchLandscape
from tui_trainer.training.session import Session

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PERCEPTRON = read(EXAMPLES / "perceptron.toml")
WITH_BIAS = with_field(PERCEPTRON, "model.output.use_bias", True)
IRIS = read(EXAMPLES / "iris.toml")
MINI_BATCHES = next(one for one in packaged().lessons if one.id == "book:two_paths").variants[1].experiment


def seen(experiment: Experiment, steps: int, **request: object) -> Landscape:
    session = Session()
    session.load(experiment)
    for _ in range(steps):
        session.step()
    content = LandscapeCompute(TrainerContext(session)).compute(WatchLandscape(40, 20, **request))  # type: ignore[arg-type]
    assert isinstance(content, Landscape)
    return content


@pytest.mark.parametrize(
    ("value", "width", "expected"),
    [
        (3.63293, 14, "3.6329"),
        (-1388.32648, 14, "-1388.3265"),
        (182160.0363, 14, "182160.0363"),
        (-182160.0363, 12, "-1.822e+05"),
        (0.0, 12, "0.0000"),
        (0.00021234, 12, "0.0002123"),
        (-1e300, 9, "-1e+300"),
    ],
)
def test_numbers_fill_their_column(value: float, width: int, expected: str) -> None:
    assert format_decimal(value, width) == expected.rjust(width) and format_decimal(value, width)[0] == " "


@pytest.mark.parametrize(
    ("value", "expected"),
    [(29555.78, "29,556"), (0.02134567, "0.02135"), (1.1e7, "1.1e7"), (1e12, "1e12"), (float("nan"), "too large")],
)
def test_losses_are_brief(value: float, expected: str) -> None:
    assert format_loss(value) == expected


def test_the_rule_names_what_the_optimizer_adds() -> None:
    lines = update_text(seen(PERCEPTRON, 2)).plain.splitlines()
    assert lines[0] == "w_t+1 = w_t − ρ ∂ℒ/∂w"
    assert [line.split()[0] for line in lines[1:]] == ["w_1", "∂ℒ/∂w", "ρ", "w_2", "ℒ_2", "w*", "ℒ*"]
    adam = with_field(WITH_BIAS, "training.optimizer.name", "adam")
    assert update_text(seen(adam, 2)).plain.startswith("θ_t+1 by adam")
    assert [line.split()[0] for line in update_text(seen(PERCEPTRON, 0)).plain.splitlines()[1:4]] == [
        "w_0",
        "∂ℒ/∂w",
        "ρ",
    ]


def test_the_table_keeps_the_newest_steps() -> None:
    content = seen(WITH_BIAS, 9)
    lines = steps_text(content, 4).plain.splitlines()
    assert [line.split()[0] for line in lines] == ["t", "7", "8", "9"]
    assert len({len(line) for line in lines}) == 1, "columns stand under their names"
    assert steps_text(content, 1).plain == ""
    late = msgspec.structs.replace(content.way, steps=pack(np.arange(174_000.0, 174_010.0)))
    long = [Axis(f"layer {number}: w", 0.0, 1.0, 0.5, 0.0, 0.1) for number in (1, 2)]
    lines = steps_text(msgspec.structs.replace(content, way=late, axes=tuple(long)), 4).plain.splitlines()
    assert lines[0].split() == ["t", "θ[1]_t", "θ[2]_t", "ℒ"] and len({len(line) for line in lines}) == 1


def test_a_note_tells_of_points_outside_and_of_noise() -> None:
    fast = with_field(PERCEPTRON, "training.learning_rate", 5e-5)
    assert note(seen(PERCEPTRON, 10)) == ""
    assert note(seen(fast, 10, low=-0.5, high=10.0)) == "w = -0.9534 lies outside the range."
    assert note(seen(fast, 9, low=-0.5, high=10.0)) == "Some steps lie outside the range."
    batches = with_field(PERCEPTRON, "training.batch_size", 32)
    assert note(seen(batches, 3)) == "Each step follows the loss of 32 rows."


def test_whose_loss_it_is_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rows(seen(PERCEPTRON, 0)) == "all 506 rows"
    monkeypatch.setitem(surfaces.MAX_SAMPLES, False, 100)
    sampled = seen(IRIS, 0)
    assert rows(sampled) == "100 of the 105 rows"
    assert curve(sampled, False).series[0].label == "ℒ of 100 of the 105 rows"
    drawn = seen(IRIS, 0, kind="plane")
    assert drawn.map is not None and chart(drawn, drawn.map).title == "ℒ of 100 of the 105 rows"


def test_a_place_among_many_parameters() -> None:
    lines = position_text(seen(IRIS, 1, parameter=70)).plain.splitlines()
    assert lines[1].startswith("layer 1: b₇⁽⁰⁾ = ") and "slope" in lines[2]


def test_the_marks_of_a_map_are_told_apart_without_colours() -> None:
    content = seen(WITH_BIAS, 3)
    assert content.map is not None and content.way is not None
    heatmap = chart(content, content.map)
    assert [marks.ascii for marks in heatmap.marks if marks.label] == ["o", "S", "M", "X"]
    assert heatmap.marks[0].path and heatmap.marks[0].x.tolist() == unpack(content.way.points)[::2].tolist()


@pytest.mark.parametrize(("markers", "glyphs"), [("braille", "○●◆"), ("block", "○●◆"), ("ascii", "x@#")])
def test_start_newest_point_and_minimum_are_drawn_over_the_rest(markers: Markers, glyphs: str) -> None:
    plot = curve(seen(PERCEPTRON, 2), False)
    frame = render_plot(plot, 70, 20, markers)
    canvas = "".join(frame.rows[1:-2])
    assert all(glyph in canvas for glyph in glyphs)


def test_it_is_said_why_the_loss_of_the_epoch_is_another_one() -> None:
    content = seen(PERCEPTRON, 3)
    progress = Progress(1, "paused", 3, 10, 0, 1, 3, 0.0, None, 1e-5, {"loss": 63475.2})
    assert epoch_note(content, progress) == "Epoch 3 measured its loss, 63,475, before each of its steps."
    same = msgspec.structs.replace(progress, values={"loss": content.here})
    assert epoch_note(content, same) == "" == epoch_note(content, msgspec.structs.replace(progress, values={}))


@pytest.mark.parametrize(
    ("steps", "lines", "told"),
    [
        (0, range(0), ""),
        (1, range(4), "for each epoch 1 for each mini-batch B 1 of 5"),
        (2, range(1, 4), "for each epoch 1 for each mini-batch B 2 of 5"),
        (6, range(4), "for each epoch 2 for each mini-batch B 1 of 5"),
    ],
)
def test_a_step_goes_through_the_lines_of_its_algorithm(steps: int, lines: range, told: str) -> None:
    """An epoch begins with its first mini-batch alone; the numbers are those of the step, up to the marked line."""
    content = seen(MINI_BATCHES, steps)
    assert lines_of_step(content) == lines
    for line in lines:
        rows = algorithms_text(content, 44, line).plain.splitlines()
        assert [row.startswith("▸") for row in rows].index(True) == 5 + line and len(rows) == 9
        assert sum("▸" in row for row in rows) == 1 and max(map(len, rows)) <= 44
        assert not rows[6 + line :] or rows[-1].rstrip() == "      θ ← θ − ρ g"
    if steps:
        assert " ".join(" ".join(rows[5:7]).split()) == told
        update = content.update
        assert update is not None
        gradient, after = unpack(update.gradient), unpack(update.after)
        assert rows[7].split()[-2:] == [f"{value:.4f}" for value in gradient]
        assert rows[8].split()[-2:] == [f"{value:.4f}" for value in after]


def test_both_algorithms_stand_side_by_side_and_the_running_one_is_marked() -> None:
    full, batches = (seen(with_field(MINI_BATCHES, "training.batch_size", size), 3) for size in ("full", 4))
    assert lines_of_step(full) == range(3)
    for content, column in ((full, 0), (batches, 20)):
        rows = algorithms_text(content, 66, lines_of_step(content)[-1]).plain.splitlines()
        assert len(rows) == 5 and max(map(len, rows)) <= 66
        assert " ".join(rows[0].split()) == "Gradient descent Its stochastic form"
        assert [row.find("▸") for row in rows if "▸" in row] == [column]
    narrow = algorithms_text(batches, 31, 3).plain.splitlines()
    assert narrow[-1].rstrip() == "▸     θ ← θ − ρ g" and "1 of 5" not in narrow[6], "numbers that would be cut"
