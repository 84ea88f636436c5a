"""Paths that the user names, without a root and with one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from systems import LINKS, WINDOWS, not_on_windows

from tui_trainer.errors import UserError, quoted
from tui_trainer.files import ROOT_VARIABLE, confined, root


@pytest.fixture
def jail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a student, who stands in it; beside it lie other people's files."""
    (tmp_path / "others.toml").touch()
    folder = tmp_path / "anna"
    (folder / "data").mkdir(parents=True)
    monkeypatch.setenv(ROOT_VARIABLE, str(folder))
    monkeypatch.chdir(folder)
    return folder


def test_without_a_root_anything_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path))
    assert root() is None
    assert confined("/etc/passwd") == Path("/etc/passwd")
    assert confined("~/a.toml") == tmp_path / "a.toml" and confined("../.x") == Path("../.x")


@pytest.mark.parametrize(
    "named", ["a.toml", "./data/../a.toml", "~/a.toml", "{jail}/a.toml", "data/new/a.toml", "~", "."]
)
def test_a_path_inside_is_resolved(jail: Path, named: str) -> None:
    found = confined(named.format(jail=jail))
    assert found.is_relative_to(jail) and found.is_absolute() and "~" not in found.parts


OUTSIDE = (
    "/etc/passwd",
    "../others.toml",
    "data/../../others.toml",
    "{jail}/../others.toml",
    "{jail}2/a",
    "~/../x",
    "/",
)
OUTSIDE_ON_WINDOWS = (
    *(r"..\others.toml", r"data\..\..\others.toml", r"~\..\x", r"C:\Windows\win.ini", "D:/x", r"\Windows\win.ini"),
    *(r"\\server\share\x", r"\\?\C:\Windows\win.ini", r"\\.\C:", "con", "nul"),
)


@pytest.mark.parametrize("named", [*OUTSIDE, *(OUTSIDE_ON_WINDOWS if WINDOWS else ())])
def test_a_path_outside_is_refused(jail: Path, named: str) -> None:
    outside = re.escape(f"is outside of {quoted(str(jail), 200)}; give a path inside that folder")
    with pytest.raises(
        UserError, match=f"{outside}|is not a path" if WINDOWS else outside
    ):  # a device is no path there
        confined(named.format(jail=jail), "dataset.path")


@not_on_windows(LINKS)
def test_links_are_followed_before_they_are_judged(jail: Path) -> None:
    (jail / "way_out").symlink_to("..")
    (jail / "theirs.toml").symlink_to("../others.toml")
    (jail / "round.toml").symlink_to("round.toml")
    for named in ("way_out/others.toml", "theirs.toml", "way_out/new.toml"):
        with pytest.raises(UserError, match="is outside of"):
            confined(named)
    (jail / "within.toml").symlink_to("data/a.toml")
    assert confined("within.toml") == jail / "data" / "a.toml"
    assert confined("round.toml").parent == jail, "a circle is no way out; opening it fails"


@not_on_windows(LINKS)
def test_a_root_that_is_a_link(jail: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(jail)
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "link"))
    assert root() == jail and confined("a.toml") == jail / "a.toml"
    assert confined(tmp_path / "link" / "a.toml") == jail / "a.toml"


@pytest.mark.parametrize("named", [".ssh/rc", "~/.tui-trainer/runs.sqlite", "data/.hidden.csv"])
def test_hidden_files_are_not_for_users(jail: Path, named: str) -> None:
    with pytest.raises(UserError, match="is hidden; give a name that begins with no dot"):
        confined(named)


def test_what_is_no_path(jail: Path) -> None:
    with pytest.raises(UserError, match=r"^dataset.path: 'a\\x00b' is not a path"):
        confined("a\0b", "dataset.path")
    with pytest.raises(UserError, match="outside of"):
        confined("\x1b[2J/../../..")
    assert confined("\x1b[2J.toml").parent == jail, "a name like any other; whoever shows it makes it plain"


def test_another_home_is_no_way_out(jail: Path) -> None:
    assert confined("~root/a.toml") == jail / "~root" / "a.toml"
    assert os.fspath(confined("~")) == os.fspath(jail)
