"""Styles that are worked out once for all apps of a process: each would parse and apply the same ones for itself."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from textual.css.model import CombinatorType, RuleSet, Selector, SelectorType
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

ANY = {SelectorType.UNIVERSAL, SelectorType.NESTED}
PREFIX = {SelectorType.CLASS: ".", SelectorType.ID: "#"}
OF_APP = {"dark", "light", "ansi", "nocolor", "inline"}  # pseudo-classes that all nodes share
ORDERED = {"first-of-type", "last-of-type", "first-child", "last-child", "empty"}  # a node that has them is told so


class Questions:
    """What parts of selectors ask of a node: is that one of its names, does it have this pseudo-class?"""

    def __init__(self, parts: list[Selector]) -> None:
        self.names = {PREFIX.get(part.type, "") + part.name for part in parts if part.type not in ANY}
        if any(part.pseudo_classes for part in parts if part.type in ANY):
            self.names.add("*")  # which is a name of every node
        self.pseudo_classes = {name for part in parts for name in part.pseudo_classes} - OF_APP
        self._known_names: dict[tuple[object, ...], frozenset[str]] = {}

    def answers(self, node: DOMNode) -> tuple[object, ...]:
        """What is true of a node: nothing, where it has none of the names."""
        key = (type(node), node._id, node.classes)
        names = self._known_names.get(key)
        if names is None:
            names = self._known_names[key] = frozenset(self.names & node._selector_names)
        return (names, *(name for name in self.pseudo_classes if node.has_pseudo_class(name))) if names else ()


class Asked:
    """What the rules that may concern a node ask of it and of those above it; all else makes no difference."""

    def __init__(self, rules: list[RuleSet]) -> None:
        self.pseudo_classes = {name for rule in rules for name in rule.pseudo_classes}
        own: list[Selector] = []
        above: list[Selector] = []
        for parts in (selectors.selectors for rule in rules for selectors in rule.selector_set):
            place = max(place for place, part in enumerate(parts) if part.combinator is not CombinatorType.SAME)
            above += parts[:place]
            own += parts[place:]
        self._own, self._above = Questions(own), Questions(above)
        self._of_app = self.pseudo_classes & OF_APP
        self.given: dict[tuple[object, ...], RulesMap] = {}  # the styles of a node, by the answers
        self.parts: dict[tuple[object, ...], dict[str, RulesMap]] = {}  # those of its component classes

    def answers(self, path: list[DOMNode]) -> tuple[object, ...]:
        """What the rules find out about a node by its path, from the app down to it."""
        *above, node = path
        return (*self.answers_above(above), self._own.answers(node))

    def answers_above(self, path: list[DOMNode]) -> tuple[object, ...]:
        """What they find out about a node below ``path``, which begins with the app."""
        of_app = (name for name in self._of_app if path and path[0].has_pseudo_class(name))
        return (*of_app, *map(self._above.answers, path))


class KnownStyles:
    """What one set of rules gives to nodes: the same in every app of the process.

    A sheet grows with each new kind of widget. A node is styled by the few rules that name it, so that what is known of
    these holds for every sheet that has them, in the same order.
    """

    def __init__(self, rules: list[RuleSet]) -> None:
        self.all = rules  # kept, since rules are told apart by their identities, which must not be used again
        self._places: dict[str, list[int]] = defaultdict(list)  # of the rules with a selector
        for place, rule in enumerate(rules):
            for name in rule.selector_names:
                self._places[name].append(place)
        self._asked: dict[frozenset[str], Asked] = {}

    def asked(self, names: frozenset[str] | set[str]) -> Asked:
        """What the rules with one of the selectors ``names`` ask."""
        selectors = frozenset(self._places.keys() & names)
        asked = self._asked.get(selectors)
        if asked is None:
            rules = [self.all[place] for place in sorted({place for name in selectors for place in self._places[name]})]
            key = tuple(map(id, rules))
            if key not in ASKED:
                ASKED[key] = Asked(rules)
            asked = self._asked[selectors] = ASKED[key]
        return asked


PARSED: dict[tuple[object, ...], list[RuleSet]] = {}  # styles, by their text and the colours they name
SHEETS: dict[tuple[object, ...], list[RuleSet]] = {}  # all styles of a sheet, by the same
ASKED: dict[tuple[int, ...], Asked] = {}  # by the identities of rules
KNOWN: dict[int, KnownStyles] = {}  # by the identity of a list of rules
CONVERTED: dict[int, tuple[RulesMap, RulesMap]] = {}  # rules by their identity, and what they are set to
GIVEN: WeakKeyDictionary[DOMNode, RulesMap] = WeakKeyDictionary()  # what nodes were given last
GIVEN_PARTS: WeakKeyDictionary[DOMNode, dict[str, RulesMap]] = WeakKeyDictionary()
original_parse_rules, original_parse, original_apply = Stylesheet._parse_rules, Stylesheet.parse, Stylesheet.apply
replace_rules, original_process_parts = Stylesheet.replace_rules, Stylesheet._process_component_classes


def parse_rules_once(sheet: Stylesheet, *arguments: Any, **named: Any) -> list[RuleSet]:
    """Rules of some styles of a sheet; the same objects in every sheet that has these styles and colours."""
    key = (frozenset(sheet._variables.items()), arguments, *named.items())
    if key not in PARSED:
        PARSED[key] = original_parse_rules(sheet, *arguments, **named)
    return PARSED[key]


def parse_once(sheet: Stylesheet) -> None:
    """Parse all styles of a sheet, which every app does again with each new kind of widget."""
    key = (frozenset(sheet._variables.items()), *sheet.source.items())
    rules = SHEETS.get(key)
    if rules is None:
        original_parse(sheet)
        if not sheet._invalid_css:
            SHEETS[key] = sheet._rules
        return
    sheet._rules, sheet._rules_map, sheet._require_parse = rules, None, False


def note_rules(node: DOMNode, rules: RulesMap, animate: bool = False) -> None:
    """Replace the styles of a node, as ever, and note what they are. The first ones of a node need no conversion."""
    GIVEN[node] = rules
    base = node.styles.base
    is_first = not base._rules and not node._is_mounted
    _, converted = CONVERTED.get(id(rules), (None, None)) if is_first else (None, None)
    if converted is None:
        replace_rules(node, rules, animate=animate)
        if is_first:
            CONVERTED[id(rules)] = rules, base.get_rules()
    else:
        base.merge_rules(converted)
        node.notify_style_update()


def known_styles(sheet: Stylesheet) -> KnownStyles:
    """What is known of the rules of a sheet."""
    rules = sheet.rules
    known = KNOWN.get(id(rules))
    if known is None:
        known = KNOWN[id(rules)] = KnownStyles(rules)
    return known


def apply_known(sheet: Stylesheet, node: DOMNode, *, animate: bool = False, cache: object = None) -> None:
    """Give a node its styles: those that a node like it, below nodes like those above it, had in any app before."""
    known, path = known_styles(sheet), node.css_path_nodes
    asked = known.asked(node._selector_names)
    key = asked.answers(path)
    rules = asked.given.get(key)
    if rules is None:
        GIVEN.pop(node, None)
        original_apply(sheet, node, animate=animate)
        if node in GIVEN:
            asked.given[key] = GIVEN[node]
        return
    pseudo_classes = asked.pseudo_classes
    node._has_hover_style = "hover" in pseudo_classes
    node._has_focus_within = "focus-within" in pseudo_classes
    node._has_order_style = not pseudo_classes.isdisjoint(ORDERED)
    node._has_odd_or_even = not pseudo_classes.isdisjoint(("odd", "even"))
    if GIVEN.get(node) is rules:
        node.notify_style_update()
    else:
        note_rules(node, rules, animate)
    if node._get_component_classes():
        process_known_parts(sheet, known, node, path)


def process_known_parts(sheet: Stylesheet, known: KnownStyles, node: DOMNode, path: list[DOMNode]) -> None:
    """Give a node the styles of its component classes, unless it has them."""
    classes = node._get_component_classes()
    asked = known.asked({"*", "DOMNode", *(f".{name}" for name in classes)})
    key = (classes, *asked.answers_above(path))
    parts = asked.parts.get(key)
    if parts is None:
        original_process_parts(sheet, node)
        given = {name: styles.base.get_rules() for name, styles in node._component_styles.items()}
        GIVEN_PARTS[node] = asked.parts[key] = given
    elif GIVEN_PARTS.get(node) is not parts:
        before = GIVEN_PARTS.get(node)
        GIVEN_PARTS[node] = parts
        node._component_styles.clear()
        for name, rules in parts.items():
            part = DOMNode(classes=name)
            part._attach(node)
            part.styles.base.merge_rules(rules)
            node._component_styles[name] = part.styles
        if before != parts:
            node.refresh()


def know_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse and apply styles as if all apps were one."""
    monkeypatch.setattr(Stylesheet, "_parse_rules", parse_rules_once)
    monkeypatch.setattr(Stylesheet, "parse", parse_once)
    monkeypatch.setattr(Stylesheet, "apply", apply_known)
    monkeypatch.setattr(Stylesheet, "replace_rules", staticmethod(note_rules))
