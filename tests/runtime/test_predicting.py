"""The rows of a file are predicted beside training: no step waits, progress is told, and it can be stopped."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from tui_trainer.experiment.schema import DatasetConfig, Experiment, TrainingConfig
from tui_trainer.protocol import AnyReport, Notice, Predict, Predicted, PredictingProgress
from tui_trainer.runtime import side_jobs
from tui_trainer.runtime.side_jobs import FilePredicting
from tui_trainer.training.session import Session

WAIT = 60.0  # seconds, for what comes at once
ROWS = 400


@pytest.fixture
def session(tmp_path: Path) -> Session:
    rows = "".join(f"{i % 17}.5,{2 * i}\n" for i in range(ROWS))
    (tmp_path / "houses.csv").write_text(f"size,price\n{rows}")
    config = DatasetConfig(path=str(tmp_path / "houses.csv"), target="price", standardize_target=True)
    session = Session()
    session.load(replace(Experiment(dataset=config), training=TrainingConfig(epochs=50)))
    return session


class Reports:
    """Hears what is reported, and keeps whoever tells the first progress waiting."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(side_jobs, "PROGRESS_AFTER", 0.0)
        monkeypatch.setattr(side_jobs, "PROGRESS_EVERY", 0.0)
        self.told: list[AnyReport] = []
        self.begun, self.go_on, self.ended = threading.Event(), threading.Event(), threading.Event()

    def hear(self, report: AnyReport) -> None:
        self.told.append(report)
        if isinstance(report, PredictingProgress):
            self.begun.set()
            assert self.go_on.wait(WAIT)
        if isinstance(report, Predicted):
            self.ended.set()

    def predicting(self, session: Session, out: Path) -> FilePredicting:
        """Start to predict the houses beside ``out``, and wait until that is under way."""
        predicting = FilePredicting(self.hear)
        predicting.start(Predict(str(out.parent / "houses.csv"), str(out)), session, 1)
        assert self.begun.wait(WAIT)
        return predicting

    def end(self) -> Predicted:
        """Let it go on; return how it ended."""
        self.go_on.set()
        assert self.ended.wait(WAIT)
        end = self.told[-1]
        assert isinstance(end, Predicted)
        return end


def test_training_goes_on_meanwhile_and_the_weights_are_those_of_the_start(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports, out = Reports(monkeypatch), tmp_path / "out.csv"
    predicting = reports.predicting(session, out)
    session.train()
    session.advance_to_end()
    assert session.steps > 0 and not out.exists()
    end = reports.end()
    assert end.good and f"{ROWS} rows predicted" in end.sentence
    assert end.sentence.endswith("The network is not trained yet.")
    before = out.read_bytes()
    done = [report.fraction for report in reports.told if isinstance(report, PredictingProgress)]
    assert len(done) > 1 and done == sorted(done)
    reports.ended.clear()
    predicting.start(Predict(str(tmp_path / "houses.csv"), str(out), overwrite=True), session, 1)
    assert reports.end().good and out.read_bytes() != before


def test_a_second_file_waits_and_the_first_one_can_be_stopped(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports, out = Reports(monkeypatch), tmp_path / "out.csv"
    predicting = reports.predicting(session, out)
    predicting.start(Predict(str(tmp_path / "houses.csv"), str(tmp_path / "other.csv")), session, 1)
    notice = reports.told[-1]
    assert isinstance(notice, Notice) and "another file is being predicted" in notice.sentence
    predicting.stop()
    end = reports.end()
    assert end.sentence == "Predicting was stopped; nothing is written." and not end.good
    assert [path.name for path in tmp_path.iterdir()] == ["houses.csv"]


def test_a_file_written_meanwhile_is_not_overwritten(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports, out = Reports(monkeypatch), tmp_path / "out.csv"
    reports.predicting(session, out)
    out.write_text("mine")
    end = reports.end()
    assert end.sentence.startswith("Not predicted: ") and not end.good and out.read_text() == "mine"
