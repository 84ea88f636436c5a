"""Fields that most runs never show."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.containers import Vertical
from textual.widget import Widget


class Later(Vertical):
    """Holds what is made when it is first wanted, so that the first frame does not wait for it."""

    DEFAULT_CSS = "Later { height: auto; display: none; }"

    def __init__(self, make: Callable[[], Iterable[Widget]], classes: str = "") -> None:
        super().__init__(classes=classes)
        self._make = make

    async def want(self, wanted: bool) -> None:
        """Show it, or hide it."""
        if wanted and not self.children:
            await self.mount_all(self._make())
        if self.display != wanted:
            self.display = wanted
