"""Pictures of the app on an experiment or in a lesson, trained so far and with some keys pressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from taking import ROOT, Pictures, settled, training_screen, until  # beside this file, and puts this checkout first
from textual import events
from textual.pilot import Pilot

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.preferences import Preferences
from tui_trainer.app.screen import MainScreen
from tui_trainer.app.setup.panel import Fold
from tui_trainer.book.library import packaged
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import read
from tui_trainer.settings import Settings
from tui_trainer.tabs.predictions.canvas import CanvasPanel

AWAITED = ("5", "6", "7", "e", "w", "h", "P")  # keys that others follow, which need what is computed for these
MICROSCOPE = (
    ("model.layers", [{"units": 6, "activation": "tanh"}, {"units": 5, "activation": "tanh"}]),
    ("training.optimizer.name", "adam"),
    ("training.learning_rate", 0.02),
)
ENDS = ("finished", "stopped early", "diverged")


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: an experiment, the name of an example, and how far it is trained.

    ``epochs`` are trained with ``e``, one by one; with ``whole`` the run goes on to its end, as with ``space``. With
    ``lesson`` that lesson is loaded first. Then the folds with the fields ``unfolded`` are opened, and the ``keys``
    pressed. ``settings`` are those of a config file. The mouse draws the ``strokes`` over cells of the canvas at last.
    """

    name: str
    example: str = "iris"
    epochs: int = 0
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (120, 40)
    whole: bool = False
    lesson: str = ""
    changes: tuple[tuple[str, object], ...] = ()
    unfolded: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    strokes: tuple[tuple[tuple[int, int], ...], ...] = ()

    def experiment(self) -> Experiment:
        """The experiment, with the changes."""
        experiment = read(ROOT / "examples" / f"{self.example}.toml")
        for path, value in self.changes:
            experiment = with_field(experiment, path, value)
        return experiment


def _lesson(lesson: str, *keys: str, whole: bool = True, epochs: int = 0, size: tuple[int, int] = (120, 40)) -> Shot:
    name = f"lesson_{lesson}" + ("_small" if size[0] < 100 else "")
    return Shot(name, whole=whole, epochs=epochs, keys=keys, lesson=lesson, size=size)


CHURN = (
    ("name", "churn"),
    ("dataset", {"path": "examples/churn.csv", "target": "churn", "missing": "fill", "test_split": 0.2}),
    ("training.class_weight", "balanced"),
    ("training.best_epoch_by", "val_f1"),
)
DIGITS = (
    ("name", "digits"),
    ("dataset", {"name": "digits", "validation_split": 0.25}),
    ("model.layers", [{"units": 32, "activation": "relu"}]),
    ("training.batch_size", 32),
)
A_TWO = ((25, 10), (28, 6), (34, 5), (40, 8), (40, 12), (34, 17), (24, 24), (33, 23), (43, 24))
NORMALIZED = tuple((f"model.layers[{number}].batch_norm", True) for number in range(2))
DEEP = (
    ("model.layers", [{"units": 12, "activation": name} for name in ("tanh", "sigmoid", "sigmoid", "relu")]),
    ("training.optimizer.name", "adam"),
    ("training.learning_rate", 0.01),
)
SHOTS = (
    Shot("live", "spiral", whole=True, keys=("m",)),
    Shot("moment", "spiral", whole=True, keys=("m", *["less_than_sign"] * 85)),
    Shot("boundary", "spiral", whole=True, keys=("4",)),
    Shot("boundary_wide", "spiral", whole=True, keys=("m", "4")),
    Shot("training", epochs=120, keys=("0", "y")),
    Shot("overfit", "iris_overfit", whole=True, keys=("0",)),
    Shot("checkpoint", "iris_overfit", whole=True, keys=("0", "W")),
    Shot("batches", epochs=40, keys=("0", "b"), changes=(("training.batch_size", 5),)),
    Shot("data", "boston_six", keys=("2", "down")),
    Shot("landscape", "perceptron", whole=True, keys=("3",)),
    Shot("network", whole=True, keys=("5",)),
    Shot("microscope", epochs=1, keys=("5", "m", "v", *["right"] * 5), changes=MICROSCOPE),
    Shot("microscope_update", epochs=1, keys=("5", "m", "v", *["right"] * 7), changes=MICROSCOPE, size=(100, 32)),
    Shot("predictions", whole=True, keys=("6",)),
    Shot("predictions_numbers", "boston_six", whole=True, keys=("6",)),
    Shot("thresholds", "iris_overfit", whole=True, keys=("6", "v", "v", "v", "down", "left", "left", "m")),
    Shot("matrix", epochs=3, keys=("6", "enter", "enter", "d", "m")),
    Shot("why", "boston_six", whole=True, keys=("6", "m", "w", "enter")),
    Shot("what_if", epochs=8, keys=("6", "m", "h", "down", "down", "left", *["down"], *["left"] * 5)),
    Shot("pictures", epochs=3, keys=("6", "m", "v", "down"), changes=DIGITS),
    Shot("drawing", epochs=20, keys=("6", "m", "P"), changes=DIGITS, strokes=(A_TWO,)),
    Shot("network_pictures", epochs=6, keys=("5", "m"), changes=DIGITS),
    Shot("summary", "iris_overfit", keys=("7",)),
    Shot("parts", changes=CHURN, keys=("2",), unfolded=("dataset.test_split",)),
    Shot("weights", changes=CHURN, epochs=20, keys=("6",), unfolded=("training.class_weight",)),
    Shot("batch_norm", "spiral", changes=NORMALIZED, epochs=30, keys=("7",), unfolded=("model.layers[0].batch_norm",)),
    Shot("doctor", "iris_overfit", whole=True, keys=("7", "m")),
    Shot("layers", keys=("7", "m", *["e"] * 36), changes=DEEP),
    Shot("book", keys=("9",)),
    Shot("help", keys=("question_mark",)),
    Shot("small", "spiral", whole=True, size=(80, 24)),
    Shot("tiny", epochs=60, keys=("0", "y"), size=(60, 16)),
    Shot("ascii", epochs=60, keys=("0", "y"), size=(80, 24), settings=Settings(markers="ascii")),
    Shot("theme_light", epochs=120, keys=("0", "y"), settings=Settings(theme="light")),
    Shot("theme_high_contrast", whole=True, keys=("5",), settings=Settings(theme="high-contrast")),
    Shot("theme_color_blind", "spiral", whole=True, keys=("4",), settings=Settings(theme="color-blind")),
    _lesson("two_paths"),
    _lesson("many_valleys", whole=False, epochs=1),
    _lesson("adam_numbers", whole=False, epochs=1),
    _lesson("vanishing_gradients"),
    _lesson("scaled_inputs"),
    _lesson("first_weights"),
    _lesson("risks"),
    _lesson("early_stopping"),
    _lesson("l2_by_layer"),
    _lesson("dropped_inputs"),
    _lesson("lab_passengers"),
    _lesson("two_paths", size=(80, 24)),
    _lesson("risks", size=(80, 24)),
    _lesson("first_weights", size=(80, 24)),
    _lesson("early_stopping", size=(80, 24)),
    _lesson("perceptron"),
    _lesson("gradient_descent"),
    _lesson("gradient_descent", size=(80, 24)),
    _lesson("two_parameters"),
    _lesson("universal_approximation"),
    _lesson("activations"),
    _lesson("output_softmax"),
    _lesson("logistic_loss"),
    _lesson("chain_rule", *["right"] * 3, whole=False),
    _lesson("exclusive_or"),
)


