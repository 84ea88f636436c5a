"""The coach strip: its sentences for every dataset and state, when it is there, and what it offers to go on with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tui_trainer.app import coach
from tui_trainer.app.coach import Coach, CoachStrip, Tip, names_in, texts, told
from tui_trainer.app.keys import ALL_KEYS
from tui_trainer.app.preferences import Preferences
from tui_trainer.book.library import packaged
from tui_trainer.book.progress import FILE_NAME, LessonProgress
from tui_trainer.datasets.catalog import CATALOG
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.protocol import ResumeOffer
from tui_trainer.settings import RememberedSettings, Settings

if TYPE_CHECKING:
    from running_app import Flow, Start

STATES = ("ready", "running", "good", "poor")
AFTER = ("ready", "better", "same", "worse")
LONGEST = {
    "score": "R² −0.1234",
    "before": "R² −0.1234",
    "layers": "256 layers",
    "rate": "0.0001234",
    "epoch": "1,234,567",
    "number": "32",
    "title": "T" * coach.MAX_TITLE,
}
WIDTH = 80 - 3  # columns of the strip in the smallest usual terminal, without its edge and padding
SPIRAL = Experiment(
    dataset=DatasetConfig("spiral", samples=120, validation_split=0.5),
    model=ModelConfig(layers=(LayerConfig(4, "tanh"), LayerConfig(4, "tanh"))),
    training=TrainingConfig(epochs=3),
)


def entries() -> Iterator[tuple[str, list[str]]]:
    """Every sentence with its suggestion, and where it stands."""
    for table in ("states", "offers"):
        yield from ((f"{table}.{name}", entry) for name, entry in texts()[table].items())
    for table, names in (("after", AFTER), ("data", STATES)):
        for name, entry in texts()[table].items():
            yield from ((f"{table}.{name}.{state}", entry[state]) for state in names)


@pytest.mark.parametrize("name", [*CATALOG, "own classes", "own numbers"])
def test_every_dataset_has_its_sentences(name: str) -> None:
    entry = texts()["data"][name]
    assert set(entry) == {"good_from", "look", *STATES} and 0.0 < entry["good_from"] < 1.0
    assert len(entry["look"]) <= 97


def test_there_are_sentences_for_no_other_data_and_for_every_change() -> None:
    assert set(texts()["data"]) == {*CATALOG, "own classes", "own numbers"}
    assert set(texts()["after"]) == {*coach.AFTER.values(), "other"}
    assert all(set(entry) == set(AFTER) for entry in texts()["after"].values())


@pytest.mark.parametrize(("place", "entry"), [pytest.param(*one, id=one[0]) for one in entries()])
def test_a_sentence_and_its_suggestion_fit_into_a_row_and_name_keys_that_there_are(
    place: str, entry: list[str]
) -> None:
    seen, suggestion = entry
    keys = {key.name for key in ALL_KEYS}
    for text in entry:
        assert set(names_in(text)) <= keys | set(LONGEST), place
    assert set(names_in(suggestion)) & keys, "a suggestion names a key"
    row = told(Tip(seen, suggestion, values=LONGEST), in_one_row=True).plain
    assert len(row) <= WIDTH and "{" not in row, row
    assert seen[-1] in ".?!" and seen[0].isupper() | (seen[0] == "{"), seen


async def until_told(flow: Flow, words: str) -> None:
    """Wait until the strip holds these words."""
    strip = flow.screen.query_one(CoachStrip)
    await flow.until(lambda: strip.display and words in str(strip.content), f"{words!r}, not {strip.content}")


def coached(tmp_path: Path, mode: str = "first") -> Preferences:
    """Preferences with the strip, and a memory."""
    return Preferences(Settings(coach=mode), memory=RememberedSettings(tmp_path / "remembered.json"))  # type: ignore[arg-type]


async def test_it_follows_what_is_done(start: Start, tmp_path: Path) -> None:
    async with start(SPIRAL, tab="live", preferences=coached(tmp_path)) as flow:
        await until_told(flow, "knows nothing yet")
        assert flow.screen.query_one(CoachStrip).size.height == 3
        await flow.press("space")
        await flow.until_state("finished")
        await until_told(flow, "the arms are not apart yet")
        await flow.press("x")
        await until_told(flow, "A layer less: 4 now.")
        await flow.press("space")
        await flow.until_state("finished")
        await until_told(flow, "with one layer less")
        await flow.press("u")
        await until_told(flow, "knows nothing yet")


async def test_it_stays_away_after_five_different_actions_and_can_be_brought_back(start: Start, tmp_path: Path) -> None:
    preferences = coached(tmp_path)
    async with start(SPIRAL, tab="live", preferences=preferences) as flow:
        strip = flow.screen.query_one(CoachStrip)
        await until_told(flow, "knows nothing yet")
        await flow.press("s", "s", "s", "s", "s", "e", "r", "y")
        assert strip.display, "four different ones"
        await flow.press("u")
        await flow.until(lambda: not strip.display, "no strip")
        assert preferences.memory is not None
        await flow.until(lambda: preferences.memory.recall().coach == "offers", "remembered")
        await flow.press("C")
        await flow.until(lambda: strip.display, "the strip")
        await flow.press("z", "Z", "a", "x", "U", "R")
        assert strip.display and preferences.memory.recall().coach == "always"
        await flow.press("escape")
        await flow.until(lambda: not strip.display, "no strip")
        await flow.until_said("The tips are off; C brings them back.")


async def test_it_is_one_row_where_there_are_few_and_belongs_to_live(start: Start, tmp_path: Path) -> None:
    async with start(SPIRAL, size=(80, 24), tab="live", preferences=coached(tmp_path, "always")) as flow:
        strip = flow.screen.query_one(CoachStrip)
        await until_told(flow, "knows nothing yet.  space trains it")
        await flow.until(lambda: strip.size.height == 1, "one row")
        await flow.pilot.click(CoachStrip, offset=(str(strip.content).index("space") + 3, 0))
        await flow.until(lambda: flow.screen.state != "ready", "training, by a click on its key")
        await flow.press("2")
        await flow.until(lambda: not strip.display, "no strip beside the data")
        await flow.press("1")
        await flow.until(lambda: strip.display, "the strip beside the pictures")


async def test_the_lesson_from_last_time_is_offered(start: Start, tmp_path: Path) -> None:
    lesson = packaged().lessons[3]
    (tmp_path / "store").mkdir()
    LessonProgress(tmp_path / "store" / FILE_NAME).open(lesson)
    async with start(SPIRAL, tab="live", preferences=coached(tmp_path, "offers")) as flow:
        await until_told(flow, f"Lesson 4, {lesson.title}.")
        await until_told(flow, "enter  goes on")
        loads = flow.loads
        await flow.press("enter")
        await flow.until_loaded(loads + 1)
        await flow.until(lambda: flow.screen.in_lesson and flow.screen.lessons.tracker.lesson == lesson, "the lesson")
        assert not flow.screen.query_one(CoachStrip).display


async def test_the_run_from_last_time_is_offered_until_something_is_done(start: Start, tmp_path: Path) -> None:
    async with start(SPIRAL, tab="live", preferences=coached(tmp_path, "offers")) as flow:
        strip = flow.screen.query_one(CoachStrip)
        assert not strip.display
        await flow.screen.on_report(ResumeOffer(0, 7, SPIRAL, 2, 20, 5.0))
        await until_told(flow, "spiral 4-4 tanh ρ .05 stopped at epoch 2.")
        await flow.press("s")
        await flow.until(lambda: not strip.display, "no offer")


async def test_a_run_is_not_offered_before_the_lesson_that_will_be(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = packaged().lessons[3]
    (tmp_path / "store").mkdir()
    LessonProgress(tmp_path / "store" / FILE_NAME).open(lesson)
    known, look = asyncio.Event(), Coach._offer_lesson

    async def look_when_told(self: Coach) -> None:
        await known.wait()
        await look(self)

    monkeypatch.setattr(Coach, "_offer_lesson", look_when_told)
    async with start(SPIRAL, tab="live", preferences=coached(tmp_path, "offers")) as flow:
        await flow.screen.on_report(ResumeOffer(0, 7, SPIRAL, 2, 20, 5.0))
        assert not flow.screen.query_one(CoachStrip).display and not flow.screen.coach.offers
        known.set()
        await until_told(flow, f"Lesson 4, {lesson.title}.")


async def test_without_the_setting_there_is_no_strip(start: Start) -> None:
    async with start(SPIRAL, tab="live") as flow:
        await flow.screen.on_report(ResumeOffer(0, 7, SPIRAL, 2, 20, 5.0))
        await flow.press("escape")
        assert not flow.screen.query_one(CoachStrip).display and "tips" not in flow.message
