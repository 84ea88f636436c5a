"""Whole screens, each with its layout in a .tcss of the same name."""
