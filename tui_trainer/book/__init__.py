"""The book: lessons as data, and the code that reads and checks them; no screen and no training.

In reading order: ``lesson`` (what a lesson is), ``library`` (where lessons are), ``reading`` and ``rules`` (from a file
to a checked lesson), ``checking`` and ``fields`` (whether the user has passed it), ``progress`` (what was done).
"""
