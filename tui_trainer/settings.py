"""The user's settings: a config file of their own, and the choices that the app remembers.

A mistake in config.toml is reported and skipped; the rest of the file counts. Neither file can stop the app. Both are
in the user's config folder, or beside the runs if these have a folder of their own.
"""

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

from tui_trainer.experiment.toml_file import TooDeep, parse_toml

from .errors import escaped, quoted, suggestion
from .files import DATA_VARIABLE, read_plain, replace_file, user_folder
from .pace import PACE_NAMES, PaceName

CONFIG_VARIABLE = "TUI_TRAINER_CONFIG"
CONFIG, MEMORY = "config.toml", "remembered.json"
MAX_BYTES, MAX_REMEMBERED_BYTES = 100_000, 10_000
KEYS = "keys"
SWITCHES = ("reduced_motion", "title", "mouse")
MOMENTS_MEMORY, MAX_MOMENTS_MEMORY = "moments_memory", 4096  # megabytes
WRITTEN = 'expected keys in quotes, as "f5" or "x,delete"'
MAX_WORDS = 4  # in a list of choices
MAX_QUOTED = 200  # characters of a path or value
MAX_NAME = 60  # characters of a setting's name in a message
MAX_BITS = 128  # of a number in a message
Markers = Literal["braille", "block", "ascii"]
Notify = Literal["none", "bell", "desktop"]
CoachMode = Literal["first", "always", "offers", "never"]
Matrix = Literal["counts", "recall", "precision"]  # of a confusion matrix: counts, shares by row, shares by column


