"""A small lesson with everything in it, as the plain data of its file, and back to TOML."""

from __future__ import annotations

from typing import Any

import tomli_w

from tui_trainer.book.lesson import Lesson
from tui_trainer.book.reading import loads


def whole() -> dict[str, Any]:
    """The tables of a lesson that has one of each."""
    return {
        "title": "A lesson",
        "chapter": "1 Perceptron",
        "text": "Prose\nover two lines.\n\n  a = φ(o)\n  o = w x\n\nMore prose.",
        "view": "landscape",
        "view_options": {"kind": "curve", "low": -2.0, "high": 10},
        "experiment": {"dataset": {"name": "boston_rm"}, "model": {"layers": []}, "training": {"epochs": 10}},
        "question": {"text": "Which?", "choices": ["this", "that"], "answer": 1, "because": "That."},
        "variants": [
            {"name": "as it is"},
            {"name": "slow", "set": {"training.learning_rate": 1e-6}},
        ],
        "checks": [
            {"done": "Low.", "missing": "Train.", "value": "loss", "at_most": 0.5, "epoch": 10},
            {"done": "Slow.", "missing": "Slow down.", "field": "training.learning_rate", "at_most": 1e-5},
            {"done": "Gone.", "missing": "Let it go.", "state": "diverged", "variant": "slow"},
        ],
        "target": {"model.layers": 1, "model.layers[0].units": 100, "model.output.activation": "relu"},
    }


def changed(path: str, value: object) -> dict[str, Any]:
    """``whole`` with the field at ``path`` (keys and indices, with dots between) set to ``value``."""
    data = whole()
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    holder: Any = data
    for step in way:
        holder = holder[step]
    holder[last] = value
    return data


def without(path: str) -> dict[str, Any]:
    """``whole`` without the field at ``path``."""
    data = whole()
    *way, last = path.split("/")
    holder: Any = data
    for step in way:
        holder = holder[int(step) if step.isdigit() else step]
    del holder[last]
    return data


def lesson_of(data: dict[str, Any]) -> Lesson:
    """The lesson in the file that holds ``data``."""
    return loads(tomli_w.dumps(data), "mine.toml", "own:mine")
