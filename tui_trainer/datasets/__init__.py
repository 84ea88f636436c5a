"""Names, formulas and CSV files become clean arrays plus a description of what they mean.

NumPy and pandas are imported by the functions that need them, so the catalog can be listed at once.
"""

from .catalog import CATALOG, choose, data_folder
from .csv_file import read_table
from .dataset import Dataset
from .entries import PLANE_COLUMNS, CatalogEntry, ShippedFile, ToySet
from .errors import DatasetError
from .loading import load
from .preprocessing import Split, split

__all__ = [
    "CATALOG",
    "PLANE_COLUMNS",
    "CatalogEntry",
    "Dataset",
    "DatasetError",
    "ShippedFile",
    "Split",
    "ToySet",
    "choose",
    "data_folder",
    "load",
    "read_table",
    "split",
]
