"""Numbers, ages, durations and bars as text: every format that the screen, the command line and files share.

On the standard library alone, so that any module can use it.
"""

from __future__ import annotations

import bisect
import itertools
import math
import unicodedata
from collections.abc import Collection, Sequence

MINUS = "−"  # as wide as a digit
MISSING = "–"  # for what has no value
SUBSCRIPTS, SUPERSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"), str.maketrans("0123456789()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾")
AGE_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))  # seconds
AMOUNT_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
FILE_UNITS = ("B", "kB", "MB", "GB", "TB")
EIGHTHS = " ▏▎▍▌▋▊▉█"


def format_number(value: float, digits: int = 4) -> str:
    """A number of the data, with so many digits at most: ``0.23``, ``18.75``, ``22,061``, ``3.1e−7``; ``–`` for nan."""
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else MINUS + "∞" if value < 0 else "∞"
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-3:
        return _with_minus(format_scientific(value, 2))
    return _with_minus(f"{value:,.0f}" if size >= 10**digits else f"{value:.{digits}g}")


def format_measure(value: float, digits: int = 4) -> str:
    """What is computed again and again, such as a loss: as ``format_number``, but always with that many digits: 0.2300.

    A number that changes with every report would change its width otherwise.
    """
    text = format_number(value, digits)
    if value == 0.0 or not math.isfinite(value) or not 1e-3 <= abs(value) < 10**digits:
        return text
    return _with_minus(f"{value:.{max(digits - 1 - math.floor(math.log10(abs(value))), 0)}f}")


def format_column(values: Sequence[float], trim: bool = False) -> list[str]:
    """Numbers of a column, all with as many decimals as the largest one leaves room for.

    With ``trim``, with no more of them than one of the numbers has.
    """
    finite = [value for value in values if math.isfinite(value)]
    largest = max((abs(value) for value in finite), default=0.0)
    if largest >= 1e7 or 0 < largest < 1e-3:
        return [format_scientific(value, 2) if math.isfinite(value) else format_number(value) for value in values]
    whole = all(value == math.floor(value) for value in finite)
    decimals = 0 if whole or largest == 0 else max(0, 3 - max(0, math.floor(math.log10(largest))))
    while trim and decimals and all(round(value, decimals) == round(value, decimals - 1) for value in finite):
        decimals -= 1
    return [f"{value:.{decimals}f}" if math.isfinite(value) else format_number(value) for value in values]


def format_counted(number: int, noun: str) -> str:
    """So many of something that has a regular plural: ``1 step``, ``2,400 steps``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def format_row(heading: str, number: int, column: str = "", name: str = "") -> str:
    """What a row of the data is called: ``row 12``, or its line in the user's file and its id: ``line 14, id A7``."""
    return f"{heading} {number:,}" + (f", {column} {name}" if name else "")


def format_weight(layer: int, neuron: int, source: int) -> str:
    """The weight of a neuron for one of its inputs, both from 0, as the book writes it: ``w₂₁⁽⁰⁾``.

    Neurons and inputs are counted from 1, layers of weights from 0. Numbers of several digits are kept apart.
    """
    numbers = str(neuron + 1), str(source + 1)
    return (
        "w" + ("" if all(len(one) == 1 for one in numbers) else ",").join(numbers).translate(SUBSCRIPTS) + _layer(layer)
    )


def format_of_neuron(symbol: str, layer: int, neuron: int) -> str:
    """What there is one of for each neuron, such as its bias, as the book writes it: ``b₃⁽¹⁾``."""
    return symbol + str(neuron + 1).translate(SUBSCRIPTS) + _layer(layer)


def format_parameter(index: int, layers: Sequence[tuple[int, int, bool]]) -> str | None:
    """What the book calls a kernel's weight or a bias, by its number: ``layer 1: w₂₁⁽⁰⁾``, ``output: b₁⁽²⁾``.

    Each layer has a number of inputs and of units, and a bias or none; its kernel comes before its biases. A single
    layer needs no name, and a single neuron no number: ``w``, ``w₂``, ``b``. None where there is no such number.
    """
    for layer, (inputs, units, has_bias) in enumerate(layers):
        if index >= (size := (inputs + has_bias) * units):
            index -= size
            continue
        source, neuron = divmod(index, units)
        if len(layers) == units == 1:
            return "b" if source == inputs else "w" if inputs == 1 else "w" + str(source + 1).translate(SUBSCRIPTS)
        name = format_of_neuron("b", layer, neuron) if source == inputs else format_weight(layer, neuron, source)
        return format_with_layer(name, layer, len(layers))
    return None


