"""The colours and shapes of series and classes, for plots, legends, lists and heatmaps; and contrast.

Classes differ by shape as well as by colour, for those who see few colours. Contrast is measured as in the Web
Content Accessibility Guidelines.
"""

from __future__ import annotations

from collections.abc import Collection

from rich.color import Color, ColorType
from rich.style import Style

from .plot import COLORS

# Variables of ``ui.themes``: the colours of data are the same in every theme, verdicts and the focus have the theme's.
VERDICTS = {"accent": "$text-accent", "good": "$text-success", "bad": "$text-error"}
VARIABLES = {name: VERDICTS.get(name, f"$data-{name}") for name in COLORS}
MIN_TEXT_CONTRAST = 4.5  # required for text
BLACK, WHITE = Color.from_rgb(0, 0, 0), Color.from_rgb(255, 255, 255)
SOLID = "●▲■◆▼★◀▶✚◉"
HOLLOW = "○△□◇▽☆◁▷✛◎"  # for validation samples
RIGHT, WRONG = "●", "✗"


def series_css(prefix: str, names: Collection[str] = COLORS, bold: Collection[str] = ()) -> str:
    """Return a CSS rule for each of ``names``: the component class ``prefix`` + name, in its colour."""
    return "\n".join(
        f".{prefix}{name} {{ color: {VARIABLES[name]};{' text-style: bold;' if name in bold else ''} }}"
        for name in names
    )


def luminance(color: Color) -> float:
    """Return the luminance, from 0 (black) to 1 (white)."""
    red, green, blue = (_linear(part / 255) for part in color.get_truecolor())
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def contrast(first: Color, second: Color) -> float:
    """Return the contrast, from 1 (the same colour) to 21 (black on white)."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def readable(style: Style) -> Style:
    """Return the style, in black or white if its own colour is hardly visible on its background."""
    front, behind = style.color, style.bgcolor
    both_are_rgb = front is not None and behind is not None and {front.type, behind.type} == {ColorType.TRUECOLOR}
    if front is None or behind is None or not both_are_rgb or contrast(front, behind) >= MIN_TEXT_CONTRAST:
        return style
    return style + Style(color=max((BLACK, WHITE), key=lambda color: contrast(color, behind)))


def shape(number: int, hollow: bool = False) -> str:
    """Return the shape of a class by its number."""
    return (HOLLOW if hollow else SOLID)[number % len(SOLID)]
