"""Textual's list of options, for terminals of any size."""

from __future__ import annotations

from textual.widgets import OptionList


class Options(OptionList):
    """Turns no pages where it has no room: it knows no lines then."""

    def action_page_up(self) -> None:
        if self.scrollable_content_region.area:
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        if self.scrollable_content_region.area:
            super().action_page_down()  # type: ignore[no-untyped-call]
