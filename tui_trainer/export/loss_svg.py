"""The loss as an SVG: a figure for a paper or a notebook, with text that stays text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from numpy.typing import NDArray

from .figures import Curve, Curves, loss_curves

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 620, 40, 350  # of the canvas
COLORS = {"training": "#0072b2", "validation": "#d55e00"}  # told apart by all eyes
DASHES = {"training": "", "validation": ' stroke-dasharray="7 3"'}  # and without colour
X_TICKS, Y_TICKS = 8, 6
LONGEST = 36  # characters of the title


def loss_svg(history: Mapping[str, NDArray[Any]], title: str = "", log: bool = False) -> str:
    """Training and validation loss over the epochs; ``title`` may be any text."""
    found = loss_curves(history, log)
    head = _printable(title)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        ' font-family="sans-serif" font-size="14" role="img">',
        f"<title>{head or 'Loss over the epochs'}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_axes(found),
        *(_line(curve) for curve in found.curves),
        *_legend(found),
    ]
    if head:
        parts.append(_text(LEFT, 24, head, "start", ' font-weight="bold"'))
    if not found.curves:
        parts.append(_text((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2, "no epoch is done yet"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes(found: Curves) -> list[str]:
    parts = [f'<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none" stroke="#333333"/>']
    for place, label in found.x.ticks(X_TICKS) if found.curves else ():
        x = _x(place)
        parts += [f'<path d="M{x} {BOTTOM}v5" stroke="#333333"/>', _text(x, BOTTOM + 21, label)]
    for place, label in found.y.ticks(Y_TICKS) if found.curves else ():
        y = _y(place)
        parts.append(f'<path d="M{LEFT} {y}H{RIGHT}" stroke="#e2e2e2"/>')
        parts += [f'<path d="M{LEFT} {y}h-5" stroke="#333333"/>', _text(LEFT - 9, y + 5, label, "end")]
    parts.append(_text((LEFT + RIGHT) / 2, HEIGHT - 8, "epoch"))
    parts.append(_text(0, 0, "loss", turned=f' transform="translate(18 {(TOP + BOTTOM) / 2}) rotate(-90)"'))
    return parts


def _line(curve: Curve) -> str:
    """The curve, or a dot where it is of one epoch."""
    points = [f"{_x(x)},{_y(y)}" for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True)]
    color = COLORS[curve.label]
    if len(points) == 1:
        x, y = points[0].split(",")
        return f'<circle cx="{x}" cy="{y}" r="4" fill="{color}"/>'
    style = f'fill="none" stroke="{color}" stroke-width="2" stroke-linejoin="round"{DASHES[curve.label]}'
    return f'<polyline points="{" ".join(points)}" {style}/>'


def _legend(found: Curves) -> list[str]:
    parts = []
    x = RIGHT - 110 * len(found.curves)
    for curve in found.curves:
        stroke = f'stroke="{COLORS[curve.label]}" stroke-width="2"{DASHES[curve.label]}'
        parts += [f'<path d="M{x} 19h24" {stroke}/>', _text(x + 30, 24, curve.label, "start")]
        x += 110
    return parts


def _text(x: float, y: float, text: str, anchor: str = "middle", turned: str = "") -> str:
    place = "" if "transform" in turned else f' x="{x:g}" y="{y:g}"'
    return f'<text{place} text-anchor="{anchor}"{turned}>{text}</text>'


def _printable(title: str) -> str:
    """A title as XML may hold it, of a length that leaves the legend its place."""
    clean = "".join(char if char.isprintable() else " " for char in title).strip()
    return escape(clean if len(clean) <= LONGEST else clean[: LONGEST - 1] + "…")


def _x(fraction: float) -> float:
    return round(LEFT + fraction * (RIGHT - LEFT), 2)


def _y(fraction: float) -> float:
    return round(BOTTOM - fraction * (BOTTOM - TOP), 2)
