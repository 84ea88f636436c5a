"""Reports of runs: what is in them, what stays hidden, and that text of files is only text."""

from __future__ import annotations

import errno
import html
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace
from systems import LINKS, not_on_windows
from trained_runs import SMALL, session_of

import tui_trainer
from tui_trainer import Run, fit, train
from tui_trainer.cli.main import main
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import DatasetConfig, Experiment, ModelConfig, OptimizerConfig, TrainingConfig
from tui_trainer.experiment.toml_file import loads
from tui_trainer.export import report as report_module
from tui_trainer.export.report import Report
from tui_trainer.export.report import _text as in_markdown
from tui_trainer.protocol import Notice, WriteReport
from tui_trainer.runtime.worker import Worker
from tui_trainer.training.doctor import examine
from tui_trainer.training.session import Session

TESTED = replace(SMALL, dataset=DatasetConfig(test_split=0.2))
HOUSES = Experiment(
    dataset=DatasetConfig("boston", standardize_target=True),
    model=ModelConfig(()),
    training=TrainingConfig(epochs=20, optimizer=OptimizerConfig("adam"), learning_rate=0.01),
)
Capture = pytest.CaptureFixture[str]


def table(report: str, first_head: str) -> list[list[str]]:
    """The cells of the table whose first heading is ``first_head``, without its rule."""
    found = re.search(rf"^\| {re.escape(first_head)} \|.*\n(?:\|.*\n)*", report, re.MULTILINE)
    assert found is not None, f"no table of {first_head}"
    rows = [line.strip("| ").split(" | ") for line in found[0].splitlines()]
    return [rows[0], *rows[2:]]


def reported(session: Session) -> str:
    """The report of a session."""
    return Report.of_session(session).markdown()


def test_the_scores_are_those_of_the_run() -> None:
    session = session_of(HOUSES)
    report = reported(session)
    scores = {row[0]: row[1:] for row in table(report, "measure")[1:]}
    for name, value in session.scores().items():
        part, words = (1, name.removeprefix("val_")) if name.startswith("val_") else (0, name)
        words = {"r2": "R²", "mae": "MAE"}.get(words, words)
        assert float(scores[words][part]) == pytest.approx(value, rel=1e-3)
    assert set(scores) == {"loss", "R²", "RMSE", "MAE", "MAPE"}
    assert "Predicted less true PRICE, validation part:" in report and "![The loss over the epochs](loss.svg)" in report


def test_rows_with_weights_count_as_in_the_run(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["x,y,w", *(f"{n * 7 % 31},{'no' if n % 3 else 'yes'},{n % 5}" for n in range(90))]))
    session = session_of(replace(SMALL, dataset=DatasetConfig(path=str(path), target="y", weight_column="w")))
    loss = {row[0]: row[1:] for row in table(reported(session), "measure")[1:]}["loss"]
    assert list(map(float, loss)) == pytest.approx([session.scores()[name] for name in ("loss", "val_loss")], rel=1e-3)


def test_errors_that_are_too_large_are_counted_apart() -> None:
    session = session_of(HOUSES)
    assert session.split.x_val is not None
    flat = session.trainer.model.parameters.flat
    flat[0] = 3e38 / np.sort(np.abs(session.split.x_val[:, 0]))[-3]  # for two rows too large in single precision
    bars = reported(session).split("validation part:\n\n```text\n")[1].split("\n```")[0].splitlines()
    assert len(bars) == 12 and bars[-1].startswith("too large to be a number: ")
    counts = [int(bar.split()[-1]) for bar in bars]
    assert sum(counts) == len(session.split.val_rows) and counts[-1] > 0


def test_what_the_doctor_finds_is_told() -> None:
    training = replace(SMALL.training, epochs=300, learning_rate=0.5, optimizer=OptimizerConfig("adam"))
    session = session_of(replace(SMALL, training=training))
    findings = [advice.sentence for advice in examine(session)]
    assert findings, "it overfits"
    told = reported(session).split("What is conspicuous in the run:")[1].split("## Scores")[0]
    assert told.count("\n- ") == len(findings) and findings[0][:20] in told


def test_the_mistakes_are_counted() -> None:
    session = session_of()
    report, parts = reported(session), session.split
    assert parts.x_val is not None and session.dataset.labels is not None
    predicted = session.trainer.model.predict(parts.x_val).argmax(axis=1)
    cells = [row[1:4] for row in table(report, "validation part: true")[1:4]]
    expected = np.zeros((3, 3), int)
    np.add.at(expected, (session.dataset.labels[parts.val_rows], predicted), 1)
    assert cells == expected.astype(str).tolist()
    worst = table(report, "row")
    assert worst[0][:4] == ["row", "true", "predicted", "loss"] and len(worst) == 11
    losses = [float(row[3]) for row in worst[1:]]
    assert losses == sorted(losses, reverse=True) and {int(row[0]) for row in worst[1:]} <= set(parts.val_rows.tolist())


