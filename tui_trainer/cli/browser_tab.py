"""The process of one browser tab, started by the server: ``python -m tui_trainer.cli.browser_tab WORDS ...``."""

from __future__ import annotations

import sys

from tui_trainer.errors import BAD_INPUT, UserError, escaped

from .app import open_app


def main() -> int:
    """Run the app with the arguments given to ``serve``; print an error to standard error."""
    try:
        return open_app(sys.argv[1:], in_browser=True)
    except UserError as error:  # such as a file that has changed since the server was started
        print(escaped(str(error)), file=sys.stderr)
        return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
