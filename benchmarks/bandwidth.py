"""How many bytes a second does the screen take while a network trains at full speed?

Usage: python benchmarks/bandwidth.py
"""

from __future__ import annotations

import time

from pty_app import open_app

SECONDS = 10
MARK = 30_000  # bytes a second


def main() -> None:
    """Print bytes a second on a pseudo-terminal of 120x40, the Loss tab live."""
    app = open_app()
    try:
        idle = len(app.read(2.0)) / 2.0
        app.press(b" ")
        app.read(1.0)
        for second in range(0, SECONDS, 2):
            started = time.perf_counter()
            size = len(app.read(2.0))
            print(f"{second:>3} s   {size / (time.perf_counter() - started):>9,.0f} bytes/s")
        started = time.perf_counter()
        size = len(app.read(SECONDS))
        rate = size / (time.perf_counter() - started)
    finally:
        app.close()
    print(f"idle   {idle:>9,.0f} bytes/s")
    print(f"mean   {rate:>9,.0f} bytes/s: {rate / MARK:.2f} of the mark of {MARK:,}")


if __name__ == "__main__":
    main()
