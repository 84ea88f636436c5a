"""Sessions that the tests of the landscape look at."""

from __future__ import annotations

from pathlib import Path

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import read
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.landscape.compute import LandscapeCompute
from tui_trainer.tabs.landscape.messages import Landscape, WatchLandscape
from tui_trainer.training.session import Session

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PERCEPTRON = read(EXAMPLES / "perceptron.toml")  # price = w rooms
WITH_BIAS = with_field(PERCEPTRON, "model.output.use_bias", True)
IRIS = read(EXAMPLES / "iris.toml")


def session_of(experiment: Experiment, steps: int = 0, **changes: object) -> Session:
    """A session some steps on; ``changes`` are fields with two underscores for each dot."""
    for path, value in changes.items():
        experiment = with_field(experiment, path.replace("__", "."), value)
    session = Session()
    session.load(experiment)
    for _ in range(steps):
        session.step()
    return session


def see(session: Session, columns: int = 60, rows: int = 40, **request: object) -> Landscape:
    """What a fresh look shows."""
    content = LandscapeCompute(TrainerContext(session)).compute(WatchLandscape(columns, rows, **request))  # type: ignore[arg-type]
    assert isinstance(content, Landscape)
    return content
