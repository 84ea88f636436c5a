"""One training run, without processes, files or a screen.

In reading order: ``session`` (the run), ``builder`` (engine objects from an experiment), ``callbacks`` (stopping, best
weights), ``history`` and ``series`` (what is recorded), ``trajectory``, ``scores``, ``memory_check``.
"""
