"""How many threads the linear algebra uses: one for small layers, as many as there are cores for large ones."""

from __future__ import annotations

from functools import cache

from threadpoolctl import threadpool_info, threadpool_limits

from tui_trainer.engine import Sequential

# Multiplications in the largest product of a step from which all threads are worth waking. Two threads win
# from about 2 million on where the machine is idle, but lose far more than that where it is not.
THREADED_WORK = 8_000_000
MOST_THREADS = 8  # on a machine of many cores, which is a machine of many users


def fit_threads(model: Sequential, batch: int, most: int = MOST_THREADS) -> int:
    """Set the threads, ``most`` at most, for ``model`` and mini-batches of ``batch``; returns how many."""
    all_threads = _all_threads()  # asked before they are limited for the first time
    largest = max(kernel.size for kernel in model.parameters.kernels)
    threads = min(all_threads, most) if largest * batch >= THREADED_WORK else 1
    threadpool_limits(limits=threads, user_api="blas")
    return threads


@cache
def _all_threads() -> int:
    """What the library takes by itself: one a core, or what OMP_NUM_THREADS and the like say."""
    found = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    return min(max(found, default=1), MOST_THREADS)