@dataclass(frozen=True, slots=True)
class Config:
    """A config file: its valid values by setting, a sentence for each wrong one, and the line of each setting.

    ``values["keys"]`` are unchecked texts, since only the app knows which keys there are.
    """

    path: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)

    def complaint(self, name: str, reason: str) -> str:
        """Return a sentence on a wrong setting, with its line in the file; ``name`` may be table.entry."""
        line = self.lines.get(name)
        shown = escaped(name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…")
        return f"{escaped(self.path.name)}{'' if line is None else f', line {line}'}: {shown}: {reason}"


def read_config(path: Path, themes: Collection[str], named: bool = False) -> Config:
    """Read the file at ``path``; ``themes`` are the available ones.

    A missing file is the same as an empty one, unless the user ``named`` it.
    """
    try:
        text = _text(path)
        data = parse_toml(text)
    except FileNotFoundError:
        return Config(path, complaints=(f"There is no file {quoted(str(path), MAX_QUOTED)}.",) if named else ())
    except OSError as error:
        return Config(path, complaints=(f"{quoted(str(path), MAX_QUOTED)} can't be read: {error.strerror or error}.",))
    except ValueError as error:
        return Config(path, complaints=(f"{escaped(path.name)} is ignored: {_what_is_wrong(error)}.",))
    values, complaints = {}, []
    config = Config(path, lines=dict(_lines(text)))
    for name, value in data.items():
        if reason := _reason(name, value, themes):
            complaints.append(config.complaint(name, reason))
        elif name == KEYS:
            values[KEYS] = {action: keys for action, keys in value.items() if isinstance(keys, str)}
            invalid = [action for action in value if action not in values[KEYS]]
            complaints += [
                config.complaint(f"{KEYS}.{action}", f"{WRITTEN}, got {_got(value[action])}") for action in invalid
            ]
        else:
            values[name] = value
    return replace(config, values=values, complaints=tuple(complaints))


def _text(path: Path) -> str:
    """Return the text of a file; raise ValueError if it is too large or not text, OSError if unreadable."""
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
    text = escaped(str(error))[:MAX_QUOTED]
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"this is not valid TOML: {text[:1].lower()}{text[1:]}"
    return "a number has too many digits" if "digits" in text else text


def _reason(name: str, value: object, themes: Collection[str]) -> str:
    """Return what is wrong with a setting; empty if nothing is."""
    words = {
        "theme": tuple(themes),
        "markers": get_args(Markers),
        "pace": PACE_NAMES,
        "notify": get_args(Notify),
        "coach": get_args(CoachMode),
        "matrix": get_args(Matrix),
    }
    if name in words:
        if value in words[name]:
            return ""
        hint = suggestion(value, words[name]) if isinstance(value, str) else ""
        return f"expected one of: {_listed(words[name])}, got {_got(value)}{hint}"
    if name in SWITCHES:
        return "" if isinstance(value, bool) else f"expected true or false, got {_got(value)}"
    if name == MOMENTS_MEMORY:
        fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_MOMENTS_MEMORY
        return "" if fits else f"expected megabytes from 0 to {MAX_MOMENTS_MEMORY}, got {_got(value)}"
    if name == KEYS:
        return "" if isinstance(value, dict) else f"expected a table, [keys], got {_got(value)}"
    names = (*words, *SWITCHES, MOMENTS_MEMORY, KEYS)
    return f"there is no such setting{suggestion(name, names)}; there are: {', '.join(names)}"


def _listed(words: Sequence[str]) -> str:
    more = "" if len(words) <= MAX_WORDS else " and more (tui-trainer settings)"
    return ", ".join(words[:MAX_WORDS]) + more


def _got(value: object) -> str:
    """Return a value as written in the file, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return "a number with too many digits"  # which Python refuses to write
    if isinstance(value, int | float):
        return escaped(str(value))[:MAX_QUOTED]
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a date or time"


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield each setting and its line number; a table entry as table.entry. Only settings on their own line count."""
    table = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if header := re.match(r"\s*\[\s*([\w-]+)\s*\]", line):
            table = f"{header[1]}."
            yield header[1], number
        elif entry := re.match(r"""\s*(["']?)([\w.-]+)\1\s*=""", line):
            yield table + entry[2], number


def config_path() -> Path:
    """Return the path of the user's config file, which may not exist.

    A user who is confined to a folder has their runs there, so DATA_VARIABLE is set, and the config is beside them.
    """
    if path := os.environ.get(CONFIG_VARIABLE):
        return Path(path)
    if data := os.environ.get(DATA_VARIABLE):
        return Path(data) / CONFIG
    return Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")) / "tui-trainer" / CONFIG


def memory_path() -> Path:
    """Return the path of the remembered choices, beside the runs."""
    return user_folder() / MEMORY


class RememberedChoices(msgspec.Struct, omit_defaults=True):
    """The choices made last; None if there were none."""

    theme: str | None = None
    markers: Markers | None = None
    pace: PaceName | None = None
    coach: CoachMode | None = None
    matrix: Matrix | None = None


class RememberedSettings:
    """The remembered choices in a file. If it is missing, damaged or not writable, nothing is remembered."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self) -> RememberedChoices:
        """Return the choices made last."""
        try:
            return msgspec.json.decode(read_plain(self._path, MAX_REMEMBERED_BYTES), type=RememberedChoices)
        except (OSError, ValueError, RecursionError):
            return RememberedChoices()

    def keep_theme(self, name: str) -> None:
        """Remember a theme."""
        self._write(msgspec.structs.replace(self.recall(), theme=name))

    def keep_markers(self, markers: Markers) -> None:
        """Remember the markers of plots."""
        self._write(msgspec.structs.replace(self.recall(), markers=markers))

    def keep_pace(self, name: PaceName) -> None:
        """Remember the pace of training."""
        self._write(msgspec.structs.replace(self.recall(), pace=name))

    def keep_coach(self, mode: CoachMode) -> None:
        """Remember when the coach strip is shown."""
        self._write(msgspec.structs.replace(self.recall(), coach=mode))

    def keep_matrix(self, matrix: Matrix) -> None:
        """Remember what the confusion matrix holds."""
        self._write(msgspec.structs.replace(self.recall(), matrix=matrix))

    def _write(self, choices: RememberedChoices) -> None:
        """Write the file atomically; choices just made in another window are kept, as they were read again."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, msgspec.json.encode(choices))


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in effect.

    An empty ``theme`` and ``markers`` of None are the defaults of the app and of each plot. ``keys`` maps the name of
    an action to its keys, as written: "key,key". A program that makes the app itself has it at full speed, and without
    the coach strip: that is there at the ``first`` steps, ``always``, for ``offers`` to go on alone, or ``never``.
    The earlier moments of a run take at most ``moments_memory`` megabytes.
    """

    theme: str = ""
    markers: Markers | None = None
    pace: PaceName = "full"
    coach: CoachMode = "never"
    matrix: Matrix = "counts"
    reduced_motion: bool = False
    notify: Notify = "none"
    title: bool = True
    mouse: bool = True
    moments_memory: int = 16
    keys: Mapping[str, str] = field(default_factory=dict)
