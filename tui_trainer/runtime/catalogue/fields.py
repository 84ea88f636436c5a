"""The one table of what runs are filtered and sorted by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "tag", "state", "number", "duration"]

# A run that was being trained by a process which has gone: nobody had time to write that down.
STATE = (
    "CASE WHEN state = 'running' AND owner NOT IN (SELECT value FROM json_each(:live)) THEN 'cut off' ELSE state END"
)
STATES = ("running", "paused", "finished", "stopped early", "diverged", "cut off")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a card: its name in filters, what it holds, SQL that gives it, and other names for it."""

    name: str
    kind: Kind
    sql: str
    others: tuple[str, ...] = ()


FIELDS = (
    Field("name", "text", "name"),
    Field("tag", "tag", "tags", ("tags",)),
    Field("state", "state", STATE),
    Field("dataset", "text", "dataset", ("data",)),
    Field("layers", "text", "layers"),
    Field("activation", "text", "activation"),
    Field("optimizer", "text", "optimizer"),
    Field("lr", "number", "rate", ("rate", "learning_rate")),
    Field("batch", "number", "batch"),
    Field("epochs", "number", "epoch", ("epoch",)),
    Field("seed", "number", "seed"),
    Field("loss", "number", "loss"),
    Field("val_loss", "number", "val_loss", ("val",)),
    Field("accuracy", "number", "accuracy", ("acc",)),
    Field("r2", "number", "r2"),
    Field("mae", "number", "mae"),
    Field("score", "number", "coalesce(accuracy, r2)"),
    Field("time", "duration", "seconds", ("seconds",)),
    Field("age", "duration", "(:now - updated)"),
    Field("run", "number", "run", ("id",)),
)
BY_NAME = {name: field for field in FIELDS for name in (field.name, *field.others)}


def order_by(name: str, descending: bool) -> str:
    """SQL that sorts by a field: pinned runs first, runs without a value last, newer ones before older ones."""
    field = BY_NAME.get(name, BY_NAME["age"])
    order, opposite = ("DESC", "ASC") if descending else ("ASC", "DESC")
    if field.name == "age":  # the only order that an index gives, and the usual one
        return f"pinned DESC, updated {opposite}, run {opposite}"
    if field.kind in ("text", "tag"):
        return f"pinned DESC, {field.sql} = '', fold({field.sql}) {order}, run DESC"
    return f"pinned DESC, {field.sql} IS NULL, {field.sql} {order}, run DESC"
