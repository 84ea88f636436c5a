"""Memory and processors: how much of them there is, and memory that is given back."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable, Iterator
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

    @contextlib.contextmanager
    def one_heap() -> Iterator[None]:
        """Do nothing: there is one heap for all threads."""
        yield

else:
    import resource

    _ARENA_MAX = -8  # glibc's M_ARENA_MAX

    def free_bytes() -> int | None:
        """Return the memory that is available without swapping; None if the system does not say."""
        limits = [value for value in (_from_meminfo(), _from_cgroup()) if value is not None]
        if limits:
            return min(limits)
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, ValueError, OSError):
            return None

    def _from_meminfo() -> int | None:
        try:
            lines = Path("/proc/meminfo").read_text().splitlines()
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

    def left_of_limit() -> int | None:
        """Return what is left of this process's limit of address space; None if there is no limit."""
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit == resource.RLIM_INFINITY:
            return None
        try:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return limit
        return max(0, limit - pages * resource.getpagesize())

    def usable_cores() -> int:
        """Return how many cores this process may use."""
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    @contextlib.contextmanager
    def one_heap() -> Iterator[None]:
        """Let the threads that are started in the block share one heap, and give back what is free in it at the end.

        Otherwise glibc keeps what each thread has freed, more than a large table needs. Other libraries do without.
        """
        if (set_option := _glibc("mallopt")) is not None:
            set_option(_ARENA_MAX, 1)
        try:
            yield
        finally:
            if (give_back := _glibc("malloc_trim")) is not None:
                give_back(0)

    def _glibc(name: str) -> Callable[..., int] | None:
        try:
            return getattr(ctypes.CDLL(None), name, None)
        except OSError:
            return None
