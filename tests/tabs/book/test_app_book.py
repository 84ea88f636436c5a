"""Lessons in the running app: each loads, opens its view, runs, and its page says what is so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from test_app_snapshots import settle
from textual.widget import Widget
from textual.widgets import Input, Static

from tui_trainer.book.checking import Item
from tui_trainer.book.handed_in import HandedInAnswer, read
from tui_trainer.book.lesson import VIEW_OPTIONS, Lesson
from tui_trainer.book.library import from_folder, packaged
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment, LayerConfig, ModelConfig
from tui_trainer.tabs.book.guide import LessonState
from tui_trainer.tabs.book.lesson_page import Answered, Blocks, LessonPage, LessonStrip
from tui_trainer.tabs.book.view import LessonList
from tui_trainer.tabs.landscape.view import LandscapeView
from tui_trainer.tabs.loss.view import LossView
from tui_trainer.tabs.network.activation_curves import ActivationCurves
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.plot_widgets import PlotWidget

if TYPE_CHECKING:
    from running_app import Flow, Start

NARROW = (80, 24)
ENDED = ("finished", "stopped early", "diverged")
LESSONS = packaged().lessons
OWN_WORK = ("spiral",)  # the user has to find a network
MINE = Experiment(name="mine", model=ModelConfig(layers=(LayerConfig(5, "tanh"),)))

OWN = """
title = "[red]Mine[/red] [/]"
chapter = "My [b]course[/b]"
view = "loss"
text = '''
Read [link=x]this[/link].

  w = [1, 2]
'''
[experiment.dataset]
name = "iris"
[experiment.training]
epochs = 3
[question]
text = "How [many]?"
choices = ["[one]", "[/two]"]
answer = 0
because = "Because [of] it."
[[checks]]
value = "loss"
at_most = 100
done = "Done [so] far."
missing = "Train [/it]."
"""


def number(name: str) -> int:
    """The place of a packaged lesson, from 0."""
    return next(place for place, lesson in enumerate(LESSONS) if lesson.id == f"book:{name}")


def page_of(flow: Flow) -> LessonState:
    """What is shown of the lesson that is on."""
    page = flow.screen.lessons.tracker.page
    assert page is not None
    return page


def states(flow: Flow) -> list[str]:
    """How the items of the page stand."""
    return [item.state for item in page_of(flow).items]


def beside(flow: Flow) -> LessonPage:
    """The page on the left."""
    return flow.screen.query_one("#lesson", LessonPage)


def words(flow: Flow) -> str:
    """The screen, its white space made one; what stands beside something else is broken up by it."""
    return " ".join(flow.screen_text().split())


async def opened(flow: Flow) -> LessonList:
    """Open the Book tab."""
    await flow.press("9")
    await flow.until(lambda: flow.screen.query(LessonList), "the list")
    lessons = flow.screen.query_one(LessonList)
    await flow.until(lambda: lessons.chosen is not None, "a chosen lesson")
    return lessons


async def begun(flow: Flow, name: str = "perceptron") -> None:
    """Choose a lesson in the Book tab, and begin it."""
    lessons = await opened(flow)
    await flow.press("home", *["down"] * min(number(name), 3))
    lessons.choose(f"book:{name}")  # the rest of the way at once
    assert lessons.chosen == f"book:{name}"
    loads = flow.loads
    await flow.press("enter")
    await flow.until_loaded(loads + 1)
    first = "book" if flow.screen.has_class("-narrow") else LESSONS[number(name)].view
    await flow.until(lambda: flow.screen.tabs.active == first, "its page, or its view")


async def run(flow: Flow) -> None:
    """Train to the end, and not for seconds where that is the pace of a lesson."""
    await flow.press("E" if flow.screen.trainer.pace.steps_per_second else "space")
    await flow.until(lambda: flow.screen.state in ENDED, "the end of the run")


def shows_first(lesson: Lesson) -> bool:
    """Whether the run of the first variant tells about the question."""
    return not lesson.questions or lesson.questions[0].variant in (None, lesson.variants[0].name)


def expected(lesson: Lesson, check: int, item: Item) -> bool:
    """Whether a check stands as it should after the first variant has run."""
    variant = lesson.checks[check].variant
    if lesson.target or lesson.id.partition(":")[2] in OWN_WORK:
        return item.state in ("open", "wrong")
    return item.state == ("done" if variant in (None, lesson.variants[0].name) else "open")


@pytest.mark.slow
async def test_every_lesson_one_after_the_other(start: Start) -> None:
    """Loads with ``n``, opens its view, runs; wrong answers are told, right ones too, checks tick themselves."""
    async with start() as flow:
        await begun(flow)
        for lesson in LESSONS:
            await flow.until(lambda lesson=lesson: page_of(flow).lesson == lesson, lesson.id)
            await flow.until(lambda lesson=lesson: flow.screen.tabs.active == lesson.view, f"{lesson.id}: its view")
            view = flow.screen.tabs.view
            assert view is not None and view.display and flow.screen.experiment == lesson.experiment
            assert set(states(flow)) == {"open"}, lesson.id
            await answer(flow, lesson, right=False)
            await run(flow)
            if shows_first(lesson):
                await flow.until(lambda: states(flow)[0] == "wrong", f"{lesson.id}: a wrong answer")
                await answer(flow, lesson, right=True)
                await flow.until(lambda: states(flow)[0] == "done", f"{lesson.id}: a right answer")
            else:
                assert page_of(flow).waits and states(flow)[0] == "open", lesson.id
            for place, (_, item) in enumerate(page_of(flow).checks):
                assert expected(lesson, place, item), (lesson.id, item)
            assert not view.has_class("-unseen"), f"{lesson.id}: the view has nothing to show"
            if lesson is not LESSONS[-1]:
                loads = flow.loads
                await flow.press("n")
                await flow.until_loaded(loads + 1)
        await flow.press("n")
        assert flow.message == "This is the last lesson."


async def answer(flow: Flow, lesson: Lesson, right: bool) -> None:
    """Answer the question, by key where there are choices."""
    question = lesson.questions[0]
    if question.blanks:
        numbers = [blank.answer for blank in question.blanks]
        flow.screen.post_message(Answered(lesson, 0, tuple(numbers if right else [numbers[0] + 1, *numbers[1:]])))
        return
    assert question.answer is not None
    choice = question.answer if right else (question.answer + 1) % len(question.choices)
    await flow.press("ABCDEFGHI"[choice])
    assert page_of(flow).answer == choice


async def test_gradient_descent_is_done_with_its_three_rates_and_until_convergence(start: Start) -> None:
    async with start(MINE) as flow:
        await begun(flow, "gradient_descent")
        assert flow.message == "Predict first: A to C choose an answer."
        await flow.press("C")
        assert flow.message == "C. Noted. The run of ρ = 5e-5 will show. Take ten steps with ρ = 1e-5."
        await flow.press(*"sssssssss")
        await flow.until(lambda: flow.progress.steps == 9, "nine steps")
        assert states(flow) == ["open"] * 5
        await flow.press("s")
        await flow.until_said("w₁₀ = 3.6329, almost at the lowest point, 3.6534. V loads ρ = 1e-6.")
        assert states(flow) == ["open", "done", "open", "open", "open"]
        for rate, weight in (("1e-6", "1.2363"), ("5e-5", "-0.9534")):
            loads = flow.loads
            await flow.press("V")
            await flow.until_loaded(loads + 1)
            assert flow.message == f"ρ = {rate}: Take ten steps with ρ = {rate}."
            await run(flow)
            await flow.until_said(f"w₁₀ = {weight}")
        loads = flow.loads
        await flow.press("V")
        await flow.until_loaded(loads + 1)
        await run(flow)
        await flow.until_said("Within 30 steps")
        assert flow.screen.state == "stopped early" and flow.progress.epoch == 29
        assert states(flow) == ["wrong", "done", "done", "done", "done"]
        await flow.until_shown("C is not right. Look again, and choose another.")
        await flow.press("B")
        await flow.until_said("slowly diverges. Lesson done; n goes to the next.")
        assert page_of(flow).done and page_of(flow).passed
        await flow.press("9")
        await flow.until_shown("1 of 46 done")


async def test_what_a_run_did_is_not_put_down_to_another_variant(start: Start) -> None:
    async with start() as flow:
        await begun(flow, "learning_rate")
        await run(flow)
        done = states(flow)
        loads = flow.loads + 1
        await flow.press("V")
        assert states(flow) == done == ["open", "done", "open", "open", "open"]
        await flow.until_loaded(loads)
        # the rate of the third variant, typed while the second has not begun: it is the third
        await flow.press("m")
        await flow.enter("training.learning_rate", "5e-5")
        await flow.press("m")
        await flow.until(lambda: page_of(flow).variant == "factor -1.02", "the third variant")
        assert flow.loads == loads and not page_of(flow).behind
        await run(flow)
        await flow.until_said("Back and forth, further away each time")
        # and typed after the end: what came out is still the third's
        await flow.enter("training.learning_rate", "4.9e-5")
        await flow.until(lambda: page_of(flow).variant == "factor -0.98", "the second variant")
        assert page_of(flow).behind
        await flow.until_shown("r starts over with factor -0.98.")
        assert states(flow) == ["open", "done", "open", "done", "open"]


async def test_loading_a_lesson_can_be_taken_back(start: Start) -> None:
    async with start(MINE) as flow:
        await begun(flow, "overfitting")
        assert flow.screen.experiment == LESSONS[number("overfitting")].experiment
        await flow.press("u")
        await flow.until(lambda: flow.screen.experiment == MINE, "the settings from before")
        assert page_of(flow).changed
        await flow.press("U")
        await flow.until(lambda: not page_of(flow).changed, "the lesson's settings")


async def test_m_changes_between_the_page_and_the_setup_and_a_view_names_no_key_of_the_lessons(start: Start) -> None:
    async with start() as flow:
        setup = flow.screen.query_one("#setup")
        await flow.press("m")
        assert not setup.display
        await begun(flow)
        assert beside(flow).display and not setup.display
        await flow.press("m")
        await flow.until(lambda: setup.display and not beside(flow).display, "the setup")
        await flow.press("m")
        await flow.until(lambda: beside(flow).display and not setup.display, "the page")
        await flow.press("L")
        await flow.until(lambda: setup.display and not beside(flow).display, "the setup, since no lesson is on")
        assert not flow.screen.in_lesson and flow.screen.experiment == LESSONS[0].experiment
        loads = flow.loads
        await flow.press("n", "p", "V", "A")
        assert flow.loads == loads and not flow.screen.in_lesson
        await begun(flow, "stacking_layers")
        await flow.until_shown("d discretize")
        assert "n next" in words(flow) and "new points" not in words(flow)


async def test_numbers_are_typed_into_the_blanks(start: Start) -> None:
    async with start() as flow:
        await begun(flow, "summary")
        page = beside(flow)
        await flow.until_shown("Total params: ?")
        assert "283" not in flow.screen_text() and "220" not in flow.screen_text()
        assert flow.screen.network_panel.title == "Network  ? parameters"
        await flow.press("A")
        boxes = list(page.query(Input))
        await flow.until(lambda: boxes[0].has_focus, "the first blank")
        await flow.press(*"200", "enter", *"si")
        await flow.until_said("Expected a number, such as 12 or 0.5, got i; esc leaves the field.")
        assert boxes[1].value == "", "letters are refused, and are no commands either"
        await flow.press("enter")
        await flow.until(lambda: boxes[2].has_focus, "the last blank")
        await flow.press(*"283", "enter")
        await flow.until_said("Not yet: dense, 20 neurons: 200 is not right. Count again, and change it.")
        assert flow.screen.focused is None and states(flow)[0] == "wrong"
        assert [mark.content for mark in page.query(".mark").results()] == ["✗ ", "", "✓ "]  # type: ignore[attr-defined]
        await flow.press("B")
        await flow.until(lambda: boxes[1].has_focus, "the second blank")
        await flow.press(*"63", "tab")
        await flow.press("A")
        await flow.until_said("got A; esc leaves the field.")
        assert boxes[2].has_focus and boxes[2].value == "283", "a letter is told, and is no key here"
        await flow.press("escape")
        boxes[2].value = "283"
        await flow.press("A")
        await flow.until(lambda: boxes[0].has_focus, "the first blank")
        await flow.press(*"220", "escape")
        await flow.until_said("together 283.")
        assert states(flow)[0] == "done"
        await flow.until_shown("Total params: 283 (1.11 KB)")
        assert flow.screen.network_panel.title == "Network  283 parameters"


async def test_an_exercise_is_built_by_hand_and_told_what_differs(start: Start) -> None:
    async with start() as flow:
        await begun(flow, "exercise_boston")
        await flow.press("a")
        await flow.until_said("Still to build: hidden layer 1 has 16 units, expected 100.")
        await flow.until_shown("the output layer has activation linear,")
        await run(flow)
        assert states(flow) == ["open", "open", "open"]
        await flow.press("m")
        await flow.enter("model.layers[0].units", "100")
        await flow.until_said("Still to build: the output layer has activation linear, expected relu.")
        await flow.screen.editor.change_field("model.output.activation", "relu")
        await flow.until_said("The network matches the target.")
        await run(flow)
        await flow.until_said("It explains more than half of the variance")
        assert states(flow) == ["open", "done", "done"] and not page_of(flow).declaration
        flow.screen.lessons.answer((6.0, 1.0, 801.0))
        assert states(flow) == ["done", "done", "done"]
        assert page_of(flow).declaration == page_of(flow).lesson.declaration
        await flow.press("m")
        await flow.until(lambda: "Your declaration, and the book's:" in words(flow), "both declarations")


async def test_narrow_the_page_is_in_its_tab_and_a_blank_opens_it(start: Start) -> None:
    async with start(size=NARROW) as flow:
        await begun(flow, "gradient_descent")
        assert flow.screen.tabs.active == "book" and not beside(flow).display
        assert flow.message == "Predict first: A to C choose an answer."
        await flow.press("B")
        chapters = flow.screen.query_one(".list")
        await flow.until(lambda: not chapters.display, "the page alone")
        await flow.until_shown("Start on the curve at w₀ = 0.")
        await flow.press("pagedown", "pagedown")
        await flow.until_shown("● B Jump across the valley, further away each time")
        await flow.press("9")
        await flow.until(lambda: chapters.display, "the list")
        await flow.press("3")
        await run(flow)
        await flow.until_said("w₁₀ = 3.6329")
        await flow.press("9")
        await flow.until_shown("1 of 4")
        await begun(flow, "summary")
        assert flow.screen.tabs.active == "book"
        await flow.press("7", "C")
        await flow.until(lambda: isinstance(flow.screen.focused, Input), "a blank in focus")
        assert flow.screen.tabs.active == "book"


async def test_lessons_of_ones_own_are_listed_and_done(start: Start, tmp_path: Path) -> None:
    """Their words are no markup, what is wrong with a file is told, and the book's own are still there."""
    (tmp_path / "1_mine.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "2_wrong.toml").write_text(OWN.replace("answer = 0", "answer = 7"), encoding="utf-8")
    assert len(from_folder(tmp_path).lessons) == 1
    async with start(lessons=tmp_path) as flow:
        await opened(flow)
        await flow.press("end")
        await flow.until_shown("2_wrong.toml: question.answer: expected 0 to 1, got 7")
        await flow.press("enter", "up", "enter")
        await flow.until(lambda: flow.screen.in_lesson, "the lesson")
        await flow.until_shown("[red]Mine[/red] [/]")
        for text in ("My [b]course[/b]", "Read [link=x]this[/link].", "w = [1, 2]", "How [many]?", "[/two]"):
            await flow.until_shown(text)
        await flow.until_state("ready")
        await flow.press("A")
        await run(flow)
        await flow.until_said("Done [so] far. Lesson done. That was the last one.")
        await flow.until_shown("Because [of] it.")


async def test_dead_units_are_counted_while_a_lesson_asks_for_them(start: Start, tmp_path: Path) -> None:
    layer = '[[experiment.model.layers]]\nunits = 3\nactivation = "tanh"\n[experiment.training]'
    asking = OWN.replace('value = "loss"', 'value = "dead_units[0]"').replace("[experiment.training]", layer)
    (tmp_path / "1_mine.toml").write_text(asking, encoding="utf-8")
    assert not from_folder(tmp_path).errors
    async with start(MINE, lessons=tmp_path) as flow:
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 1, "a step")
        assert flow.progress.dead_units == ()
        await opened(flow)
        await flow.press("end", "enter")
        await flow.until(lambda: flow.screen.in_lesson, "the lesson")
        await flow.until_loaded(2)
        await flow.press("s")
        await flow.until(lambda: flow.progress.dead_units == (0,), "those of its hidden layer")
        await flow.press("L")
        await flow.until(lambda: not flow.screen.in_lesson and flow.progress.dead_units == (), "none any more")


