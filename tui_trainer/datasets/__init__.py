"""Names, formulas and CSV files become clean arrays plus a description of what they mean.

NumPy and pandas are imported by the functions that need them, so the catalog can be listed at once.
"""

from .catalog import CATALOG, choose, choose_file, data_folder
from .csv_file import OnProgress, read_table
from .dataset import Dataset
from .entries import PLANE_COLUMNS, CatalogEntry, ShippedFile, ToySet
from .errors import DatasetError, ReadingStopped
from .file_cache import FileCache, stamp
from .loading import load
from .preprocessing import Split, split
from .preview import FilePreview, PreviewColumn, Previewer

__all__ = [
    "CATALOG",
    "PLANE_COLUMNS",
    "CatalogEntry",
    "Dataset",
    "DatasetError",
    "FileCache",
    "FilePreview",
    "OnProgress",
    "PreviewColumn",
    "Previewer",
    "ReadingStopped",
    "ShippedFile",
    "Split",
    "ToySet",
    "choose",
    "choose_file",
    "data_folder",
    "load",
    "read_table",
    "split",
    "stamp",
]
