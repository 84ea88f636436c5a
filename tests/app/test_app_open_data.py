"""Own data in the app: the file is picked, looked at, corrected and taken, and left as one edit."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from systems import WINDOWS
from textual.widgets import Input, OptionList, Static
from ugly import CASES

from tui_trainer.app.dialogs.pick_file import PickFile
from tui_trainer.app.dialogs.preview_data import PreviewData, PreviewTable
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.protocol import Loaded, LoadingProgress
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.fields import ChoiceField, Field

if TYPE_CHECKING:
    from running_app import Flow, Start

SHOP = "id;colour;size;price\n" + "".join(
    f"{place};{'red' if place % 3 else 'blue'};{place * place % 17},5;{place},25\n" for place in range(30)
)
NO_FOLDER = "" if WINDOWS else "No such file or directory"  # Windows has sentences of its own, in its language
# One of each kind of trouble, as far as the screen may show it.
SHOWN = (
    *("semicolons", "UTF-16", "Windows-1252", "a NUL byte", "empty", "a long row", "one column", "a name twice"),
    *("a slip among numbers", "markup", "escape sequences", "writing from right to left", "escapes in cells"),
)


async def pick(flow: Flow, path: Path) -> PreviewData:
    """Open the picker, type the path, and wait for what the file comes to."""
    await flow.press("i")
    (await flow.until_asked(PickFile)).value = str(path)
    await flow.press("enter")
    await flow.until(lambda: isinstance(flow.pilot.app.screen, PreviewData), "the preview")
    return await answered(flow)


async def answered(flow: Flow) -> PreviewData:
    """Wait until the preview shows the answer to its newest question."""
    screen = flow.pilot.app.screen
    assert isinstance(screen, PreviewData)
    await flow.until(lambda: screen._preview is not None, "what the file comes to")
    return screen


def told(flow: Flow) -> str:
    """What the preview says of the file."""
    return str(flow.pilot.app.screen.query_one(".status", Static).content)


def assert_clean(flow: Flow) -> None:
    """Nothing on the screen is a control or format character."""
    found = {char for char in flow.screen_text() if unicodedata.category(char)[0] == "C"} - {"\n"}
    assert not found, [f"U+{ord(char):04X}" for char in found]


async def test_several_targets_are_chosen_by_a_key_of_their_own(start: Start, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(SHOP)
    async with start() as flow:
        await pick(flow, tmp_path / "shop.csv")
        await flow.until(lambda: "price: a number, regression" in told(flow), "the target that was guessed")
        await flow.press("right", "right", "T")  # the size, too
        await answered(flow)
        await flow.until(lambda: "price, size: 2 numbers, regression" in told(flow), "both")
        table = flow.pilot.app.screen.query_one(PreviewTable)
        heads = [str(cell) for cell in table.get_row_at(0)]
        assert heads[2:] == ["target 2", "target 1"]
        await flow.press("left", "T")  # the colour, which is no number
        await answered(flow)
        await flow.until(lambda: "'colour' holds text; predict it alone" in told(flow), "what is wrong")
        await flow.press("T")  # not the colour
        await answered(flow)
        await flow.until(lambda: "price, size: 2 numbers" in told(flow), "both again")
        await flow.press("enter")
        await flow.until_loaded(2)
        assert flow.screen.experiment.dataset.target == ("price", "size")
        assert flow.screen.trainer.loaded is not None
        assert flow.screen.trainer.loaded.experiment.model.output.units == 2
        field = await flow.unfold("dataset.target")
        assert field.query_one(Dropdown).value == '["price", "size"]'
        await flow.press("Y")
        await flow.until(lambda: "2/2" in str(flow.screen.header.run), "the other target, in the head")


async def test_a_file_is_picked_corrected_and_taken(start: Start, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(SHOP)
    async with start() as flow:
        await pick(flow, tmp_path / "shop.csv")
        await flow.until_shown("Semicolons between cells, decimal comma, UTF-8, names in the first row.")
        await flow.until_shown("30 rows, 4 columns; 3 features. price: a number, regression. Left out: id")
        table = flow.pilot.app.screen.query_one(PreviewTable)
        assert table.has_focus and table.row_count == 3 + 20
        await flow.press("right", "k")  # the colour is left out
        await answered(flow)
        await flow.until(lambda: "; 1 feature." in told(flow), "one feature")
        assert flow.screen.experiment == Experiment() and flow.loads == 1
        await flow.press("right", "t")  # the size is the target
        await answered(flow)
        await flow.until(lambda: "size: a number, regression" in told(flow), "another target")
        await flow.press("enter")
        await flow.until_loaded(2)
        config = flow.screen.experiment.dataset
        assert config == DatasetConfig(
            path=str(tmp_path / "shop.csv"), target="size", kinds={"colour": "ignore"}, standardize_target=True
        )
        assert flow.screen.trainer.loaded is not None and flow.screen.trainer.loaded.dataset.features == ("price",)
        await flow.until_said("Left out: id (numbers the rows).")
        await flow.until_shown("dataset own file")
        await flow.press("u")
        await flow.until_loaded(3)
        assert flow.screen.experiment == Experiment()
        await flow.until_shown("dataset Iris, thre…")


async def test_what_was_said_of_a_file_is_there_when_it_is_opened_again(start: Start, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(SHOP)
    config = DatasetConfig(path=str(tmp_path / "shop.csv"), kinds={"colour": "ignore"}, missing="fill")
    async with start(Experiment(dataset=config)) as flow:
        await flow.press("i")
        await flow.until_asked(PickFile)
        await flow.press("enter")
        await flow.until(lambda: isinstance(flow.pilot.app.screen, PreviewData), "the preview")
        await answered(flow)
        await flow.until_shown("left out *")
        await flow.until_shown("missing fill the gaps")
        await flow.press("enter")
        await flow.until(lambda: not isinstance(flow.pilot.app.screen, PreviewData), "the main screen")
        assert flow.screen.experiment.dataset == config and flow.loads == 1


async def test_esc_leaves_everything_as_it_was(start: Start, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(SHOP)
    async with start() as flow:
        await pick(flow, tmp_path / "shop.csv")
        await flow.press("k", "t", "escape")
        await flow.until(lambda: flow.pilot.app.screen is flow.screen, "the main screen")
        await flow.press("i")
        await flow.until_asked(PickFile)
        await flow.press("escape")
        await flow.until(lambda: flow.pilot.app.screen is flow.screen, "the main screen")
        assert flow.screen.experiment == Experiment() and flow.loads == 1
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 1, "a step of the run from before")


async def test_the_dialect_can_be_said(start: Start, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("1,5;2\n2,5;3\n4,5;5\n6,5;7\n")
    async with start() as flow:
        screen = await pick(flow, tmp_path / "table.csv")
        await flow.until_shown("no header")
        fields = {field.path: field for field in screen.query(ChoiceField)}
        fields["header"].edited("true")
        await flow.until_shown("names in the first row")
        fields["delimiter"].edited("comma")
        await flow.until_shown("Commas between cells")
        assert flow.pilot.app.screen.query_one(".status").has_class("-problem")
        await flow.press("enter")  # such a file is not taken
        fields["delimiter"].edited("semicolon")
        await flow.until_shown("Semicolons between cells")
        fields["missing"].edited("fill")
        await flow.until_shown("missing fill the gaps")
        await flow.press("enter")
        await flow.until(lambda: flow.screen.experiment.dataset.path is not None, "the file as the dataset")
        config = flow.screen.experiment.dataset
        assert (config.header, config.delimiter, config.missing) == (True, "semicolon", "fill")


async def test_what_was_found_out_can_be_set_otherwise(start: Start, tmp_path: Path) -> None:
    """Titles above, comments, quotes and marks for missing values: what is found stands there, and can be replaced."""
    rows = "".join(f"'{i}';{i % 7 if i % 5 else -999};{i % 4}\n" for i in range(40))
    (tmp_path / "table.csv").write_text(f"My title\n# made by hand\nname;size;price\n{rows}")
    async with start() as flow:
        screen = await pick(flow, tmp_path / "table.csv")
        fields = {field.path.removeprefix("dataset."): field for field in screen.query(Field)}
        assert fields["skip_rows"].query_one(Input).placeholder == "(2)"
        assert fields["missing_marks"].query_one(Input).placeholder == "(empty cells)"
        await flow.until_shown("comments (#)")
        await flow.until_shown("quotes   (single)")

        fields["missing_marks"].query_one(Input).focus()
        await flow.press(*"-999", "enter")
        await flow.until(lambda: screen.table.has_focus, "the table")
        await answered(flow)
        assert screen._preview is not None and screen._preview.columns[1].missing == 8

        fields["skip_rows"].query_one(Input).focus()
        await flow.press("3", "enter")  # the names as well
        await flow.until_shown("no header")
        await answered(flow)
        assert screen._preview is not None and screen._preview.columns[0].name == "column_1"
        fields["skip_rows"].query_one(Input).focus()
        await flow.press("2", "enter")
        await flow.until_shown("names in the first row")

        fields["quote"].edited("none")
        await flow.until(lambda: screen._config.quote == "none" and screen._preview is not None, "without quotes")
        assert screen._preview is not None and screen._preview.cells[0][0] == "'0'"
        fields["comment"].edited("none")
        await flow.until(lambda: screen._config.comment == "none" and screen._preview is not None, "without comments")
        fields["skip_rows"].query_one(Input).focus()
        await flow.press(*"123456", "enter")
        await flow.until(lambda: fields["skip_rows"].invalid, "the number refused")
        assert "skip rows: a whole number from 0 to 10,000, such as 2" in told(flow)
        fields["skip_rows"].query_one(Input).focus()
        await flow.press("2", "enter")
        await flow.until(lambda: not fields["skip_rows"].invalid, "a number taken")
        await flow.until(lambda: screen.table.has_focus, "the table")
        await flow.press("enter")
        await flow.until(lambda: flow.screen.experiment.dataset.path is not None, "the file as the dataset")
        config = flow.screen.experiment.dataset
        assert (config.skip_rows, config.comment, config.quote, config.missing_marks) == (2, "none", "none", ("-999",))


@pytest.mark.parametrize(
    ("size", "names"),
    [
        pytest.param((120, 40), SHOWN, id="wide", marks=pytest.mark.slow),
        pytest.param((120, 40), SHOWN[1:6:2], id="three of them, wide"),
        pytest.param((80, 24), SHOWN[-3:], id="narrow"),
    ],
)
async def test_ugly_files_are_shown_cleanly_or_refused(
    start: Start, tmp_path: Path, size: tuple[int, int], names: tuple[str, ...]
) -> None:
    """Through the picker and the preview to the main screen, a dozen and more of them."""
    async with start(size=size) as flow:
        for name in names:
            case = CASES[name]
            file = tmp_path / f"{name.replace(' ', '_')}.csv"
            file.write_bytes(case.content)
            loads = flow.loads
            await pick(flow, file)
            assert_clean(flow)
            assert flow.pilot.app.screen.query_one(".status").has_class("-problem") == bool(case.refused), name
            await flow.press("enter")
            if case.refused:
                assert case.refused in told(flow) and isinstance(flow.pilot.app.screen, PreviewData)
                await flow.press("escape")
                assert flow.loads == loads
            else:
                await flow.until_loaded(loads + 1)
            await flow.until(lambda: flow.pilot.app.screen is flow.screen, "the main screen")
            assert_clean(flow)


async def test_the_list_narrows_completes_and_goes_into_folders(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    odd = "red.csv" if WINDOWS else "\x1b[31mred.csv"
    files = sorted([odd, "alpha_one.csv", "alpha_two.TSV", "beta.csv", "notes.txt"])
    for name in (*files, ".hidden.csv", "deep/deeper/x.csv"):
        (tmp_path / name).write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    async with start() as flow:
        await flow.press("i")
        box = await flow.until_asked(PickFile)
        listed = flow.pilot.app.screen.query_one(OptionList)

        def names() -> list[str]:
            return [str(option.prompt).split()[0] for option in listed.options]

        everything = ["deep/", "store/", *(name.replace("\x1b", "�") for name in files)]
        await flow.until(lambda: names() == everything, "folders, then files")
        assert_clean(flow)
        await flow.press("a")
        await flow.until(lambda: names() == ["alpha_one.csv", "alpha_two.TSV"], "two files")
        await flow.press("tab", "t")
        assert box.value == "alpha_t" and names() == ["alpha_two.TSV"]
        box.value = ""
        await flow.until(lambda: len(names()) == len(everything), "all of them")
        await flow.press("d", "tab")
        await flow.until(lambda: names() == ["deeper/"], "the folder in the folder")
        await flow.press("enter")
        await flow.until(lambda: names() == ["x.csv"] and box.value == "deep/deeper/", "the file in it")
        box.value = "nowhere/x"
        await flow.until_shown(f"'nowhere/' can't be listed: {NO_FOLDER}")
        box.value = f"'{tmp_path}/beta.csv'"  # as a terminal gives a file that is dropped on it
        await flow.until(lambda: box.value == f"{tmp_path}/beta.csv", "the path without quotes")
        box.value = "notes.txt"
        await flow.until(lambda: names() == ["notes.txt"], "a text of any name")
        await flow.press("enter")
        await flow.until(lambda: isinstance(flow.pilot.app.screen, PreviewData), "the preview")
        await answered(flow)
        await flow.press("enter")
        await flow.until_loaded(2)
        assert flow.screen.experiment.dataset.path == "notes.txt"


async def test_own_file_in_the_list_of_datasets(start: Start, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(SHOP)
    async with start() as flow:
        flow.field("dataset.name").edited("own file")
        await flow.until_asked(PickFile)
        await flow.press("escape")
        await flow.until_shown("dataset Iris, thre…")
        await flow.enter("dataset.path", str(tmp_path / "shop.csv"))
        await flow.until_loaded(2)
        await flow.until_shown("dataset own file")
        flow.field("dataset.name").edited("wine")
        await flow.until_loaded(3)
        assert flow.screen.experiment.dataset == DatasetConfig("wine", standardize_target=True)


async def test_a_long_reading_is_told_and_can_be_stopped(start: Start, tmp_path: Path) -> None:
    rows = "".join(f"{place % 17}.25,{place % 13}.5,{place % 2}\n" for place in range(400_000))
    with (tmp_path / "long.csv").open("w") as file:
        file.write("a,b,y\n")
        for _ in range(8):
            file.write(rows)
    async with start() as flow:
        await flow.enter("dataset.path", str(tmp_path / "long.csv"))
        await flow.until(
            lambda: any(isinstance(report, LoadingProgress) for report in flow.reports), "a report of the reading"
        )
        assert "Reading long.csv: " in flow.message and flow.message.endswith("%; space stops it.")
        await flow.press("space")
        await flow.until_said("File: reading the file was stopped")
        assert flow.loads == 1 and flow.screen.state == "ready"
        await flow.press("u")
        await flow.until_loaded(2)
        assert flow.screen.experiment == Experiment()

        await flow.enter("dataset.path", str(tmp_path / "long.csv"))
        (tmp_path / "shop.csv").write_text(SHOP)
        await flow.enter("dataset.path", str(tmp_path / "shop.csv"))  # a newer wish: the long file is given up
        await flow.until_loaded(3)
        loaded = [report for report in flow.reports if isinstance(report, Loaded)]
        assert [report.dataset.name for report in loaded[1:]] == ["iris", "shop"]
