"""Encodes an experiment as one short word, to be sent in a chat or written on a blackboard; and reads it again."""

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
MAX_BYTES = 1_000_000  # decompressed, so that a short word cannot fill the memory
_WORD = re.compile(r"tt1-[A-Za-z0-9_-]+")


def is_shared(text: str) -> bool:
    """Return whether ``text`` looks like a shared experiment rather than a path."""
    return _WORD.fullmatch(text.strip()) is not None


def share(experiment: Experiment) -> str:
    """Return the word: the differences from a default experiment, compressed; raise UserError if it is invalid."""
    plain = to_plain(validate(experiment))
    differing = _difference(plain, to_plain(Experiment()))
    packed = zlib.compress(msgspec.json.encode(differing), level=9)
    return PREFIX + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def unshare(word: str) -> Experiment:
    """Return the experiment encoded in ``word``; raise UserError if it is cut, mistyped or something else."""
    text = re.sub(r"\s", "", word)
    if not is_shared(text):
        raise UserError("", f"this is not a shared experiment: it has to begin with {PREFIX}")
    body = text.removeprefix(PREFIX)
    try:
        packed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        reader = zlib.decompressobj()
        data = reader.decompress(packed, MAX_BYTES)
        if not reader.eof or reader.unused_data:
            raise ValueError
        differing = msgspec.json.decode(data)
    except (ValueError, binascii.Error, zlib.error, msgspec.DecodeError, RecursionError):
        raise UserError("", "this shared experiment is cut or mistyped; copy it again, whole") from None
    return from_plain(_merge(to_plain(Experiment()), differing))


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
    """Read an experiment from a file, or from the word it was shared as."""
    return unshare(text) if is_shared(text) else read(confined(text))
