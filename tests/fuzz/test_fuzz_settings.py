"""The config file, and the two small files that the app writes itself: choices, and progress in the book."""

from __future__ import annotations

import os
import random
from functools import cache

from holding import ROOT, Campaign, Case, check_sentence, check_shown, run_command
from mutators import NASTY_TEXTS, changed_json, changed_toml, damaged, file_of_text

from tui_trainer.app.keys import KEYS
from tui_trainer.app.preferences import THEMES, preferences_for
from tui_trainer.book.library import packaged
from tui_trainer.book.progress import LessonProgress
from tui_trainer.settings import CONFIG_VARIABLE, RememberedSettings

KIND = "settings"
PLAIN = 'theme = "light"\nmarkers = "ascii"\nreduced_motion = true\nnotify = "bell"\ntitle = false\nmouse = false\n'
FORMS = (
    "f5",
    "ctrl+x",
    "X",
    "x",
    "comma",
    "space",
    "pageup",
    "f13",
    "ctrl+alt+shift+x",
    "ctrl+c",
    "tab",
    "escape",
    ",",
)


@cache
def good() -> tuple[str, ...]:
    """Config files as people write them."""
    old = (ROOT / "tests/compatibility/version_0_1/config.toml").read_text()
    return (old, PLAIN, f'{PLAIN}[keys]\nstep = "f8"\n', '[keys]\nstep = "f8"\nquit = "Q,f10"\n', "# nothing\n", "")


def config_text(rng: random.Random) -> str:
    """A config file with something changed in it, or with some keys of its own."""
    text = rng.choice(good())
    if rng.random() < 0.35:
        keys = (
            rng.choice(FORMS) if rng.random() < 0.7 else rng.choice(NASTY_TEXTS) for _ in range(rng.randrange(1, 4))
        )
        text += f"\n[keys]\n{rng.choice(KEYS).name} = {quoted(','.join(keys))}\n" if "[keys]" not in text else ""
    return changed_toml(rng, text, good()) if rng.random() < 0.75 else text


def quoted(text: str) -> str:
    """Any text as TOML has it."""
    return '"' + "".join(char if char.isalnum() else f"\\U{ord(char):08x}" for char in text) + '"'


def config_file(rng: random.Random) -> bytes:
    """The bytes of such a file."""
    return file_of_text(rng, config_text(rng), [text.encode() for text in good()])


def try_config(case: Case) -> bool:
    path = case.write("config.toml", config_file(case.rng))
    os.environ[CONFIG_VARIABLE] = str(path)
    try:
        preferences = preferences_for({})
        code, *_ = run_command(case.rng.choice(("settings", "keys"))) if case.rng.random() < 0.5 else (None,)
    finally:
        del os.environ[CONFIG_VARIABLE]
    for complaint in preferences.complaints:
        check_sentence(complaint)
    assert code is None or (code == 2) == bool(preferences.complaints)
    assert not preferences.settings.theme or preferences.settings.theme in THEMES
    for key in preferences.keymap.listed:
        check_shown(key.display, key.help, key.label)
        assert key.display, f"{key.name} has no key"
    return not preferences.complaints


def try_remembered(case: Case) -> bool:
    """Choices that can't be understood are forgotten, and new ones are remembered nevertheless."""
    good = '{"theme":"light","markers":"ascii"}'
    path = case.folder / "data" / "remembered.json"
    case.outputs.add("data")
    path.parent.mkdir()
    path.write_bytes(damaged_json(case.rng, good))
    memory = RememberedSettings(path)
    before = memory.recall()
    memory.keep_theme("dark")
    assert memory.recall().theme == "dark" and memory.recall().markers == before.markers
    return before.theme is not None


def try_progress(case: Case) -> bool:
    """What was done is read, or the file is set aside; new progress is kept."""
    lesson = packaged_lessons()[0]
    good = f'{{"version":1,"lessons":{{"{lesson.id}":{{"passed":true,"done":["a"]}}}},"opened":"{lesson.id}"}}'
    folder = case.folder / "data"
    path = folder / "book.json"
    case.outputs.add("data")
    folder.mkdir()
    content = damaged_json(case.rng, good)
    path.write_bytes(content)
    progress = LessonProgress(path)
    is_understood = not progress.complaint
    if not is_understood:
        check_sentence(progress.complaint)
        (aside,) = folder.iterdir()
        assert aside.read_bytes() == content and aside.name in progress.complaint
    progress.open(packaged_lessons()[1])
    assert LessonProgress(path).opened == packaged_lessons()[1].id
    assert LessonProgress(path).passed(lesson) == progress.passed(lesson)
    return is_understood


packaged_lessons = cache(lambda: packaged().lessons)


def damaged_json(rng: random.Random, text: str) -> bytes:
    """A small file of the app with something changed in it."""
    if rng.random() < 0.5:
        return changed_json(rng, text).encode("utf-8", "surrogatepass")
    return damaged(rng, text.encode())


def try_settings(case: Case) -> bool:
    chance = case.rng.random()
    return try_config(case) if chance < 0.7 else try_remembered(case) if chance < 0.85 else try_progress(case)


def test_settings(campaign: Campaign) -> None:
    campaign.run(try_settings)
