"""A trainer's process with the toy tab in its table."""

from __future__ import annotations

from toy_tab import TOY
from tui_trainer import tabs
from tui_trainer.runtime.worker import main

if __name__ == "__main__":
    tabs.TABS = (*tabs.TABS, TOY)
    main()
