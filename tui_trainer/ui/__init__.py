"""Widgets and text formats that know nothing of a trainer."""
