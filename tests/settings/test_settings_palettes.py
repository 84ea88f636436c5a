"""The app's own palettes: colours of data are the same in every theme, stand out, and stay apart for all eyes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from rich.color import Color
from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.preferences import COMMAND, CONFIG, MEMORY, Preferences
from tui_trainer.experiment.schema import Experiment
from tui_trainer.plotting.colors import HOLLOW, SOLID, VARIABLES, contrast, readable
from tui_trainer.plotting.plot import COLORS, class_colors
from tui_trainer.settings import Settings
from tui_trainer.ui.themes import (
    APP_THEMES,
    COLOR_BLIND,
    DARK,
    HIGH_CONTRAST,
    LIGHT,
    ON_DARK,
    ON_LIGHT,
    PROJECTOR,
    SIXTEEN,
    TERMINAL,
    data_colors,
)

Array = np.ndarray
# Machado, Oliveira and Fernandes 2009, the whole of a kind of cone missing; on linear RGB.
SEEN = {
    "everything": np.eye(3),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
JUST_SEEN = 2.3  # in Lab


def color_of(theme: Theme, name: str) -> Color:
    """The colour of a series, as the theme has it."""
    return Color.parse(variables_of(theme)[VARIABLES[name].removeprefix("$")])


def variables_of(theme: Theme) -> dict[str, str]:
    """All variables, as the app gives them to its styles."""
    app = TrainerApp(Experiment(), preferences=Preferences(Settings(theme=theme.name)))
    return app.get_css_variables()


def lab(color: Color, seen: Array) -> Array:
    """A colour in CIE Lab (3,), as it is seen."""
    parts = np.array(color.get_truecolor()) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    x, y, z = TO_XYZ @ np.clip(seen @ linear, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = [np.cbrt(part) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116 for part in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(names: list[str], seen: Array) -> float:
    """How far apart the two most alike of these series are."""
    colors = [lab(color_of(COLOR_BLIND, name), seen) for name in names]
    return min(float(np.linalg.norm(one - other)) for one, other in combinations(colors, 2))


def test_the_measure_gives_known_distances() -> None:
    assert lab(Color.parse("#ffffff"), np.eye(3)) == pytest.approx([100, 0, 0], abs=0.01)
    assert lab(Color.parse("#ff0000"), np.eye(3)) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21)
    assert contrast(Color.parse("#777777"), Color.parse("#ffffff")) == pytest.approx(4.48, abs=0.005)
    red_and_green = [lab(Color.parse(color), SEEN["no green"]) for color in ("#a05000", "#508000")]
    assert np.linalg.norm(red_and_green[0] - red_and_green[1]) < 25 < 40, "as alike as they are to such eyes"


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN.keys())
def test_series_stay_apart_whatever_eyes_see_them(seen: Array) -> None:
    assert nearest(list(class_colors(10)), seen) > 8 * JUST_SEEN
    assert nearest(list(class_colors(6)), seen) > 12 * JUST_SEEN
    assert nearest(["train", "validation", "batch"], seen) > 12 * JUST_SEEN
    for name in class_colors(10):
        assert nearest(["train", name], seen) > 8 * JUST_SEEN, f"{name} is not taken for the curve of training"


@pytest.mark.parametrize(
    ("theme", "least"), [(DARK, 4.5), (LIGHT, 4.5), (COLOR_BLIND, 4.5), (HIGH_CONTRAST, 7.0), (PROJECTOR, 7.0)]
)
def test_series_stand_out_from_the_background(theme: Theme, least: float) -> None:
    for name in COLORS:
        for behind in (theme.background, theme.surface):
            assert contrast(color_of(theme, name), Color.parse(str(behind))) >= least, (name, behind)


@pytest.mark.parametrize("theme", BUILTIN_THEMES.values(), ids=BUILTIN_THEMES)
def test_colors_of_data_are_the_same_whatever_the_theme(theme: Theme) -> None:
    variables = variables_of(theme)
    expected = TERMINAL if theme.ansi else ON_DARK if theme.dark else ON_LIGHT
    assert expected == {name: value for name, value in variables.items() if name.startswith("data-")}
    paper = Color.parse(variables["background"]) if not theme.ansi else None
    for name in COLORS:
        if paper is not None and VARIABLES[name].startswith("$data"):
            assert contrast(color_of(theme, name), paper) >= 3.0, name


@pytest.mark.parametrize("theme", [*APP_THEMES, *BUILTIN_THEMES.values()], ids=lambda theme: theme.name)
def test_orange_is_warm_and_blue_is_blue_in_every_theme(theme: Theme) -> None:
    variables = variables_of(theme)
    for warm, cold in (("data-class1", "data-class0"), ("data-low", "data-high")):
        if theme.ansi:
            assert "yellow" in variables[warm] and variables[cold].endswith(("blue", "cyan"))
            continue
        red, green, blue = Color.parse(variables[warm]).get_truecolor()
        assert red > green > blue, f"{warm} is orange, or yellow"
        red, green, blue = Color.parse(variables[cold]).get_truecolor()
        assert blue > green > red, f"{cold} is blue"


@pytest.mark.parametrize("theme", [theme for theme in APP_THEMES if not theme.ansi], ids=lambda theme: theme.name)
def test_the_two_curves_are_ink_and_pink_and_the_focus_is_violet(theme: Theme) -> None:
    train, validation = color_of(theme, "train").get_truecolor(), color_of(theme, "validation").get_truecolor()
    assert max(train) - min(train) < 24, "no colour"
    assert (min(train) > 200) == theme.dark
    assert validation.red > validation.blue > validation.green
    violet = Color.parse(theme.primary).get_truecolor()
    assert violet.blue > violet.red > violet.green
    near = {name for name in COLORS if name != "accent" and np.linalg.norm(_seen(color_of(theme, name), violet)) < 20}
    assert not near, "no colour of data is taken for the focus"


def _seen(color: Color, other: tuple[int, int, int]) -> Array:
    """How far apart two colours are, in Lab (3,)."""
    return lab(color, SEEN["everything"]) - lab(Color.from_rgb(*other), SEEN["everything"])


def test_other_themes_have_no_colors_of_data_of_their_own() -> None:
    assert all(data_colors(theme).keys().isdisjoint(theme.variables) for theme in BUILTIN_THEMES.values())


def test_classes_differ_in_form_too() -> None:
    assert len(set(SOLID) | set(HOLLOW)) == len(SOLID) + len(HOLLOW) == 20


def test_what_is_hardly_seen_is_written_in_black_or_white() -> None:
    good = Style(color="#ffffff", bgcolor="#004578")
    assert readable(good) is good
    assert readable(Style(color="#ffffff", bgcolor="#ffd000")).color == Color.from_rgb(0, 0, 0)
    assert readable(Style(color="#222222", bgcolor="#101010")).color == Color.from_rgb(255, 255, 255)
    ansi = Style(color="black", bgcolor="red")
    assert readable(ansi) is ansi


@pytest.mark.parametrize(
    ("source", "theme", "expected", "told"),
    [
        (
            CONFIG,
            "light",
            SIXTEEN.name,
            "theme: light needs more colours than this terminal has",
        ),
        (CONFIG, SIXTEEN.name, SIXTEEN.name, ""),
        (MEMORY, "light", SIXTEEN.name, ""),
        (COMMAND, "light", "light", ""),
    ],
)
def test_a_theme_that_a_terminal_lacks_the_colours_for(
    source: str, theme: str, expected: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = TrainerApp(Experiment(), preferences=Preferences(Settings(theme=theme), sources={"theme": source}))
    app.fit_colors()
    assert app.theme == expected
    assert [told] == [complaint[: len(told)] for complaint in app.preferences.complaints or ("",)]
