"""What a filter is once it is read: conditions, joined by and, or and not."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Field


class FilterError(Exception):
    """A filter that makes no sense: the ``reason``, and from which to which character it is meant."""

    def __init__(self, reason: str, start: int, end: int) -> None:
        super().__init__(reason)
        self.reason, self.start, self.end = reason, start, end


@dataclass(frozen=True, slots=True)
class Word:
    """The name, a tag, the dataset or the state holds this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field beside a value, a number or a text according to its kind: = != < <= > >= or ~ (holds the text)."""

    field: Field
    operator: str
    value: str | float


@dataclass(frozen=True, slots=True)
class Not:
    """Not that."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class All:
    """All of these; of none it holds always."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of these."""

    parts: tuple[Expression, ...]


Expression = Word | Comparison | Not | All | Any
