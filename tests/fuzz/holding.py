"""What must hold for every input, whatever is wrong with it, and the loop that tries one after the other.

An input is accepted, or refused with a sentence for people. Nothing that is shown acts on a terminal, no file is left
over or changed, no process and no open file stays behind, and no case takes long or much memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import os
import random
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import pytest

from tui_trainer.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
MAX_SECONDS = 5.0  # of computing time; other programs may have the machine meanwhile
MAX_WAIT = 60.0  # seconds until a case is interrupted
MAX_GROWTH = 400_000  # kilobytes that one case may add to the peak of the memory
MAX_OPEN = 8  # files that a block may leave open, such as those of the loop of asyncio
MAX_SENTENCE = 3000  # characters of what is told
MAX_FINDINGS = 20  # of a block, until it is given up
CODES = (0, 1, 2)  # of commands: done, diverged, refused


@dataclass
class Tally:
    """How many cases of a kind were accepted and refused, and how long they took."""

    kind: str
    accepted: int = 0
    refused: int = 0
    findings: int = 0
    seconds: float = 0.0
    slowest: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.kind,
            self.accepted + other.accepted,
            self.refused + other.refused,
            self.findings + other.findings,
            self.seconds + other.seconds,
            max(self.slowest, other.slowest),
        )

    def as_property(self) -> list[str | int | float]:
        """Its fields, as a test can report them."""
        return [self.kind, self.accepted, self.refused, self.findings, self.seconds, self.slowest]

    @classmethod
    def of_property(cls, fields: list[str | int | float]) -> Tally:
        """The tally with these fields."""
        return cls(*fields)  # type: ignore[arg-type]

    @property
    def line(self) -> str:
        """The tally in words."""
        cases = self.accepted + self.refused + self.findings
        share = self.accepted / cases if cases else 0.0
        rate = cases / self.seconds if self.seconds else 0.0
        return (
            f"{self.kind:<12} {cases:>7,} cases: {self.accepted:>6,} accepted ({share:.0%}), "
            f"{self.refused:>6,} refused, {self.findings} findings; "
            f"{self.seconds:,.1f} s, {rate:,.0f} a second, the slowest {self.slowest:.1f} s"
        )


@dataclass
class Case:
    """One input: its generator, an empty folder, and the files it consists of, which nobody may change."""

    rng: random.Random
    folder: Path
    files: dict[Path, bytes] = field(default_factory=dict)
    outputs: set[str] = field(default_factory=set)  # names of files and folders that may be made

    def write(self, name: str, content: bytes) -> Path:
        """Make a file of the input."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.files[path] = content
        return path

    def check_files(self) -> None:
        """AssertionError where a file was changed, or one is left over."""
        for path, content in self.files.items():
            assert path.is_file() and path.read_bytes() == content, f"{path.name} was changed"
        for path in self.folder.rglob("*"):
            inside = path.relative_to(self.folder)
            is_expected = inside.parts[0] in self.outputs and not path.name.endswith(".tmp")
            assert is_expected or path in self.files or path.is_dir(), f"{str(inside)!r} was left behind"


Try = Callable[[Case], bool]  # whether the input was accepted


