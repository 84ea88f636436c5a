"""Read config.toml: what is right in it counts, what is wrong is told, and neither stops the app."""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from tui_trainer.experiment.toml_file import TooDeep, parsed

from .errors import escaped, meant, quoted
from .files import DATA_VARIABLE, read_plain, replace_file, user_folder

MAX_BYTES = 100_000
KEYS = "keys"
SWITCHES = ("reduced_motion", "title", "mouse")
WRITTEN = 'expected keys in quotes, as "f5" or "x,delete"'
MAX_WORDS = 4
SHOWN = 200  # characters of a path
CONFIG_VARIABLE = "TUI_TRAINER_CONFIG"
CONFIG, MEMORY = "config.toml", "remembered.json"
MAX_REMEMBERED_BYTES = 10_000
Markers = Literal["braille", "block", "ascii"]
Notify = Literal["none", "bell", "desktop"]


@dataclass(frozen=True, slots=True)
class Config:
    """A config file: its right values by setting, and a sentence for each wrong one. ``lines`` is where each stands.

    ``values["keys"]`` are texts, not looked at any further: which keys there are, the app knows.
    """

    path: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)

    def complaint(self, name: str, reason: str) -> str:
        """What is wrong with a setting, with the place in the file; of a table's entry ``name`` is table.entry."""
        line = self.lines.get(name)
        return f"{escaped(self.path.name)}{'' if line is None else f', line {line}'}: {escaped(name)}: {reason}"


def read_config(path: Path, themes: Collection[str], named: bool = False) -> Config:
    """The file at ``path``, with ``themes`` those there are.

    One that is missing is as good as an empty one, unless the user ``named`` it.
    """
    try:
        text = _text(path)
        data = parsed(text)
    except FileNotFoundError:
        return Config(path, complaints=(f"There is no file {quoted(str(path), SHOWN)}.",) if named else ())
    except OSError as error:
        return Config(path, complaints=(f"{quoted(str(path), SHOWN)} can't be read: {error.strerror or error}.",))
    except ValueError as error:
        return Config(path, complaints=(f"{escaped(path.name)} is not read: {_what_is_wrong(error)}.",))
    values, complaints = {}, []
    found = Config(path, lines=dict(_lines(text)))
    for name, value in data.items():
        if reason := _reason(name, value, themes):
            complaints.append(found.complaint(name, reason))
        elif name == KEYS:
            values[KEYS] = {action: keys for action, keys in value.items() if isinstance(keys, str)}
            wrong = [action for action in value if action not in values[KEYS]]
            complaints += [found.complaint(f"{KEYS}.{one}", f"{WRITTEN}, got {_got(value[one])}") for one in wrong]
        else:
            values[name] = value
    return replace(found, values=values, complaints=tuple(complaints))


def _text(path: Path) -> str:
    """The text of a file; ValueError where it is no small text, OSError where it can't be read."""
    content = read_plain(path, MAX_BYTES)
    if len(content) > MAX_BYTES:
        raise ValueError("it is larger than 100 KB")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8; save it as UTF-8") from None


def _what_is_wrong(error: ValueError) -> str:
    if isinstance(error, TooDeep):
        return "it is nested too deeply"
    text = escaped(str(error))[:SHOWN]
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"this is not valid TOML: {text[:1].lower()}{text[1:]}"
    return "a number has too many digits" if "digits" in text else text


def _reason(name: str, value: object, themes: Collection[str]) -> str:
    """What is wrong with a setting; empty where nothing is."""
    words = {"theme": tuple(themes), "markers": get_args(Markers), "notify": get_args(Notify)}
    if name in words:
        if value in words[name]:
            return ""
        near = meant(value, words[name]) if isinstance(value, str) else ""
        return f"expected one of: {_listed(words[name])}, got {_got(value)}{near}"
    if name in SWITCHES:
        return "" if isinstance(value, bool) else f"expected true or false, got {_got(value)}"
    if name == KEYS:
        return "" if isinstance(value, dict) else f"expected a table, [keys], got {_got(value)}"
    known = (*words, *SWITCHES, KEYS)
    return f"there is no such setting{meant(name, known)}; there are: {', '.join(known)}"


def _listed(words: Sequence[str]) -> str:
    more = "" if len(words) <= MAX_WORDS else " and more (tui-trainer settings)"
    return ", ".join(words[:MAX_WORDS]) + more


def _got(value: object) -> str:
    """A value as the file has it, short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int | float):
        return escaped(str(value))[:SHOWN]
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a date or time"


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """The line of each setting that stands on one of its own; of those in a table with the name table.name."""
    table = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if header := re.match(r"\s*\[\s*([\w-]+)\s*\]", line):
            table = f"{header[1]}."
            yield header[1], number
        elif entry := re.match(r"""\s*(["']?)([\w.-]+)\1\s*=""", line):
            yield table + entry[2], number


def config_path() -> Path:
    """The user's config file, whether it is there or not.

    Whoever is confined to a folder has their runs there, and so the variable set: the config is theirs to write too.
    """
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    if data := os.environ.get(DATA_VARIABLE):
        return Path(data) / CONFIG
    return Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")) / "tui-trainer" / CONFIG


def memory_path() -> Path:
    """The file of what the app remembers, beside the runs."""
    return user_folder() / MEMORY


class RememberedChoices(msgspec.Struct, omit_defaults=True):
    """What was chosen last; None where nothing was."""

    theme: str | None = None
    markers: Markers | None = None


class RememberedSettings:
    """The file at ``path``. Missing, damaged or not to be written is no error: then nothing is remembered."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self) -> RememberedChoices:
        """What was chosen last."""
        try:
            return msgspec.json.decode(read_plain(self._path, MAX_REMEMBERED_BYTES), type=RememberedChoices)
        except (OSError, ValueError, RecursionError):
            return RememberedChoices()

    def keep_theme(self, name: str) -> None:
        """Remember a theme."""
        self._write(msgspec.structs.replace(self.recall(), theme=name))

    def keep_markers(self, markers: Markers) -> None:
        """Remember what plots are drawn with."""
        self._write(msgspec.structs.replace(self.recall(), markers=markers))

    def _write(self, choices: RememberedChoices) -> None:
        """Whole or not at all; what another window has chosen of the other kind is kept, as it was read just now."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, msgspec.json.encode(choices))


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings in force. ``theme`` empty and ``markers`` None: what the app and each plot usually have.

    ``keys`` has keys by the name of what they do, as written: "key,key".
    """

    theme: str = ""
    markers: Markers | None = None
    reduced_motion: bool = False
    notify: Notify = "none"
    title: bool = True
    mouse: bool = True
    keys: Mapping[str, str] = field(default_factory=dict)
