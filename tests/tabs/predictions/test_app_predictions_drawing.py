"""Drawing in the app: by mouse and by keys, in all rooms and with all data, and what is recognised at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from test_app_predictions import NARROW, opened, view_of

from tui_trainer.api import Run
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.protocol import unpack
from tui_trainer.tabs.predictions.canvas import CanvasPanel
from tui_trainer.tabs.predictions.messages import ClassPredictions, Recognition
from tui_trainer.training.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from running_app import Flow, Start

DIGITS = Experiment(dataset=DatasetConfig("digits"))
LEFT, RIGHT, MOVED = 0, 2, 32  # buttons, and that they are held while the mouse moves, as terminals send them


def recognition_of(flow: Flow) -> Recognition:
    content = flow.contents("predictions")[-1]
    assert isinstance(content, Recognition)
    return content


def features_of(flow: Flow) -> np.ndarray:
    """What the network sees of the drawing."""
    return unpack(view_of(flow)._board.features)


def chosen_rank(flow: Flow) -> int | None:
    content = flow.contents("predictions")[-1]
    return content.chosen.rank if isinstance(content, ClassPredictions) and content.chosen is not None else None


async def opened_canvas(flow: Flow) -> CanvasPanel:
    await opened(flow)
    await flow.press("P")
    canvas = view_of(flow).query_one(CanvasPanel)
    await flow.until(lambda: canvas.display and canvas._drawing.levels.size, "the canvas")
    await flow.until(lambda: "Nothing is drawn yet" in flow.screen_text(), "what to do")
    return canvas


async def drag(flow: Flow, canvas: CanvasPanel, *cells: tuple[int, int], button: int = LEFT) -> None:
    """Press a button at the first of some cells of the picture, hold it over all of them, and release it."""
    layout, (left, top) = canvas._layout, canvas.region.offset

    def sent(code: int, cell: tuple[int, int], end: str) -> str:
        return f"\x1b[<{code};{left + 2 + cell[0]};{top + layout.top + 1 + cell[1]}{end}"

    flow.write(sent(button, cells[0], "M"))
    begins = layout.holds(1 + cells[0][0], layout.top + cells[0][1])
    if begins:
        await flow.until(lambda: canvas._is_pressed, "the button seen")
    for cell in cells[1:]:
        flow.write(sent(MOVED + button, cell, "M"))
    flow.write(sent(button, cells[-1], "m"))
    await flow.until(lambda: not canvas._is_pressed, "the button released")
    end = layout.point(1 + cells[-1][0], layout.top + cells[-1][1])
    if begins:
        await flow.until(lambda: view_of(flow)._board._cursor == end, "the end of the stroke")


async def until_recognized(flow: Flow, session: Session) -> None:
    """Wait until the outputs of the trainer are those that a session of ours has for the drawing."""

    def are_equal() -> bool:
        content = flow.contents("predictions")[-1]
        expected = Run.of_session(session).predict(features_of(flow)[None])[0]
        return isinstance(content, Recognition) and np.array_equal(unpack(content.outputs), expected)

    await flow.until(are_equal, "the outputs of predict")


def trained(experiment: Experiment, epochs: int) -> Session:
    session = Session()
    session.load(experiment)
    for _ in range(epochs):
        session.epoch()
    return session


@pytest.mark.parametrize("size", [(120, 40), NARROW])
async def test_a_digit_is_drawn_by_mouse_and_recognized_as_predict_does(start: Start, size: tuple[int, int]) -> None:
    session = trained(DIGITS, 3)
    async with start(DIGITS, size) as flow:
        await flow.press(*"eee")
        await flow.until(lambda: flow.progress.epoch == 3, "three epochs")
        canvas = await opened_canvas(flow)
        width, height = canvas._layout.width, canvas._layout.height
        assert width >= 32 and height >= 16, "each pixel is at least 4 cells wide"
        await drag(flow, canvas, *((width // 2, row) for row in range(2, height - 1)))
        await flow.until(lambda: features_of(flow).sum() > 100, "ink")
        await until_recognized(flow, session)
        outputs, predicted = unpack(recognition_of(flow).outputs), int(recognition_of(flow).predicted)
        assert predicted == outputs.argmax()
        await flow.until_shown(f"{predicted}, {outputs[predicted]:.1%}")
        for number, output in enumerate(outputs):
            await flow.until_shown(f"{number} {output:.4f}")
        await flow.until_shown("what the network sees")
        before = features_of(flow)
        await drag(flow, canvas, *((column, height // 2) for column in range(width)), button=RIGHT)
        await flow.until(lambda: features_of(flow).sum() < before.sum(), "less ink, by the right button")
        await flow.press("u")
        await flow.until(lambda: np.array_equal(features_of(flow), before), "the stroke of the eraser undone")
        await drag(flow, canvas, (width + 5, 3), (3, 3))
        await drag(flow, canvas, (2, 2), (width + 5, 2), (2, height + 1))
        await flow.until(lambda: features_of(flow).sum() > before.sum(), "a stroke that leaves the canvas")
        assert len(view_of(flow)._board._sketch.strokes) == 2, "none begins beside it"
        await until_recognized(flow, session)
        await flow.press("P")
        await flow.until(lambda: isinstance(flow.contents("predictions")[-1], ClassPredictions), "back")
        assert view_of(flow).panel == "overview" and not view_of(flow).in_mode


async def test_no_accuracy_of_before_stands_above_the_canvas_while_training_goes_on(start: Start) -> None:
    async with start(DIGITS) as flow:
        await opened_canvas(flow)
        heading = flow.screen_text()
        await flow.press("e")
        await flow.until(lambda: flow.progress.epoch == 1, "an epoch")
        assert "Drawn by hand" in heading
        assert not any("right" in line and "accuracy" in line for line in flow.screen_text().splitlines())


async def test_a_key_right_after_a_tab_was_opened_for_the_first_time_is_for_its_view(start: Start) -> None:
    async with start(DIGITS) as flow:
        flow.write("6P")
        await flow.until(lambda: flow.screen.tabs.view is not None and flow.screen.tabs.active == "predictions", "6")
        await flow.until(lambda: view_of(flow).panel == "drawing", "P")


async def test_keys_draw_erase_undo_clear_and_begin_on_a_sample(start: Start) -> None:
    session = trained(DIGITS, 1)
    async with start(DIGITS, NARROW) as flow:
        await flow.press("e")
        await flow.until(lambda: flow.progress.epoch == 1, "an epoch")
        await opened_canvas(flow)
        board = view_of(flow)._board
        assert not features_of(flow).any()
        await flow.press("up", "up", "up")
        assert not features_of(flow).any(), "the pen is not down yet"
        await flow.press("enter", *["down"] * 5, "enter")
        drawn = features_of(flow)
        await until_recognized(flow, session)
        await flow.press("down", "left")
        assert np.array_equal(features_of(flow), drawn), "the pen is lifted"
        await flow.press("f")
        await flow.until_said("The network sees the drawing as it is")
        assert not np.array_equal(features_of(flow), drawn)
        await until_recognized(flow, session)
        await flow.press("f", "X")
        assert not features_of(flow).any()
        await flow.press("u")
        assert np.array_equal(features_of(flow), drawn), "what was cleared is back"
        await flow.press("o")
        content = view_of(flow)._picture.content
        assert content is not None and content.chosen is not None
        sample = unpack(content.chosen.features)
        assert np.array_equal(features_of(flow), sample)
        await until_recognized(flow, session)
        await flow.press("f")
        await flow.until_said("What is drawn on a sample stays in its place; X begins on an empty picture.")
        await flow.press("x", *["shift+right"], "x")
        assert features_of(flow).sum() < sample.sum()
        await flow.press("o", "u", "u", "u", "u", "u", "u", "u", "u")
        await flow.until_said("Nothing is left to undo")
        assert not features_of(flow).any() and not board.is_on_sample
        await flow.press("escape")
        await flow.until(lambda: view_of(flow).panel == "overview", "back")
        await flow.press("down")
        await flow.until(lambda: chosen_rank(flow) == 1, "keys choose samples again")


async def test_quick_hands_draw_and_leave(start: Start) -> None:
    """All keys of a burst come before anything that they set off."""
    async with start(DIGITS) as flow:
        await opened(flow)
        flow.write("P\r\x1b[A\x1b[A\x1b[C\rx\x1b[B\x1b[BxuuXoPPhPwPvP\r\x1b[B")
        await flow.until(lambda: view_of(flow).panel == "drawing", "the canvas")
        await flow.until(lambda: isinstance(flow.contents("predictions")[-1], Recognition), "what is recognised")
        await flow.until(lambda: view_of(flow)._board.canvas.tool == "pen", "the pen down")
        await flow.press("escape")
        await flow.until(lambda: isinstance(flow.contents("predictions")[-1], ClassPredictions), "back")


async def test_the_newest_weights_recognize_while_training(start: Start) -> None:
    experiment = with_field(DIGITS, "training.epochs", 2000)
    async with start(experiment) as flow:
        canvas = await opened_canvas(flow)
        await drag(flow, canvas, (20, 3), (20, 24))
        await flow.until(lambda: features_of(flow).any(), "a stroke")
        drawn = features_of(flow)
        await flow.press("space")
        await flow.until_state("running")
        seen = {recognition_of(flow).outputs}

        def are_many() -> bool:
            seen.add(recognition_of(flow).outputs)
            return len(seen) >= 4

        await flow.until(are_many, "other outputs of the same drawing")
        assert np.array_equal(features_of(flow), drawn)
        await flow.press("space")
        await flow.until_state("paused")
        steps = flow.progress.steps
        session = Session()
        session.load(experiment)
        while session.trainer.steps < steps:
            session.step()
        await until_recognized(flow, session)
        await flow.press("r")
        await flow.until_loaded(2)
        assert view_of(flow).panel == "drawing", "the drawing stays"
        await until_recognized(flow, trained(experiment, 0))


@pytest.mark.parametrize("size", [(120, 40), NARROW])
async def test_wide_pictures_with_columns_left_out_and_classes_by_name(
    start: Start, tmp_path: Path, size: tuple[int, int]
) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(1, 256, (60, 28, 28)) * (rng.random((60, 28, 28)) < 0.2)
    pictures[:, :3] = 0  # which is not trained on
    lines = [",".join(("kind", *(f"pixel{number}" for number in range(784))))]
    lines += [",".join((f"kind {k % 3}", *map(str, row.ravel().tolist()))) for k, row in enumerate(pictures)]
    (tmp_path / "wide.csv").write_text("\n".join(lines))
    experiment = Experiment(dataset=DatasetConfig(path=str(tmp_path / "wide.csv"), target="kind"))
    async with start(experiment, size) as flow:
        canvas = await opened_canvas(flow)
        assert canvas._layout.width >= 28
        await drag(flow, canvas, (5, 9), (20, 9), (9, 12))
        await flow.until(lambda: features_of(flow).any() and len(features_of(flow)) == 784 - 3 * 28, "a stroke")
        await until_recognized(flow, trained(experiment, 0))
        await flow.until_shown(f"kind {int(recognition_of(flow).predicted)}, ")


async def test_other_data_are_not_drawn_and_end_it(start: Start) -> None:
    async with start(Experiment()) as flow:
        await opened(flow)
        assert "P draw" not in flow.screen_text()
        await flow.press("P")
        await flow.until_said("Only pictures can be drawn: these columns are not the pixels of one.")
        assert view_of(flow).panel == "overview"
        assert await flow.screen.editor.change_field("dataset.name", "digits")
        await flow.until_loaded(2)
        await flow.until(lambda: "P draw" in flow.screen_text(), "that it can be drawn")
        await flow.press("P")
        await flow.until(lambda: isinstance(flow.contents("predictions")[-1], Recognition), "the canvas")
        assert await flow.screen.editor.change_field("dataset.name", "iris")
        await flow.until(lambda: view_of(flow).panel == "overview", "nothing to draw")
        await flow.until(lambda: isinstance(flow.contents("predictions")[-1], ClassPredictions), "the samples")
