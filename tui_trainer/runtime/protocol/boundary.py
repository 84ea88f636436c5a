"""The Boundary view: the output over two features, or over the only one."""

from __future__ import annotations

from .view import Content, Request


class WatchBoundary(Request, frozen=True):
    """Look at the output over a grid of ``columns`` x ``rows`` points."""

    columns: int
    rows: int


class Boundary(Content, frozen=True):
    """The output over a grid, and the samples on it."""
