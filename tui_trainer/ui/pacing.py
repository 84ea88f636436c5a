"""Whether the terminal keeps up: frames that it can't take yet are not drawn, so none ever queue."""

from __future__ import annotations

from textual.app import App


def terminal_is_behind(app: App[object]) -> bool:
    """Whether output still waits to be written; False where the driver does not tell (tests, the web).

    Textual offers no such question, so its writer's queue is looked at; should it go, nothing is held back.
    """
    writer = getattr(app._driver, "_writer_thread", None)
    queue = getattr(writer, "_queue", None)
    return queue is not None and queue.qsize() > 0
