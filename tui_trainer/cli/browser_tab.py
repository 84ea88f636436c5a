"""What runs for one tab: ``python -m tui_trainer.cli.browser_tab WORDS ...``, started by the server."""

from __future__ import annotations

import sys

from tui_trainer.errors import BAD_INPUT, UserError, escaped

from .app import open_app


def main() -> int:
    """The app as ``serve`` was asked for; what can't be opened is told on standard error."""
    try:
        return open_app(sys.argv[1:], in_browser=True)
    except UserError as error:  # the file has changed since the server was started
        print(escaped(str(error)), file=sys.stderr)
        return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
