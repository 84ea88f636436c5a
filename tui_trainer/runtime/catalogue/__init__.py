"""The runs of the store as a list: filtered by a small expression, sorted, edited, compared."""

from .catalogue import Catalogue
from .expression import FilterError
from .labels import LabelError, clean_name, clean_tag, clean_tags

__all__ = ["Catalogue", "FilterError", "LabelError", "clean_name", "clean_tag", "clean_tags"]
