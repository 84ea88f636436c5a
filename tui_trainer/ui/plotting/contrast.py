"""How well a colour is seen on another one, as the Web Content Accessibility Guidelines measure it."""

from __future__ import annotations

from rich.color import Color, ColorType
from rich.style import Style

OF_TEXT = 4.5  # what text needs
BLACK, WHITE = Color.from_rgb(0, 0, 0), Color.from_rgb(255, 255, 255)


def luminance(color: Color) -> float:
    """From 0, black, to 1, white."""
    red, green, blue = (_linear(part / 255) for part in color.get_truecolor())
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """From 1, the same, to 21, black on white."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable(style: Style) -> Style:
    """The same, but in black or white where its own colour is hardly seen on its background."""
    front, behind = style.color, style.bgcolor
    mixed = front is not None and behind is not None and {front.type, behind.type} == {ColorType.TRUECOLOR}
    if front is None or behind is None or not mixed or contrast(front, behind) >= OF_TEXT:
        return style
    return style + Style(color=max((BLACK, WHITE), key=lambda color: contrast(color, behind)))


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
