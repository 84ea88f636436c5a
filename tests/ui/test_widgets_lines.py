"""The header, and the lines at the bottom: what is trained, where training is, what happened, and its numbers."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Region
from themed_app import ThemedApp

from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig
from tui_trainer.formats import format_clock, format_count
from tui_trainer.plotting.colors import contrast
from tui_trainer.protocol import DatasetView, Loaded, Progress
from tui_trainer.run_state import RUN_STATES, RunState
from tui_trainer.ui.status_lines import (
    BARS,
    CHECK_EVERY,
    CHIPS,
    MAX_SILENT_CHECKS,
    ROLES,
    HeaderLine,
    MessageLine,
    Part,
    StatusLine,
    description,
    progress_bar,
    progress_parts,
    status_parts,
)
from tui_trainer.ui.themes import APP_THEMES

RUNNING = Progress(
    run=1,
    state="running",
    epoch=1234,
    epochs=10000,
    batch=5,
    batches=10,
    steps=12345,
    steps_per_second=23456.7,
    seconds_left=3725.2,
    learning_rate=0.05,
    values={"batch_loss": 0.3, "loss": 0.25, "val_loss": 0.275, "val_accuracy": 0.9666},
)
LONG = "A sentence that goes on and on, " * 5 + "and then ends."


class Host(ThemedApp):
    CSS = "Vertical { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield HeaderLine()
        yield Vertical()
        yield MessageLine()
        yield StatusLine()


def text(app: Host) -> str:
    """The screen as one line of words."""
    strips = app.screen._compositor.render_strips()
    return " ".join(" ".join(strip.text for strip in strips).split())


async def test_a_sentence_is_whole_at_every_width() -> None:
    app = Host()
    async with app.run_test(size=(200, 20)) as pilot:
        line = app.query_one(MessageLine)
        line.show_message(LONG, "error")
        await pilot.pause()
        assert LONG in text(app) and line.size.height == 1 and line.has_class("-error")
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert LONG in text(app) and line.size.height == 4
        line.show_message("Short.", "good")
        await pilot.pause()
        assert line.size.height == 1 and not line.has_class("-error") and "Short." in text(app)
        line.show_message("[red]no markup[/]")
        await pilot.pause()
        assert "[red]no markup[/]" in text(app) and not line.has_class("-good")


@pytest.mark.parametrize(
    ("width", "parts"),
    [
        (120, ("accuracy 96.7%", "loss 0.2500", "val 0.2750", "ρ 0.05", "23k steps/s", "1:02:05 left")),
        (72, ("accuracy 96.7%", "loss 0.2500", "val 0.2750", "ρ 0.05", "1:02:05 left")),
        (46, ("accuracy 96.7%", "loss 0.2500", "val 0.2750")),
        (28, ("loss 0.2500", "val 0.2750")),
    ],
)
async def test_what_matters_most_stays(width: int, parts: tuple[str, ...]) -> None:
    app = Host()
    async with app.run_test(size=(width, 20)) as pilot:
        assert "starting the trainer" in text(app)
        app.query_one(StatusLine).progress = RUNNING
        await pilot.pause()
        assert app.query_one(StatusLine).text.split("   ") == [f" {parts[0]}", *parts[1:]]


@pytest.mark.parametrize("state", RUN_STATES)
async def test_every_state_has_its_sign_and_those_that_end_a_run_a_word(state: RunState) -> None:
    app = Host()
    async with app.run_test(size=(120, 20)) as pilot:
        progress = replace(RUNNING, state=state, values={"batch_loss": float("nan")})
        app.query_one(HeaderLine).progress = app.query_one(StatusLine).progress = progress
        await pilot.pause()
        header = app.query_one(HeaderLine).text
        ended = "" if state in ("running", "ready", "paused") else f" {state}"
        assert f"{RUN_STATES[state].sign} epoch 1,234/10,000{ended} ━╸──────────" in header
        assert header in app.screen._compositor.render_strips()[0].text
        assert "batch loss nan" in text(app)
        [sign, *_] = progress_parts(progress, 0)
        is_bad, is_good = RUN_STATES[state].role == "bad", state in ("running", "finished", "stopped early")
        assert sign.role == ("bad" if is_bad else "good" if is_good else "text")


@pytest.mark.parametrize(
    ("width", "left", "bar"),
    [
        (120, " ◆ tui-trainer   spiral · 2-8-8-1 tanh · adam ", 12),
        (92, " ◆ tui-trainer   spiral · 2-8-8-1 tanh ", 12),
        (84, " ◆ tui-trainer   spiral · 2-8-8-1 ", 12),
        (70, " ◆   spiral · 2-8-8-1 ", 12),
        (60, " ◆   spiral · 2-8-8-1 ", 6),
        (40, " ◆  ", 0),
    ],
)
async def test_the_header_is_cut_where_it_is_narrow_and_the_pace_stays(width: int, left: str, bar: int) -> None:
    app = Host()
    async with app.run_test(size=(width, 20)) as pilot:
        header = app.query_one(HeaderLine)
        header.run, header.pace, header.progress = ("spiral", "2-8-8-1", "tanh", "adam"), "watch", RUNNING
        await pilot.pause()
        assert header.text.startswith(left) and header.text.endswith("  watch  ")
        assert "▶ epoch 1,234/10,000" in header.text and len(header.text) == width
        assert sum(header.text.count(sign) for sign in "━╸─") == bar


async def test_a_report_repaints_only_what_differs_in_the_header() -> None:
    app = Host()
    async with app.run_test(size=(120, 20)) as pilot:
        header = app.query_one(HeaderLine)
        header.run, header.pace, header.progress = ("spiral", "2-8-8-1", "tanh", "adam"), "watch", RUNNING
        await pilot.pause()
        painted: list[Region] = []
        refresh = header.refresh
        header.refresh = lambda *regions, **options: (painted.extend(regions), refresh(*regions, **options))[1]
        header.progress = replace(RUNNING, epoch=1235)
        await pilot.pause()
        assert [region.width for region in painted] == [1], "the last digit of the epoch"
        header.progress = replace(RUNNING, epoch=1235)
        await pilot.pause()
        assert len(painted) == 1, "the same again"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (ModelConfig(), ("iris", "4-16-3", "relu", "sgd")),
        (ModelConfig(layers=()), ("iris", "4-3", "softmax", "sgd")),
        (ModelConfig(layers=(LayerConfig(8, "tanh"), LayerConfig(4, "relu"))), ("iris", "4-8-4-3", "mixed", "sgd")),
        (ModelConfig(layers=(LayerConfig(9, "elu"),) * 12), ("iris", "4-9-9-9-9-9-…-3", "elu", "sgd")),
    ],
)
def test_what_is_trained_in_four_words(model: ModelConfig, expected: tuple[str, ...]) -> None:
    output = replace(model.output, units=3, activation="softmax")
    experiment = Experiment(dataset=DatasetConfig("iris"), model=replace(model, output=output))
    dataset = DatasetView("iris", "Iris", ("a", "b", "c", "d"), "kind", "classification", (), 150, 150, 0, (), {})
    loaded = Loaded(1, experiment, dataset, (), 0, 0, "", "", 0)
    assert description(loaded) == expected


async def test_a_trainer_that_does_not_answer_has_no_speed() -> None:
    assert (MAX_SILENT_CHECKS + 1) * CHECK_EVERY <= 2.0, "seconds until it is noticed"
    app = Host()
    async with app.run_test(size=(140, 20)) as pilot:
        line = app.query_one(StatusLine)
        line.progress = RUNNING
        for heard, answers in ((7, True), (7, True), (7, True), (7, False), (7, False), (8, True), (8, True)):
            line.check_silence(heard)
            await pilot.pause()
            assert ("steps/s" in text(app) and "1:02:05 left" in text(app)) is answers
            assert ("the trainer does not answer" in text(app)) is not answers
        for progress in (replace(RUNNING, state="paused"), replace(RUNNING, steps_per_second=0.5)):
            line.progress = progress
            for _ in range(MAX_SILENT_CHECKS + 5):
                line.check_silence(9)
            assert line.is_responding, "at rest nothing is heard, and steps of two seconds take their time"


def test_progress_amounts_and_times_are_short() -> None:
    assert [progress_bar(replace(RUNNING, epoch=epoch, batch=0, epochs=4)) for epoch in (0, 1, 4, 9)] == [
        "────────────",
        "━━━─────────",
        "━━━━━━━━━━━━",
        "━━━━━━━━━━━━",
    ]
    assert progress_bar(replace(RUNNING, epoch=1, batch=2, epochs=12)) == "━───────────"
    assert progress_bar(replace(RUNNING, epoch=1, batch=5, epochs=12)) == "━╸──────────"
    assert len(progress_bar(RUNNING)) == BARS[0]
    assert [format_count(value) for value in (0, 812.4, 9300, 41_000, 1_234_567)] == [
        "0",
        "812",
        "9.3k",
        "41k",
        "1.2M",
    ]
    assert [format_clock(value) for value in (0, 7.4, 725, 10812)] == ["0:00", "0:07", "12:05", "3:00:12"]


def test_an_r2_of_one_row_is_nothing_and_a_loss_of_nan_is_told() -> None:
    values = {"loss": float("nan"), "val_loss": 9.66, "val_r2": float("nan")}
    words = [part.text for _, part in status_parts(replace(RUNNING, values=values))]
    assert "R² –" in words and "loss nan" in words


def test_numbers_of_weights_that_were_put_back_say_so() -> None:
    usual, back = (status_parts(replace(RUNNING, weights_epoch=epoch)) for epoch in (None, 1028))
    assert [part.text for _, part in back if part not in [one for _, one in usual]] == [
        "with the weights of epoch 1,028"
    ]


def test_a_run_that_is_not_saved_says_so_at_every_width() -> None:
    parts = status_parts(replace(RUNNING, unsaved="disk full"))
    assert parts[0] == (0, Part("not saved: disk full", "bad")), "no other part replaces it"
    assert all("saved" not in part.text for _, part in status_parts(RUNNING))


async def test_every_part_of_a_line_can_be_read_in_every_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    app = Host()
    async with app.run_test(size=(80, 20)) as pilot:
        for theme in APP_THEMES:
            app.register_theme(theme)
        own = {theme.name for theme in APP_THEMES}
        header = app.query_one(HeaderLine)
        for name, theme in app.available_themes.items():
            app.theme = name
            await pilot.pause()
            for role in ROLES:
                style = header._style(role)
                if theme.ansi:
                    assert bool(style.reverse) == (role in CHIPS), (name, role)
                elif (name in own and role != "off") or role in (*CHIPS, "brand", "title", "train", "validation"):
                    assert style.color is not None and style.bgcolor is not None
                    least = 4.5 if name in own or role in CHIPS else 3.0
                    assert contrast(style.color, style.bgcolor) >= least, (name, role, style)


async def test_chips_are_reversed_where_there_are_no_colors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host()
    async with app.run_test(size=(80, 20)):
        header = app.query_one(HeaderLine)
        assert all(header._style(role).reverse for role in CHIPS)
