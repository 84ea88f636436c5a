"""The version of the package. A module of its own, so that any other can import it without a circle."""

__version__ = "0.1.0"
