"""Draw the pictures of the README and of the docs: the real app, trainer and all, at steps that are always the same.

    python screenshots/make.py [NAME ...]

Writes one SVG a picture beside this file. The examples fix every seed, and each picture is taken while nothing is
being trained, so the same code gives the same files.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile

import app_pictures
import dialog_pictures
import live_picture
import python_picture
import runs_pictures
import serve_picture
import sweep_pictures
from taking import ROOT, NotTaken  # beside this file, and puts this checkout first

from tui_trainer.files import write_output

MODULES = (app_pictures, live_picture, dialog_pictures, runs_pictures, sweep_pictures, python_picture, serve_picture)
ALL = [pictures for module in MODULES for pictures in module.ALL]


def main(wanted: list[str]) -> None:
    """Write the pictures called ``wanted``, or all of them."""
    os.environ.pop("NO_COLOR", None)
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_COLOR_SYSTEM="truecolor")
    os.chdir(ROOT)
    unknown = set(wanted).difference(name for pictures in ALL for name in pictures.names)
    if unknown:
        sys.exit(f"no such picture: {', '.join(sorted(unknown))}")
    for pictures in ALL:
        if wanted and not set(wanted) & set(pictures.names):
            continue
        with tempfile.TemporaryDirectory() as folder:  # no run from before, so none to go on with
            os.environ["TUI_TRAINER_DATA"] = folder
            try:
                taken = asyncio.run(pictures.take())
            except NotTaken as reason:
                print(f"{', '.join(pictures.names)} stays as it is: {reason}")
                continue
        for name, picture in zip(pictures.names, taken, strict=True):
            path = ROOT / "screenshots" / (name if "." in name else f"{name}.svg")
            write_output(path, picture if isinstance(picture, bytes) else picture.encode())
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
