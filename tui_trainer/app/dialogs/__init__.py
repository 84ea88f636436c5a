"""Dialogs over the main screen, one module each."""
