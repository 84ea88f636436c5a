"""The trainer's side of the tabs: computes the content of the open tab, and of no other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec

from tui_trainer.errors import printable
from tui_trainer.files import write_traceback
from tui_trainer.protocol import Content, Request, Unavailable, Watch
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.store import Store
from tui_trainer.training.session import Session

from . import Tab, tab_named


@dataclass(frozen=True, slots=True)
class TrainerContext:
    """What a tab computes from: the session, and the store of its ``checkpointer``, if there is one.

    ``target`` is the index of the target to show; see ``shown_output``. While an earlier moment is shown, ``session``
    stands there, and ``whole`` is the one that has the whole run. What ``only_looks`` leaves no trace in the run.
    """

    session: Session
    checkpointer: Checkpointer | None = None
    target: int = 0
    whole: Session | None = None
    only_looks: bool = False

    @property
    def shown_output(self) -> int | None:
        """The output of the target that is shown, of several; None where there is one target, or classes."""
        targets = self.session.dataset.targets
        return min(max(self.target, 0), len(targets) - 1) if len(targets) > 1 else None

    @property
    def recorded(self) -> Session:
        """The session whose history has all epochs of the run, also while an earlier moment is shown."""
        return self.session if self.whole is None else self.whole

    @property
    def store(self) -> Store | None:
        """The store; None where it can't be used."""
        return None if self.checkpointer is None else self.checkpointer.store

    @property
    def run(self) -> int | None:
        """The number of the current run in the store; None before its first step."""
        return None if self.checkpointer is None else self.checkpointer.run


class Compute(Protocol):
    """Computes one tab for one loaded run; it may cache what stays the same while that run is trained."""

    def __init__(self, trainer: TrainerContext) -> None: ...

    def compute(self, request: Any) -> Content:
        """Compute the current content for ``request``."""


class TabComputing:
    """The open tab, its request, and the ``Compute`` of each tab that was opened since the run was loaded.

    While an earlier moment is shown, the tabs about the run have each a second one, for the session that stands there.
    """

    def __init__(self, trainer: TrainerContext) -> None:
        self._trainer = trainer
        self._moment: TrainerContext | None = None  # that is shown instead of the present
        self._computes_of_moments: dict[str, Compute] = {}
        self._is_due = False  # whether the moment has not been computed yet for the open tab
        self._tab: Tab | None = None
        self._request: Request | None = None
        self.watched: Watch | None = None  # the newest command, which has opened the tab
        self._computes: dict[str, Compute] = {}
        self._failures: dict[str, Unavailable] = {}  # by the name of the tab
        self.is_partial = False  # whether the content that was computed last is only a part of what was requested

    def watch(self, watch: Watch) -> None:
        """Open a tab; raise one of ``NO_MESSAGE`` if there is no such tab, or the request is not one of its own."""
        try:
            tab = tab_named(watch.tab)
        except KeyError:
            raise msgspec.ValidationError("no such tab") from None
        self._tab, self._request = tab, msgspec.msgpack.decode(watch.request, type=tab.request_type)
        self.watched = watch
        if watch.target != self.target:
            self._trainer = replace(self._trainer, target=watch.target)
            self._computes.clear()
            self._failures.clear()
            if self._moment is not None:
                self._moment = replace(self._moment, target=watch.target)
                self._computes_of_moments.clear()
        self._is_due = True

    @property
    def target(self) -> int:
        """The index of the target to show, as it was requested."""
        return self._trainer.target

    def look_at(self, session: Session | None) -> None:
        """Compute from now on for the moment where ``session`` stands; None is the present."""
        moment = None
        if session is not None:
            moment = replace(self._trainer, session=session, whole=self._trainer.session)
        if moment != self._moment:
            self._computes_of_moments.clear()
        self._moment, self._is_due = moment, True

    def stop(self) -> None:
        """Close the open tab."""
        self._tab = self._request = None
        self.is_partial = False

    def forget(self) -> None:
        """Drop everything that was cached, as another run has been loaded."""
        self._computes.clear()
        self._failures.clear()
        self.look_at(None)
        self.is_partial = False

    @property
    def is_live(self) -> bool:
        """Whether the content follows the training; an earlier moment is computed once."""
        follows = self._tab is not None and self._tab.is_live and self._trainer.session.state != "empty"
        return follows and (self._moment is None or self._is_due or self.is_partial)

    def compute(self) -> tuple[str, Content] | None:
        """Compute the content of the open tab; return the tab's name and content, None if there is nothing."""
        tab, request = self._tab, self._request
        self.is_partial = self._is_due = False
        if tab is None or request is None or (tab.about_run and self._trainer.session.state == "empty"):
            return None
        shown, computes = self._trainer, self._computes
        if self._moment is not None and tab.about_run:
            shown, computes = self._moment, self._computes_of_moments
        try:
            if tab.name not in computes:
                computes[tab.name] = tab.load_compute()(shown)
            content = computes[tab.name].compute(request)
        except Exception as error:  # a picture must not end the run that it shows
            return tab.name, self._failure(tab, error)
        self.is_partial = content.is_partial
        return tab.name, content

    def _failure(self, tab: Tab, error: Exception) -> Unavailable:
        """Return what a tab shows that can't be computed; the first time for a run, with a file of the details."""
        if tab.name not in self._failures:
            path = write_traceback(error)
            details = "" if path is None else f" The details are in {path}."
            sentence = f"An error of the program: {type(error).__name__}: {printable(str(error)).rstrip('.')}."
            self._failures[tab.name] = Unavailable(f"{sentence} The run goes on.{details}")
        return self._failures[tab.name]
