"""The result of a sweep for people, for a table of one's own, and for programs."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from tui_trainer.console import finite, not_writable
from tui_trainer.experiment.share import share

from .results import Group, Row, SweepResult
from .tables import by_nearness, groups_table, number, runs_table, told


def sentences(result: SweepResult, width: int | None = None) -> list[str]:
    """The table of all runs, fitted to ``width`` columns, and what follows from it."""
    lines = []
    if result.rows:
        lines += ["", *runs_table(result, width)]
        if result.repeat > 1:
            lines += ["", *groups_table(result)]
        lines += ["", _best(result)]
    if result.interrupted or len(result.rows) < result.planned:
        lines.append(f"Interrupted: {len(result.rows):,} of {result.planned:,} runs are done.")
    if result.rows:
        lines.append(f"{_runs(len(result.rows))} in {result.seconds:.2f} s; {_jobs(result.jobs)}.{_kept(result)}")
    return [*lines, result.complaint] if result.complaint else lines


def plain(result: SweepResult) -> dict[str, Any]:
    """The result as JSON holds it: what is not finite becomes null."""
    best = result.best
    return {
        "by": result.by,
        "direction": "max" if result.rising else "min",
        "planned": result.planned,
        "done": len(result.rows),
        "interrupted": result.interrupted,
        "message": result.complaint,
        "tag": result.tag,
        "jobs": result.jobs,
        "seconds": round(result.seconds, 3),
        "best": None if best is None else best.number,
        "runs": [_plain_row(row) for row in result.rows],
        "settings": [_plain_group(group) for group in result.groups()] if result.repeat > 1 else [],
    }


def write_table(result: SweepResult, path: Path) -> None:
    """A line for each run, the best first; ExperimentError where the file can't be written."""
    records = result.records()
    names = list(dict.fromkeys(name for record in records for name in record))
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(records)
    except OSError as error:
        raise not_writable(path, "--csv", error) from error


def _best(result: SweepResult) -> str:
    best = result.best
    if best is None:
        return "No run has ended with a score; where they diverged, try lower learning rates."
    if result.repeat == 1:
        values = ", ".join(f"{name} {number(best.scores[name])}" for name in by_nearness(result.by, best.scores))
        return f"Best by {result.by}: run {best.number}, {told(best.settings)}: {values}."
    group = result.groups()[0]
    what = told(group.settings)
    seeds = (
        f"{group.counted} seeds" if group.counted == len(group.rows) else f"{group.counted} of {len(group.rows)} seeds"
    )
    return f"Best by {result.by}: {what}: {number(group.mean)} on average over {seeds}; its best is run {best.number}."


def _runs(count: int) -> str:
    return f"{count:,} runs" if count != 1 else "1 run"


def _jobs(jobs: int) -> str:
    if jobs == 0:
        return "on the cluster"
    return f"{jobs} at a time" if jobs > 1 else "one after the other"


def _kept(result: SweepResult) -> str:
    kept = sorted(row.run for row in result.rows if row.run is not None)
    if not kept:
        return ""
    numbers = f"number {kept[0]}" if len(kept) == 1 else f"numbers {kept[0]} to {kept[-1]}"
    return f" Kept in the store as {numbers}, with the tag {result.tag}."


def _plain_row(row: Row) -> dict[str, Any]:
    return {
        "number": row.number,
        "settings": row.settings,
        "state": row.state,
        "message": row.message,
        "epochs": row.epochs,
        "steps": row.steps,
        "seconds": round(row.seconds, 3),
        "scores": {name: finite(value) for name, value in row.scores.items()},
        "weights": row.weights,
        "run": row.run,
        "experiment": share(row.experiment),
    }


def _plain_group(group: Group) -> dict[str, Any]:
    return {
        "settings": group.settings,
        "counted": group.counted,
        "seeds": len(group.rows),
        "mean": finite(group.mean),
        "deviation": finite(group.deviation),
    }
