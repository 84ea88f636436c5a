"""The base of the main screen's parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

from textual.worker import Worker

from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import AnyReport

if TYPE_CHECKING:
    from .screen import MainScreen

Event = TypeVar("Event")
Work: TypeAlias = Callable[[], Coroutine[None, None, None]]


class Controller:
    """A part of the main screen, with its own state, reports and actions.

    A key whose owner is ``name`` calls the method ``action_x`` for its action x.
    """

    name: ClassVar[str]

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen

    def show_message(self, sentence: str, kind: str = "") -> None:
        """Show a sentence in the message line, made printable; ``kind`` is error, good or nothing."""
        self.screen.message_line.show_message(sentence, kind)

    def run_worker(self, work: Work, group: str = "default", exclusive: bool = False) -> Worker[None]:
        """Run ``work`` in the background; if exclusive, it cancels the running ones of its group."""
        return self.screen.run_worker(partial(self.screen.perform, work), group=group, exclusive=exclusive)

    def converse(self, work: Work) -> bool:
        """Run ``work``, which opens dialogs, in the background; return False if another dialog is open or opening."""
        return self.screen.dialogs.converse(partial(self.screen.perform, work))

    async def handle_each(
        self, events: AsyncIterator[Event], handle: Callable[[Event], Any], is_wanted: Callable[[], bool] = lambda: True
    ) -> None:
        """Handle the events of a process until it has ended.

        Those that come once ``is_wanted`` returns False are only read: the process is ending, and must not block on
        events that nobody reads. What a handler raises is told as in any handler, and the next event is handled in any
        case.
        """
        async for event in events:
            if is_wanted():
                try:
                    result = handle(event)
                    if isawaitable(result):
                        await result
                except Exception as error:
                    self.screen.app._handle_exception(error)

    async def on_report(self, report: AnyReport) -> bool:
        """Handle a report of the trainer; return True to stop it from reaching later controllers."""
        return False

    def on_experiment(self, before: Experiment, after: Experiment) -> None:
        """Called after an edit of the experiment has been sent to the trainer."""

    def on_load(self) -> None:
        """Called after the trainer was told to run the experiment from its first step."""