def test_next_steps_are_told_for_where_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_of(TESTED)
    monkeypatch.setattr(report_module, "IMPORTANCE_WORK", 1)
    for where, words in (
        ("command line", ["`--test` puts it into the report", "`tui-trainer importance 3`"]),
        ("Python", ["`test=True` puts it into the report", "`run.importance()`"]),
        ("app", ["shown in the Predictions tab, with `t`, a new report has it", "`w` in the Predictions tab"]),
    ):
        report = Report.of_session(session, number=3, where=where).markdown()  # type: ignore[arg-type]
        assert all(one in report for one in words)


def test_the_columns_it_depends_on_are_told_with_bars() -> None:
    session = session_of(HOUSES)
    report = reported(session)
    rows = table(report, "column | importance")[1:]
    expected = Run.of_session(session).importance()
    assert [row[0] for row in rows] == [one.column for one in expected]
    assert [float(row[1].split(" ± ")[0]) for row in rows] == pytest.approx([one.mean for one in expected], abs=1e-3)
    assert rows[0][2] == f"`{'█' * 40}`"
    assert "part is " in report and "It is lower by this much where a column is permuted" in report


@pytest.mark.parametrize(("work", "rows"), [(50 * 5 * 13 * 14, "50 rows of the validation part"), (1, "takes a while")])
def test_the_importance_of_many_columns_is_that_of_fewer_rows_or_left_to_a_command(
    work: int, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "IMPORTANCE_WORK", work)
    monkeypatch.setattr(report_module, "MIN_IMPORTANCE_ROWS", 50)
    session = session_of(HOUSES)
    report = Report.of_session(session, number=12).markdown()
    assert rows in report
    assert ("`tui-trainer importance 12` computes it" in report) == (work == 1)


def test_the_experiment_in_it_gives_the_same_run() -> None:
    session = session_of(TESTED)
    toml = re.findall(r"^```toml\n(.*?)^```$", reported(session), re.DOTALL | re.MULTILINE)[-1]
    again = session_of(loads(toml))
    np.testing.assert_array_equal(again.trainer.model.parameters.flat, session.trainer.model.parameters.flat)


def test_the_test_part_is_hidden_until_it_was_looked_at() -> None:
    session = session_of(TESTED)
    hidden = reported(session)
    assert table(hidden, "measure")[0] == ["measure", "training", "validation"]
    assert table(hidden, "part")[3][:2] == ["test (hidden)", "30"] and "The test part is hidden" in hidden
    lowest = table(hidden, "column")[2][3]
    visible = np.concatenate([session.split.train_rows, session.split.val_rows])
    assert float(lowest) == pytest.approx(session.dataset.x[visible, 0].min(), rel=1e-3)
    session.note_test_seen()
    shown = reported(session)
    assert table(shown, "measure")[0] == ["measure", "training", "validation", "test"]
    assert (
        "were looked at once." in shown
        and "test part: true" in shown
        and "tui-trainer train small.toml --test" in shown
    )


@pytest.mark.parametrize("target", ["y", "x"])
def test_a_file_for_the_test_is_shown_beside_the_columns_without_it(tmp_path: Path, target: str) -> None:
    def rows(count: int, start: int) -> str:
        lines = (f"{(n * 7 + start) % 31},{n % 3},{'no' if n % 4 else 'yes'}" for n in range(count))
        return "\n".join(["x,c,y", *lines])

    (tmp_path / "own.csv").write_text(rows(90, 0))
    (tmp_path / "later.csv").write_text(rows(30, 100))
    data = DatasetConfig(path=str(tmp_path / "own.csv"), target=target, test_path=str(tmp_path / "later.csv"))
    run = train(Experiment(dataset=data, training=TrainingConfig(epochs=2)))
    run.report(tmp_path / "r.md", test=True)
    report = (tmp_path / "r.md").read_text()
    assert table(report, "part")[3][:2] == ["test", "30"] and "Of 90 rows, without the 30 of the test part" in report
    x = {row[0]: row for row in table(report, "column")[1:]}["x"]
    assert (x[3], x[5]) == ("0", "30"), "of the file to train on"
    tested = run.evaluate(test=True)
    assert float(table(report, "measure")[1][3]) == pytest.approx(tested["loss"], rel=1e-3)


