"""``python -m tui_trainer``: the same as ``tui-trainer``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
