"""Event files for TensorBoard, written while a run is trained, with the names that Keras's callback gives them.

The values of the training part are in the folder ``train``, those of the validation part in ``validation``, so that
TensorBoard draws both in one chart: ``epoch_loss``, ``epoch_accuracy`` and so on. tensorboardX writes them, an extra.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_trainer.errors import UserError, path_in_quotes, printable
from tui_trainer.experiment.toml_file import dumps
from tui_trainer.files import confined
from tui_trainer.system.files import reason_of

if TYPE_CHECKING:
    from tui_trainer.training.session import Session

INSTALL = "python -m pip install 'tui-trainer[tensorboard]'"
PARTS = ("train", "validation")
EVENTS = "events.out.tfevents.*"  # the names of the files


@contextlib.contextmanager
def event_files(folder: Path | None, session: Session, option: str = "tensorboard") -> Iterator[Callable[[], None]]:
    """Yield what writes the epochs of a session that have ended since the last call; nothing without a ``folder``.

    Raises UserError as ``EventFiles`` does.
    """
    if folder is None:
        yield lambda: None
        return
    events = EventFiles(folder, option)
    write = partial(events.write, session)
    try:
        yield write
    finally:
        write()
        events.close()


class EventFiles:
    """The event files of one run in a ``folder`` of its own; ``option`` is what errors name.

    Raises UserError if they can't be written, if the folder has event files of another run, and without tensorboardX.
    """

    def __init__(self, folder: Path, option: str) -> None:
        if find_spec("tensorboardX") is None:
            reason = f"event files need the package tensorboardX, which is not installed: {INSTALL}"
            raise UserError(option, reason)
        shown = path_in_quotes(folder)
        try:
            self._folders = {part: confined(folder / part, option) for part in PARTS}  # they may be links
            for part in self._folders.values():
                part.mkdir(parents=True, exist_ok=True)
            has_events = any(any(part.glob(EVENTS)) for part in self._folders.values())
        except UserError:
            raise
        except (OSError, ValueError) as error:
            why = reason_of(error) if isinstance(error, OSError) else str(error)
            raise UserError(option, f"cannot write to {shown}: {why}; give another folder") from error
        if has_events:
            raise UserError(option, f"{shown} has the event files of another run; give each run a folder of its own")
        self._writers = dict[str, Any]()
        self._epoch = 0  # the last one that is written

    def write(self, session: Session) -> None:
        """Write the values of the epochs that have ended since the last call."""
        if not self._writers:
            text = "\n".join(f"    {printable(line)}" for line in dumps(session.requested).splitlines())
            self._writer("train").add_text("experiment", text, 0)
        for row in session.history.rows(self._epoch):
            self._epoch = int(row.pop("epoch"))
            for name, value in row.items():
                if math.isfinite(value):
                    part = "validation" if name.startswith("val_") else "train"
                    self._writer(part).add_scalar(f"epoch_{name.removeprefix('val_')}", value, self._epoch)

    def close(self) -> None:
        """Write what is left to disk."""
        for writer in self._writers.values():
            writer.close()

    def _writer(self, part: str) -> Any:
        if part not in self._writers:
            from tensorboardX import SummaryWriter

            self._writers[part] = SummaryWriter(str(self._folders[part]), flush_secs=5)
        return self._writers[part]
