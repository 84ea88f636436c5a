"""Widgets, keys and terminal support that do not depend on a trainer."""