async def test_what_was_done_is_there_after_a_restart(start: Start) -> None:
    async with start() as flow:
        await begun(flow, "gradient_descent")
        await run(flow)
        await flow.until(lambda: "done" in states(flow), "something done")
    async with start() as flow:
        assert (await opened(flow)).chosen == "book:gradient_descent", "the lesson that was open"
        await flow.until_shown("· 4 Gradient descent")
        await flow.press("enter")
        await flow.until(lambda: flow.screen.tabs.active == "landscape", "the lesson's view")
        assert states(flow) == ["open", "done", "open", "open", "open"]
        await flow.press("9", "F")
        await flow.until_said("The progress in Gradient descent is cleared.")
        assert states(flow) == ["open"] * 5


async def test_keys_wait_while_a_lesson_is_being_loaded(start: Start) -> None:
    """Edits that come while the setup is being filled with something else wait for it."""
    async with start(with_field(Experiment(), "training.epochs", 5)) as flow:
        await begun(flow, "overfitting")
        for key in ("n", "a", "p", "a", "V", "x", "n", "u", "a"):
            flow.pilot.app.simulate_key(key)
        await flow.press("n")
        await flow.until(lambda: page_of(flow).lesson.id == "book:l2_penalty", "the last lesson asked for")
        rows = len(flow.screen.network_panel.query("LayerRow")) - 1
        assert rows == len(flow.screen.experiment.model.layers)
        await flow.until_state("ready")


