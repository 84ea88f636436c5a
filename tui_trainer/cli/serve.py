"""The command ``serve``: opens a port and serves the app to browsers."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from tui_trainer.errors import UserError, quoted
from tui_trainer.serve.access import LOOPBACK, PORT, is_loopback, listen

from . import DEBUG
from .app import check_words
from .options import Parser

INSTALL = "python -m pip install 'tui-trainer[serve]'"
DESCRIPTION = """\
Open the app in a browser. Each tab has its own app and trainer, which end with it. Put all options of the app
after those of serve: FILE.toml, --csv, --jail and so on."""
WARNING = """\
Other machines can reach this port. The address contains a secret token, but the connection is not encrypted: anyone
who listens in can read the token, and then open and save files as you. The default address with ssh -L is safer: see
docs/serve.md."""


def main(words: Sequence[str]) -> int:
    """Serve until Ctrl+C; return the exit code. Raises UserError for wrong options."""
    options, rest = _parser().parse_known_args(words)
    with _restored_environment():
        check_words(rest)
    if any(find_spec(name) is None for name in ("textual_serve", "aiohttp")):
        raise UserError("", f"serve needs a package that is not installed; get it with: {INSTALL}")
    listener = listen(options.host, options.port)
    if not is_loopback(listener):
        print(WARNING, file=sys.stderr)
    from tui_trainer.serve.server import serve

    return serve(listener, [*rest, DEBUG] if options.debug else rest)


def _parser() -> Parser:
    parser = Parser(
        prog="tui-trainer serve",
        usage="tui-trainer serve [--host HOST] [--port PORT] [FILE.toml] [options of the app]",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--host", default=LOOPBACK, help=f"address to listen on; default: {LOOPBACK}, this machine only"
    )
    parser.add_argument("--port", type=_port, default=PORT, help=f"default: {PORT}; 0 picks any free port")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a port number from 0 to 65535")
    return int(text)


@contextlib.contextmanager
def _restored_environment() -> Iterator[None]:
    """Undo changes of folder and environment: each tab sets its own bounds, from the original ones."""
    try:
        folder, environment = os.getcwd(), dict(os.environ)
    except OSError:
        raise UserError("", "the folder it was started in no longer exists; start it in another one") from None
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
