"""A sweep as it was typed in the app, made one that can start, and told in words."""

from __future__ import annotations

from collections.abc import Callable

from tui_trainer.errors import ExperimentError, quoted

from .fields import counted
from .messages import Answer, Ask, Wish
from .scheduler import Sweep, cores, prepare

MOST_JOBS = 8  # at a time where nothing is said: a machine of many cores is one of many users
NO_FIELD = "choose a field to vary"


def answer(ask: Ask, grant: Callable[[Wish], Sweep]) -> Answer:
    """What the wish would come to, once it is granted, or what is wrong with it."""
    try:
        prepared = grant(ask.wish)
    except ExperimentError as error:
        return Answer(ask.number, field=error.field, reason=in_the_app(error.reason))
    return Answer(ask.number, said=in_words(prepared, bool(ask.wish.random.strip())), by=prepared.by)


def granted(wish: Wish) -> Sweep:
    """The sweep, all of it checked; ExperimentError, with the path or the option, where something makes no sense."""
    fields: dict[str, str] = {}
    for path, values in wish.fields:
        if path in fields:
            raise ExperimentError(path, "is there twice; give all its values at once, with commas between them")
        fields[path] = values.strip().removesuffix(",")  # the next value is on its way
    random, repeat, jobs = (_whole(name, getattr(wish, name)) for name in ("random", "repeat", "jobs"))
    if not fields and (repeat or 1) == 1:
        raise ExperimentError("", NO_FIELD)
    most = cores()
    if jobs is not None and not 1 <= jobs <= most:
        raise ExperimentError(
            "jobs", f"expected a whole number from 1 to {most}, the cores of this machine, got {jobs}"
        )
    return prepare(
        wish.experiment,
        fields,
        random=random,
        repeat=1 if repeat is None else repeat,
        jobs=jobs or min(most, MOST_JOBS),
        by=wish.by or None,
    )


def in_words(prepared: Sweep, drawn: bool) -> str:
    """``5 learning rates × 3 seeds = 15 runs, 2 at a time``; where combinations are ``drawn``, so many draws."""
    total, repeat = len(prepared.planned), prepared.repeat
    varied: dict[str, set[str]] = {}
    for run in prepared.planned:
        for path, value in run.settings.items():
            varied.setdefault(path, set()).add(repr(value))
    if drawn:
        parts = [f"{total // repeat:,} random draws" if total > repeat else "1 random draw"]
        parts += [f"{repeat:,} seeds"] if repeat > 1 else []
    else:
        parts = [counted(len(values), path) for path, values in varied.items() if len(values) > 1]
    runs = f"{total:,} runs" if total > 1 else "1 run"
    at_a_time = f", {prepared.jobs} at a time" if prepared.jobs > 1 else ""
    return " = ".join([" × ".join(parts), runs] if parts else [runs]) + at_a_time


def in_the_app(reason: str) -> str:
    """A sentence of the command's, without the signs of its options: the app shows these by their names."""
    return reason.replace("--random", "random")


def _whole(name: str, text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ExperimentError(name, f"expected a whole number, or nothing, got {quoted(text)}")
    return int(text)
