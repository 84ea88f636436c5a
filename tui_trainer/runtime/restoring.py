"""Putting a session where a run was saved: whatever the store holds, it ends there or at the first step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tui_trainer.errors import printable
from tui_trainer.training.series import Array
from tui_trainer.training.session import Session

from .store_errors import StoreError

DAMAGED = (TypeError, IndexError, AttributeError, ArithmeticError, RecursionError, MemoryError)


def restore(
    session: Session, snapshot: Mapping[str, Array], epochs: Mapping[str, Array], state: str, refusal: str
) -> None:
    """``Session.restore``; StoreError, which begins with ``refusal``, where it is another run's snapshot or damaged.

    The session is at its first step then.
    """
    try:
        with np.errstate(all="ignore"):  # what is out of all bounds shows in the training, as nan does
            session.restore(snapshot, epochs, state)
        if not np.isfinite(session.trainer.model.parameters.flat).all():
            raise ValueError("its weights are no finite numbers")
    except (KeyError, ValueError, *DAMAGED) as error:
        session.load(session.requested)
        told = "what was saved is damaged" if isinstance(error, DAMAGED) else printable(str(error))
        raise StoreError(f"{refusal}: {told}.") from error
