"""What keeps the screen quick: no frame for a terminal that is behind, no long pause of the collector."""

from __future__ import annotations

import gc

from textual.app import App


def terminal_is_behind(app: App[object]) -> bool:
    """Whether output still waits to be written; False where the driver does not tell (tests, the web).

    Textual offers no such question, so its writer's queue is looked at; should it go, nothing is held back.
    """
    writer = getattr(app._driver, "_writer_thread", None)
    queue = getattr(writer, "_queue", None)
    return queue is not None and queue.qsize() > 0


def spare_the_collector() -> None:
    """Take all that was made so far, modules, styles and widgets, out of the garbage collector's rounds.

    A full round over them takes 100 ms, again and again while training, and finds nothing. What is drawn makes
    thousands of objects a frame that die without the collector, so its other rounds are made rarer too.
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 20, 20)