def test_text_of_a_file_is_only_text(tmp_path: Path) -> None:
    path = tmp_path / "evil.csv"
    cells = ["<script>x</script>", "![p](http://x/y.png)", "`a` | b", "*b* _c_ ~~d~~"]
    lines = [f'"{cells[n % 4]}",{n},{"[l](javascript:0)" if n % 3 else "<b>no"}' for n in range(60)]
    path.write_text("\n".join(["<img src=x>|a,n b,```", *lines]), encoding="utf-8")
    config = DatasetConfig(path=str(path), target="```")
    report = reported(session_of(replace(SMALL, name="# ```\n<h1>|", dataset=config)))
    rendered, toml = report.split("## To do it again")
    rendered = re.sub(r"^```text\n.*?^```$", "", rendered, flags=re.DOTALL | re.MULTILINE)
    told = rendered.split("-->", 1)[1].replace("![The loss over the epochs](loss.svg)", "")
    unescaped = re.sub(r"\\.|`[^`\n]+`", "", told)
    assert not re.search(r"<|>(?!$)|`|\]\(|!\[|~~", unescaped), unescaped
    for head in ("part", "column", "measure", "row" if "| row |" in report else "line"):
        widths = {len(re.sub(r"\\.", "", line).split("|")) for line in _rows(told, head)}
        assert len(widths) == 1, f"a cell of the table of {head} breaks it"
    assert toml.count("\n````toml\n") == 1 and toml.rstrip().endswith("\n````"), (
        "the fence is longer than what is in it"
    )


