"""Those who follow a session: each is told what its client is told, and gets a tab computed; none can change anything.

A follower that is slow, or does not read at all, costs the session nothing: what waits for it is replaced by what is
newer. What is computed for all of them together has a budget of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from tui_trainer.protocol import (
    NO_MESSAGE,
    AnyCommand,
    AnyReport,
    Ended,
    Finding,
    Follow,
    Followed,
    Progress,
    Update,
    Watch,
    encode,
)
from tui_trainer.tabs.computing import TabComputing, TrainerContext
from tui_trainer.training.session import Session

from .connection import ClientConnections, Connection

VIEW_EVERY = 0.1  # seconds while training between two pictures of one follower, at least
MAX_WAITING = 64  # reports; who has more to read is told the newest state instead


@dataclass(slots=True)
class Follower:
    """A follower's reports, its tab, and whether that has to be computed."""

    connection: Connection
    tabs: TabComputing
    is_due: bool = False
    next_view: float = 0.0  # not before this time, while the session trains


class Followers:
    """All followers of a session. ``news`` returns what a newcomer has to be told, ``Followed`` first."""

    def __init__(
        self, clients: ClientConnections, trainer: TrainerContext, news: Callable[[], Sequence[AnyReport]]
    ) -> None:
        self._clients, self._trainer, self._news = clients, replace(trainer, only_looks=True), news
        self._followers: dict[Connection, Follower] = {}
        self._setting: Followed | None = None  # as it was told last
        self._moment: Session | None = None  # that is shown instead of the present
        self._next_view = 0.0

    def __len__(self) -> int:
        return len(self._followers)

    @property
    def is_due(self) -> bool:
        """Whether something has to be computed."""
        return any(follower.is_due for follower in self._followers.values())

    def hear(self, connection: Connection, command: AnyCommand | None) -> None:
        """Take a follower's command; one that a follower may not send ends the connection, as does its end, None."""
        follower = self._followers.get(connection)
        match command:
            case Follow() if follower is None:
                tabs = TabComputing(self._trainer)
                tabs.look_at(self._moment)
                self._followers[connection] = Follower(connection, tabs)
                connection.reports.put_instead(self._news())
                self._setting = None  # what was told last is not what this one was told
            case Watch() if follower is not None:
                try:
                    follower.tabs.watch(command)
                except NO_MESSAGE:
                    self._let_go(connection)
                else:
                    follower.is_due, follower.next_view = True, min(follower.next_view, time.perf_counter())
            case _:
                self._let_go(connection)

    def _let_go(self, connection: Connection) -> None:
        self._followers.pop(connection, None)
        self._clients.followers.discard(connection)
        connection.close()

    def set(self, setting: Followed) -> None:
        """Tell what is set in the session, if that has changed."""
        if setting != self._setting:
            self._setting = setting
            for follower in self._followers.values():
                self._put(follower, setting)

    def tell(self, report: AnyReport, watch: Watch | None) -> None:
        """Pass on a report on the run; others are for the client alone, and may come from any thread.

        Tabs that follow the run are due, but for those for which the client's, ``watch``, is computed and passed on.
        """
        if isinstance(report, Ended | Finding):
            report = msgspec.structs.replace(report, remedy=None)
        elif not isinstance(report, Progress):
            return
        for follower in self._followers.values():
            self._put(follower, report)
            follower.is_due = follower.is_due or (follower.tabs.is_live and follower.tabs.watched != watch)

    def share(self, update: Update, watch: Watch | None) -> None:
        """Pass on what was computed for the client's ``watch`` to those who see the same."""
        for follower in self._followers.values():
            if follower.tabs.watched == watch:
                follower.is_due = False
                self._put(follower, update)

    def look_again(self) -> None:
        """Compute all tabs anew."""
        for follower in self._followers.values():
            follower.is_due = True

    def load(self) -> None:
        """Show another run, which has been loaded."""
        news = self._news() if self._followers else ()
        for follower in self._followers.values():
            follower.tabs.forget()
            follower.is_due = True
            follower.connection.reports.put_instead(news)
        self._moment = None

    def look_at(self, session: Session | None) -> None:
        """Compute from now on for the moment where ``session`` stands; None is the present."""
        self._moment = session
        for follower in self._followers.values():
            follower.tabs.look_at(session)
            follower.is_due = True

    def compute(self, run: int, share: int | None) -> None:
        """Compute one of the tabs that are due: that of the follower who has waited longest.

        With ``share``, computing for followers takes one part in so many of the time, and those who have not read their
        last picture yet wait.
        """
        began = time.perf_counter()
        due = [follower for follower in self._followers.values() if follower.is_due]
        if share is not None:
            if began < self._next_view:
                return
            due = [one for one in due if began >= one.next_view and not len(one.connection.reports)]
        if not due:
            return
        follower = min(due, key=lambda one: one.next_view)
        computed = follower.tabs.compute()
        follower.is_due = follower.tabs.is_partial
        follower.next_view = began + VIEW_EVERY
        if share is not None:
            self._next_view = began + share * (time.perf_counter() - began)
        if computed is not None:
            tab, content = computed
            shown = self._trainer.session if self._moment is None else self._moment
            self._put(follower, Update(run, tab, shown.steps, encode(content), follower.tabs.target))

    def _put(self, follower: Follower, report: AnyReport) -> None:
        reports = follower.connection.reports
        if len(reports) < MAX_WAITING:
            reports.put(report)
        else:
            reports.put_instead(self._news())
            follower.is_due = True
