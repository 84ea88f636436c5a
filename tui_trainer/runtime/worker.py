"""The trainer's process: carries out the commands of the connected client, and reports to it.

Started as ``python -m tui_trainer.runtime.worker`` with a socket as its standard input. It ends when its client
does: it saves the run, and leaves a step that takes long. One that was started to stay continues training, and waits
for a client.
"""

from __future__ import annotations

import os
import queue
import socket
import sys
import threading
import time
import traceback
from pathlib import Path

import msgspec

from tui_trainer import protocol
from tui_trainer.datasets.dataset import ReadingStopped
from tui_trainer.errors import UserError, path_in_quotes
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.validation import on_screen
from tui_trainer.export.trained import load_weights, trained
from tui_trainer.run_state import RUN_STATES
from tui_trainer.store.checkpointer import LAST_PATIENCE, Checkpointer
from tui_trainer.store.edits import compact_store
from tui_trainer.store.live_trainers import LiveTrainer, folder_beside
from tui_trainer.store.store import StoreError, default_path
from tui_trainer.system.files import reason_of
from tui_trainer.system.processes import given_connection, lower_priority
from tui_trainer.tabs.computing import TabComputing, TrainerContext
from tui_trainer.training.diagnosis import diagnose
from tui_trainer.training.doctor import examine
from tui_trainer.training.session import Session
from tui_trainer.training.timeline import LookBack, Moment

from . import Launch, launched, reporting
from .connection import LAST_WORDS, ClientConnections, CommandQueue, start_thread
from .followers import Followers
from .resume import resume_offers
from .side_jobs import FileLoading, FilePredicting, RateFinding

SLICE = 0.004  # seconds of training between two checks for commands
REPORT_EVERY = 0.05  # seconds
MAX_SILENCE = 0.5  # seconds without a report while training, unless a step takes longer
VIEW_EVERY = 0.1  # seconds while training, at least: no eye follows a curve faster, and drawing has its price
VIEW_SHARE = 10  # a view may take one part in so many of the time
SPARE_SHARE = 2  # the same, at a pace that leaves time to spare
COMPACTION_PATIENCE = 0.5  # seconds that the compaction of the store may hold up the end
SAVED_AGAIN = "Saving works again."
# Commands about the run as it is now: an earlier moment is not shown any longer.
OF_NOW = (
    protocol.Load,
    protocol.Resume,
    protocol.Attach,
    protocol.Train,
    protocol.Step,
    protocol.Epoch,
    protocol.Tune,
    protocol.SetWeight,
    protocol.SwapBest,
    protocol.Export,
    protocol.WriteReport,
    protocol.Predict,
)