def format_with_layer(name: str, layer: int, count: int) -> str:
    """A parameter's name after that of its layer, unless it is the only one of ``count``."""
    return name if count == 1 else f"output: {name}" if layer == count - 1 else f"layer {layer + 1}: {name}"


def format_outputs(layer: int, last: int) -> str:
    """The values of a layer's neurons as the book writes them: ``x`` of the inputs, ``h⁽¹⁾``, ``ŷ`` of the last."""
    return "x" if layer == 0 else "ŷ" if layer == last else "h" + _layer(layer)


def _layer(layer: int) -> str:
    return f"({layer})".translate(SUPERSCRIPTS)


def format_percent(share: float, decimals: int) -> str:
    """A share as a percentage, without the sign; ``–`` for nan."""
    return MISSING if math.isnan(share) else f"{100 * share:.{decimals}f}"


def fit_number(value: float, width: int, decimals: int = 2) -> str:
    """``value`` in at most ``width`` characters, with as many decimals as that allows."""
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "∞" if value > 0 else MINUS + "∞"
    for count in range(decimals, -1, -1):
        text = _with_minus(f"{value:.{count}f}")
        if len(text) <= width:
            return text
    for digits in (2, 1, 0):
        text = _with_minus(_scientific(value, digits))
        if len(text) <= width:
            break
    return text


def format_cell(value: float, width: int, decimals: int) -> str:
    """``value`` right-aligned in a column of ``width``, a space before it; what would round to 0 as 3e−5."""
    text = fit_number(value, width - 1, decimals)
    if value != 0.0 and not text.strip("0.−"):
        text = _with_minus(_scientific(value, 0))
    return f"{text:>{width}}"


def format_decimal(value: float, width: int) -> str:
    """Four decimals, or a power of ten where these take more, right-aligned in ``width`` characters."""
    text = f"{value:.4f}" if abs(value) >= 0.01 or value == 0 else f"{value:.4g}"
    return (text if len(text) < width else f"{value:.{max(width - 9, 0)}e}").rjust(width)


def format_loss(value: float) -> str:
    """A loss in a few characters: 29,556 or 0.02130; ``too large`` where it is not finite."""
    return format_measure(value) if math.isfinite(value) else "too large"


def format_color_limit(value: float) -> str:
    """An end of a colour scale in at most 9 characters: ``0.5``, ``22``, ``1.5e+03``."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if 0.01 <= abs(value) < 100 else f"{value:.3g}"


def format_tick(value: float) -> str:
    """The label of a tick by itself: ``0.05``, ``20``, ``5e-4``, ``1e6``."""
    return f"{value:.4g}" if 0.01 <= abs(value) < 1e4 else format_scientific(value, 3)


def format_scientific(value: float, digits: int) -> str:
    """``2.5e-7`` rather than ``2.50e-07``."""
    mantissa, exponent = _scientific(value, digits).split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{exponent}"


def format_six_digits(value: float) -> str:
    """Six digits, and exponents as people write them: 1e-5."""
    text = f"{value:.6g}"
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def format_exact(value: float) -> str:
    """The shortest text that is read as ``value`` again: 0.05, 1e-05, 0.1234567."""
    text = f"{value:g}"
    return text if float(text) == value else repr(value)


def format_count(value: float) -> str:
    """A count in few characters: 812, 9.3k, 41k, 1.2M."""
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            scaled = value / limit
            return f"{scaled:.1f}{unit}" if scaled < 10 else f"{scaled:.0f}{unit}"
    return f"{value:.0f}"


def format_amount(value: float) -> str:
    """A number that a unit follows, with a space before it: ``812 ``, ``9.3 k``, ``1.2 M``."""
    for limit, unit in AMOUNT_UNITS:
        if value >= limit:
            return f"{value / limit:.3g} {unit}"
    return f"{value:.3g} "


def format_file_size(size: float) -> str:
    """The size of a file of so many bytes: ``812 B``, ``1.25 MB``."""
    for unit in FILE_UNITS[:-1]:
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} {FILE_UNITS[-1]}"


def format_memory(size: float) -> str:
    """So many bytes of memory: ``12.5 MB``, ``0.1 GB``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def format_age(seconds: float) -> str:
    """A length of time in its largest unit: 3 d, 5 h, 12 min or 40 s."""
    for size, unit in AGE_UNITS:
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def format_clock(seconds: float) -> str:
    """A duration as 0:07, 12:05 or 3:00:12."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_duration(seconds: float) -> str:
    """A duration with its unit: 7.4 s or 1:15 min."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02} min"


