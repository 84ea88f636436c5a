"""The fixtures of the running app."""

from running_app import quick, start

__all__ = ["quick", "start"]
