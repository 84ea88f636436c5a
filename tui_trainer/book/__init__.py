"""The book: lessons as data, and the code that reads and checks them. No screen, no training."""

from .checking import MOST_WEIGHTS, Item, Results, Verdict, check
from .errors import LessonError
from .lesson import Blank, Check, Lesson, Question, Variant
from .library import Library, from_folder, packaged
from .progress import FILE_NAME, Progress
from .reading import loads

__all__ = [
    "FILE_NAME",
    "MOST_WEIGHTS",
    "Blank",
    "Check",
    "Item",
    "Lesson",
    "LessonError",
    "Library",
    "Progress",
    "Question",
    "Results",
    "Variant",
    "Verdict",
    "check",
    "from_folder",
    "loads",
    "packaged",
]