async def test_a_click_answers_and_goes_on(start: Start) -> None:
    async with start() as flow:
        await begun(flow, "gradient_descent")
        question = beside(flow).query_one(".question", Blocks)
        await settle(flow.pilot)
        lines = question.render().plain.split("\n")
        row = next(place for place, line in enumerate(lines) if line.startswith("○ A"))
        await flow.pilot.click(question, offset=(4, row))
        await flow.until(lambda: page_of(flow).answer == 0, "the first answer")
        keys = beside(flow).query_one(".keys")
        await flow.pilot.click(keys, offset=(1, 0))
        await flow.until(lambda: page_of(flow).place == 5, "the next lesson")


@pytest.mark.parametrize(("size", "part"), [((120, 40), ".text"), ((100, 24), "")])
async def test_the_page_scrolls_by_key(start: Start, size: tuple[int, int], part: str) -> None:
    """The text above the tasks, or the page as a whole where there is less room."""
    async with start(size=size) as flow:
        await begun(flow)
        scrolled = beside(flow).query_one(part) if part else beside(flow)
        await flow.until(lambda: scrolled.max_scroll_y > 0, "more than there is room for")
        await flow.press("j")
        await flow.until(lambda: scrolled.scroll_y > 0, "what is further down")
        await flow.press("J")
        await flow.until(lambda: scrolled.scroll_y == 0, "the top again")


