"""How the preview of a file looks, with an answer that is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from themed_app import ThemedApp

from tui_trainer.app.dialogs.preview_data import PreviewData
from tui_trainer.datasets.file_preview import FilePreview
from tui_trainer.datasets.preview import Previewer
from tui_trainer.experiment.schema import DatasetConfig

ROWS = "".join(
    f"{place};{place * 7 % 23},5;{('red', 'blue', '')[place % 3]};{1 + place % 9:02d}.05.2024;;{place * 3 % 11},25\n"
    for place in range(40)
)
SHOP = f"id;size;[b]colour;day;empty;price\n{ROWS}"


class Host(ThemedApp):
    """Shows the preview of one file."""

    def __init__(self, config: DatasetConfig, seen: FilePreview) -> None:
        super().__init__()
        self._config, self._seen = config, seen

    def on_mount(self) -> None:
        self.screen_shown = PreviewData(self._config, self._answer)
        self.push_screen(self.screen_shown)

    def _answer(self, config: DatasetConfig, number: int) -> None:
        self.screen_shown.call_later(self.screen_shown.show, number, self._seen)


@pytest.mark.parametrize(
    "size", [pytest.param((120, 40), id="wide"), pytest.param((80, 24), id="narrow"), pytest.param((60, 16), id="tiny")]
)
@pytest.mark.parametrize("kind", ["good", "bad"])
def test_preview(
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    size: tuple[int, int],
    kind: str,
) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")
    monkeypatch.chdir(tmp_path)
    Path("shop.csv").write_text(SHOP if kind == "good" else SHOP + "1;2;3\n")
    config = DatasetConfig(path="shop.csv", kinds={"day": "ignore"} if kind == "good" else None)

    async def right(pilot: Pilot[None]) -> None:
        await pilot.press("right", "right")

    assert snap_compare(Host(config, Previewer().preview(config)), terminal_size=size, run_before=right)