def format_bar(share: float, width: int, ascii_only: bool = False) -> str:
    """A bar of ``share`` (0 to 1; none for nan) of ``width`` cells, in eighths of a cell, without spaces after it."""
    share = min(max(share, 0.0), 1.0) if share == share else 0.0
    if ascii_only:
        return "#" * round(share * width)
    full, rest = divmod(round(share * width * 8), 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


def format_bars(sizes: Sequence[float], ascii_only: bool = False) -> str:
    """A bar of one character for each of ``sizes``, the largest one whole; whatever is above 0 has a bar."""
    blocks = " .:-=+*#@" if ascii_only else " ▁▂▃▄▅▆▇█"
    largest = max(sizes, default=0)
    return "".join(blocks[max(round(size / largest * (len(blocks) - 1)), 1)] if size > 0 else " " for size in sizes)


def format_table(rows: Sequence[Sequence[str]], left: Collection[int]) -> list[str]:
    """The lines of a table: as many cells in each row, those of the columns ``left`` aligned at the left."""
    widths = [max(map(count_cells, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            fit_text(text, width) if place in left else " " * (width - count_cells(text)) + text
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def fit_text(text: str, width: int) -> str:
    """``text`` in exactly ``width`` cells of a terminal: with spaces after it, or cut, with an ellipsis at the end."""
    if count_cells(text) > width:
        ends = list(itertools.accumulate(map(_cells, text)))
        text = text[: bisect.bisect_right(ends, width - 1)] + "…"
    return text + " " * (width - count_cells(text))


def cut_alike(names: Sequence[str], width: int) -> list[tuple[str, ...]]:
    """Cut names to ``width`` characters so that different ones stay different; an ellipsis goes between the pieces.

    A name is cut at its end, or in the middle where another one would be left the same, or else around the place where
    it differs from those that would. A last piece that is empty has an ellipsis at its end.
    """
    cut = [_cut(name, width) for name in names]
    for how in (_cut_in_the_middle, _cut_to_the_difference, _cut_to_the_difference):
        alike: dict[tuple[str, ...], set[str]] = {}
        for name, pieces in zip(names, cut, strict=True):
            alike.setdefault(pieces, set()).add(name)
        cut = [
            how(name, alike[pieces], width) if len(alike[pieces]) > 1 and len(name) > width > 2 else pieces
            for name, pieces in zip(names, cut, strict=True)
        ]
    return cut


def _cut(name: str, width: int) -> tuple[str, ...]:
    if len(name) <= width:
        return (name,)
    return (name[: width - 1], "") if width > 1 else ("",)


def _cut_in_the_middle(name: str, _: Collection[str], width: int) -> tuple[str, ...]:
    tail = (width - 1) // 2
    return (name[: width - 1 - tail], name[-tail:])


def _cut_to_the_difference(name: str, alike: Collection[str], width: int) -> tuple[str, ...]:
    first, last = min(alike), max(alike)  # whatever all of them begin with, these two do
    start = next((place for place, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1), len(first))
    head = max((width - 2) // 3, width - 1 - (len(name) - start))
    if start <= head:
        return _cut(name, width)
    rest = width - 1 - head
    return (
        (name[:head], name[start:]) if len(name) - start <= rest else (name[:head], name[start : start + rest - 1], "")
    )


def count_cells(text: str) -> int:
    """How many cells of a terminal ``text`` takes: two for a wide character, such as 温, none for a mark over one."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def format_progress(share: float, width: int) -> str:
    """A line of ``width`` cells of which ``share`` (0 to 1) is thick, in halves of a cell."""
    full, half = divmod(round(share * width * 2), 2)
    return ("━" * full + "╸" * half).ljust(width, "─")


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _with_minus(text: str) -> str:
    """With a minus that is as wide as a digit; no minus before a zero."""
    if text.startswith("-") and not text.strip("-0."):
        text = text[1:]
    return text.replace("-", MINUS)
