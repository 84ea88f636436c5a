"""Named arrays as bytes and back: safetensors, which holds numbers and nothing that could be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.errors import printable, quoted

from .store_errors import StoreError

Array = NDArray[Any]


def pack(arrays: Mapping[str, Array]) -> bytes:
    """The arrays as one block of bytes."""
    from safetensors.numpy import save  # not before something is saved

    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def unpack(data: bytes) -> dict[str, Array]:
    """The arrays that ``pack`` was given; StoreError where the bytes are damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:  # of a type that NumPy has not, or no bytes
        raise StoreError(f"A saved run is damaged: {printable(str(error))}.") from error


def joined_columns(chunks: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Columns (k,) of doubles by name, from those of each chunk in turn; ValueError where they don't fit together."""
    names = list(chunks[0]) if chunks else []
    for chunk in chunks:
        if set(chunk) != set(names):
            odd = sorted(set(chunk) ^ set(names))[0]
            raise ValueError(f"{quoted(odd)} is in some of them alone")
        shapes = {column.shape for column in chunk.values()}
        if len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
            raise ValueError("the columns have several lengths")
    return {name: np.concatenate([chunk[name] for chunk in chunks]).astype(float) for name in names}
