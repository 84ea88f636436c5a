"""How many threads the linear algebra uses: one for small layers, all for large ones."""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from tui_trainer.engine import Sequential

# Multiplications in the largest product of a step from which all threads are worth waking. Two threads win
# from about 2 million on where the machine is idle, but lose far more than that where it is not.
THREADED_WORK = 8_000_000


def fit_threads(model: Sequential, batch: int) -> int | None:
    """Set the threads for ``model`` and mini-batches of ``batch``; returns the limit, None for all threads."""
    largest = max(kernel.size for kernel in model.parameters.kernels)
    limit = None if largest * batch >= THREADED_WORK else 1
    threadpool_limits(limits=limit, user_api="blas")
    return limit
