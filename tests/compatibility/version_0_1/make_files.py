"""Makes the files of this folder that no hand wrote. It runs on version 0.1 of the program, and on no later one.

In a checkout of that version: ``PYTHONPATH=. python FOLDER/make_files.py FOLDER``.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import numpy as np

FOLDER = Path(sys.argv[1]).resolve()
DATA = Path(tempfile.mkdtemp())
os.environ["TUI_TRAINER_DATA"] = str(DATA)
os.environ["TUI_TRAINER_CONFIG"] = str(FOLDER / "config.toml")

from tui_trainer.runtime.catalogue import Catalogue  # noqa: E402
from tui_trainer.runtime.keeper import Keeper  # noqa: E402
from tui_trainer.runtime.protocol.runs import WatchRuns  # noqa: E402
from tui_trainer.runtime.session import Session  # noqa: E402
from tui_trainer.runtime.store import Store  # noqa: E402
from tui_trainer.settings.memory import Memory  # noqa: E402

from tui_trainer.api import train  # noqa: E402
from tui_trainer.book.checking import Item, Verdict  # noqa: E402
from tui_trainer.book.library import packaged  # noqa: E402
from tui_trainer.book.progress import Progress  # noqa: E402
from tui_trainer.cli import main  # noqa: E402
from tui_trainer.experiment import Experiment, loads, read, share, with_field  # noqa: E402
from tui_trainer.experiment.validation import to_plain  # noqa: E402

OWNER = "4242-0123456789ab"  # of a process that has ended
LONG = read(FOLDER / "experiments" / "flowers.toml")
QUICK = {"training.epochs": 4, "model.layers[0].units": 5}


def changed(name: str, **fields: object) -> Experiment:
    """The usual experiment with other values, dots written as two underscores."""
    experiment = with_field(Experiment(), "name", name)
    for path, value in fields.items():
        experiment = with_field(experiment, path.replace("__", "."), value)
    return experiment


def keep(experiment: Experiment, steps: int = 0, running: bool = False) -> tuple[int, Session]:
    """Train to the end, or for some steps, and save; ``running`` as by a process that was killed."""
    session, keeper = Session(), Keeper(DATA / "runs.sqlite", OWNER)
    session.load(experiment)
    if steps:
        for _ in range(steps):
            session.step()
        if running:
            session.state = "running"
    else:
        session.train()
        session.advance_to_end()
    keeper.save(session)
    run = keeper.run
    keeper.close()
    assert run is not None
    return run, session


def rounding() -> str:
    """How this machine rounds: only where another does the same are the trained weights the same, bit for bit."""
    values = np.random.Generator(np.random.PCG64(0)).normal(size=(64, 64))
    for _ in range(8):
        values = np.tanh(values @ values / 8) + np.exp(-np.abs(values)) - np.log1p(values**2) / np.sqrt(1 + values**2)
    return sha256(values.tobytes()).hexdigest()


def weights(session: Session) -> list[float]:
    """All parameters."""
    return [float(value) for value in session.trainer.model.parameters.flat]


def printed(*words: str) -> str:
    """What a command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        main(list(words))
    return output.getvalue()


finished, _ = keep(changed("a finished run", training__epochs=6))
diverged, _ = keep(changed("too fast", dataset__name="boston", training__learning_rate=50.0, training__epochs=6))
stopped, _ = keep(changed("stopped", training__epochs=50, training__stop_at_loss=0.9))
paused, at_pause = keep(LONG, 57)
killed, _ = keep(with_field(LONG, "name", "killed"), 31, running=True)
gone, _ = keep(changed("deleted", training__epochs=2))
swept = str(FOLDER / "experiments" / "perceptron.toml")
printed("sweep", swept, "--set", "training.learning_rate=1e-6,1e-5,1e-3", "--jobs", "1", "--json")

store = Store(DATA / "runs.sqlite", "")
catalogue = Catalogue(store)
catalogue.rename(diverged, "Zu schnell 🚀")
catalogue.tag((finished, diverged), ("class", "Übung"), ())
catalogue.pin((stopped,), True)
catalogue.delete((gone,))
listed = catalogue.list(WatchRuns(rows=100, sort="run"))
filters = ("state=diverged", "#class", "tag=übung -rocket", "loss<1 or state=cut", "dataset=iris epochs>=6", "sweep-")
columns = {row.run: {name: list(map(float, v)) for name, v in store.epochs(row.run).items()} for row in listed.rows}
texts = dict(store._connection.execute("SELECT id, experiment FROM runs").fetchall())

resumed = Session()
resumed.load(LONG)
resumed.restore(*store.snapshot(paused), "paused")
assert weights(resumed) == weights(at_pause)
resumed.train()
resumed.advance_to_end()
expected = {
    "rounding": rounding(),
    "runs": {
        row.run: {name: getattr(row, name) for name in row.__struct_fields__ if name != "age"} for row in listed.rows
    },
    "filters": {one: [row.run for row in catalogue.list(WatchRuns(one, rows=100, sort="run")).rows] for one in filters},
    "curves": columns,
    "experiments of runs": {run: to_plain(loads(text)) for run, text in texts.items()},
    "resumed": {
        "run": paused,
        "steps": at_pause.steps,
        "weights": weights(at_pause),
        "steps at the end": resumed.steps,
        "weights at the end": weights(resumed),
        "loss at the end": [float(value) for value in resumed.history.columns(0)["loss"]],
    },
}
store.close()
shutil.copy(DATA / "runs.sqlite", FOLDER / "runs.sqlite")

experiments = {path.stem: read(path) for path in sorted((FOLDER / "experiments").iterdir())}
expected["experiments"] = {name: to_plain(one) for name, one in experiments.items()}
expected["words"] = {name: share(one) for name, one in experiments.items()}

memory = Memory(FOLDER / "remembered.json")
memory.keep_theme("high-contrast")
memory.keep_markers("ascii")
first, second = packaged().lessons[:2]
book = Progress(FOLDER / "book.json")
book.record(first, Verdict((Item("question", "done", "Done."),)))
book.record(second, Verdict((Item("question", "open", "Open."),)))
book.open(second)
expected["book"] = {"opened": book.opened, "done": {one.id: sorted(book.done(one)) for one in (first, second)}}

run = train(experiments["flowers"], epochs=8)
run.save(FOLDER / "exported")
expected["exported"] = {
    "weights": [np.asarray(one).tolist() for one in run.weights],
    "history": {name: list(map(float, values)) for name, values in run.history.items()},
    "predictions": np.asarray(run.predict([[1.4, 0.2], [4.7, 1.4], [6.0, 2.5]])).tolist(),
    "state": run.state,
}
settings = printed("settings").replace(str(FOLDER), FOLDER.name)  # where the checkout is does not matter
expected["printed"] = {"keys": printed("keys"), "settings": settings, "sessions": printed("sessions")}
(FOLDER / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n")
shutil.rmtree(DATA)
