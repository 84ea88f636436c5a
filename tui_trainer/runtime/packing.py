"""Named arrays as bytes and back: safetensors, which holds numbers and nothing that could be run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    except SafetensorError as error:
        raise StoreError(f"A saved run is damaged: {error}.") from error
