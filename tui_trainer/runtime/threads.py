"""How many threads the linear algebra uses: one for small layers, all for large ones."""

from __future__ import annotations

from threadpoolctl import threadpool_limits

# Below this many multiplications a step, waking a second thread costs more than it gives.
THREADED_WORK = 20_000_000


def fit_threads(parameters: int, batch: int) -> int | None:
    """Set the threads for a model of that many parameters and that batch size; returns the limit, or None."""
    limit = None if parameters * batch >= THREADED_WORK else 1
    threadpool_limits(limits=limit, user_api="blas")
    return limit