class Campaign:
    """Tries the cases of one block; each can be repeated alone."""

    def __init__(self, kind: str, seed: int, numbers: range, folder: Path, file: str) -> None:
        self.tally = Tally(kind)
        self._seed, self._numbers, self._folder = seed, numbers, folder
        self._file = Path(file).relative_to(ROOT)

    def run(self, try_case: Try, kept_open: int = 0) -> None:
        """Try all cases; fail at the end with every finding and the command that repeats it.

        ``kept_open`` files of each case may stay open.
        """
        findings: list[str] = []
        children, opened = child_processes(), open_files()
        for number in self._numbers:
            error = self._finding(number, try_case)
            if error is not None and len(self._numbers) == 1:
                raise AssertionError(self._command(number)) from error
            if error is not None:
                findings.append(f"{_told(error)}\n    {self._command(number)}")
            if len(findings) >= MAX_FINDINGS:
                break
        gc.collect()
        assert not findings, f"{len(findings)} findings:\n" + "\n".join(findings)
        assert child_processes() <= children, "a process was left behind"
        left = open_files() - opened
        assert left.total() <= MAX_OPEN + kept_open * len(self._numbers), f"files were left open: {left}"

    def _finding(self, number: int, try_case: Try) -> BaseException | None:
        """Try one case, and return what does not hold for it."""
        case = Case(random.Random(f"{self._seed}/{self.tally.kind}/{number}"), self._folder / "case")
        for folder in (case.folder, self._folder / "temporary", self._folder / "home"):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        os.chdir(case.folder)
        started, peak = time.process_time(), _peak()
        try:
            with time_limit(MAX_WAIT):
                accepted = try_case(case)
            took, grown = time.process_time() - started, _peak() - peak
            self.tally.seconds += took
            self.tally.slowest = max(self.tally.slowest, took)
            assert took < MAX_SECONDS, f"it took {took:.1f} s"
            assert grown < MAX_GROWTH, f"it took {grown // 1000} MB"
            case.check_files()
            left = [one.name for one in (self._folder / "temporary").iterdir()]
            assert not left, f"temporary files are left: {left}"
        except (Exception, asyncio.CancelledError, pytest.fail.Exception) as error:
            self.tally.findings += 1
            return error
        self.tally.accepted += accepted
        self.tally.refused += not accepted
        return None

    def _command(self, number: int) -> str:
        return f"python -m pytest {self._file} -m fuzz -n 0 --seed {self._seed} --case {number}"


def _told(error: BaseException) -> str:
    """Return an error in one line, with the place in the program that it came from."""
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if "tui_trainer" in frame.filename]
    where = f" ({Path(places[-1].filename).name}:{places[-1].lineno})" if places else ""
    return f"{type(error).__name__}: {str(error)[:400]!r}{where}"


def _peak() -> int:
    """Return in kB how much memory this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError inside the block when it takes longer."""

    def end(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"it takes longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def child_processes() -> set[int]:
    """Return the processes that this one has started and that are still there."""
    found: set[int] = set()
    for task in Path("/proc/self/task").glob("*/children"):
        found.update(map(int, task.read_text().split()))
    return found


def open_files() -> Counter[str]:
    """Return what this process has open, and how often: files by their path, pipes and sockets by their kind."""
    found: Counter[str] = Counter()
    for descriptor in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):  # that of the glob itself
            found[os.readlink(descriptor).partition(":")[0]] += 1
    return found


def check_shown(*texts: str) -> None:
    """AssertionError for a text that could act on a terminal."""
    for text in texts:
        assert text.isprintable(), f"a control character is shown: {text[:300]!r}"


def check_sentence(error: object) -> None:
    """AssertionError for what is no sentence for people."""
    text = str(error)
    assert text.strip(), "nothing is told"
    check_shown(text)
    assert len(text) < MAX_SENTENCE, f"{len(text)} characters are told: {text[:300]!r}"
    assert "Traceback" not in text and "internal error" not in text, text[:MAX_SENTENCE]


def run_command(*words: str) -> tuple[int, str, str]:
    """Run a command in this process; return its code and what it has printed, which is checked."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(list(words))
        except SystemExit as ended:
            code = int(ended.code or 0)
    check_printed(code, out.getvalue(), err.getvalue())
    return code, out.getvalue(), err.getvalue()


def check_printed(code: int, out: str, err: str) -> None:
    """AssertionError where a command ended otherwise than it may, or printed what it may not."""
    assert code in CODES, f"code {code}: {err[-MAX_SENTENCE:]}"
    for line in (*out.split("\n"), *err.split("\n")):
        check_shown(line)
    assert (code == 2) == bool(err), f"code {code}, and on stderr: {err[:MAX_SENTENCE]!r}"
    for line in err.splitlines():
        check_sentence(line)
