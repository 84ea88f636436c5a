"""Text from elsewhere, and files of text that are made to do harm: a sentence, soon, without a control code."""

from __future__ import annotations

import base64
import sys
import time
import tomllib
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems import NAMES, not_on_windows
from textual.app import App, ComposeResult

from tui_trainer.book.lesson import LessonError
from tui_trainer.book.reading import loads as lesson
from tui_trainer.cli.main import main
from tui_trainer.errors import UserError, escaped, plain, printable, quoted
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.share import unshare
from tui_trainer.experiment.toml_file import TooDeep, loads, parse_toml
from tui_trainer.experiment.validation import from_plain
from tui_trainer.ui.status_lines import MessageLine

PATIENCE = 8.0  # seconds; what is refused in time takes less than one
ACTING = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control codes, marks of direction and joining, halves of pairs, ends of lines
FIELDS = ("name", "dataset", "dataset.kinds", "model", "model.layers", "training", "training.optimizer", "hide")


def test_every_character_that_acts_on_a_terminal_is_replaced() -> None:
    acting = [char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char) in ACTING]
    assert {"\x00", "\x1b", "\x07", "\x7f", "\x9b", "\x9d", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff"} < set(
        acting
    )
    assert printable("".join(acting)) == "\ufffd" * len(acting)
    assert escaped("".join(acting)).isprintable() and quoted("".join(acting), 10**6).isprintable()


@given(st.text())
def test_what_is_shown_is_printable(text: str) -> None:
    assert printable(text).isprintable() and len(printable(text)) == len(text)
    assert escaped(text).isprintable() and quoted(text).isprintable() and len(plain(text)) <= 60


def test_joined_emoji_are_taken_apart() -> None:
    """A terminal draws the woman and the microscope side by side, or as one, where a joiner stands between them."""
    assert plain("lab 👩\u200d🔬 ❤\ufe0f") == "lab 👩🔬 ❤"


async def test_the_message_line_shows_no_control_code() -> None:
    class Host(App[None]):
        def compose(self) -> ComposeResult:
            yield MessageLine()

    app = Host()
    async with app.run_test(size=(80, 5)):
        line = app.query_one(MessageLine)
        line.show_message("[red]x[/] \x1b]0;t\x07\x9b2J\u202eabc\u200b")
        assert str(line.content) == "[red]x[/] �]0;t��2J�abc�"


@not_on_windows(NAMES)
def test_no_complaint_of_the_command_line_holds_a_control_code(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "\x1b[2J" / "x"))
    (tmp_path / "\x1b[2J").write_text("")
    (tmp_path / "runs.sqlite").write_text("")
    for words in (["sessions"], ["train", "\x1b[2J"], ["--csv", "\x9b2J"], ["export", "\u202e"], ["--lessons", "\x07"]):
        main(words)
        out, err = capsys.readouterr()
        assert all(line.isprintable() for line in (out + err).splitlines()), words


def word(data: bytes) -> str:
    """Any bytes in the form of a shared experiment."""
    return encoded(zlib.compress(data))


def zeros(megabytes: int) -> bytes:
    """So many compressed, from one: what follows a full flush is compressed as if nothing had come before."""
    compressor = zlib.compressobj()
    first, another = (compressor.compress(bytes(10**6)) + compressor.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    checksum = (megabytes * 10**6 % 65521 << 16 | 1).to_bytes(4, "big")
    return first + another * (megabytes - 1) + compressor.flush()[:-4] + checksum


def encoded(data: bytes) -> str:
    """Compressed bytes in the form of a shared experiment."""
    return "tt1-" + base64.urlsafe_b64encode(data).rstrip(b"=").decode()


DOTS = ".".join("a" * 450_000)
BOMBS: dict[str, tuple[Callable[[str], object], str]] = {
    "word of a gigabyte": (unshare, encoded(zeros(1000))),
    "word of nested lists": (unshare, word(b'{"name":' + b"[" * 400_000 + b"]" * 400_000 + b"}")),
    "word of nested tables": (unshare, word(b'{"hide":' + b'{"a":' * 990 + b"1" + b"}" * 990 + b"}")),
    "word of tables that Python 3.12 takes": (unshare, word(b'{"hide":' + b'{"a":' * 1500 + b"1" + b"}" * 1500 + b"}")),
    "word of an endless number": (unshare, word(b'{"model":{"seed":' + b"9" * 900_000 + b"}}")),
    "long key": (loads, DOTS + " = 1"),
    "long header": (loads, f"[{DOTS}]"),
    "long key in quotes": (loads, ".".join(['"a"'] * 240_000) + " = 1"),
    "long key inside": (loads, "x = {" + " . ".join(["'a'"] * 160_000) + " = 1}"),
    "nested lists": (loads, "x = " + "[" * 450_000),
    "deep header": (loads, "[" + ".".join("a" * 1000) + "]"),
    "number without end": (loads, "[dataset]\nseed = " + "9" * 900_000),
    "number in sixteens": (loads, "[dataset]\nseed = 0x" + "f" * 900_000),
    "huge network": (loads, "[[model.layers]]\nunits = 65536\n" * 40_000),
    "lesson of a long key": (lambda text: lesson(text, "a.toml", "own:a"), DOTS + " = 1"),
    "lesson of a deep header": (lambda text: lesson(text, "a.toml", "own:a"), "[" + ".".join("a" * 1000) + "]"),
    "lesson of a number in sixteens": (lambda text: lesson(text, "a.toml", "own:a"), "title = 0x" + "f" * 900_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_text_that_is_a_bomb_is_refused_soon(name: str) -> None:
    read, text = BOMBS[name]
    assert len(text) < 1_500_000
    started = time.perf_counter()
    with pytest.raises((UserError, LessonError)) as refused:
        read(text)
    assert time.perf_counter() - started < PATIENCE
    assert str(refused.value).isprintable() and len(str(refused.value)) < 500


def test_texts_with_dots_and_quotes_are_still_toml() -> None:
    text = 'a = "' + "1.2." * 4000 + '"\n'
    with pytest.raises(TooDeep):
        parse_toml(text)
    for fine in ('a = "' + "one. two. " * 45 + '"', "a = [" + "0.5, " * 4000 + "]", 'a = "' + '\\"' * 400_000 + '"'):
        started = time.perf_counter()
        assert parse_toml(fine) == tomllib.loads(fine)
        assert time.perf_counter() - started < PATIENCE


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["$", "a`b", "[...]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=4), anything, max_size=4))
def test_tables_of_anything_are_an_experiment_or_a_sentence(fields: dict[str, Any]) -> None:
    data: dict[str, Any] = {}
    for path, value in fields.items():
        table, *rest = path.split(".")
        if rest:
            inner = data.setdefault(table, {})
            if isinstance(inner, dict):
                inner[rest[0]] = value
        else:
            data[table] = value
    try:
        from_plain(data)
    except UserError as error:
        assert str(error).isprintable()


@given(st.sampled_from(("dataset.kinds", "dataset.features", "training.metrics", "model.weights", "name")), anything)
def test_a_field_of_anything_is_an_experiment_or_a_sentence(path: str, value: object) -> None:
    try:
        with_field(Experiment(), path, value)
    except UserError as error:
        assert str(error).isprintable()
