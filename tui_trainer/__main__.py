"""``python -m tui_trainer``: the same as ``tui-trainer``."""

import sys

from tui_trainer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