async def take(shot: Shot) -> str:
    """The picture as SVG."""
    async with TrainerApp(shot.experiment(), preferences=Preferences(shot.settings)).run_test(size=shot.size) as pilot:
        screen = await training_screen(pilot)
        if shot.lesson:
            await _open_lesson(pilot, screen, shot.lesson)
        if shot.whole:
            await pilot.press("space")
            await until(pilot, lambda: screen.state in ENDS, f"{shot.name}: not finished")
        for epoch in range(1, shot.epochs + 1):
            await pilot.press("e")
            await until(pilot, lambda epoch=epoch: _epoch(screen) == epoch, f"{shot.name}: epoch {epoch}")
        for fold in screen.query(Fold):
            if any(fold.holds(path) for path in shot.unfolded):
                fold.row.action_fold()
        for key in shot.keys:
            await pilot.press(key)
            await (settled(pilot) if key in AWAITED else pilot.pause())
        for stroke in shot.strokes:
            await _drag(pilot, stroke)
        return await settled(pilot)


async def _drag(pilot: Pilot[None], cells: Sequence[tuple[int, int]]) -> None:
    """Press the mouse at the first of some cells of the canvas, and release it at the last."""
    kinds = [events.MouseDown, *[events.MouseMove] * (len(cells) - 1), events.MouseUp]
    for kind, cell in zip(kinds, (*cells, cells[-1]), strict=True):
        await pilot._post_mouse_events([kind], CanvasPanel, cell, button=1)


async def _open_lesson(pilot: Pilot[None], screen: MainScreen, name: str) -> None:
    """Choose a lesson in the Book tab by keys and load it."""
    await pilot.press("9")
    await until(pilot, lambda: screen.tabs.view is not None and screen.tabs.active == "book", "no Book tab")
    names = [lesson.id.partition(":")[2] for lesson in packaged().lessons]
    await pilot.press("home", *["down"] * names.index(name), "enter")
    await until(pilot, lambda: screen.in_lesson and screen.state == "ready", f"{name} was not loaded")


def _epoch(screen: MainScreen) -> int:
    return screen.status.progress.epoch if screen.status.progress else 0


def _pictures(shot: Shot) -> Pictures:
    async def alone() -> Sequence[str]:
        return (await take(shot),)

    return Pictures((shot.name,), alone)


ALL = tuple(_pictures(shot) for shot in SHOTS)
