"""The list of runs: in any order, a part at a time, edited, deleted and brought back; older stores too."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from catalogue_cases import HOUR, add, experiment, layers, listed, names, opened

from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.edits import LabelError, RunEdits, clean_name, clean_tag, clean_tags
from tui_trainer.store.live_trainers import LiveTrainer, folder_beside
from tui_trainer.store.store import Store
from tui_trainer.tabs.runs.messages import WatchRuns
from tui_trainer.training.session import Session


def test_a_row_tells_what_the_run_is(tmp_path: Path) -> None:
    session, keeper = Session(), Checkpointer(tmp_path / "runs.sqlite", "me")
    session.load(experiment("first", model__layers=layers(16, 8), training__epochs=3, training__batch_size="full"))
    session.train()
    session.advance_to_end()
    keeper.save(session)
    _, index = opened(tmp_path)
    (row,) = index.list(WatchRuns(rows=5), here=1).rows
    assert (row.name, row.dataset, row.layers, row.activation, row.optimizer) == (
        "first",
        "iris",
        "16-8",
        "relu",
        "sgd",
    )
    assert (row.rate, row.batch, row.seed, row.epoch, row.wanted) == (0.05, None, 0, 3, 3)
    assert (row.state, row.here, row.elsewhere, row.tags, row.pinned) == ("finished", True, False, "", False)
    values = session.values
    assert (row.loss, row.val_loss, row.accuracy) == (values["loss"], values["val_loss"], values["val_accuracy"])
    assert row.r2 is None and row.seconds == session.seconds > 0 and 0 <= row.age < 60
    session.tune(experiment(training__learning_rate=0.2, training__epochs=9).training)
    session.epoch()
    keeper.save(session)
    (row,) = listed(index).rows
    assert (row.rate, row.epoch, row.wanted) == (0.2, 4, 9)


def test_sorted_by_any_column(tmp_path: Path) -> None:
    store, index = opened(tmp_path)
    edits = RunEdits(store)
    add(store, experiment("b", training__learning_rate=0.1), loss=3.0, val_accuracy=0.5, age=3, tags="z")
    add(store, experiment("A", training__learning_rate=0.3), loss=1.0, val_r2=0.9, age=2)
    add(store, experiment("c", training__learning_rate=0.2), age=1, tags="a")
    add(store, experiment("Ä", training__learning_rate=0.2), loss=float("inf"), age=4, state="diverged")
    assert names(index) == ["c", "A", "b", "Ä"]
    assert names(index, descending=True) == ["Ä", "b", "A", "c"]
    assert names(index, sort="name") == ["A", "b", "c", "Ä"], "capitals are no other letters"
    assert names(index, sort="loss") == ["A", "b", "Ä", "c"], "what has no finite loss comes last"
    assert names(index, sort="loss", descending=True) == ["b", "A", "Ä", "c"], "here too"
    assert names(index, sort="lr") == ["b", "Ä", "c", "A"], "of equals, the newer first"
    assert names(index, sort="score", descending=True) == ["A", "b", "Ä", "c"]
    assert names(index, sort="tag") == ["c", "b", "Ä", "A"]
    assert names(index, sort="nonsense; --") == ["c", "A", "b", "Ä"]
    edits.pin((1, 4), True)
    assert names(index) == ["b", "Ä", "c", "A"] and names(index, sort="lr")[:2] == ["b", "Ä"]
    assert [row.pinned for row in listed(index).rows] == [True, True, False, False]
    edits.pin((4,), False)
    assert names(index) == ["b", "c", "A", "Ä"]


def test_runs_are_filtered_and_counted(tmp_path: Path) -> None:
    store, index = opened(tmp_path)
    add(store, experiment("first try", dataset__name="wine", model__layers=layers(16, 8)), loss=0.05, val_accuracy=0.97)
    add(store, experiment("Großer Versuch", training__learning_rate=0.2), loss=0.5, tags="Book 2.1", age=2 * HOUR)
    add(store, experiment("wild", model__layers=()), state="diverged", seconds=200.0, age=50 * HOUR)
    add(store, experiment("alone"), state="running")
    for text, found in {
        "TRY": ["first try"],
        "GROSSER": ["Großer Versuch"],
        "book": ["Großer Versuch"],
        "-diverged": ["alone", "first try", "Großer Versuch"],
        "loss<0.1 dataset=wine state=finished lr>=0.01 layers=16-8": ["first try"],
        "layers=16-*": ["first try"],
        "layers=none": ["wild"],
        "tag=BOOK": ["Großer Versuch"],
        "tag!=book": ["alone", "first try", "wild"],
        "accuracy>=97%": ["first try"],
        "-loss<0.1": ["alone", "Großer Versuch", "wild"],
        "time>3min": ["wild"],
        "age>1h age<2d": ["Großer Versuch"],
        "state=cut": ["alone"],
        "run=3 or first": ["first try", "wild"],
        "name=_ild": [],
        "name=%": [],
        "name=wi*": ["wild"],
    }.items():
        assert names(index, text) == found, text
    answer = listed(index, "wine")
    assert (answer.total, answer.stored, answer.wrong) == (1, 4, None)
    answer = listed(index, "wine los<1")
    assert answer.wrong is not None and (answer.wrong.start, answer.wrong.end) == (5, 8)
    assert (answer.total, answer.rows, answer.stored) == (0, (), 4)


def test_a_part_at_a_time(tmp_path: Path) -> None:
    store, index = opened(tmp_path)
    for number in range(30):
        add(store, experiment(f"run {number}"), age=30.0 - number)
    answer = index.list(WatchRuns(first=10, rows=4, cursor=3))
    assert [row.name for row in answer.rows] == ["run 19", "run 18", "run 17", "run 16"]
    assert (answer.first, answer.total, answer.place) == (10, 30, 27)
    assert index.list(WatchRuns(first=500, rows=4)).first == 29, "beyond the end is the end"
    assert index.list(WatchRuns(first=-5, rows=-4)).rows == ()
    assert index.list(WatchRuns("run 2", cursor=1)).place is None
    add(store, experiment("new"))
    assert names(index)[0] == "new", "what was known is not kept when something has changed"
    other, _ = opened(tmp_path, "another")
    add(other, experiment("theirs"))
    assert names(index)[0] == "theirs", "by another process either"


def test_names_and_tags_are_changed_and_checked(tmp_path: Path) -> None:
    store, index = opened(tmp_path)
    edits = RunEdits(store)
    for number in range(3):
        add(store, experiment(f"run {number}"), age=number)
    edits.rename(1, "  ../../etc/passwd \x1b[31m  ")
    edits.tag((1, 2, 99), ("keep", "Book"), ())
    edits.tag((2,), ("BOOK", "x"), ("KEEP",))
    assert [(row.name, row.tags) for row in listed(index).rows] == [
        ("../../etc/passwd [31m", "keep Book"),
        ("run 1", "Book x"),
        ("run 2", ""),
    ]
    assert names(index, "passwd keep") == ["../../etc/passwd [31m"]
    assert store.find(1).name == "../../etc/passwd [31m", "and where runs are resumed"
    with pytest.raises(LabelError, match="at most 12 tags"):
        edits.tag((1, 2), [f"tag{number}" for number in range(11)], ())
    assert [row.tags for row in listed(index).rows] == ["keep Book", "Book x", ""], "nothing, where one can't"


@pytest.mark.parametrize(
    ("read", "text", "reason"),
    [
        (clean_name, " \n\t ", "at least one character"),
        (clean_name, "x" * 61, "at most 60 characters; this one has 61"),
        (clean_tag, "#", "single word"),
        (clean_tag, "two words", "single word"),
        (clean_tag, "t" * 25, "at most 24 characters"),
    ],
)
def test_what_can_be_no_label(read: object, text: str, reason: str) -> None:
    with pytest.raises(LabelError, match=reason):
        read(text)  # type: ignore[operator]


def test_labels_are_plain() -> None:
    assert clean_name(" a \x07\u202e b\n") == "a b"
    assert clean_tags("#a, b,,#a  c\x00") == ("a", "b", "c")


def test_deleted_brought_back_and_gone_for_good(tmp_path: Path) -> None:
    place = LiveTrainer(folder_beside(tmp_path / "runs.sqlite"))
    store, index = opened(tmp_path, place.name)
    edits = RunEdits(store)
    for number in range(4):
        add(store, experiment(f"run {number}"), age=number)
    assert edits.delete((1, 2, 99), here=4) == (2, ())
    assert names(index) == ["run 2", "run 3"] and listed(index).stored == 2
    assert [run.name for run in store.runs()] == ["run 2", "run 3"], "nobody is led back to it"
    Store(tmp_path / "runs.sqlite", "another").remove_deleted()
    assert edits.undelete((1,)) == 1, "who else starts leaves it, while this session lives"
    assert names(index) == ["run 0", "run 2", "run 3"]
    place.leave()
    Store(tmp_path / "runs.sqlite", "another").remove_deleted()
    assert edits.undelete((2,)) == 0
    connection = sqlite3.connect(tmp_path / "runs.sqlite")
    assert connection.execute("SELECT id FROM runs ORDER BY id").fetchall() == [(1,), (3,), (4,)]
    assert connection.execute("SELECT run FROM cards ORDER BY run").fetchall() == [(1,), (3,), (4,)]
    connection.close()


def test_what_is_at_work_is_not_deleted(tmp_path: Path) -> None:
    place = LiveTrainer(folder_beside(tmp_path / "runs.sqlite"))
    store, index = opened(tmp_path)
    edits = RunEdits(store)
    add(store, experiment("theirs"), state="running", owner=place.name, age=2)
    add(store, experiment("here"), age=1)
    add(store, experiment("old"))
    old, here, theirs = listed(index).rows
    assert (theirs.elsewhere, theirs.state, here.elsewhere, old.elsewhere) == (True, "running", False, False)
    assert edits.delete((1, 2, 3), here=2) == (1, (1, 2))
    place.leave()
    assert listed(index, "theirs").rows[0].state == "cut off"
    assert edits.delete((1,)) == (1, ())


def test_an_older_store_is_listed(tmp_path: Path) -> None:
    """From before there were cards, or anything that runs are listed by."""
    store, index = opened(tmp_path)
    add(store, experiment("old", training__learning_rate=0.3), age=2)
    add(store, experiment("unreadable"), age=1)
    add(store, experiment("no numbers"))
    store.close()
    connection = sqlite3.connect(tmp_path / "runs.sqlite")
    connection.execute("DROP TABLE cards")
    connection.execute("UPDATE runs SET experiment = 'no = toml [', latest = 'no json' WHERE name = 'unreadable'")
    connection.execute("""UPDATE runs SET latest = '{"loss": 0.5, "val_loss": NaN}' WHERE name = 'old'""")
    connection.execute("UPDATE runs SET latest = '[1]' WHERE name = 'no numbers'")
    connection.commit()
    connection.close()
    store, index = opened(tmp_path)
    numbers, unreadable, old = listed(index).rows
    assert (old.rate, old.loss, old.val_loss, old.seconds) == (0.3, 0.5, None, None)
    assert (unreadable.name, unreadable.dataset, unreadable.loss) == ("unreadable", "?", None)
    assert (numbers.name, numbers.loss) == ("no numbers", None)
    assert names(index, "lr>0.2") == ["old"]


def test_in_what_experiments_differ(tmp_path: Path) -> None:
    store, index = opened(tmp_path)
    add(store, experiment("a", model__layers=layers(16, 8), dataset__features=("petal width",)))
    add(store, experiment("b", model__layers=layers(16), training__learning_rate=1e-7))
    add(store, experiment("c", model__layers=layers(4), training__loss="mse"))
    answer = index.list(WatchRuns(compared=(3, 1, 99, 2)))
    assert [row.name for row in answer.compared] == ["c", "a", "b"]
    assert {one.path: one.values for one in answer.differences} == {
        "dataset.features": ("none", "petal width", "none"),
        "model.layers[0].units": ("4", "16", "16"),
        "model.layers[1]": ("", "8 relu", ""),
        "training.loss": ("mse", "default", "default"),
        "training.learning_rate": ("0.05", "0.05", "1e-07"),
    }
    tables = [one.path.partition(".")[0] for one in answer.differences]
    assert tables == sorted(tables), "in the order of the file"
    assert index.list(WatchRuns(compared=(1,))).differences == ()
    assert index.list(WatchRuns(compared=(1, 1))).differences == ()


def test_runs_that_differ_in_seed_and_fold_alone_stand_together(tmp_path: Path) -> None:
    store, index = opened(tmp_path)
    for fold, slow, fast in (("1/3", 0.5, 0.2), ("2/3", 0.1, 0.25), ("3/3", 0.9, 0.3)):
        add(store, experiment("slow", dataset__fold=fold), val_loss=slow, loss=1.0)
        add(store, experiment("fast", dataset__fold=fold, training__learning_rate=0.5), val_loss=fast, loss=2.0)
    add(store, experiment("lost", model__seed=4, training__learning_rate=0.7), "diverged", val_loss=0.0)
    add(store, experiment("lone", training__learning_rate=0.9), val_loss=0.15)
    by_loss = index.list(WatchRuns(sort="val_loss", rows=20, grouped=True))
    assert [(row.name, row.group) for row in by_loss.rows] == [
        ("lone", 1),
        *[("fast", 2)] * 3,
        *[("slow", 3)] * 3,
        ("lost", 4),
    ]
    fast, lost = by_loss.rows[1], by_loss.rows[-1]
    assert (fast.members, fast.counted, fast.mean, fast.deviation) == (3, 3, pytest.approx(0.25), pytest.approx(0.05))
    assert (lost.members, lost.counted, lost.mean, lost.deviation) == (1, 0, None, None)
    assert [row.val_loss for row in by_loss.rows[1:4]] == [0.2, 0.25, 0.3], "within a setting they are as sorted"
    assert by_loss.grouped and by_loss.rows[0].deviation is None
    down = index.list(WatchRuns(sort="val_loss", descending=True, rows=20, grouped=True))
    assert [row.name for row in down.rows] == ["slow"] * 3 + ["fast"] * 3 + ["lone", "lost"]
    by_name = index.list(WatchRuns(sort="name", rows=20, grouped=True, filter="-lone"))
    assert [row.name for row in by_name.rows] == ["fast"] * 3 + ["lost"] + ["slow"] * 3
    assert by_name.rows[0].mean == pytest.approx(0.25), "of the validation loss where no measure sorts"
    again = index.list(WatchRuns(sort="val_loss", rows=20))
    assert [row.name for row in again.rows][:3] == ["lost", "slow", "lone"] and {row.group for row in again.rows} == {0}
