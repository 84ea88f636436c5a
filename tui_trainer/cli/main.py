"""The entry of the command line: runs a command, and turns whatever goes wrong into a sentence and an exit code.

Nothing else is imported here before an interrupt can be handled.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from . import DEBUG

OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)  # of printing; they name no file


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    0 is success, 1 a run that diverged, 2 bad input or a file that can't be used, 70 an error of the program, 130 an
    interrupt. Raises SystemExit for wrong usage, for ``--help`` and ``--version``.
    """
    # Python's last search for garbage, which takes as long as a short command, has nothing to search then.
    atexit.register(gc.freeze)
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == [DEBUG]:
        words = [*words[1:], DEBUG]

    def command() -> int:
        from tui_trainer.system.terminal import interrupts_held

        with interrupts_held():  # compiled modules that are interrupted halfway may crash Python
            from .commands import run

        return run(words)

    return guarded(command, DEBUG in words)


def browser_tab() -> int:
    """Run the app of one browser tab, which the server starts as ``python -m tui_trainer.cli.main WORDS ...``."""
    words = sys.argv[1:]

    def command() -> int:
        from .app import open_app

        return open_app(words, in_browser=True)

    return guarded(command, DEBUG in words)


def guarded(command: Callable[[], int], debug: bool = False) -> int:
    """Run ``command`` and return its exit code, or that of the error it ended with, which is printed as a sentence.

    Warnings of Python are not shown. The traceback of an error of the program, with ``debug`` that of any error, is
    kept in a file that the sentence names.
    """
    try:
        _replace_closed_streams()
        try:
            with _python_warnings_ignored():
                return command()
        finally:
            sys.stdout.flush()  # or Python would complain of a full disk when it ends
    except KeyboardInterrupt:
        from tui_trainer.errors import INTERRUPTED

        _print_error("Interrupted.")
        return INTERRUPTED
    except Exception as error:
        return _explain(error, debug)
    finally:
        try:
            sys.stderr.flush()
        except OSError:
            _discard(sys.stderr)


def _explain(error: Exception, debug: bool) -> int:
    """Print what went wrong; return the exit code."""
    from tui_trainer.errors import BAD_INPUT, PROGRAM_ERROR, UserError, escaped
    from tui_trainer.files import write_traceback
    from tui_trainer.system.terminal import has_reader_left

    if isinstance(error, OSError) and has_reader_left(error):
        _discard(sys.stdout)
        return 0
    code = BAD_INPUT
    if isinstance(error, UserError):
        sentence = str(error)
    elif isinstance(error, OSError):
        sentence = _file_error(error)
    elif isinstance(error, MemoryError):
        sentence = "there is not enough memory; end other programs, or use less data or fewer units"
    else:
        sentence, code, debug = f"internal error: {type(error).__name__}: {error}", PROGRAM_ERROR, True
    path = write_traceback(error) if debug else None
    if path is not None:
        sentence += f"; the details are in {path}"
    _print_error(f"tui-trainer: {escaped(sentence)}")
    return code


def _file_error(error: OSError) -> str:
    from tui_trainer.errors import path_in_quotes
    from tui_trainer.system.files import reason_of

    why = reason_of(error)
    if error.filename is not None:
        return f"{path_in_quotes(str(error.filename))} can't be used: {why}"
    if error.errno not in OUTPUT_ERRORS:
        return why
    _discard(sys.stdout)
    return f"the output can't be written: {why}"


def _print_error(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Send to the null device what ``stream`` still holds, and what is written to it later."""
    with contextlib.suppress(OSError), open(os.devnull, "w") as null:
        os.dup2(null.fileno(), stream.fileno())
        stream.flush()


def _replace_closed_streams() -> None:
    """Open the null device in place of closed standard streams, and let no character be unprintable.

    Otherwise the next file that is opened would get the number of a closed stream, and be printed to.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # gets the lowest number that is free
        if getattr(sys, name) is None:
            stream = open(os.devnull, "w" if number else "r")  # noqa: SIM115 (open as long as the process)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
    from tui_trainer.system.terminal import make_printable

    make_printable(sys.stdout)
    make_printable(sys.stderr)


@contextlib.contextmanager
def _python_warnings_ignored() -> Iterator[None]:
    """Ignore warnings of Python packages, unless Python was started with an option that says what to do with them."""
    import warnings

    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        yield


if __name__ == "__main__":
    sys.exit(browser_tab())
