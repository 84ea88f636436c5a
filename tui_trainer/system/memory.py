"""Memory and processors: how much of them there is, how many a library may use, and memory that is given back."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

if sys.platform == "win32":
    from ctypes import wintypes

    class _Status(ctypes.Structure):
        _fields_ = (
            ("dwLength", wintypes.DWORD),
            ("dwMemoryLoad", wintypes.DWORD),
            ("ullTotalPhys", ctypes.c_uint64),
            ("ullAvailPhys", ctypes.c_uint64),
            ("ullTotalPageFile", ctypes.c_uint64),
            ("ullAvailPageFile", ctypes.c_uint64),
            ("ullTotalVirtual", ctypes.c_uint64),
            ("ullAvailVirtual", ctypes.c_uint64),
            ("ullAvailExtendedVirtual", ctypes.c_uint64),
        )

    def free_bytes() -> int | None:
        """Return the memory that is available without swapping; None if the system does not say."""
        status = _Status(ctypes.sizeof(_Status))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return None
        return int(min(status.ullAvailPhys, status.ullAvailPageFile))

    def left_of_limit() -> int | None:
        """Return None: processes have no limit of their own."""
        return None

    def usable_cores() -> int:
        """Return how many cores this process may use."""
        return os.cpu_count() or 1

    def limit_accelerate(to_one_thread: bool) -> bool:
        """Return False: there is no Accelerate."""
        return False

    @contextlib.contextmanager
    def one_heap() -> Iterator[None]:
        """Do nothing: there is one heap for all threads."""
        yield

else:
    import resource

    PROC = Path("/proc")  # which macOS lacks, and BSDs have empty
    ACCELERATE = "/System/Library/Frameworks/Accelerate.framework/Accelerate"
    _MANY_THREADS, _ONE_THREAD = 0, 1  # BLAS_THREADING_MULTI_THREADED and _SINGLE_THREADED of Accelerate
    _ARENA_MAX = -8  # glibc's M_ARENA_MAX

    def free_bytes() -> int | None:
        """Return the memory that is available without swapping; None if the system does not say."""
        limits = [value for value in (_from_meminfo(), _from_cgroup(), _from_percentage()) if value is not None]
        if limits:
            return min(limits)
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, ValueError, OSError):
            return None

    def _from_meminfo() -> int | None:
        try:
            lines = (PROC / "meminfo").read_text().splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
        except (OSError, ValueError, IndexError, StopIteration):
            return None

    def _from_cgroup() -> int | None:
        """Return what is left of a container's memory limit."""
        folder = Path("/sys/fs/cgroup")
        try:
            limit = (folder / "memory.max").read_text().strip()
            used = int((folder / "memory.current").read_text())
            return None if limit == "max" else max(int(limit) - used, 0)
        except (OSError, ValueError):
            return None

    def _from_percentage() -> int | None:
        """Return what is free on macOS, which tells it in percent, as its command ``memory_pressure`` does."""
        percentage, size = _number_of_kernel("kern.memorystatus_level", 4), _number_of_kernel("hw.memsize", 8)
        return None if percentage is None or size is None else size * percentage // 100

    def _number_of_kernel(name: str, size: int) -> int | None:
        """Return a number that the kernel keeps in so many bytes; None if it has no such number."""
        if (ask := _function("sysctlbyname")) is None:  # Linux has none
            return None
        value, length = ctypes.create_string_buffer(size), ctypes.c_size_t(size)
        if ask(name.encode(), value, ctypes.byref(length), None, ctypes.c_size_t(0)) or length.value != size:
            return None
        return int.from_bytes(value.raw, sys.byteorder)

    def left_of_limit() -> int | None:
        """Return what is left of this process's limit of address space; None if there is no limit."""
        kind = getattr(resource, "RLIMIT_AS", None)  # OpenBSD has none
        if kind is None or (limit := resource.getrlimit(kind)[0]) == resource.RLIM_INFINITY:
            return None
        try:
            pages = int((PROC / "self/statm").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return limit
        return max(0, limit - pages * resource.getpagesize())

    def usable_cores() -> int:
        """Return how many cores this process may use."""
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def limit_accelerate(to_one_thread: bool) -> bool:
        """Let Accelerate, with which NumPy does linear algebra on macOS, use one thread for the calls of this thread.

        threadpoolctl knows nothing of it. Otherwise it uses as many as it likes. Returns whether it could be told: it
        can from macOS 15 on.
        """
        choose = _function("BLASSetThreading", ACCELERATE)
        return choose is not None and choose(_ONE_THREAD if to_one_thread else _MANY_THREADS) == 0

    @contextlib.contextmanager
    def one_heap() -> Iterator[None]:
        """Let the threads that are started in the block share one heap, and give back what is free in it at the end.

        Otherwise glibc keeps what each thread has freed, more than a large table needs. Other libraries do without.
        """
        if (set_option := _function("mallopt")) is not None:
            set_option(_ARENA_MAX, 1)
        try:
            yield
        finally:
            if (give_back := _function("malloc_trim")) is not None:
                give_back(0)

    @cache
    def _function(name: str, library: str | None = None) -> Callable[..., int] | None:
        """Return a function of a library, or of those that Python is linked with; None if there is none."""
        try:
            return getattr(ctypes.CDLL(library), name, None)
        except OSError:
            return None
