"""The one error a wrong lesson file ends in: which file, which field, and what to do about it."""

from __future__ import annotations


class LessonError(ValueError):
    """A sentence for whoever writes lessons.

    ``file`` is the name of the file, ``field`` a dotted path such as ``checks[0].near`` ("" where no single
    field is at fault), ``reason`` the sentence without them.
    """

    def __init__(self, file: str, field: str, reason: str) -> None:
        super().__init__(file, field, reason)
        self.file = file
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.field, self.reason) if part)
