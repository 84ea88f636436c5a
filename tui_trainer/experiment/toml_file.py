"""Reads and writes experiments as TOML.

Every field is written, so that a file keeps its meaning when a default changes. Parsing takes bounded time.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import tomli_w
from msgspec.structs import replace

from tui_trainer.errors import UserError, escaped, path_in_quotes
from tui_trainer.files import is_file, is_folder, write_output
from tui_trainer.system.files import reason_of

from .schema import DatasetConfig, Experiment
from .validation import from_plain, to_plain, validate

MAX_BYTES = 1_000_000
MAX_PARTS = 32  # of a key with dots; the longest valid one has five
MAX_SPACED = 100  # if there are blanks around the dots, since that may be a text of short sentences
# One part of a key, bare or in quotes.
_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""


def read(path: str | os.PathLike[str]) -> Experiment:
    """Read the experiment in a file; UserError says what is wrong with the file or with which field."""
    shown = path_in_quotes(path)
    try:
        if is_folder(path):
            raise UserError("", f"{shown} is a folder; give the path of a TOML file")
        if not is_file(path):
            raise UserError("", f"there is no file {shown}; check the path")
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise UserError("", f"{shown} is larger than 1 MB; is it an experiment?")
        return _with_found_path(loads(content.decode("utf-8-sig")), Path(path).parent)
    except UnicodeDecodeError as error:
        raise UserError("", f"{shown} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise UserError("", f"{shown} can't be read: {reason_of(error)}") from None


def _with_found_path(experiment: Experiment, folder: Path) -> Experiment:
    """Return the experiment with the paths of its files of data as they are found from here, not from the ``folder``.

    In files of before, paths were relative to where the app was started; they still are where nothing is found.
    """

    def found(path: str | None) -> str | None:
        if path is None or os.path.isabs(path) or path.startswith("~"):
            return path
        there = os.path.normpath(folder / path)
        return there if os.path.lexists(there) else path

    return _with_paths(experiment, found)


def _with_paths(experiment: Experiment, changed: Callable[[str | None], str | None]) -> Experiment:
    """Return the experiment with the paths of its files of data ``changed``."""
    config = experiment.dataset
    paths = changed(config.path), changed(config.test_path)
    if paths == (config.path, config.test_path):
        return experiment
    return replace(experiment, dataset=replace(config, path=paths[0], test_path=paths[1]))


def is_experiment(start: bytes) -> bool:
    """Return whether a file that begins so is one of ours: it is TOML with the tables of an experiment."""
    return re.search(rb"^\s*(?:\[\[?(?:dataset|model|training)\b|name *=)", start, re.MULTILINE) is not None


def with_path_from(experiment: Experiment, folder: Path | None = None) -> Experiment:
    """Return the experiment with the paths of its files of data as they are found from a file in ``folder``.

    Data beside the file keep a relative path, so that both can be moved; any other path is absolute.
    """

    def moved(path: str | None) -> str | None:
        if path is None or path.startswith("~"):
            return path
        found = os.path.abspath(path)
        if folder is not None and Path(found).is_relative_to(base := os.path.abspath(folder)):
            return Path(found).relative_to(base).as_posix()  # the file may be opened on another system
        return found

    return _with_paths(experiment, moved)


def loads(text: str) -> Experiment:
    """Parse an experiment from TOML; UserError names the line or the field that is wrong."""
    try:
        return from_plain(parse_toml(text))
    except UserError:
        raise
    except (TooDeep, RecursionError):
        raise UserError("", "the TOML is nested too deeply to be an experiment") from None
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(str(error)) from None
    except ValueError:
        # Python rejects integers of thousands of digits.
        raise UserError("", "this is not valid TOML: a number has too many digits") from None


def dumps(experiment: Experiment) -> str:
    """Return the experiment as TOML, such that ``loads(dumps(e)) == e``; raise UserError if it is invalid."""
    plain = to_plain(validate(experiment))
    if experiment.dataset.path is not None and experiment.dataset.name == DatasetConfig().name:
        del plain["dataset"]["name"]  # no name of these data, and what it is anyway
    return "\n".join(_sections("", plain))


def write(experiment: Experiment, path: str | os.PathLike[str]) -> None:
    """Write the experiment to a file atomically: a reader sees the old text or the new.

    Raises UserError if the experiment is invalid or the file can't be written.
    """
    content = dumps(with_path_from(experiment, Path(path).parent)).encode()
    shown = path_in_quotes(path)
    try:
        if is_folder(path):
            raise UserError("", f"{shown} is a folder; give the path of a TOML file")
        write_output(Path(path), content)
    except OSError as error:
        raise UserError("", f"{shown} can't be written: {reason_of(error)}") from None
    except ValueError as error:
        if isinstance(error, UserError):
            raise
        raise UserError("", f"{shown} is not a path: {error}") from None


def _sections(header: str, table: dict[str, Any]) -> Iterator[str]:
    """Yield the text of a table, then of the tables inside it; tomli_w alone would put a layer on one line."""
    plain = {k: v for k, v in table.items() if v is not None and not _is_nested(v)}
    if plain or header:
        values = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in plain.items())
        yield (f"{header}\n" if header else "") + _text(values, repr(values))
    prefix = header.strip("[]") + "." if header else ""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _sections(f"[{prefix}{key}]", value)
        elif _is_nested(value):
            for item in value:
                yield from _sections(f"[[{prefix}{key}]]", item)


@lru_cache(maxsize=64)  # experiments that are written one after the other are mostly alike, such as those of a sweep
def _text(values: tuple[tuple[str, object], ...], written: str) -> str:
    """Return the lines of a table's own fields; how they are ``written`` tells apart what is equal, as 0.0 and -0.0."""
    return tomli_w.dumps(dict(values))


def _is_nested(value: object) -> bool:
    """Return whether the value is a table, or a non-empty list of tables."""
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _syntax_error(message: str) -> UserError:
    position = re.search(r" \(at (line \d+, column \d+|end of document)\)$", message)
    what = (message[: position.start()] if position else message)[:200]
    shown = escaped(what)
    where = f" at {position[1]}" if position else ""
    remedy = "; in a path, write / for each \\, or put it into single quotes" if _is_about_backslash(what) else ""
    return UserError("", f"this is not valid TOML{where}: {shown[:1].lower()}{shown[1:]}{remedy}")


def _is_about_backslash(message: str) -> bool:
    r"""Return whether TOML has refused a ``\`` in a string, which a path copied from Windows is full of."""
    return message.startswith(("Unescaped '\\'", "Invalid hex value", "Escaped character"))


def _longer_than(parts: int, dot: str) -> re.Pattern[str]:
    """Return a pattern for keys of more than ``parts`` parts.

    It matches from the beginning of a part only, so that each text is searched once.
    """
    return re.compile(rf"(?<![A-Za-z0-9_\\-])(?:{_PART}{dot}){{{parts}}}")


_LONG_KEYS = (_longer_than(MAX_PARTS, r"\."), _longer_than(MAX_SPACED, r"[ \t]*+\.[ \t]*+"))


class TooDeep(ValueError):
    """Raised for tables nested deeper than any file of this app."""


def parse_toml(text: str) -> dict[str, Any]:
    """Return the tables of a TOML text.

    Raises tomllib.TOMLDecodeError, TooDeep, or ValueError for a number with too many digits. Long keys are rejected
    because tomllib's time grows with the square of the parts of a key: a file of a megabyte would take an hour.
    """
    if any(pattern.search(text) for pattern in _LONG_KEYS):
        raise TooDeep
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TooDeep from None
