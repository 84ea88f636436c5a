"""How large the package is, how it is divided, and how many files a press of space passes.

    python benchmarks/structure.py [FOLDER]

FOLDER is the checkout to be looked at, this one if left out: so two versions can be compared. Modules are counted
without ``__init__``. The files of a press are those of the package in which a function is called, in the app's process
or in the trainer's, from the key on until the default run has ended and is drawn.
"""

from __future__ import annotations

import ast
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

TABS = ("live", "loss", "data", "landscape", "boundary", "network", "predictions", "summary", "runs", "book")
# Takes down each file of the package in which something is called, once the file "start" is there.
TRACE = """
import os, sys, threading
folder, files = os.environ["TRACED_FILES"], set()
def called(frame, event, argument):
    name = frame.f_code.co_filename
    if event != "call" or "tui_trainer" not in name or name in files:
        return
    if os.path.exists(os.path.join(folder, "start")):
        files.add(name)
        with open(os.path.join(folder, str(os.getpid())), "a") as output:
            print(name, file=output)
threading.setprofile(called)
sys.setprofile(called)
"""
PRESS = """
import asyncio, os
try:
    from tui_trainer.app.app import TrainerApp
    from tui_trainer.experiment.schema import Experiment
except ImportError:  # as the modules were called before
    from tui_trainer.ui.app import TrainerApp
    from tui_trainer.experiment import Experiment

async def press() -> None:
    app = TrainerApp(Experiment())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.state == "ready")
        open(os.path.join(os.environ["TRACED_FILES"], "start"), "w").close()
        await pilot.press("space")
        await until(pilot, lambda: app.screen.state == "finished")
        await pilot.pause(0.5)

async def until(pilot, holds) -> None:
    for _ in range(600):
        await pilot.pause(0.05)
        if holds():
            return
    raise TimeoutError

asyncio.run(press())
"""


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
    package = root / "tui_trainer"
    modules = sorted(path for path in package.rglob("*.py") if path.name != "__init__.py")
    lines = [len(path.read_text(encoding="utf-8").splitlines()) for path in modules]
    largest = modules[lines.index(max(lines))].relative_to(package)
    short = sum(count < 40 for count in lines)
    print(f"modules {len(modules)}, lines {sum(lines):,}, median {statistics.median(lines):.0f}")
    print(f"largest {max(lines)} ({largest}), under 40 lines {short}")
    print(f"longest chain of classes of the package: {class_depth(modules)}")
    for tab in TABS:
        folder = package / "tabs" / tab
        if folder.is_dir():
            print(f"tab {tab}: {len(list(folder.glob('*.py'))) - 1} files in tabs/{tab}")
    passed = files_of_a_press(root)
    engine = sum(name.startswith("engine/") for name in passed)
    print(f"from space to the plot: {len(passed)} files, {engine} of them the engine's")


def class_depth(modules: list[Path]) -> int:
    """The longest line of ancestors among the package's classes, the class itself included."""
    bases: dict[str, set[str]] = defaultdict(set)
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases[node.name] |= {base.id for base in node.bases if isinstance(base, ast.Name)}

    def depth(name: str) -> int:
        return 1 + max((depth(base) for base in bases[name] if base in bases and base != name), default=0)

    return max(map(depth, list(bases)))


def files_of_a_press(root: Path) -> set[str]:
    """Files of the package, relative to it, that a press of space passes."""
    with tempfile.TemporaryDirectory() as folder:
        hook = Path(folder, "hook")
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(TRACE, encoding="utf-8")
        traced = Path(folder, "traced")
        traced.mkdir()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(hook), str(root)]),
            "TRACED_FILES": str(traced),
            "TUI_TRAINER_DATA": str(Path(folder, "data")),
        }
        subprocess.run([sys.executable, "-c", PRESS], env=environment, cwd=folder, check=True)
        names = {name for output in traced.glob("[0-9]*") for name in output.read_text().split("\n") if name}
    package = root / "tui_trainer"
    return {Path(name).relative_to(package).as_posix() for name in names if Path(name).is_relative_to(package)}


if __name__ == "__main__":
    main()
