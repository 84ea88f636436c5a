"""The fixtures of the running app."""

from running_app import forked_trainers, quick, start

__all__ = ["forked_trainers", "quick", "start"]
