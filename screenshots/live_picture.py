"""The moving picture of the README: a film of the app's first experiment, as ``tui-trainer film`` writes them."""

from __future__ import annotations

from collections.abc import Sequence

from taking import Pictures  # beside this file

from tui_trainer.app.film import moving_svg, take_film
from tui_trainer.app.preferences import Preferences
from tui_trainer.experiment.schema import FIRST_EXPERIMENT
from tui_trainer.pace import WATCH
from tui_trainer.runtime.playback import Playback
from tui_trainer.settings import Settings
from tui_trainer.training.session import Session

NAME = "live_run"
SIZE = (120, 40)
FRAMES = 14
EPOCHS = 600  # by then the border no longer moves much
SECONDS = 11.0


async def take() -> Sequence[str]:
    """The moving picture as SVG."""
    session = Session()
    session.load(FIRST_EXPERIMENT)
    for _ in range(EPOCHS):
        session.epoch()
    preferences = Preferences(Settings(pace=WATCH.name))
    return (
        moving_svg(await take_film(Playback(session), "live", SECONDS, SIZE, preferences, setup=True, frames=FRAMES)),
    )


ALL = (Pictures((NAME,), take),)
