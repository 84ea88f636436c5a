"""Names and tags that users give to runs: plain text of a bounded length, and never a path."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST_NAME = 60
LONGEST_TAG = 24
MOST_TAGS = 12


class LabelError(ValueError):
    """A name or tag that can't be; the sentence says why."""


def clean_name(text: str) -> str:
    """``text`` as a name, spaces in a row made one; LabelError where that is nothing, or too long."""
    name = " ".join(_printable(text).split())
    if not name:
        raise LabelError("A run needs a name of at least one character.")
    if len(name) > LONGEST_NAME:
        raise LabelError(f"A name has at most {LONGEST_NAME} characters; this one has {len(name)}.")
    return name


def clean_tags(text: str) -> tuple[str, ...]:
    """The tags in a line, with spaces or commas between them, each once; LabelError where one is too long."""
    return tuple(dict.fromkeys(map(clean_tag, text.replace(",", " ").split())))


def clean_tag(text: str) -> str:
    """``text`` as one tag; LabelError where it is empty, too long, or of several words."""
    tag = _printable(text).removeprefix("#")
    if not tag or any(char.isspace() or char == "," for char in tag):
        raise LabelError("A tag is one word.")
    if len(tag) > LONGEST_TAG:
        raise LabelError(f"A tag has at most {LONGEST_TAG} characters; {tag[:LONGEST_TAG]}… has {len(tag)}.")
    return tag


def edited(tags: str, add: Iterable[str], remove: Iterable[str]) -> str:
    """The tags of a run, with spaces between them, after some are added and some removed; LabelError for too many."""
    gone = {tag.casefold() for tag in remove}
    kept = {tag.casefold(): tag for tag in tags.split() if tag.casefold() not in gone}
    for tag in add:
        kept.setdefault(tag.casefold(), tag)
    if len(kept) > MOST_TAGS:
        raise LabelError(f"A run has at most {MOST_TAGS} tags.")
    return " ".join(kept.values())


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())
