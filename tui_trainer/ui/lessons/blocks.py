"""Text in blocks, wrapped to the width there is, each with its mark before it."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui_trainer.errors import printable


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or lines that are kept as they are. A click on it does an action of the screen."""

    text: str
    style: str = ""
    mark: str = ""  # stands before the first line; the others are set in as far
    mark_style: str = ""
    action: str = ""
    kept: bool = False
    gap: bool = True  # an empty line before it, unless it is the first

    def lines(self, width: int) -> list[Content]:
        """The block in lines of at most ``width`` cells."""
        style, mark_style = (self._clickable(one) for one in (self.style, self.mark_style))
        room = max(8, width - len(self.mark))
        lines: list[Content] = []
        for line in self.text.split("\n") if self.kept else [self.text]:
            lines += Content.styled(printable(line), style).wrap(room)
        first = Content.styled(self.mark, mark_style)
        blank = Content(" " * len(self.mark))
        return [(blank if place else first) + line for place, line in enumerate(lines)]

    def _clickable(self, style: str) -> str:
        """With the action, not as @click: that would have one colour for all that can be clicked."""
        return f"{style} @do={self.action}".strip() if self.action else style


class Blocks(Widget):
    """Shows blocks, one below the other."""

    DEFAULT_CSS = "Blocks { height: auto; width: 1fr; }"

    def __init__(self, classes: str = "") -> None:
        super().__init__(classes=classes)
        self._blocks: tuple[Block, ...] = ()
        self._width = 0
        self._lines: list[Content] = []  # the blocks, wrapped to that width

    def show(self, *blocks: Block) -> None:
        """Show these blocks from now on."""
        if blocks != self._blocks:
            height, self._blocks = len(self._lines), blocks
            self._wrap(self._width)
            self.refresh(layout=len(self._lines) != height)

    async def on_click(self, event: events.Click) -> None:
        if action := event.style.meta.get("@do"):
            event.stop()
            await self.run_action(action)

    def render(self) -> Content:
        return Content("\n").join(self._wrapped(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._wrapped(width))

    def _wrapped(self, width: int) -> list[Content]:
        if width != self._width:
            self._wrap(width)
        return self._lines

    def _wrap(self, width: int) -> None:
        self._width, self._lines = width, []
        for place, block in enumerate(self._blocks):
            self._lines += [Content("")] * (block.gap and place > 0) + block.lines(width)
