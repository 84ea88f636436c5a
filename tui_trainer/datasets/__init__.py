"""Datasets: from names, formulas, CSV files and arrays to clean arrays, with a description of their columns.

The order of reading: ``dataset`` (the result), ``catalog`` (what comes with the app), ``toy_sets`` (points from
formulas), ``csv`` (a file as a table), ``columns``, ``encoding`` and ``assembly`` (a table as a dataset),
``loading``, ``split``. NumPy and pandas are imported by the functions that need them, so that the catalog can be
listed at once.
"""
