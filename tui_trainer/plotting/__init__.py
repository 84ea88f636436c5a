"""Drawing to characters; nothing here knows Textual.

``plot`` describes what is shown, ``lines`` and ``heatmaps`` draw it into a ``frame`` with ``axes`` around it.
"""
