"""The wall: a few networks that differ in one field, trained in step and seen side by side.

``messages`` go between the app and the process of a race, ``race`` trains and draws up what is seen, ``service`` is
that process.
"""
