"""Who handles a message and how, worked out once: Textual goes through all classes of a widget for each message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from types import CodeType
from typing import Any, NamedTuple

import pytest
from textual import _callback, log
from textual.css.match import match
from textual.css.model import SelectorSet
from textual.message import Message
from textual.message_pump import MessagePump, OnNoWidget
from textual.widget import Widget

Handler = Callable[..., Any]
original_count, original_methods = _callback._count_parameters, MessagePump._get_dispatch_methods


class KnownHandler(NamedTuple):
    """A handler of a class; one that is for some senders alone has selectors by the message's attributes."""

    owner: type
    handler: Handler
    is_decorated: bool
    selectors: dict[str, tuple[SelectorSet, ...]]


def handlers_of(kind: type, message: type[Message], name: str) -> Iterator[KnownHandler]:
    """All handlers that a class has for a message, its own before those of its bases."""
    messages = [one for one in message.__mro__ if issubclass(one, Message)]
    for owner in kind.__mro__:
        decorated = owner.__dict__.get("_decorated_handlers") or {}
        for handler, selectors in (pair for one in messages for pair in decorated.get(one, [])):
            yield KnownHandler(owner, handler, True, selectors)
        named = owner.__dict__.get(f"_{name}") or owner.__dict__.get(name)
        if named is not None and not getattr(named, "_textual_on", None):
            yield KnownHandler(owner, named, False, {})


def is_meant(message: Message, selectors: dict[str, tuple[SelectorSet, ...]]) -> bool:
    """Whether a message comes from where a handler wants it from."""
    if selectors and not message._sender:
        return False
    for attribute, selector in selectors.items():
        node = getattr(message, attribute)
        if node is None:
            return False
        if not isinstance(node, Widget):
            raise OnNoWidget(f"on decorator can't match against {attribute!r} as it is not a widget.")
        if not match(selector, node):
            return False
    return True


class SilentLog:
    """A log of messages that nobody reads, for which Textual makes four objects with each message."""

    def __call__(self, *_: object, **__: object) -> None:
        pass

    @property
    def event(self) -> SilentLog:
        """The log of events: this one."""
        return self

    def verbosity(self, _: bool) -> SilentLog:
        """The log of what is said only at length: this one."""
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(log, name)


def know_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find handlers once for a test, which may give a class others before it starts an app, and write no log."""
    known: dict[tuple[type, type[Message], str], list[KnownHandler]] = {}
    counts: dict[CodeType, int] = {}

    def methods(
        pump: MessagePump, name: str, message: Message
    ) -> Iterator[tuple[type, Callable[[Message], Awaitable[None]]]]:
        key = (type(pump), type(message), name)
        if key not in known:
            known[key] = list(handlers_of(*key))
        called = set()  # a handler of two messages, of which one is a kind of the other
        last = None
        for owner, handler, is_decorated, selectors in known[key]:
            if owner is not last and message._no_default_action:  # those of its bases are left out then
                return
            last = owner
            if is_decorated and (handler in called or not is_meant(message, selectors)):
                continue
            yield owner, handler.__get__(pump, owner)
            if is_decorated:
                called.add(handler)

    def count(function: Handler) -> int:
        code = getattr(function, "__code__", None)
        if code is None or hasattr(function, "__wrapped__"):
            return original_count(function)
        if code not in counts:
            counts[code] = original_count(function)
        return counts[code]

    monkeypatch.setattr(MessagePump, "_get_dispatch_methods", methods)
    monkeypatch.setattr(_callback, "_count_parameters", count)
    monkeypatch.setattr("textual.message_pump.log", SilentLog())
