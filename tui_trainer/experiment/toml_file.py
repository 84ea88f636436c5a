"""Experiments as TOML: every field is written, so that a file keeps its meaning when a default changes."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomli_w

from tui_trainer.errors import UserError, escaped, quoted
from tui_trainer.files import replace_file

from .schema import Experiment
from .validation import from_plain, to_plain, validate

MAX_BYTES = 1_000_000
_PATH_LENGTH = 200
MAX_PARTS = 32  # of a key with dots; the longest that means something has five
MAX_SPACED = 100  # with blanks around the dots, where it may be a text of short sentences
# One part of a key, bare or in quotes.
_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""


def read(path: str | os.PathLike[str]) -> Experiment:
    """The experiment in a file; ExperimentError says what is wrong with the file or with which field."""
    shown = quoted(os.fspath(path), _PATH_LENGTH)
    try:
        if Path(path).is_dir():
            raise UserError("", f"{shown} is a folder; give the path of a TOML file")
        if not Path(path).is_file():
            raise UserError("", f"there is no file {shown}; check the path")
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise UserError("", f"{shown} is larger than 1 MB; is it an experiment?")
        return loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError("", f"{shown} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise UserError("", f"{shown} can't be read: {error.strerror}") from None


def loads(text: str) -> Experiment:
    """The experiment in a TOML text; ExperimentError names the line or the field that is wrong."""
    try:
        return from_plain(parsed(text))
    except UserError:
        raise
    except (TooDeep, RecursionError):
        raise UserError("", "the TOML is nested too deeply to be an experiment") from None
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(str(error)) from None
    except ValueError:
        # Python refuses to read integers of thousands of digits.
        raise UserError("", "this is not valid TOML: a number has too many digits") from None


def dumps(experiment: Experiment) -> str:
    """The experiment as TOML, such that ``loads(dumps(e)) == e``; ExperimentError where it is not valid."""
    return "\n".join(_sections("", to_plain(validate(experiment))))


def write(experiment: Experiment, path: str | os.PathLike[str]) -> None:
    """Write the file whole or not at all: whoever reads at any moment sees the old text or the new.

    Raises ExperimentError where the experiment is not valid or the file can't be written.
    """
    content = dumps(experiment).encode()
    shown = quoted(os.fspath(path), _PATH_LENGTH)
    try:
        # A link stays a link: the file it points to is replaced.
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise UserError("", f"{shown} is a folder; give the path of a TOML file")
        replace_file(target, content, mode=0o666)
    except OSError as error:
        raise UserError("", f"{shown} can't be written: {error.strerror}") from None
    except ValueError as error:
        if isinstance(error, UserError):
            raise
        raise UserError("", f"{shown} is not a path: {error}") from None


def _sections(header: str, table: dict[str, Any]) -> Iterator[str]:
    """The text of a table, then of the tables inside it; tomli_w alone would put layers on one line each."""
    plain = {k: v for k, v in table.items() if v is not None and not _is_nested(v)}
    if plain or header:
        yield (f"{header}\n" if header else "") + tomli_w.dumps(plain)
    prefix = header.strip("[]") + "." if header else ""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _sections(f"[{prefix}{key}]", value)
        elif _is_nested(value):
            for item in value:
                yield from _sections(f"[[{prefix}{key}]]", item)


def _is_nested(value: object) -> bool:
    """A table, or a list of tables that is not empty."""
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _syntax_error(message: str) -> UserError:
    place = re.search(r" \(at (line \d+, column \d+|end of document)\)$", message)
    what = (message[: place.start()] if place else message)[:200]
    shown = escaped(what)
    where = f" at {place[1]}" if place else ""
    return UserError("", f"this is not valid TOML{where}: {shown[:1].lower()}{shown[1:]}")


def _longer_than(parts: int, dot: str) -> re.Pattern[str]:
    """From the beginning of a part only, so that a text without end is looked through once."""
    return re.compile(rf"(?<![A-Za-z0-9_\\-])(?:{_PART}{dot}){{{parts}}}")


_LONG_KEYS = (_longer_than(MAX_PARTS, r"\."), _longer_than(MAX_SPACED, r"[ \t]*+\.[ \t]*+"))


class TooDeep(ValueError):
    """Tables in tables in tables: no text of ours."""


def parsed(text: str) -> dict[str, Any]:
    """The tables of a TOML text; tomllib.TOMLDecodeError, TooDeep, or ValueError for a number of too many digits.

    tomllib's time grows with the square of the parts of a key: a file of a megabyte would keep it for an hour.
    """
    if any(one.search(text) for one in _LONG_KEYS):
        raise TooDeep
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TooDeep from None
