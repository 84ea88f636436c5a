"""A tab in one folder, as CONTRIBUTING.md says how to add one: it shows the steps of the run times a factor."""

from __future__ import annotations

from tui_trainer.tabs import Tab

TOY = Tab(
    "toy", "0", "Toy", "Steps times a factor", "toy_tab.view:ToyView", "toy_tab.compute:ToyCompute", "toy_tab.messages"
)
