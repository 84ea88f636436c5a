"""Encodes an experiment as a share code, short enough for a chat or a blackboard, and decodes it."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Any

import msgspec

from tui_trainer.errors import UserError
from tui_trainer.files import confined

from .schema import Experiment
from .toml_file import read
from .validation import from_plain, to_plain, validate

PREFIX = "tt1-"  # 1 is the version of the encoding
MAX_BYTES = 1_000_000  # decompressed, so that a short code cannot fill the memory
_WORD = re.compile(r"tt1-[A-Za-z0-9_-]+")


def is_shared(text: str) -> bool:
    """Return whether ``text`` looks like a share code rather than a path."""
    return _WORD.fullmatch(text.strip()) is not None


def share(experiment: Experiment) -> str:
    """Return the share code: the differences from a default experiment, compressed; raise UserError if invalid."""
    plain = to_plain(validate(experiment))
    differing = _difference(plain, to_plain(Experiment()))
    packed = zlib.compress(msgspec.json.encode(differing), level=9)
    return PREFIX + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def unshare(code: str) -> Experiment:
    """Return the experiment encoded in ``code``; raise UserError if it is incomplete, mistyped or something else."""
    text = re.sub(r"\s", "", code)
    if not is_shared(text):
        raise UserError("", f"this is not a share code: it has to begin with {PREFIX}")
    body = text.removeprefix(PREFIX)
    try:
        packed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        reader = zlib.decompressobj()
        data = reader.decompress(packed, MAX_BYTES)
        if not reader.eof or reader.unused_data:
            raise ValueError
        differing = msgspec.json.decode(data)
    except (ValueError, binascii.Error, zlib.error, msgspec.DecodeError, RecursionError):
        raise UserError("", "this share code is incomplete or mistyped; copy all of it again") from None
    try:
        return from_plain(_merge(to_plain(Experiment()), differing))
    except RecursionError:
        raise UserError("", "this share code holds tables nested too deep; copy all of it again") from None


def _difference(value: Any, default: Any) -> Any:
    """Return the entries of a table that differ from ``default``; lists count as one value."""
    return {
        name: _difference(item, default[name])
        if isinstance(item, dict) and isinstance(default.get(name), dict)
        else item
        for name, item in value.items()
        if name not in default or item != default[name]
    }


def _merge(default: Any, differing: Any) -> Any:
    if not (isinstance(default, dict) and isinstance(differing, dict)):
        return differing
    return {**default, **{name: _merge(default.get(name), item) for name, item in differing.items()}}


def read_experiment(text: str) -> Experiment:
    """Read an experiment from a file, or from its share code."""
    return unshare(text) if is_shared(text) else read(confined(text))
