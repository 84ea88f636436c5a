"""Names from files are text: no markup is obeyed, no control character reaches the screen."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.experiment.toml_file import write
from tui_trainer.tabs.data.view import DataView
from tui_trainer.ui.dropdown import Dropdown

if TYPE_CHECKING:
    from running_app import Flow, Start

NAMES = ("[red]x[/red]", "\x1b[31mescape", "[/oops] [b", "right\u202eleft", "\x9b2Jc1", "tar[bold]get")
SHOWN = ("[red]x[/red]", "�[31mescape", "[/oops] [b", "right�left", "�2Jc1", "tar[bold]get")
CLASSES = ("[@click=app.quit]quit[/]", "\x1b]0;title\x07")


def write_csv(file: Path, *, classes: bool = False) -> None:
    """A file whose header, and on request the target too, is full of traps."""
    rows = [",".join(f'"{name}"' for name in NAMES)]
    for i in range(30):
        target = CLASSES[i % 2] if classes else f"{i * 3 % 11}.5"
        rows.append(f"{i * i},{i * 2},{i % 7},{i % 5},{-i * i},{target}")
    file.write_text("\n".join(rows) + "\n")


def assert_clean(flow: Flow) -> None:
    """Nothing on the screen is a control or format character."""
    found = {char for char in flow.screen_text() if unicodedata.category(char)[0] == "C"} - {"\n"}
    assert not found, [f"U+{ord(char):04X}" for char in found]


async def test_a_header_with_traps_is_shown_cleanly(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "[b]traps[i].csv"
    write_csv(file)
    async with start(Experiment(dataset=DatasetConfig(path=str(file)))) as flow:
        assert flow.screen.trainer.loaded is not None
        assert flow.screen.trainer.loaded.dataset.target == NAMES[-1]
        await flow.press("2")
        await flow.until(lambda: all(name in flow.screen_text() for name in SHOWN), "the names as they are")
        assert_clean(flow)

        target = (await flow.unfold("dataset.target")).query_one(Dropdown)
        axis = flow.screen.query_one(DataView).query_one("#x-axis", Dropdown)
        for chooser in (target, axis):
            chooser.focus()
            await flow.press("enter")
            await flow.until(lambda chooser=chooser: chooser.expanded, "the open list")
            await flow.until(lambda: sum(SHOWN[2] in row for row in flow.screen_text().splitlines()) >= 2)
            assert_clean(flow)
            await flow.press("escape")

        await flow.press("escape", "7")
        await flow.until_shown("in 5 features: [red]x[/red]")
        assert_clean(flow)
        await flow.press("0", "e")
        await flow.until(lambda: flow.progress.epoch == 1, "an epoch")


async def test_an_experiment_with_traps_is_shown_cleanly(start: Start, tmp_path: Path) -> None:
    """A file somebody sent: its text comes into fields, messages and the question for a path."""
    file = tmp_path / "sent.toml"
    sent = Experiment(name="\x1b[2J[/b]", dataset=DatasetConfig(features=("\x1b[31mnosuch", "[/oops]")))
    write(sent, file)
    async with start(Experiment(name=sent.name), path=Path("\x1b[2J[b].toml")) as flow:
        await flow.press("ctrl+s")
        await flow.until_asked(AskPath)
        await flow.until_shown("�[2J[b].toml")
        assert_clean(flow)
        await flow.press("escape", "ctrl+o")
        (await flow.until_asked(AskPath)).value = str(file)
        await flow.press("enter")
        await flow.until_said("there is no column")
        assert flow.input("dataset.features").value == "�[31mnosuch, [/oops]"
        await flow.until_shown("features �[31mnosuch")
        assert_clean(flow)
        assert flow.screen.experiment == sent
        await flow.enter("dataset.features", "")
        await flow.until_loaded(2)
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 1, "a step")


async def test_classes_with_traps_are_shown_cleanly(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "classes.csv"
    write_csv(file, classes=True)
    async with start(Experiment(dataset=DatasetConfig(path=str(file)))) as flow:
        assert flow.screen.trainer.loaded is not None and flow.screen.trainer.loaded.dataset.task == "binary"
        await flow.press("2")
        await flow.until(lambda: CLASSES[0] in flow.screen_text(), "the class as it is")
        assert_clean(flow)
        await flow.press("7")
        await flow.until(lambda: CLASSES[0] in flow.screen_text(), "the class in the summary")
        assert_clean(flow)
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 1, "a step")
