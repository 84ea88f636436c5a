"""From a filter to SQL. What was typed is never part of it: all values are parameters."""

from __future__ import annotations

from .expression import All, Any, Comparison, Expression, Not, Word
from .fields import STATE

Parameters = dict[str, str | float]


def condition(expression: Expression) -> tuple[str, Parameters]:
    """An SQL condition on cards, and its parameters; it is 0 or 1, also where a run has no value."""
    parameters: Parameters = {}
    return _condition(expression, parameters), parameters


def _condition(expression: Expression, parameters: Parameters) -> str:
    match expression:
        case All(parts):
            return _joined(" AND ", parts, parameters) if parts else "1"
        case Any(parts):
            return _joined(" OR ", parts, parameters)
        case Not(inner):
            return f"NOT {_condition(inner, parameters)}"
        case Word(text):
            place = _parameter(text.casefold(), parameters)
            return f"(instr(words, {place}) > 0 OR instr({STATE}, {place}) > 0)"
        case Comparison():
            return _comparison(expression, parameters)


def _comparison(comparison: Comparison, parameters: Parameters) -> str:
    field, value = comparison.field, comparison.value
    if not isinstance(value, str):
        return f"coalesce({field.sql} {comparison.operator} {_parameter(value, parameters)}, 0)"
    folded = value.casefold()
    if comparison.operator == "~":
        return f"(instr(fold({field.sql}), {_parameter(folded, parameters)}) > 0)"
    if field.kind == "tag":
        found = f"(instr(' ' || fold(tags) || ' ', {_parameter(f' {folded} ', parameters)}) > 0)"
    elif field.kind == "state":
        found = f"({STATE} LIKE {_parameter(_pattern(folded) + '%', parameters)} ESCAPE '\\')"
    else:
        found = f"(fold({field.sql}) LIKE {_parameter(_pattern(folded), parameters)} ESCAPE '\\')"
    return found if comparison.operator == "=" else f"NOT {found}"


def _joined(word: str, parts: tuple[Expression, ...], parameters: Parameters) -> str:
    return f"({word.join(_condition(part, parameters) for part in parts)})"


def _pattern(text: str) -> str:
    """A pattern of LIKE for a text in which * stands for anything."""
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return text.replace("*", "%")


def _parameter(value: str | float, parameters: Parameters) -> str:
    name = f"value_{len(parameters)}"
    parameters[name] = value
    return f":{name}"
