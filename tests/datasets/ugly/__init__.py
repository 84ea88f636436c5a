"""Files as they come: each made from a few lines of code, with what is expected of it."""

from .case import Case
from .dialects import DIALECTS
from .encodings import ENCODINGS
from .names import NAMES
from .shapes import SHAPES
from .values import VALUES

CASES: dict[str, Case] = {case.name: case for case in (*DIALECTS, *ENCODINGS, *SHAPES, *NAMES, *VALUES)}

__all__ = ["CASES", "Case"]
