"""Empties in the next step."""