def test_no_text_of_a_file_becomes_a_link(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    cells = ["www.example.com", "ann@example.com", "https://example.com/a_b|c", "`x.org`", "mailto:a@b.de", "<i.e.fr>"]
    lines = [f'"{cells[n % 6]}",{n},{"@team" if n % 3 else "#12 at example.com"}' for n in range(60)]
    path.write_text("\n".join(["site.com,ftp://a.b,www.c.d", *lines]))
    config = DatasetConfig(path=str(path), target="www.c.d")
    report = reported(session_of(replace(SMALL, name="see example.com, *not* http://x.y", dataset=config)))
    page = MarkdownIt("gfm-like").render(report)
    assert "<table>" in page and "<a " not in page, "viewers make links of bare addresses"
    code = set(re.findall("<code>(.*?)</code>", page))
    assert {"www.c.d", "site.com", "ftp://a.b", "@team", "#12", "example.com", "example.com,"} <= code
    assert "<h1>see <code>example.com,</code> *not* <code>http://x.y</code></h1>" in page


@pytest.mark.parametrize(
    "text", ["a|b.c d", "`a.b`", "\\`a.b\\", "<a@b.c>&amp;", "x_y.z _u_ *v*", "$`w.w`$", "1.5 12:30 #x"]
)
def test_what_is_code_for_no_link_is_shown_as_it_is(text: str) -> None:
    page = MarkdownIt("gfm-like").render(f"| a |\n| -- |\n| {in_markdown(text)} |\n\n{in_markdown(text)}\n")
    shown = [html.unescape(re.sub("<.*?>", "", line)) for line in page.splitlines() if line.startswith(("<td", "<p"))]
    assert shown == [text, text]


def _rows(report: str, head: str) -> list[str]:
    found = re.search(rf"^\| {head} \|.*\n(?:\|.*\n)*", report, re.MULTILINE)
    assert found is not None
    return found[0].splitlines()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a store of its own."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "store"))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_stored_run_is_reported_and_notes_that_its_test_part_was_seen(place: Path, capsys: Capture) -> None:
    Path("e.toml").write_text('name = "e"\n[dataset]\ntest_split = 0.2\n[training]\nepochs = 3\n')
    assert main(["train", "e.toml"]) == 0
    capsys.readouterr()
    assert main(["report", "1"]) == 0
    assert capsys.readouterr().out == "e-report.md\ne-report-loss.svg\n"
    assert (
        Path("e-report.md").read_text().startswith("<!-- report of tui-trainer")
        and "Run 1, a" in Path("e-report.md").read_text()
    )
    assert Path("e-report-loss.svg").read_text().startswith("<svg ")

    assert main(["report", "1"]) == 2
    assert "exists already; give another path, or overwrite it with --force" in capsys.readouterr().err
    assert main(["report", "1", "--force", "--test"]) == 0
    assert "were looked at once." in Path("e-report.md").read_text()
    assert main(["report", "1", "--best", "--to", "best.md"]) == 0
    assert "were looked at once." in Path("best.md").read_text(), "the store has it"
    assert "those of the best epoch" in Path("best.md").read_text()


def test_what_cannot_be_reported_is_said(place: Path, capsys: Capture) -> None:
    def refused(*words: str) -> str:
        assert main(["report", *words]) == 2
        return capsys.readouterr().err

    assert "there is no run 1: no run has been saved" in refused("1")
    assert "expected the number of a saved run, got 'x.toml'" in refused("x.toml")
    Path("e.toml").write_text("[training]\nepochs = 1\n")
    assert main(["train", "e.toml"]) == 0
    assert "no rows are held back for the test in this run" in refused("1", "--test")
    Path("notes.md").write_text("mine")
    assert "file of another kind, which is never overwritten" in refused("1", "--to", "notes.md", "--force")
    assert f"cannot write '{Path('nowhere/r.md')}'" in refused("1", "--to", "nowhere/r.md")
    assert sorted(path.name for path in place.iterdir()) == ["e.toml", "notes.md"], "nothing was written"


@not_on_windows(LINKS)
def test_the_figure_stays_where_it_may_be(place: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("e.toml").write_text("[training]\nepochs = 1\n")
    assert main(["train", "e.toml"]) == 0
    monkeypatch.setenv("TUI_TRAINER_ROOT", str(place))
    (place / "r-loss.svg").symlink_to(place.parent / "outside.svg")
    assert main(["report", "1", "--to", "r.md"]) == 2
    assert "is outside of" in capsys.readouterr().err
    assert not (place / "r.md").exists() and not (place.parent / "outside.svg").exists()


def test_a_run_on_arrays_is_fitted_again_by_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    run = fit(x, 3 * x[:, 1], epochs=3)
    run.report(tmp_path / "r.md")
    told, again = (tmp_path / "r.md").read_text().split("## To do it again")
    assert "From arrays of a program" in told
    assert "was trained on arrays of a program" in again and "tui-trainer train" not in again
    python, toml = (
        re.findall(rf"^```{name}\n(.*?)^```$", again, re.DOTALL | re.MULTILINE) for name in ("python", "toml")
    )
    monkeypatch.chdir(tmp_path)
    Path("arrays.toml").write_text(toml[0])
    program: dict[str, object] = {"tui_trainer": tui_trainer, "x": x, "y": 3 * x[:, 1]}
    exec(python[0], program)
    assert isinstance(program["run"], Run)
    np.testing.assert_array_equal(program["run"].weights[0], run.weights[0])


def test_from_python(tmp_path: Path) -> None:
    run = train(TESTED)
    assert run.report(tmp_path / "r.md") == ["r.md", "r-loss.svg"]
    hidden = (tmp_path / "r.md").read_text()
    assert "test (hidden)" in hidden and "`test=True` puts it into the report" in hidden
    with pytest.raises(UserError, match="exists already"):
        run.report(tmp_path / "r.md")
    run.report(tmp_path / "r.md", test=True, force=True)
    assert "were looked at once." in (tmp_path / "r.md").read_text()
    run.save(tmp_path / "saved")
    with pytest.raises(UserError, match="a report needs the data"):
        Run.load(tmp_path / "saved").report(tmp_path / "other.md")


def test_a_measure_that_one_row_does_not_have_is_explained(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "own.csv"
    path.write_text("x,part,y\n" + "".join(f"{n},{'test' if n == 7 else 'train'},{n * n}\n" for n in range(20)))
    config = DatasetConfig(path=str(path), target="y", split_column="part")
    experiment = replace(HOUSES, dataset=config)
    session = session_of(experiment)
    session.note_test_seen()
    assert "R² is not defined for test: it takes at least two rows with different targets." in reported(session)
    command = ["train", "--csv", str(path), "--target", "y", "--set", "split_column=part", "--test", "--no-store"]
    assert main([*command, "--epochs", "3"]) == 0
    assert "R² of the test part is not defined: it takes at least two rows" in capsys.readouterr().out
    assert "not defined" not in reported(session_of(HOUSES))


def test_a_full_disk_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def write_report(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(report_module, "write_report", write_report)
    told: list[Notice] = []
    trainer = SimpleNamespace(_session=session_of(), _checkpointer=SimpleNamespace(run=3), _send=told.append, _run=1)
    Worker._write_report(trainer, WriteReport("report.md"))  # type: ignore[arg-type]
    assert not told[0].good and told[0].sentence.startswith("No report: ") and "space" in told[0].sentence
