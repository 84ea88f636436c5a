"""Bold, italic and code in the text of a lesson, as CommonMark has them; links, pictures and HTML stay text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from textual.content import Content

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

STYLES = {"strong": "bold", "em": "italic"}
CODE = "$text-accent"
SIGNS = frozenset("*_`\\")  # a text without them has no mark-up


def styled(text: str) -> Content:
    """Return one paragraph of Markdown, its words styled and its signs taken out; ``text`` has to be printable."""
    if SIGNS.isdisjoint(text):
        return Content(text)
    parts: list[tuple[str, str]] = []
    open_styles: list[str] = []
    for token in _parser().parseInline(text)[0].children or ():
        kind, _, change = token.type.rpartition("_")
        if change == "open":
            open_styles.append(STYLES[kind])
        elif change == "close":
            open_styles.pop()
        elif token.content:
            parts.append((token.content, " ".join([*open_styles, *([CODE] if kind == "code" else [])])))
    return Content.assemble(*parts)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # not before a text has mark-up

    return MarkdownIt("zero").enable(["emphasis", "backticks", "escape"])
