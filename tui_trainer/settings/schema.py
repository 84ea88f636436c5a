"""What can be set, and which values each setting takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Markers = Literal["braille", "block", "ascii"]
Notify = Literal["none", "bell", "desktop"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings in force. ``theme`` empty and ``markers`` None: what the app and each plot usually have.

    ``keys`` has keys by the name of what they do, as written: "key,key".
    """

    theme: str = ""
    markers: Markers | None = None
    reduced_motion: bool = False
    notify: Notify = "none"
    title: bool = True
    mouse: bool = True
    keys: Mapping[str, str] = field(default_factory=dict)
