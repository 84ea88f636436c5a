"""Reads CSV files, whoever wrote them, as tables of numbers and texts with clean, distinct column names.

``reader`` is the entrance. ``text`` opens a file, ``layout`` finds its ``dialect``, how its ``numbers`` are written,
and the names of its columns, ``rows`` reads it with pandas's C parser, and ``builders`` make the ``columns`` of a
table of what is read. pandas is imported when rows are read, not before.
"""
