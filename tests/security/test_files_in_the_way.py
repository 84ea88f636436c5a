"""Files that are something else than they seem: pipes, devices, links, lying headers, code, a full disk, no rights."""

from __future__ import annotations

import json
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from systems import LINKS, MODES, PIPES, WINDOWS, not_on_windows

from tui_trainer import console
from tui_trainer.book.progress import LessonProgress
from tui_trainer.cli.main import main
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import write
from tui_trainer.export import folder as exported_folder
from tui_trainer.export.metadata import read_history, read_metadata
from tui_trainer.export.weights import read_tensors, weights_bytes
from tui_trainer.files import ROOT_VARIABLE, read_plain
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.live_trainers import LiveTrainer, folder_beside
from tui_trainer.store.store import Store, StoreError
from tui_trainer.training.session import Session

ROOT = Path(__file__).resolve().parents[2]
SHADOWS = ("pickle", "numpy", "struct", "json", "socket", "signal", "joblib", "random", "tempfile", "tui_trainer")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """An experiment of two epochs in a folder of its own."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "tiny.toml").write_text("[training]\nepochs = 2\n")
    return folder / "tiny.toml"


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command says that can't be done."""
    assert main(list(words)) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and err[:-1].isprintable()
    return err


@not_on_windows(PIPES)
def test_pipes_and_devices_are_not_waited_for(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tiny.with_name("pipe")
    os.mkfifo(pipe)
    for file in (str(pipe), "/dev/zero", "/dev/tty"):
        for words in (
            [file],
            ["train", file],
            ["--csv", file],
            ["train", str(tiny), "--weights", file],
            ["export", file],
        ):
            assert "there is no file" in refused(capsys, *words)
    for read in (read_metadata, read_history, read_tensors):
        with pytest.raises(UserError):
            read(pipe)
    with pytest.raises(OSError, match="a pipe or a device"):
        read_plain(pipe, 10)
    book = pipe.with_name("book.json")
    os.mkfifo(book)
    assert "can't be read: it is a pipe or a device" in LessonProgress(book).complaint


def test_a_file_that_is_too_long_is_not_read_whole(tmp_path: Path) -> None:
    """A sparse file has any length and takes no room."""
    long = tmp_path / "long"
    with long.open("wb") as file:
        file.truncate(50_000_000_000)
    assert len(read_plain(long, 1000)) == 1001
    for read, told in (
        (read_metadata, "is larger than 50 MB"),
        (lambda p: read_tensors(p, 10**6), "is larger than 1 MB"),
    ):
        with pytest.raises(UserError, match=told):
            read(long)


def header(about: object, data: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file by hand."""
    text = about if isinstance(about, bytes) else json.dumps(about).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(**other: object) -> dict[str, object]:
    return {"0.weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **other}}


LYING = (
    b"",
    b"\0" * 7,
    header(tensor(), b"1234567"),
    header(tensor(), b"123456789"),
    header(tensor(), b"12345678", 2**63),
    header(tensor(), b"12345678", 10**9),
    header(tensor(shape=[2**40, 2**40]), b"12345678"),
    header(tensor(shape=[-2]), b"12345678"),
    header(tensor(data_offsets=[0, 2**60]), b"12345678"),
    header(tensor(data_offsets=[8, 0]), b"12345678"),
    header(tensor(dtype="BF16"), b"1234"),
    header(tensor(dtype="F8_E4M3", data_offsets=[0, 2]), b"12"),
    header(tensor(dtype="nonsense"), b"12345678"),
    header(b"[" * 100_000),
    header(b'{"__metadata__": ' + b'{"a":' * 10_000),
    header({**tensor(), "1.weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, b"12345678"),
    b"\x80\x04\x95\x0c\0\0\0\0\0\0\0\x8c\x02os\x8c\x06system\x93.",  # a pickle
)


@pytest.mark.parametrize("content", LYING, ids=range(len(LYING)))
def test_weights_with_a_lying_header(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(content)
    with pytest.raises(UserError, match="is not a complete safetensors file"):
        read_tensors(file)


def test_weights_cut_anywhere_are_refused(tmp_path: Path) -> None:
    whole = weights_bytes({"0.weight": np.ones((3, 4), np.float32)})
    file = tmp_path / "weights.safetensors"
    for length in range(0, len(whole), 5):
        file.write_bytes(whole[:length])
        with pytest.raises(UserError):
            read_tensors(file)


@pytest.mark.parametrize(
    "words",
    [
        ["train", "tiny.toml", "--history", "{0}"],
        ["train", "tiny.toml", "--weights", "{0}"],
        ["train", "--csv", "{0}"],
        ["train", "tiny.toml", "--tensorboard", "{0}"],
        ["report", "1", "--to", "{0}"],
        ["export", "tiny.toml", "--to", "{0}"],
        ["sweep", "tiny.toml", "--repeat", "2", "--no-store", "--results", "{0}"],
        ["train", "{0}"],
        ["summary", "{0}"],
        ["{0}"],
        ["--csv", "{0}"],
    ],
    ids=lambda words: " ".join(words),
)
@not_on_windows(LINKS)
def test_no_option_leads_out_of_a_jail(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    jail, outside = tmp_path / "jail", tmp_path / "outside"
    jail.mkdir()
    outside.mkdir()
    (outside / "there").write_text("name = 'there'\n")
    (jail / "tiny.toml").write_text("[training]\nepochs = 2\n")
    (jail / "folder").symlink_to(outside)
    (jail / "file").symlink_to(outside / "there")
    (jail / "new").symlink_to(outside / "new")
    monkeypatch.setenv(ROOT_VARIABLE, str(jail))
    monkeypatch.chdir(jail)
    for path in (
        "../outside/there",
        str(outside / "there"),
        "folder/there",
        "folder/new",
        "file",
        "new",
        "~/../outside",
    ):
        assert "is outside of" in refused(capsys, *(one.format(path) for one in words)), path
    assert [one.name for one in outside.iterdir()] == ["there"]
    assert (outside / "there").read_text() == "name = 'there'\n"


@not_on_windows(PIPES)
def test_a_disk_that_is_full_is_told(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    assert main(["train", str(tiny), "--history", "/dev/full"]) == 2
    assert "--history: cannot write '/dev/full': No space left on device" in capsys.readouterr().err


def test_a_full_disk_leaves_the_old_file(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    old = tiny.with_name("old")
    monkeypatch.setattr(os, "fsync", full)
    sweep = ["sweep", str(tiny), "--repeat", "2", "--jobs", "1", "--no-store", "--force", "--results", str(old)]
    for words, content in (
        (["train", str(tiny), "--force", "--history", str(old)], "epoch,old"),
        (sweep, "number,old"),
    ):
        old.write_text(content)
        assert main(words) == 2
        assert "No space left on device" in capsys.readouterr().err
        assert old.read_text() == content
    with pytest.raises(UserError, match="No space left on device"):
        write(Experiment(), old)
    assert old.read_text() == "number,old"
    assert sorted(one.name for one in tiny.parent.iterdir()) == ["old", "tiny.toml"]


def test_a_table_that_a_spreadsheet_has_open(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Windows keeps it from being replaced, which is told before the training, not after it."""
    old = tiny.with_name("old.csv")
    old.write_text("epoch,old")
    with open(old):
        code = main(["train", str(tiny), "--history", str(old), "--force"])
    said = capsys.readouterr()
    if WINDOWS:
        assert code == 2 and said.out == "" and old.read_text() == "epoch,old"
        assert "--history: " in said.err and "it may be open in another program, such as a spreadsheet" in said.err
    else:
        assert code == 0 and old.read_text().startswith("epoch,loss")
    assert sorted(one.name for one in tiny.parent.iterdir()) == ["old.csv", "tiny.toml"]


def test_a_name_that_windows_has_given_to_a_device(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is sent into the void there; elsewhere it is a name like others."""
    name = tiny.with_name("aux.csv")
    code = main(["train", str(tiny), "--history", str(name)])
    said = capsys.readouterr().err
    if WINDOWS:
        assert (code, said) == (
            2,
            f"tui-trainer: --history: cannot write '{name}': it is a device, not a file; give another path\n",
        )
    else:
        assert code == 0 and name.read_text().startswith("epoch,loss")


def test_an_export_to_a_drive_that_is_not_there(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no folder above it is there either: elsewhere, the root always is."""
    monkeypatch.setattr(exported_folder, "_mode", lambda path: 0)
    assert main(["export", str(tiny), "--to", "Q:/exports/tiny"]) == 2
    assert "is on a drive that is not there; choose another folder" in capsys.readouterr().err


@not_on_windows(MODES)
def test_outputs_keep_links_and_permissions_of_what_they_replace(tiny: Path) -> None:
    old, link = tiny.with_name("old"), tiny.with_name("link")
    old.write_text("epoch,old")
    old.chmod(0o640)
    link.symlink_to(old)
    assert main(["train", str(tiny), "--history", str(link), "--force"]) == 0
    assert link.is_symlink() and old.read_text().startswith("epoch,loss")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


@pytest.mark.parametrize("option", ["--history", "--results"])
@not_on_windows(LINKS)
def test_nothing_of_the_users_is_overwritten(option: str, tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, link, old, notes = (tiny.with_name(name) for name in ("data.csv", "link.csv", "old.csv", "notes.csv"))
    data.write_text("epoch,y\n" + "".join(f"{row % 5}.5,{row % 2}\n" for row in range(20)))
    link.symlink_to(data)
    notes.write_text("my,notes\n")
    old.write_text("epoch,loss\n" if option == "--history" else "number,state\n")
    before = {file: file.read_text() for file in (data, old, notes)}
    tiny.write_text("[dataset]\npath = 'data.csv'\n[training]\nepochs = 2\n")
    command = ["train"] if option == "--history" else ["sweep", "--repeat", "2", "--jobs", "1", "--no-store"]
    for file, force, reason in (
        (old, [], "exists already; give another path, or overwrite it with --force"),
        (data, ["--force"], "is the dataset in use"),
        (link, ["--force"], "is the dataset in use"),
        (notes, ["--force"], "is a file of another kind, which is never overwritten"),
    ):
        assert main([*command, str(tiny), option, str(file), *force]) == 2
        assert reason in capsys.readouterr().err
    assert {file: file.read_text() for file in before} == before
    assert main([*command, str(tiny), option, str(old), "--force"]) == 0
    assert old.read_text() != before[old]


def test_the_table_of_a_sweep_is_not_called_csv_any_more(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tiny.with_name("before.csv")
    assert main(["sweep", str(tiny), "--repeat", "2", "--no-store", "--results", str(before)]) == 0
    for path, why in (("t.csv", "there is no such file"), (str(before), "is a table of results")):
        capsys.readouterr()
        assert main(["sweep", str(tiny), "--repeat", "2", "--csv", path]) == 2
        said = capsys.readouterr().err
        assert "--csv: is your own data; the file for the results of a sweep is given with --results" in said
        assert why in said


def test_what_can_be_written_is_found_out_without_writing(tiny: Path) -> None:
    """A run that fails at its start leaves no empty file."""
    tiny.with_name("own.toml").write_text("[dataset]\npath = 'missing.csv'\n")
    assert main(["train", str(tiny.with_name("own.toml")), "--history", str(tiny.with_name("h.csv"))]) == 2
    console.check_writable(tiny.with_name("h.csv"), "--history")
    assert not tiny.with_name("h.csv").exists()


def test_no_code_from_the_folder_it_is_started_in(tiny: Path) -> None:
    """Data from somewhere else may have a file of Python beside it, named like a module that is needed."""
    hit = tiny.parent / "hit"
    for name in SHADOWS:
        (tiny.parent / f"{name}.py").write_text(f"open({str(hit)!r}, 'a').write('{name} ')\n")
    words = ["sweep", tiny.name, "--repeat", "2", "--jobs", "2", "--no-store"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tui_trainer", *words],  # as the installed command
        cwd=tiny.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not hit.exists(), hit.read_text()


@not_on_windows(MODES)
def test_what_is_kept_is_for_no_other_user(tmp_path: Path) -> None:
    """Whatever the mask says, and whoever has made the folder."""
    mask = os.umask(0)
    try:
        for folder in (tmp_path / "new" / "deep", tmp_path / "shared"):
            if folder.name == "shared":
                folder.mkdir(mode=0o777)
            path = folder / "runs.sqlite"
            place = LiveTrainer(folder_beside(path))
            listener = place.listen()
            session, keeper = Session(), Checkpointer(path, place.name)
            session.load(Experiment())
            session.step()
            keeper.save(session)
            progress = LessonProgress(folder / "book.json")
            progress.opened = "own:x"
            progress.open(None)
            files = [one for one in folder.rglob("*") if not one.is_dir()]
            assert {"runs.sqlite", "runs.sqlite-wal", "runs.sqlite-shm", "book.json"} <= {one.name for one in files}
            assert any(one.is_socket() for one in files) or len(str(folder)) > 60
            for one in files:
                assert stat.S_IMODE(one.stat().st_mode) == 0o600, one
            assert stat.S_IMODE((folder / "sessions").stat().st_mode) == 0o700
            if folder.name == "deep":
                assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            listener.close()
            place.leave()
    finally:
        os.umask(mask)


@not_on_windows(MODES)
def test_a_store_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    Store(path).close()
    path.chmod(0o644)
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@not_on_windows(MODES)
def test_a_store_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "runs.sqlite"
    Store(path).close()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(StoreError, match="it belongs to another user"):
        Store(path)


def test_an_experiment_is_written_beside_and_moved(tmp_path: Path) -> None:
    """Nothing that lies in a shared folder under the name is written into."""
    other = tmp_path / "other"
    other.write_text("mine")
    os.link(other, tmp_path / "a.toml")
    write(Experiment(), tmp_path / "a.toml")
    assert other.read_text() == "mine"
