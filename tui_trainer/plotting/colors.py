"""The colours of series, one table for all that shows them: plots, legends, lists and pictures."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .plot import COLORS

# Variables of the theme: those for text keep their contrast on the background.
OF_TEXT = {
    "train": "$text-primary",
    "validation": "$text-warning",
    "batch": "$foreground-disabled",
    "accent": "$text-accent",
    "class0": "$text-primary",
    "class1": "$text-warning",
    "class2": "$text-success",
    "class3": "$text-error",
    "class4": "$foreground",
    "class5": "$text-secondary",
    "class6": "$warning-darken-2",
    "class7": "$foreground-muted",
    "class8": "$success-darken-2",
    "class9": "$error-darken-2",
}
OF_AREAS = OF_TEXT | {
    "class0": "$primary",
    "class1": "$warning",
    "class2": "$success",
    "class3": "$error",
    "class5": "$secondary",
}


def series_css(
    prefix: str,
    names: Collection[str] = COLORS,
    bold: Collection[str] = (),
    colors: Mapping[str, str] = OF_TEXT,
) -> str:
    """A rule for each of ``names``: the component class of that name, after ``prefix``, in its colour."""
    return "\n".join(
        f".{prefix}{name} {{ color: {colors[name]};{' text-style: bold;' if name in bold else ''} }}" for name in names
    )
