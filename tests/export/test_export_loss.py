"""The loss as a figure: well-formed, in its frame, readable; and in characters of the size asked for."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from tui_trainer.export.figures import BOTTOM, LEFT, RIGHT, TOP, loss_curves, loss_svg, loss_text

EPOCHS = np.arange(1, 201)
FALLING = {"loss": 2.0 * np.exp(-EPOCHS / 30), "val_loss": 2.0 * np.exp(-EPOCHS / 40) + 0.1}
HOSTILE = {
    "none": {},
    "empty": {"loss": np.empty(0)},
    "one": {"loss": np.array([0.5])},
    "constant": {"loss": np.full(9, 3.0)},
    "zero": {"loss": np.zeros(5)},
    "not finite": {"loss": np.array([1.0, np.nan, np.inf, 2.0])},
    "nothing finite": {"loss": np.array([np.nan, np.inf])},
    "huge": {"loss": np.array([1e299, -1e299])},
    "tiny": {"loss": np.array([1e-320, 5e-324])},
    "negative": {"loss": np.array([-1.0, -2.0])},
}
SVG = "{http://www.w3.org/2000/svg}"


def points(svg: str) -> np.ndarray:
    """All points of all curves (n, 2)."""
    found = re.findall(r'<polyline points="([^"]+)"', svg)
    return np.array([[float(part) for part in pair.split(",")] for line in found for pair in line.split()])


def test_the_figure_holds_both_curves_axes_and_legend() -> None:
    svg = loss_svg(FALLING, "iris <&> 'more'")
    root = ElementTree.fromstring(svg)
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"epoch", "loss", "training", "validation", "iris <&> 'more'"} <= set(texts)
    assert {"0", "0.5", "1.0", "1.5", "2.0"} & set(texts) and "100" in texts
    assert root.get("viewBox") == "0 0 640 400" and "<image" not in svg and "http://www.w3.org/2000/svg" in svg
    place = points(svg)
    assert len(place) == 400
    assert place[:, 0].min() >= LEFT and place[:, 0].max() == RIGHT
    assert place[:, 1].min() == TOP and place[:, 1].max() <= BOTTOM


def test_a_log_axis_makes_a_straight_line_of_a_decay() -> None:
    place = points(loss_svg({"loss": FALLING["loss"]}, log=True))
    slopes = np.diff(place[:, 1]) / np.diff(place[:, 0])
    np.testing.assert_allclose(slopes, slopes.mean(), rtol=0.03)


def test_many_epochs_become_few_points_and_keep_spikes() -> None:
    values = np.full(100_000, 1.0)
    values[77_777] = 9.0
    found = loss_curves({"loss": values}, columns=600)
    assert len(found.curves[0].x) <= 1202 and found.curves[0].y.max() == 1.0
    assert len(loss_svg({"loss": values})) < 40_000


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values_give_whole_figures(name: str, log: bool) -> None:
    history = HOSTILE[name]
    svg = loss_svg(history, "a\x00b\x1b", log)
    ElementTree.fromstring(svg)
    assert "nan" not in svg and "inf" not in svg
    for text in (loss_text(history, log), loss_text(history, log, 20, 5), loss_text(history, log, 1, 1)):
        assert "nan" not in text and text.endswith("\n")


@pytest.mark.parametrize(("width", "height"), [(72, 20), (40, 10), (120, 40)])
def test_characters_of_the_size_asked_for(width: int, height: int) -> None:
    lines = loss_text(FALLING, width=width, height=height).splitlines()
    assert len(lines) == height and max(map(len, lines)) <= width
    assert "training" in lines[0] and "validation" in lines[0], "the legend, if not its heading"
    assert "└" in lines[-2] and "100" in lines[-1]
    canvas = [line.partition("│")[2] or line.partition("┤")[2] for line in lines[1:-2]]
    assert canvas[0].strip() and len(canvas[0].rstrip()) <= 4, "from the top left"
    assert len(canvas[-1].rstrip()) == len(lines[-2].partition("└")[2]), "to the bottom right"


def test_a_single_epoch_is_a_dot() -> None:
    assert loss_text(HOSTILE["one"]).count("●") == 1 and "<circle" in loss_svg(HOSTILE["one"])
