"""What the views show, computed from a session: one module a view."""

from .viewer import Viewer

__all__ = ["Viewer"]
