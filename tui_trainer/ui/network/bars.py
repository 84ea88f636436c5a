"""The probabilities of a softmax as bars."""

from __future__ import annotations

from tui_trainer.plotting.frame import shorten
from tui_trainer.settings.schema import Markers
from tui_trainer.tabs.network.messages import NeuronSeen

from .lines import Line
from .numbers import significant
from .shape import Shape

EIGHTHS = " ▏▎▍▌▋▊▉█"
VALUE = 7
LONGEST_NAME = 12


def bar_lines(shape: Shape, seen: NeuronSeen, width: int, height: int, markers: Markers) -> tuple[Line, ...]:
    """A bar for each probability, under what they add up to."""
    rows = max(height - 1, 0)
    shown = seen.probabilities
    if len(shown) > rows:
        largest = sorted(shown, key=lambda one: -one.value)[:rows]
        shown = tuple(one for one in shown if one in largest)
    names = [shape.name(seen.layer, one.neuron) for one in shown]
    name_width = min(max(map(len, names), default=0), LONGEST_NAME, max(width // 3, 1))
    room = max(width - name_width - VALUE - 2, 1)
    of = "" if len(shown) == shape.layers[seen.layer].units else f" of all {shape.layers[seen.layer].units:,}"
    lines: list[Line] = [(("Σ a", "text"), (of, "text"), (f" = {significant(seen.total)}", "text"))]
    for name, one in zip(names, shown, strict=True):
        style = "title" if one.neuron == seen.neuron else "text"
        value = f"{one.value:{VALUE}.4f}"
        text = f"{shorten(name, name_width):<{name_width}} "
        lines.append(((text, style), (bar(one.value, room, markers), "positive"), (value, style)))
    return tuple(lines)


def bar(part: float, width: int, markers: Markers) -> str:
    """A bar of ``part`` of ``width`` cells, padded to them."""
    part = min(max(part, 0.0), 1.0) if part == part else 0.0
    if markers == "ascii":
        return ("#" * round(part * width)).ljust(width)
    eighths = round(part * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)
