"""A CSV file, from whoever wrote it, as columns of numbers and texts with clean, distinct names.

``text`` opens it, ``layout`` finds out how it is laid out, ``rows`` reads it with pandas's C parser, and ``reading``
puts them together. pandas is imported when rows are read, not before.
"""

from .dialect import DELIMITERS, Asked, Dialect
from .progress import OnProgress
from .reading import look_at, read_rows_of, read_table
from .table import MAX_LEVELS, Column, NumberColumn, Table, TextColumn

__all__ = [
    "DELIMITERS",
    "MAX_LEVELS",
    "Asked",
    "Column",
    "Dialect",
    "NumberColumn",
    "OnProgress",
    "Table",
    "TextColumn",
    "look_at",
    "read_rows_of",
    "read_table",
]
