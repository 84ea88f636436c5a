"""How much of a core do the app and its trainer take while nothing happens?

Usage: python benchmarks/idle.py
"""

from __future__ import annotations

from processor_time import children, shares
from pty_app import open_app

SECONDS = 20.0
MARK = 0.01


def main() -> None:
    """Print parts of a core on the first screen, on every tab, and after training was paused."""
    app = open_app()
    worst = 0.0
    try:
        processes = [app.pid, *children(app.pid)]
        for keys, what in ((b"", "first screen"), (b" ", "paused"), (b"3", "tab 3"), (b"5", "tab 5"), (b"6", "tab 6")):
            app.press(keys)
            app.read(1.5)
            if keys == b" ":
                app.press(keys)
                app.read(1.5)
            parts = shares(processes, lambda: app.read(SECONDS))
            worst = max(worst, *parts)
            print(f"{what:<13} app {parts[0]:.2%}   trainer {parts[1]:.2%}", flush=True)
    finally:
        app.close()
    print(f"at most {worst:.2%} of a core, {worst / MARK:.2f} of the mark of {MARK:.0%}")


if __name__ == "__main__":
    main()
