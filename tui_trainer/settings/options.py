"""The settings that the command line has options for; what is given there counts before all else."""

from __future__ import annotations

import argparse
from typing import Any, get_args

from .schema import Markers


def add_setting_options(parser: argparse.ArgumentParser) -> None:
    """The options, which ``given`` reads."""
    parser.add_argument("--theme", metavar="NAME", help="colours, such as light, high-contrast or color-blind")
    parser.add_argument("--markers", choices=get_args(Markers), help="what plots are drawn with")
    parser.add_argument("--bell", action="store_true", help="ring when a run ends")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")


def given(options: argparse.Namespace) -> dict[str, Any]:
    """The settings by name, those alone that were given."""
    found = {name: getattr(options, name) for name in ("theme", "markers") if getattr(options, name) is not None}
    if options.bell:
        found["notify"] = "bell"
    if options.no_mouse:
        found["mouse"] = False
    return found