async def test_on_a_small_terminal_a_lesson_opens_on_its_page_and_training_shows_the_picture(start: Start) -> None:
    async with start(size=(80, 24), tab="live") as flow:
        screen = flow.screen
        await screen.lessons.load("book:gradient_descent")
        await flow.until(lambda: screen.tabs.active == "book" and screen.state == "ready", "its page")
        await flow.until_shown("This is gradient descent.")
        await flow.press("3")
        await flow.until(lambda: screen.tabs.active == "landscape", "the picture")
        await flow.until_shown("What will ρ = 5e-5 do, five times the rate that works?")
        await flow.until_shown("A Get there in two steps")
        await flow.until_shown("▸ Predict first: A to C choose an answer.")
        strip = screen.query_one(LessonStrip)
        excerpt, tasks = strip.query_one(".excerpt"), strip.query_one(".tasks")
        assert (excerpt.size.height, tasks.size.height) == (3, 4)
        picture = screen.query_one(LandscapeView).query_one(PlotWidget)
        await flow.until(lambda: picture.size.height >= 8, "a picture that can be read")
        assert picture.region.bottom <= strip.region.y
        assert "Start on the curve at w₀ = 0." in words(flow), "page, picture and question on one screen"
        await flow.until(lambda: excerpt.max_scroll_y > 0, "a text that is longer")
        await flow.press(*"jjjjjjjjjjjj")
        await flow.until_shown("ρ yourself.")
        await flow.press(*"JJJJJJJJJJJJ")
        await flow.until_shown("Start on the curve at w₀ = 0.")
        await flow.press("9")
        await flow.until(lambda: not strip.display, "the page alone")
        await flow.press("s")
        await flow.until(lambda: screen.tabs.active == "landscape" and strip.display, "the picture, as it trains")
        await flow.press("L")
        await flow.until(lambda: not strip.display, "no strip without a lesson")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_small_letters_answer_while_the_question_is_open(start: Start, size: tuple[int, int]) -> None:
    async with start(size=size, tab="live") as flow:
        screen = flow.screen
        await screen.lessons.load("book:gradient_descent")
        await flow.until(lambda: screen.in_lesson and screen.state == "ready", "the lesson")
        layers = len(screen.experiment.model.layers)
        await flow.press("a")
        await flow.until(lambda: screen.lessons.tracker.page.answer == 0, "the first answer")
        await flow.until_said("A. Noted.")
        assert len(screen.experiment.model.layers) == layers
        await flow.press("b")
        assert screen.lessons.tracker.page.answer == 0, "it is no longer open"
        await flow.press("B")
        await flow.until(lambda: screen.lessons.tracker.page.answer == 1, "another answer")


