"""The picture of docs/python.md: some of its code, run in Python's own prompt."""

from __future__ import annotations

import code
import contextlib
import io
from collections.abc import Sequence

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text
from taking import Pictures, tidy  # beside this file, and puts this checkout first

WIDTH = 100
LINES = (
    "from tui_trainer import train",
    "run = train('examples/iris.toml', epochs=200)",
    "run",
    "run.best()",
    "run.classes([[5.1, 3.5, 1.4, 0.2], [6.0, 3.0, 5.0, 2.0]])",
    "print(run.summary())",
    "print(run.plot(log=True).text(width=96, height=14))",
)


async def take() -> Sequence[str]:
    """The picture as SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    prompt = code.InteractiveInterpreter()
    for line in LINES:
        console.print(Text(">>> ", "bold"), end="")
        console.print(Syntax(line, "python", theme="monokai", background_color="default"))
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            prompt.runsource(line)
        if output.getvalue():
            console.print(Text(output.getvalue().rstrip("\n")), soft_wrap=True)
    return (tidy(console.export_svg(title="Python", unique_id="python")),)


ALL = (Pictures(("python",), take),)
