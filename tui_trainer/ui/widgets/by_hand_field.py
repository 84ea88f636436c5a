"""How many points of a toy set were added and removed by hand, as a switch that takes it all back."""

from __future__ import annotations

from msgspec.structs import replace
from textual.widgets import Checkbox

from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.experiment.validation import to_plain
from tui_trainer.ui.fields import SwitchField

from ..messages import FieldEdited


class ByHandField(SwitchField):
    """There while a point was added or removed; switched off, the points are those of the toy set again."""

    DEFAULT_CSS = """
    ByHandField { display: none; }
    ByHandField.-any { display: block; }
    """

    def __init__(self, classes: str = "") -> None:
        help_text = "Points added and removed in the Boundary tab; switch it off to have none"
        super().__init__("dataset.points", "", help_text, classes)
        self._config = DatasetConfig()

    def keep(self, config: DatasetConfig) -> None:
        """Show what was done by hand."""
        self._config = config
        parts = [f"{len(config.points)} added"] if config.points else []
        parts += [f"{len(config.removed)} removed"] if config.removed else []
        self.set_class(bool(parts), "-any")
        self.query_one(Checkbox).label = f"by hand: {', '.join(parts)}"
        super().show(bool(parts))

    def show(self, value: object) -> None:
        """The points alone do not tell; see ``keep``."""

    def edited(self, value: object) -> None:
        if value is False:
            config = replace(self._config, points=(), removed=())
            self.post_message(FieldEdited("dataset", to_plain(config), self))