class Worker:
    """Runs a session in slices between commands."""

    def __init__(self, clients: ClientConnections, launch: Launch) -> None:
        self._clients, self._launch = clients, launch
        self._commands = CommandQueue(clients)
        self._file_loading = FileLoading(self._commands, self._send)
        self._file_predicting = FilePredicting(self._send)
        self._rate_finding = RateFinding(self._send)
        self._session = Session(memory=1_000_000 * launch.moments_memory)
        self._look_back: LookBack | None = None  # of the run, once somebody looks back
        self._moment: Moment | None = None  # that is shown instead of the present
        self._listener: socket.socket | None = None
        self._live_trainer = self._register()
        self._checkpointer = Checkpointer(
            default_path(), self._live_trainer.name if self._live_trainer is not None else ""
        )
        self._context = TrainerContext(self._session, self._checkpointer)
        self._tabs = TabComputing(self._context)
        self._followers = Followers(clients, self._context, self._news)
        self._compacted = threading.Event()
        self._trouble = ""  # of saving, as it was reported last
        self._rules_told: set[str] = set()  # of the doctor, about this run
        self._run = 0
        self._counts_dead = False  # for a lesson that asks for dead units
        self._dirty = False
        self._next_report = self._next_view = 0.0
        self._alone_since: float | None = None  # when the client had gone and nothing was left to train

    def serve(self) -> None:
        """Serve until the client ends; the process then ends, or if it was started to stay, when it is done."""
        if self._listener is not None:
            self._clients.admit(self._listener)
        for report in resume_offers(self._checkpointer, self._launch.offer):
            self._send(report)
        start_thread(self._compact)
        while True:
            running = self._session.state == "running"
            self._obey(min(self._session.wait, MAX_SILENCE) if running else self._patience)
            if not running and self._clients.current is None and self._commands.empty() and not self._lingers:
                self._end()
            if running:
                self._session.advance(SLICE)
                self._dirty = True
                if self._session.state != "running":
                    self._announce_end()
            if running or self._checkpointer.is_behind:
                self._save()
            if self._tabs.is_partial and self._clients.current is not None:
                self._dirty = True
            if self._dirty and (time.perf_counter() >= self._next_report or self._session.state != "running"):
                self._report_progress()
            self._serve_followers()

    def _compact(self) -> None:
        """Compact the store in the background, through a separate connection."""
        compact_store(default_path())
        self._compacted.set()

    def _register(self) -> LiveTrainer | None:
        """Register this process as a live session; if that fails, no client can attach, but everything else works."""
        live_trainer, folder = None, folder_beside(default_path())
        try:
            live_trainer = LiveTrainer(folder)
            self._listener = live_trainer.listen()
        except OSError as error:
            if self._launch.stays:
                why = f"{path_in_quotes(folder)} can't be used: {reason_of(error)}"
                self._send(protocol.Notice(0, f"Nobody can return to this session: {why}."))
        return live_trainer

    @property
    def _lingers(self) -> float:
        """Seconds for which a trainer without a client still waits for one; followers are none."""
        if self._alone_since is None:
            self._alone_since = time.monotonic()
        return max(0.0, self._alone_since + self._launch.linger - time.monotonic())

    @property
    def _patience(self) -> float | None:
        """Seconds to wait for a command while nothing is trained; None means for ever."""
        if self._followers.is_due:
            return 0.0
        if self._clients.current is None:
            return self._lingers
        if self._tabs.is_partial:
            return 0.0
        return max(0.01, self._checkpointer.retry_in) if self._checkpointer.is_behind else None

    def _end(self) -> None:
        """Save the run and end the process."""
        self._checkpointer.save(self._session, LAST_PATIENCE)
        self._checkpointer.close()
        self._compacted.wait(COMPACTION_PATIENCE)  # the last process to close the store leaves it in one file
        if self._live_trainer is not None:
            self._live_trainer.leave()
        os._exit(0)

    def _obey(self, seconds: float | None) -> None:
        """Carry out all waiting commands; wait ``seconds`` for the first one, for ever with None."""
        while seconds != 0 or not self._commands.empty():
            try:
                command = self._commands.next(seconds)
            except queue.Empty:
                return
            seconds = 0
            was = self._session.state
            if command is None:
                self._client_left()
            else:
                self._apply(command)
                self._alone_since = None
            if self._followers and self._session.state != "empty":
                self._followers.set(self._setting)
            self._dirty = self._session.state != "empty"
            if self._session.state != "running":
                self._save()
            if self._session.state != was and self._session.state in ("diverged", "stopped early"):
                self._announce_end()

    def _apply(self, command: protocol.AnyCommand) -> None:
        """Carry out a command. Those that need a run are ignored while none is loaded."""
        session = self._session
        if isinstance(command, OF_NOW):
            self._show_now()
        match command:
            case protocol.Load():
                self._load(command)
            case protocol.Resume():
                self._resume(command)
            case protocol.Attach():
                self._welcome(command)
            case protocol.Close():
                self._client_left()
                self._clients.disconnect()
            case protocol.Watch():
                self._watch(command)
            case protocol.EditRuns():
                self._edit_runs(command)
            case protocol.Preview():
                self._file_loading.preview(command.dataset, command.number)
            case protocol.SetPace():
                session.set_pace(command.pace)
            case protocol.CountDead():
                self._counts_dead = command.is_on
                self._dirty = session.state != "empty"
            case _ if session.state == "empty":
                pass
            case protocol.Train():
                session.train(command.to_end)
            case protocol.Pause():
                session.pause()
            case protocol.Step():
                session.step()
            case protocol.Epoch():
                session.epoch()
            case protocol.Tune():
                session.tune(command.training)
            case protocol.SetWeight():
                session.set_weight(command.index, command.value)
            case protocol.SwapBest():
                self._send(protocol.Notice(self._run, session.swap_best(), good=True))
            case protocol.LookAt():
                self._look_at(command)
            case protocol.Export():
                self._export(command)
            case protocol.WriteReport():
                self._write_report(command)
            case protocol.Predict():
                self._file_predicting.start(command, session, self._run)
            case protocol.StopPredicting():
                self._file_predicting.stop()
            case protocol.FindRates():
                self._rate_finding.start(session.experiment, session.split, self._run)
            case protocol.StopFindingRates():
                self._rate_finding.stop()

    def _look_at(self, command: protocol.LookAt) -> None:
        """Show an earlier moment, unless another one is asked for already; say so if there is none."""
        if self._commands.looks_elsewhere():
            return
        if command.epoch is None:
            self._show_now()
            return
        if self._look_back is None:
            self._look_back = LookBack(self._session)
        try:
            self._moment = self._look_back.at(command.epoch)
        except UserError as error:
            self._show_now()
            self._send(protocol.Notice(self._run, f"Not shown: {error.reason}."))
            return
        self._tabs.look_at(self._moment.session)
        self._followers.look_at(self._moment.session)
        self._next_report = self._next_view = 0.0

    def _show_now(self) -> None:
        if self._moment is not None:
            self._moment = None
            self._tabs.look_at(None)
            self._followers.look_at(None)
            self._next_report = self._next_view = 0.0

    def _watch(self, command: protocol.Watch) -> None:
        """Compute for another tab; a request that can't be decoded ends the connection, as any invalid message does."""
        try:
            self._tabs.watch(command)
        except protocol.NO_MESSAGE:
            self._client_left()
            self._clients.disconnect()
            return
        self._next_view = 0.0
        if not self._tabs.is_live:
            self._report_view()

    def _edit_runs(self, command: protocol.EditRuns) -> None:
        from tui_trainer.tabs.runs.compute import edit_runs

        self._send(protocol.Notice(self._run, *edit_runs(self._context, command)))
        if not self._tabs.is_live:
            self._report_view()
        self._followers.look_again()

    def _export(self, command: protocol.Export) -> None:
        from tui_trainer.export.folder import write_folder  # a twentieth of a second that no start should wait for

        try:
            names = write_folder(trained(self._session, command.best), Path(command.folder), command.formats)
        except UserError as error:
            self._send(protocol.Notice(self._run, f"Not exported: {error}"))
            return
        folder = path_in_quotes(command.folder)
        self._send(protocol.Notice(self._run, f"Exported {len(names)} files to {folder}.", good=True))

    def _write_report(self, command: protocol.WriteReport) -> None:
        from tui_trainer.export.report import Report, write_report  # as for an export

        session = self._session
        try:
            report = Report.of_session(session, number=self._checkpointer.run, where="app")
            write_report(report, Path(command.path), session.requested.dataset.paths)
        except (UserError, OSError) as error:
            reason = error.reason if isinstance(error, UserError) else reason_of(error)
            self._send(protocol.Notice(self._run, f"No report: {reason}"))
            return
        self._send(protocol.Notice(self._run, f"The report is in {path_in_quotes(command.path)}.", good=True))

    def _client_left(self) -> None:
        """Continue without a client if the trainer stays and is training; otherwise end."""
        if not self._launch.stays or self._session.state != "running":
            self._end()
        self._show_now()
        self._checkpointer.watch(False)
        self._counts_dead = False

    def _welcome(self, command: protocol.Attach) -> None:
        """Send a client that has attached everything it has missed."""
        session, self._run = self._session, command.run
        self._checkpointer.watch(True)
        if session.state == "empty":
            self._send(protocol.Notice(0, "Nothing is loaded in this session."))
            return
        self._tabs.stop()
        self._tabs.forget()
        self._send(protocol.Attached(self._run, session.requested, session.pace, self._launch.stays))
        self._send(reporting.loaded(session, self._run))
        self._report_progress()
        if RUN_STATES[session.state].ended and session.sentence:
            self._send(self._ended)

    @property
    def _setting(self) -> protocol.Followed:
        """What followers are told of the session beside its run."""
        return protocol.Followed(self._run, self._session.requested, self._session.pace, self._tabs.watched)

    def _news(self) -> list[protocol.AnyReport]:
        """Return what a newcomer among the followers has to be told, or one that has missed something."""
        session, run = self._session, self._run
        if session.state == "empty":
            return []
        progress = self._progress_at(self._moment)
        news: list[protocol.AnyReport] = [self._setting, reporting.loaded(session, run), progress]
        if RUN_STATES[session.state].ended and session.sentence:
            news.append(msgspec.structs.replace(self._ended, remedy=None))
        return news

    def _serve_followers(self) -> None:
        """Take what followers ask for, and compute for one of them."""
        while self._commands.of_followers:
            self._followers.hear(*self._commands.of_followers.popleft())
        self._followers.compute(self._run, self._share if self._session.state == "running" else None)

    def _load(self, command: protocol.Load) -> None:
        was_running = self._session.state == "running"
        kept = self._session.weights() if command.keep_weights else None
        self._session.pause()  # if the experiment is refused, no client shows this run any more
        self._checkpointer.save(self._session, LAST_PATIENCE)
        if self._try_load(command.experiment, command.run):
            self._checkpointer.forget_run()
            if command.weights:
                self._start_from(command.weights)
            if kept is not None and self._session.set_weights(kept) and was_running:
                self._session.train()

    def _start_from(self, weights: str) -> None:
        """Start the run with the weights in a file, if they fit."""
        try:
            load_weights(self._session, Path(weights))
        except UserError as error:
            self._send(protocol.Notice(self._run, on_screen(error.field, error.reason)))
            return
        file = path_in_quotes(weights)
        self._send(protocol.Notice(self._run, f"The run starts with the weights of {file}.", good=True))

    def _try_load(self, experiment: Experiment, run: int) -> bool:
        try:
            self._session.load(experiment, self._file_loading.watcher(run))
        except UserError as error:
            self._send(protocol.Refused(run, error.field, error.reason))
            return False
        except ReadingStopped:
            self._file_loading.stopped(run)
            return False
        except MemoryError:
            reason = "expected data and layers that fit this machine's memory; use fewer units or fewer rows"
            self._send(protocol.Refused(run, "model", reason))
            return False
        if self._run == 0:  # from here on: a start is waited for
            lower_priority(self._launch.niceness)
        self._run = run
        self._tabs.forget()
        self._look_back = None
        self._rules_told.clear()
        self._send(reporting.loaded(self._session, run))
        return True

    def _resume(self, command: protocol.Resume) -> None:
        self._session.pause()
        self._checkpointer.save(self._session, LAST_PATIENCE)
        try:
            stored = self._checkpointer.claim(command.stored)
        except StoreError as error:
            self._run = command.run  # the previous run stays loaded
            self._send(protocol.Notice(self._run, str(error)))
            return
        self._send(protocol.Opened(command.run, stored.experiment, stored.id, stored.name, stored.epoch))
        if not self._try_load(stored.experiment, command.run):
            return
        self._checkpointer.forget_run()
        try:
            self._checkpointer.restore(self._session, stored.id, stored.state)
        except StoreError as error:
            self._send(protocol.Notice(self._run, str(error)))

    def _save(self) -> None:
        """Save the run if that is due, and report when saving starts to fail or works again."""
        self._checkpointer.save_if_due(self._session)
        if self._checkpointer.complaint:
            self._send(protocol.Notice(self._run, self._checkpointer.complaint))
            self._checkpointer.complaint = ""
        if self._checkpointer.trouble != self._trouble:
            self._trouble = self._checkpointer.trouble
            self._dirty = self._session.state != "empty"
            if not self._trouble:
                self._send(protocol.Notice(self._run, SAVED_AGAIN, good=True))

    def _announce_end(self) -> None:
        self._report_progress()
        if self._session.state == "diverged":
            self._diagnose()
        self._send(self._ended)
        if self._session.state != "diverged":
            self._diagnose()
            if not self._commands.concerns_run():
                self._report_finding()

    def _report_finding(self) -> None:
        """Report what is wrong with the run that has ended: the gravest that was not told before."""
        session = self._session
        advice = examine(session) if session.remedy is None else []  # else they are what follows from that
        if session.warning:
            remedy = session.remedy or next((one.remedy for one in advice if one.remedy is not None), None)
            self._send(protocol.Finding(self._run, session.warning, remedy, nothing_learnt=True, others=len(advice)))
            return
        new = next((one for one in advice if one.rule not in self._rules_told), None)
        if new is not None:
            self._rules_told.add(new.rule)
            self._send(protocol.Finding(self._run, new.sentence, new.remedy, others=len(advice) - 1))

    def _diagnose(self) -> None:
        """Find out what went wrong, if anything did, and what helps, until the next command about the run."""
        if self._clients.current is not None:  # nobody else asks
            diagnose(self._session, stop=self._commands.concerns_run)

    def _report_progress(self) -> None:
        self._dirty = False
        if self._clients.current is None and not self._followers:
            return
        now = time.perf_counter()
        self._send(self._progress_at(self._moment))
        self._next_report = now + REPORT_EVERY
        if self._clients.current is None:
            return
        if self._tabs.is_live and (now >= self._next_view or self._session.state != "running"):
            self._report_view()

    def _progress_at(self, moment: Moment | None) -> protocol.Progress:
        """Return the progress of the run, or an earlier moment of it."""
        trouble, stored = self._checkpointer.trouble, self._checkpointer.run
        return reporting.progress(self._session, self._run, trouble, moment, stored, self._counts_dead)

    @property
    def _ended(self) -> protocol.Ended:
        """Why training has ended, also while an earlier moment is shown."""
        return reporting.ended(self._session, self._run, self._progress_at(None))

    @property
    def _share(self) -> int:
        """The part of the time that views may take, as one in so many."""
        return SPARE_SHARE if self._session.has_time_to_spare else VIEW_SHARE

    def _report_view(self) -> None:
        """Send the content of the open tab; the longer it takes to compute, the less often."""
        started = time.perf_counter()
        computed = self._tabs.compute()
        if computed is not None:
            tab, content = computed
            shown = self._session if self._moment is None else self._moment.session
            update = protocol.Update(self._run, tab, shown.steps, protocol.encode(content), self._tabs.target)
            self._send(update)
            self._followers.share(update, self._tabs.watched)
            now = time.perf_counter()
            self._next_view = now + max(VIEW_EVERY - (now - started), (self._share - 1) * (now - started))

    def _send(self, report: protocol.AnyReport) -> None:
        """Send a report to the client, and to followers if it is about the run."""
        if self._clients.current is not None:
            self._clients.current.reports.put(report)
        if isinstance(report, protocol.Loaded):
            self._followers.load()
        else:
            self._followers.tell(report, None if self._clients.current is None else self._tabs.watched)


def main() -> None:
    """Run the trainer, with the socket reserved for the protocol; anything printed goes to standard error."""
    launch = launched(sys.argv[1:])
    first = given_connection()
    os.dup2(2, 1)
    clients = ClientConnections(first, launch.stays)
    clients.start()
    try:
        Worker(clients, launch).serve()
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        if clients.current is not None:
            clients.current.reports.put(protocol.Crashed(0, f"{type(error).__name__}: {error}"))
        clients.disconnect(LAST_WORDS)
        os._exit(1)


if __name__ == "__main__":
    main()
