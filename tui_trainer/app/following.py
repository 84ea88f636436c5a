"""Following a session: its tab is opened here, too, or another one to look around, and nothing of it can be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from textual.message import Message

from tui_trainer.errors import plain
from tui_trainer.protocol import NO_MESSAGE, AnyReport, Followed, Loaded, Progress, Watch
from tui_trainer.run_state import RUN_STATES
from tui_trainer.tabs import tab_named
from tui_trainer.tabs.book.lesson_page import Answered
from tui_trainer.tabs.book.view import LessonChosen, LessonForgotten
from tui_trainer.tabs.runs.view import RunOpened, RunsEdited, UndoAsked
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.fields import FieldEdited
from tui_trainer.ui.keymap import Chip, Key, key_of

from .controller import Controller
from .keys import FOLLOWING
from .moments import MOMENTS
from .setup.data_panel import DatasetField
from .setup.network_panel import LayersEdited

if TYPE_CHECKING:
    from .screen import MainScreen

REFUSAL = "This terminal only follows; that is done where the run was started."
OF_MOMENT = "This terminal only follows; moments are chosen where the run was started."
WAITING = "waiting until something is loaded in the session …"
GO_ALONG = "resume"  # the name of the key that does this instead: there is no run to resume
CHANGES: Final[tuple[type[Message], ...]] = (  # what widgets say when the user changes something
    FieldEdited,
    LayersEdited,
    DatasetField.OwnFileRequested,
    TabView.FieldChosen,
    TabView.FieldReworked,
    TabView.WeightSet,
    TabView.OfferTaken,
    UndoAsked,
    RunOpened,
    RunsEdited,
    LessonChosen,
    LessonForgotten,
    Answered,
)


class Following(Controller):
    """What is different where the app only follows a session; elsewhere it has no effect."""

    name = "following"

    def __init__(self, screen: MainScreen) -> None:
        super().__init__(screen)
        self._goes_along = True
        self._watch: Watch | None = None  # what is looked at in the session
        self._has_ended = False  # the run, which the message says
        self._refusal = ""  # that was shown last

    @property
    def is_on(self) -> bool:
        """Whether the app follows a session."""
        return bool(self.screen.trainer.launch.follow)

    def begin(self) -> None:
        """Say on the screen that the app only follows; nothing can be set there."""
        screen = self.screen
        screen.query_one("#setup").disabled = True
        screen.status.before = WAITING
        screen.header.followed = "a session"
        screen.coach.mode = "never"

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The keys that matter: the first one goes along with the session, or stops that."""
        return (Chip("look around" if self._goes_along else "its tab again", (GO_ALONG,)), *FOLLOWING)

    async def on_report(self, report: AnyReport) -> bool:
        match report:
            case Followed():
                self.screen.header.followed = plain(report.experiment.title)
                if self._watch is not None and report.watch is not None and report.watch.tab != self._watch.tab:
                    self.drop_refusal()
                is_other, self._watch = report.watch != self._watch, report.watch
                if is_other and self._goes_along:
                    self._look_along()
            case Loaded() | Progress() if self.is_on:
                had_ended, self._has_ended = self._has_ended, RUN_STATES[self.screen.state].ended
                if had_ended and not self._has_ended:
                    self.show_message("")
                if isinstance(report, Loaded) and self._goes_along:
                    self._look_along()  # the view has just forgotten what it looked at
        return False

    def _look_along(self) -> None:
        """Open the tab that is open in the session; its view, once it is there, looks at the same."""
        watch, tabs = self._watch, self.screen.tabs
        if watch is None:
            return
        try:
            request = msgspec.msgpack.decode(watch.request, type=tab_named(watch.tab).request_type)
        except (KeyError, *NO_MESSAGE):
            self.screen.trainer.client.reject()
            return
        self.screen.trainer.show_target(watch.target)
        if tabs.active != watch.tab:
            tabs.active = watch.tab
        elif tabs.view is not None and request is not None:
            tabs.view.look_as(request)

    def on_tab_opened(self) -> None:
        """Look at the same as the session, if this tab is open there, too."""
        if self.is_on and self._goes_along:
            self._look_along()

    def go_along(self) -> None:
        """Look at what is looked at in the session, now and whenever that changes."""
        self._goes_along = True
        self._look_along()
        self.show_message("Going along with the tab that is open in the session.")
        self.screen.refresh_bindings()

    def look_around(self) -> None:
        """Stay with the tabs that are opened here from now on."""
        self.drop_refusal()
        if self.is_on and self._goes_along:
            self._goes_along = False
            self.show_message(f"Looking around; {key_of(GO_ALONG)} goes along with the session again.")
            self.screen.refresh_bindings()

    def takes(self, key: Key) -> bool:
        """Return whether a key does nothing else here: it is refused, or it goes along with the session, or stops."""
        if not self.is_on:
            return False
        self.drop_refusal()
        if key.name != GO_ALONG:
            return not key.when_following and self.refuses(OF_MOMENT if key.owner == MOMENTS else REFUSAL)
        if self._goes_along:
            self.look_around()
        else:
            self.go_along()
        return True

    def refuses(self, sentence: str = REFUSAL) -> bool:
        """Return whether the app only follows, and say so, as this is for the session alone."""
        if self.is_on:
            self._refusal = sentence
            self.show_message(sentence, "error")
        return self.is_on

    def drop_refusal(self) -> None:
        """Take a refusal off the message line, as something else was done since."""
        if self._refusal and str(self.screen.message_line.content) == self._refusal:
            self.show_message("")
        self._refusal = ""
