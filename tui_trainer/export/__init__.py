"""Exports trained networks for use outside of the app.

``folder`` writes everything; each format has a module; ``trained`` and ``weights`` are what all are made from.
"""
