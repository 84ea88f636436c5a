"""Names and CSV files become clean arrays plus a description of what they mean.

NumPy and pandas are imported by the functions that need them, so the catalog can be listed at once.
"""

from .catalog import CATALOG, CatalogEntry, data_folder
from .csv_file import read_table
from .dataset import Dataset
from .errors import DatasetError
from .loading import load
from .preprocessing import Split, split

__all__ = [
    "CATALOG",
    "CatalogEntry",
    "Dataset",
    "DatasetError",
    "Split",
    "data_folder",
    "load",
    "read_table",
    "split",
]
