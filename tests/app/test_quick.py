"""What a quick pilot knows of handlers and styles is what Textual works out for each message and each widget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import known_messages
import known_styles
import pytest
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widget import Widget

from tui_trainer.app.dialogs.dialog import AskPath

if TYPE_CHECKING:
    from running_app import Flow, Start


async def use(flow: Flow, *tabs: str) -> None:
    """Open tabs, train a step, point at a field, and ask for a path."""
    for tab in tabs:
        await flow.press(tab)
    await flow.press("s")
    await flow.until(lambda: flow.progress.steps == 1, "a step")
    await flow.pilot.hover("TrainingPanel Input")
    await flow.press("ctrl+s")
    await flow.until_asked(AskPath)


def styles_of_textual(sheet: Stylesheet, node: Widget) -> tuple[RulesMap, dict[str, RulesMap]]:
    """The styles that Textual gives to a widget and to its component classes; the widget keeps those that it has."""
    styles: list[RulesMap] = []
    before, node._component_styles = node._component_styles, {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "apply", known_styles.original_apply)
        patch.setattr(Stylesheet, "replace_rules", staticmethod(known_styles.replace_rules))
        known_styles.original_process_parts(sheet, node)
        patch.setattr(Stylesheet, "replace_rules", staticmethod(lambda _, rules, animate=False: styles.append(rules)))
        patch.setattr(Stylesheet, "_process_component_classes", lambda *_: None)
        sheet.apply(node)
    parts, node._component_styles = node._component_styles, before
    return styles[-1], {name: part.base.get_rules() for name, part in parts.items()}


async def test_styles_and_handlers_are_those_of_textual(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    known, compared = MessagePump._get_dispatch_methods, set()

    def handlers(pump: MessagePump, name: str, message: Message) -> Iterator[tuple[type, Callable[..., object]]]:
        assert list(known(pump, name, message)) == list(known_messages.original_methods(pump, name, message))
        compared.add((type(pump), type(message)))
        yield from known(pump, name, message)

    monkeypatch.setattr(MessagePump, "_get_dispatch_methods", handlers)
    for tabs in ("2", "63"):  # the second app is given what the first one left
        async with start() as flow:
            await use(flow, *tabs)
            app = flow.pilot.app
            widgets = [widget for screen in app.screen_stack for widget in screen.walk_children(Widget)]
            assert len(widgets) > 100
            for widget in widgets:
                parts = {name: part.base.get_rules() for name, part in widget._component_styles.items()}
                given = known_styles.GIVEN[widget], parts
                assert given == styles_of_textual(app.stylesheet, widget), widget
    assert len(compared) > 100
