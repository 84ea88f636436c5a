"""The toy sets, as they stand in the catalog. No point is made here, and nothing imported for it."""

from __future__ import annotations

from .entries import TWO_COLORS, ToySet, blob_names

_CLOUD_NOISE = "noise widens the clouds"
_LABEL_NOISE = "noise mixes the colours near the border"


def _two_colors(name: str, title: str, description: str) -> ToySet:
    return ToySet(
        name=name,
        title=f"Toy: {title}",
        features=("x1", "x2"),
        target="color",
        task="binary",
        classes=TWO_COLORS,
        description=description,
    )


def _surface(name: str, title: str, description: str) -> ToySet:
    return ToySet(
        name=name,
        title=f"Toy: {title}",
        features=("x1", "x2"),
        target="y",
        task="regression",
        classes=(),
        description=description,
        samples=1200,
    )


def _curve(name: str, title: str, description: str) -> ToySet:
    return ToySet(
        name=name,
        title=f"Toy: {title}",
        features=("x",),
        target="y",
        task="regression",
        classes=(),
        description=f"{description}, for x from -1 to 1; noise is added to y.",
        columns=("x",),
    )


_BLOBS = ToySet(
    name="blobs",
    title="Toy: blobs",
    features=("x1", "x2"),
    target="blob",
    task="multiclass",
    classes=blob_names(4),
    description=f"Normal clouds on a circle, one for each of 2 to 10 classes; {_CLOUD_NOISE}.",
    any_classes=True,
)

TOYS = (
    _two_colors("circle", "circle", f"A disc in a ring; {_LABEL_NOISE}."),
    _two_colors("xor", "exclusive or", f"Four squares, opposite ones of one colour; {_LABEL_NOISE}."),
    _two_colors("gauss", "two clouds", f"Two normal clouds; {_CLOUD_NOISE}."),
    _two_colors("spiral", "spiral", "Two arms that wind around one another; noise moves the points."),
    _two_colors("moons", "two moons", "Two half circles that reach into one another; noise moves the points."),
    _BLOBS,
    _two_colors("sine_border", "sine border", f"Blue above a sine wave, orange below; {_LABEL_NOISE}."),
    _two_colors("cubic_border", "cubic border", f"Blue above a cubic curve, orange below; {_LABEL_NOISE}."),
    _two_colors("abs_border", "V border", f"Blue above |x1| - 3, orange below; {_LABEL_NOISE}."),
    _surface("plane", "plane", "The number (x1 + x2) / 10; noise is in the place it is taken at."),
    _surface("multi_gauss", "six peaks", "Three peaks and three hollows; noise is in the place it is taken at."),
    _curve("curve_sine", "sine curve", "Two waves of a sine"),
    _curve("curve_bumps", "bumps", "Two bumps and a hollow"),
    _curve("curve_step", "step", "A step from -1 to 1"),
    _curve("curve_abs", "V curve", "The absolute value"),
    _curve("curve_poly", "cubic curve", "The polynomial 4 x^3 - 3 x"),
)