async def test_a_changed_lesson_is_read_again_while_it_is_open(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text and its experiment follow the file; a mistake is told, and costs neither this lesson nor another."""
    monkeypatch.setattr("tui_trainer.app.lessons.LOOK_EVERY", 0.02)
    file = tmp_path / "1_mine.toml"
    file.write_text(OWN, encoding="utf-8")
    (tmp_path / "2_other.toml").write_text(OWN.replace("Mine", "Other"), encoding="utf-8")
    async with start(lessons=tmp_path) as flow:
        await opened(flow)
        await flow.screen.lessons.load("own:mine")
        await flow.until_shown("How [many]?")
        await flow.until_state("ready")
        file.write_text(OWN.replace("How [many]?", "How [few]?"), encoding="utf-8")
        await flow.until_shown("How [few]?")
        loads = flow.loads
        file.write_text(OWN.replace("epochs = 3", "epochs = 4"), encoding="utf-8")
        await flow.until_loaded(loads + 1)
        assert flow.screen.experiment.training.epochs == 4 and not page_of(flow).changed
        file.write_text(OWN.replace("answer = 0", "answer = 7"), encoding="utf-8")
        await flow.until_said("1_mine.toml: question.answer: expected 0 to 1, got 7; the lesson stays as it was")
        assert len(flow.screen.lessons.tracker.library.lessons) == len(LESSONS) + 2
        await flow.screen.editor.change_field("training.epochs", "5")
        await flow.until(lambda: page_of(flow).changed, "a setting of the user's own")
        file.write_text(OWN.replace("epochs = 3", "epochs = 6"), encoding="utf-8")
        await flow.until_said("1_mine.toml: read again. Its experiment has changed; 9 and enter load it.")
        assert flow.screen.experiment.training.epochs == 5
        file.unlink()
        await flow.until_said("1_mine.toml is gone; its settings stay.")
        assert not flow.screen.in_lesson


async def test_numbers_are_an_attempt_once_all_are_there(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "handed-in.json"
    async with start(hand_in=path) as flow:
        await begun(flow, "summary")
        lesson = page_of(flow).lesson
        for numbers, attempts in (((220.0, None, None), 0), ((220.0, 63.0, 280.0), 1), ((220.0, 63.0, 283.0), 2)):
            flow.screen.post_message(Answered(lesson, 0, numbers))
            await flow.until(lambda numbers=numbers: page_of(flow).answer == numbers, "the answer")
            (answer,) = read(path).lessons[lesson.id].answers
            assert answer.attempts == attempts, numbers
        assert answer.answer == "dense, 20 neurons 220, dense_1, 3 neurons 63, total 283" and answer.is_right


async def test_what_is_done_in_a_class_is_handed_in(start: Start, tmp_path: Path) -> None:
    """Lesson, answers, attempts and runs; without the option nothing is written."""
    path = tmp_path / "handed-in.json"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "1_mine.toml").write_text(OWN, encoding="utf-8")
    async with start(lessons=tmp_path / "own") as flow:
        await flow.screen.lessons.load("own:mine")
        await flow.until_state("ready")
        await run(flow)
        await flow.until_said("Done [so] far.")
    assert not path.exists()
    async with start(lessons=tmp_path / "own", hand_in=path) as flow:
        await opened(flow)
        await flow.until_shown("your teacher sees this")
        await flow.screen.lessons.load("own:mine")
        await flow.until_state("ready")
        await flow.press("B")
        await run(flow)
        await flow.until(lambda: states(flow)[0] == "wrong", "the wrong answer")
        (lesson,) = read(path).lessons.values()
        assert (lesson.answers[0].answer, lesson.answers[0].is_right, lesson.answers[0].attempts) == (
            "[/two]",
            False,
            1,
        )
        await flow.press("A")
        await flow.until(lambda: states(flow)[0] == "done", "the right answer")
        content = read(path)
        (lesson,) = content.lessons.values()
        assert content.opened == "own:mine" and lesson.passed and (lesson.done, lesson.count) == (2, 2)
        assert lesson.answers == (HandedInAnswer("How [many]?", "[one]", True, 2),)
        await flow.until(lambda: read(path).runs, "the run")
        (its_run,) = read(path).runs
        assert (its_run.data, its_run.lesson, its_run.epoch) == ("iris", "own:mine", 3)
        assert its_run.params == flow.screen.lessons.tracker._loaded.params and "val_accuracy" in its_run.values
    async with start(lessons=tmp_path / "own", hand_in=path) as flow:
        await flow.screen.lessons.load("own:mine")
        await flow.until_state("ready")
        (lesson,) = read(path).lessons.values()
        assert lesson.answers == (HandedInAnswer("How [many]?", "[one]", True, 2),) and lesson.runs == 1


async def test_the_runs_of_variants_lie_over_each_other_under_their_names(start: Start) -> None:
    async with start() as flow:
        await begun(flow, "scaled_inputs")
        assert flow.screen.tabs.active == "loss"
        await run(flow)
        loads = flow.loads
        await flow.press("V")
        await flow.until_loaded(loads + 1)
        view = flow.screen.query_one(LossView)
        await flow.until(
            lambda: [one.selected.name for one in view.overlays] == ["raw"], "the run of the variant before"
        )
        await run(flow)
        await flow.until_shown("A raw")
        await flow.press("L")
        await flow.until(lambda: not view.overlays, "none beside a run of no lesson")


async def test_a_run_that_ends_while_an_earlier_moment_is_shown_is_handed_in_as_it_ended(
    start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "handed-in.json"
    long = with_field(with_field(MINE, "training.epochs", 100_000), "training.stop_after", 1.0)
    async with start(long, hand_in=path) as flow:
        await flow.press("space")
        await flow.until(lambda: flow.progress.epoch >= 3, "an epoch to look back from")
        await flow.press("<")
        await flow.until(lambda: flow.progress.now is not None, "an earlier moment")
        await flow.until(lambda: flow.screen.state in ENDED, "the end of the run")
        await flow.until(lambda: path.exists() and read(path).runs, "the run")
        (run,) = read(path).runs
        await flow.until(lambda: flow.progress.now == run.epoch, "the newest epoch beside the earlier moment")
        await flow.press("escape")
        await flow.until(lambda: flow.progress.now is None, "the present")
        assert run.values == flow.progress.values


async def test_the_options_of_a_lesson_end_with_it(start: Start) -> None:
    async with start() as flow:
        await begun(flow, "activations")
        curves = flow.screen.query_one(ActivationCurves)
        await flow.until(lambda: curves.display, "the activations side by side")
        loads = flow.loads
        await flow.press("n")
        await flow.until_loaded(loads + 1)
        await flow.until(lambda: not curves.display, "the network alone, in another lesson")
        await begun(flow, "activations")
        await flow.until(lambda: curves.display, "the activations again")
        await flow.press("L")
        await flow.until(lambda: not curves.display, "the network alone, after the lesson")


async def test_the_running_line_of_an_algorithm_is_marked(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step goes from line to line, with its numbers; training marks the last one."""
    monkeypatch.setattr("tui_trainer.tabs.landscape.view.LINE_TIME", 3600)
    async with start() as flow:
        await begun(flow, "two_paths")
        await flow.until_shown("Gradient descent Its stochastic form")
        view = flow.screen.query_one(LandscapeView)
        for step, weight in ((1, "1.0377"), (2, "1.0733")):
            await flow.press("s")
            for line in (f"▸ for each epoch {step}", "▸ g ← 1/n Σᵢ ∇ℒᵢ -0.1", f"▸ θ ← θ − ρ g {weight}"):
                await flow.until(lambda line=line: line in words(flow), line)
                assert flow.screen_text().count("▸ ") == 2, "the line, and the advice"
                view.next_line()
        await flow.press("V")
        await flow.until(lambda: flow.progress.steps == 0, "the other algorithm")
        await flow.press("s")
        await flow.until(lambda: "for each epoch ▸ for each epoch 1" in words(flow), "its first line")
        await run(flow)
        await flow.until(lambda: "▸ θ ← θ − ρ g" in words(flow), "the update")


async def test_adam_is_seen_in_numbers_while_one_steps(start: Start) -> None:
    """The lesson opens at the update, and stays there: m, s and the weight's own rate are those of the next step."""
    async with start() as flow:
        await begun(flow, "adam_numbers")
        await flow.until_shown("s ← β₂ s + (1 − β₂) g² = 0.999 · 0 + 0.001 · (−100.0)² = 10.00")
        await flow.until_shown("m/(1 − β₁ᵗ) = −100 ŝ = 10,000 own ρ = 1e−3")
        await flow.press("s")
        await flow.until_shown("▸ x2 0.1000 −16.8000 16.0740 0.00112")
        await flow.press("V")
        await flow.until_shown("m ← β₁ m + (1 − β₁) g = 0 · 0 + 1 · (−100.0) = −100.0")


async def test_answers_are_marked_below_a_picture(start: Start) -> None:
    """On a small terminal, too: the choice, whether it is right, and the numbers."""
    async with start(size=NARROW) as flow:
        await begun(flow, "many_valleys")
        await flow.press("3")
        flow.screen.lessons.answer((2.0, 1.0))
        await flow.until_shown("✓ A valleys 2 ✗ B parameters 1")
        await begun(flow, "two_paths")
        await flow.press("C")
        await flow.until(lambda: page_of(flow).waits, "an answer that waits for its run")
        loads = flow.loads
        await flow.press("V")
        await flow.until_loaded(loads + 1)
        await flow.press("3")
        await run(flow)
        await flow.until_shown("✗ C Both get as far")
        await flow.press("A")
        tasks = flow.screen.query_one(LessonStrip).query_one(".tasks", Static)
        await flow.until(lambda: "✗ A Gradient descent: each" in str(tasks.content), "the mark of the other answer")
        assert str(tasks.content).count("✗") == 1


async def test_a_run_that_ends_behind_an_earlier_moment_counts_for_its_lesson_at_once(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "1_mine.toml").write_text(
        OWN.replace("epochs = 3", "epochs = 100000\nstop_after = 1.5").replace(
            "at_most = 100", "at_most = 100\nepoch = 8"
        ),
        encoding="utf-8",
    )
    async with start(lessons=tmp_path) as flow:
        await flow.screen.lessons.load("own:mine")
        await flow.until_state("ready")
        await flow.press("E")
        await flow.until(lambda: flow.progress.epoch >= 3, "an epoch to look back from")
        flow.screen.lessons.tracker.progress.forget(page_of(flow).lesson)
        await flow.press("<")
        await flow.until(lambda: flow.progress.now is not None, "an earlier moment")
        await flow.until(lambda: flow.screen.state in ENDED, "the end of the run")
        await flow.until(lambda: page_of(flow).items[1].state == "done", "the check")
        assert flow.progress.now is not None and flow.progress.epoch < flow.progress.now


OPTIONS: dict[str, dict[str, object]] = {  # a value of each option of the views that is not what they begin with
    "loss": {"log": True, "batches": True, "best": True},
    "data": {"panel": "rows", "ends": True, "x": "petal width (cm)", "y": "petal width (cm)"},
    "landscape": {
        "kind": "plane",
        "variants": True,
        "algorithms": True,
        "parameter": 3,
        "low": -7.0,
        "high": 7.0,
        "parameter_2": 5,
        "low_2": -6.0,
        "high_2": 6.0,
    },
    "boundary": {"x": "petal width (cm)", "y": "sepal width (cm)", "layer": 1, "neuron": 2},
    "network": {"panel": "microscope", "stage": "update", "sample": 3, "layer": 2, "neuron": 1},
    "predictions": {"panel": "loss", "part": "training"},
    "summary": {"code": True, "book": True},
}
TOGETHER = {"ends": {"panel": "rows"}, "stage": {"panel": "microscope"}, "neuron": {"layer": 1}}  # what others need


async def test_every_option_of_a_lesson_has_an_effect(start: Start) -> None:
    assert {view: set(options) for view, options in OPTIONS.items()} == {
        view: set(options) for view, options in VIEW_OPTIONS.items()
    }
    async with start(Experiment()) as flow:
        for name, options in OPTIONS.items():
            await flow.screen.tabs.open(name)
            view = await flow.screen.tabs.ready(name)
            await flow.until(lambda view=view: flow.screen.tabs.view is view, name)
            for option, value in options.items():
                others = TOGETHER.get(option, {})
                view.configure({})
                view.configure(others)
                before = looks(view)
                view.configure({})
                given = [("one", MINE)] if option == "variants" else value
                view.configure({**others, ("companions" if option == "variants" else option): given})
                await flow.until(lambda view=view, before=before: looks(view) != before, f"{name}: {option}")
            view.configure({})


def looks(view: TabView) -> str:
    """What a view requests and is set to, its parts included."""
    parts = [repr((getattr(view, "request", None), sorted(view.classes)))]
    for part in (view, *view.query("*").results(Widget)):
        kept = {key: value for key, value in vars(part).items() if isinstance(value, bool | int | float | str | tuple)}
        parts.append(repr((type(part).__name__, part.display, kept)))
    return "\n".join(parts)
