"""What is wrong with a dataset, in one sentence."""

from __future__ import annotations

from ..experiment import ExperimentError


class DatasetError(ExperimentError):
    """An ExperimentError whose field is one of ``dataset.*``."""


class ReadingStopped(Exception):
    """The reading of a file was stopped by whoever watched its progress."""


def printable(text: str) -> str:
    """``text`` with every character replaced that could act on a terminal instead of showing in it."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "\ufffd" for char in text)
