"""The Runs tab: finds, sorts, compares, edits and reopens stored runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.reactive import var
from textual.widgets import Static

from tui_trainer.errors import printable
from tui_trainer.formats import format_file_size
from tui_trainer.protocol import EditRuns, Loaded
from tui_trainer.sweep.messages import SweepFinished
from tui_trainer.tabs.view import TabView, hints_within
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.plot_widgets import PlotWidget, TextLines
from tui_trainer.ui.status_lines import Prompt

from .charts import (
    ASCII_LEGEND,
    LEGEND,
    ChartChoice,
    Parallel,
    ParallelPanel,
    details,
    field_told_at,
    name_at,
    run_at,
    scatter,
    shares,
)
from .keys import PRECEDING_ACTIONS
from .messages import RunChart, RunList, RunRow, WatchRuns
from .selection import ListCursor, SelectedRun, SelectedRuns
from .table import (
    SORTABLE_COLUMNS,
    DifferencesPanel,
    Differing,
    RunsPanel,
    Sheet,
    briefly,
    cell_text,
    last_column,
    sort_of,
)

AGAIN = 1.0  # seconds between two checks for changes by other processes
TALL = 26  # rows from which list and differences are one above the other
TOLD = (
    "open_run",
    "filter",
    "sort",
    "chart",
    "choose_run",
    "differ",
    "delete_runs",
    "name_run",
    "tag_runs",
    "pin_runs",
)
NOTHING = "No runs yet: the first training step starts one."
NO_MATCH = "No run matches the filter; / changes it."
CHART_TOLD = ("chart", "chart_color", "sort", "open_run", "filter", "choose_run")
Form = Literal["table", "scatter", "parallel"]
FORMS: tuple[Form, ...] = ("table", "scatter", "parallel")
MAX_NAME = 24  # cells of the name of a run below a chart
FILTER, NAME, TAGS = "filter", "name", "tags"


class RunsView(TabView):
    """Shows the visible part of the list, and requests another one whenever the user moves, filters or edits."""

    DEFAULT_CSS = """
    RunsView {
        padding: 0 0 0 1;
        .heading { height: 1; color: $text-muted; }
        RunsPanel { height: 1fr; }
        DifferencesPanel { display: none; height: 1fr; margin-top: 1; }
        &.-differing DifferencesPanel { display: block; }
        &.-differing.-short RunsPanel { display: none; }
        &.-differing.-short DifferencesPanel { margin-top: 0; }
        .shares, PlotWidget, ParallelPanel, .details { display: none; }
        .shares, .details { height: 1; }
        &.-charted {
            RunsPanel, DifferencesPanel { display: none; }
            .shares, .details { display: block; }
        }
        &.-scatter PlotWidget, &.-parallel ParallelPanel { display: block; }
    }
    """
    MODE = PRECEDING_ACTIONS
    in_mode = True

    differing: var[bool] = var(False, toggle_class="-differing")
    form: var[Form] = var[Form]("table")

    def __init__(self) -> None:
        super().__init__()
        self.place, self.choices = ListCursor(), SelectedRuns()
        self.filter, self.sort, self.descending, self.grouped = "", "age", False, False
        self._column = 0
        self.listed: RunList | None = None  # as it came last
        self.sheet = Sheet()  # as it is drawn
        self.choice = ChartChoice()
        self._drawn_from: tuple[object, ...] = ()  # what the chart on the screen shows
        self._edits = PendingEdits()

    def compose(self) -> ComposeResult:
        yield Static(classes="heading", markup=False)
        yield RunsPanel()
        yield DifferencesPanel()
        yield TextLines("shares")
        yield PlotWidget()
        yield ParallelPanel()
        yield TextLines("details")
        yield Prompt()

    def on_mount(self) -> None:
        self.set_interval(AGAIN, self._look_again)

    @property
    def request(self) -> WatchRuns:
        first, rows = self.place.wanted
        compared = self.choices.runs if self.differing else ()
        return WatchRuns(
            self.filter,
            self.sort,
            self.descending,
            first,
            rows,
            self.place.run,
            compared,
            self.grouped,
            self.is_charted,
        )

    @property
    def is_charted(self) -> bool:
        """Whether a chart is shown instead of the table."""
        return self.form != "table"

    def show_loaded(self, loaded: Loaded) -> None:
        self._look_again()

    def show_content(self, content: RunList) -> None:
        request = self.request
        if any(
            getattr(content, name) != getattr(request, name) for name in ("filter", "sort", "descending", "grouped")
        ):
            return  # an answer to what was asked before
        wrong = content.wrong
        place = None if wrong is None else (wrong.start, wrong.end)
        self.query_one(Prompt).show_problem("" if wrong is None else wrong.reason, place)
        if wrong is not None:
            return
        self.listed = content
        self.place.take(content)
        renamed = [self.choices.rename(row.run, row.name) for row in content.rows]
        if any(renamed):
            self.post_message(RunsChosen(self.choices.lettered_first))
        self.show()
        self.ask()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height < TALL, "-short")
        self.query_one(Prompt).show_hints(hints_within(event.size.width - 1, self._told))
        self.call_after_refresh(self._fit)

    def watch_differing(self) -> None:
        if self.is_mounted:
            self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        if not (self.is_charted or (self.differing and self.has_class("-short"))):  # else the list is hidden
            self.place.page = max(1, self.query_one(RunsPanel).size.height - 1)
        self.place.keep_seen()
        self.show()
        self.ask()

    def action_next_run(self, offset: int) -> None:
        """Move the cursor to the run above or below."""
        self.go(self.place.cursor + offset)

    def action_run_page(self, direction: int) -> None:
        """Move the cursor a page up or down."""
        self.go(self.place.cursor + direction * max(1, self.place.page - 1))

    def action_run_end(self, direction: int) -> None:
        """Move the cursor to the first run, or the last."""
        self.go(self.place.total - 1 if direction > 0 else 0)

    def action_columns(self, offset: int) -> None:
        """Show further columns on the left or the right; in a chart, the measure over another field."""
        if self.is_charted:
            if self.chart is not None:
                self.choice = self.choice.moved(self.chart, offset)
                self.show()
            return
        last = last_column(self.query_one(RunsPanel).size.width, self.sheet.columns)
        self._column = max(0, min(self._column + offset, last))
        self.show()

    def action_open_run(self) -> None:
        """Open the run under the cursor."""
        row = self.place.row
        if row is None:
            self.post_message(self.StatusMessage("There is no run under the cursor."))
        else:
            self.post_message(RunOpened(row.run))

    def action_sort(self) -> None:
        """Sort by the next column."""
        names = [column.sort for column in SORTABLE_COLUMNS]
        self.sort_by(names[(names.index(self.sort) + 1) % len(names)])

    def action_turn_around(self) -> None:
        """Reverse the order."""
        self.sort_by(self.sort)

    def action_group_runs(self) -> None:
        """Put the runs of one setting together, with their mean, or no longer."""
        self.grouped = not self.grouped
        self._column = 0
        self.ask()

    def action_choose_run(self) -> None:
        """Select or deselect the run under the cursor."""
        row = self.place.row
        if row is None:
            return
        choice = self.choices.toggle(row.run, row.name)
        if choice is not None and choice.slot is None:
            self.post_message(
                self.StatusMessage("Eight runs have a letter already; this one is chosen, but not drawn.")
            )
        self.choices_changed()

    def action_choose_none(self) -> None:
        """Deselect all runs."""
        self.choices.clear()
        self.choices_changed()

    def action_differ(self) -> None:
        """Show or hide the differences between the selected runs."""
        self.differing = not self.differing

    def action_chart(self) -> None:
        """Show the runs as a scatter plot, as parallel coordinates, or as the table again."""
        self.form = FORMS[(FORMS.index(self.form) + 1) % len(FORMS)]

    def action_chart_color(self) -> None:
        """Colour the points of the chart by another field, or by none."""
        if self.form != "scatter":
            self.post_message(self.StatusMessage(f"Colours are for the scatter plot; {key_of('chart')} shows it."))
        elif self.chart is not None:
            self.choice = self.choice.recolored(self.chart)
            self.show()

    def watch_form(self) -> None:
        if not self.is_mounted:
            return
        for form in FORMS:
            self.set_class(self.form == form, f"-{form}")
        self.set_class(self.is_charted, "-charted")
        self.query_one(Prompt).show_hints(hints_within(self.size.width - 1, self._told))
        self._drawn_from = ()
        self.call_after_refresh(self._fit)

    @property
    def _told(self) -> tuple[str, ...]:
        return CHART_TOLD if self.is_charted else TOLD

    @property
    def chart(self) -> RunChart | None:
        """The chart as it came last; None if none was asked for."""
        return None if self.listed is None else self.listed.chart

    @property
    def targets(self) -> tuple[int, ...]:
        """The runs that an edit applies to: the selected ones, or the one under the cursor."""
        if len(self.choices):
            return self.choices.runs
        return () if self.place.row is None else (self.place.row.run,)

    def action_filter(self) -> None:
        """Open the filter; the list follows while the user types."""
        self.query_one(Prompt).ask(FILTER, "/", self.filter)

    def action_name_run(self) -> None:
        """Ask for another name of the run under the cursor."""
        row = self.place.row
        if row is not None:
            self._edits.targets = (row.run,)
            self.query_one(Prompt).ask(NAME, f"Name of run {row.run}:", printable(row.name))

    def action_tag_runs(self) -> None:
        """Ask for the tags of a run, or for those to add to and remove from the selected runs."""
        targets, row = self.targets, self.place.row
        self._edits.targets = targets
        if len(targets) > 1:
            self.query_one(Prompt).ask(TAGS, f"Tags of {len(targets):,} runs, -tag to remove:", "")
        elif targets:
            tags = row.tags if row is not None and row.run == targets[0] else ""
            self.query_one(Prompt).ask(TAGS, f"Tags of run {targets[0]}, -tag to remove:", printable(tags))

    def action_pin_runs(self) -> None:
        """Pin or unpin the runs, whichever the one under the cursor is not."""
        if self.targets and self.place.row is not None:
            self.post_message(RunsEdited(EditRuns(self.targets, pinned=not self.place.row.pinned)))

    def action_delete_runs(self) -> None:
        """Delete the selected runs, or the one under the cursor."""
        runs = self.targets
        command = self._edits.delete(runs)
        if runs:
            self.choices.remove(runs)
            self.choices_changed()
        self.post_message(RunsEdited(command))

    def action_bring_back(self) -> None:
        """Undo the last deletion of this tab; without one, the last change of the settings."""
        command = self._edits.undelete()
        self.post_message(UndoAsked() if command is None else RunsEdited(command))

    @on(Prompt.Changed)
    def _follow(self, event: Prompt.Changed) -> None:
        event.stop()
        if event.purpose == FILTER:
            self.filter = event.text
            self.ask()

    @on(Prompt.Entered)
    def _take(self, event: Prompt.Entered) -> None:
        event.stop()
        self.query_one(Prompt).close()
        if event.purpose == NAME:
            self.post_message(RunsEdited(self._edits.rename(event.text)))
        elif event.purpose == TAGS:
            command = self._edits.tag(event.text, self.place.row)
            if command is not None:
                self.post_message(RunsEdited(command))

    def choices_changed(self) -> None:
        """Show the selection, here and in the plot."""
        self.post_message(RunsChosen(self.choices.lettered_first))
        self.show()
        self.ask()

    def show_sweep(self, swept: SweepFinished) -> None:
        """Show the runs of a finished sweep, the best one first, and select the best ones."""
        self.filter = f"tag={swept.tag}"
        self.sort = sort_of(swept.by)
        self.descending = next(column.descending for column in SORTABLE_COLUMNS if column.sort == self.sort)
        self.grouped, self._column = swept.grouped, 0
        self.place.go(0)
        self.place.run = swept.kept[0].run
        self.choices.choose((one.run, one.name) for one in swept.kept)
        self.choices_changed()

    def sort_by(self, name: str) -> None:
        """Sort by a field; if it is sorted by that field already, reverse the order."""
        column = next(column for column in SORTABLE_COLUMNS if column.sort == name)
        self.descending = not self.descending if name == self.sort else column.descending
        self.sort = name
        self.ask()

    def go(self, cursor: int) -> None:
        """Move the cursor to another run."""
        self.place.go(cursor)
        self.show()
        self.ask()

    @on(RunsPanel.Sorted)
    def _sort_clicked(self, event: RunsPanel.Sorted) -> None:
        event.stop()
        self.sort_by(event.field)

    @on(RunsPanel.Pointed)
    def _go_to_clicked(self, event: RunsPanel.Pointed) -> None:
        event.stop()
        self.screen.set_focus(None)
        self.go(event.place)
        if event.choose:
            self.action_choose_run()
        elif event.twice:
            self.action_open_run()

    @on(PlotWidget.Clicked)
    def _point_at_plot(self, event: PlotWidget.Clicked) -> None:
        """Select the run of a point; on a name around the plot, change what it stands for."""
        event.stop()
        plot, chart = self.query_one(PlotWidget), self.chart
        if chart is None:
            return
        run = run_at(chart, self.choice, plot, event.column, event.row)
        clicked = name_at(chart, self.choice, plot, event.column, event.row)
        if clicked == "across":
            self.action_columns(1)
        elif clicked == "before":
            self.action_columns(-1)
        elif clicked == "color":
            self.action_chart_color()
        elif clicked == "measure":
            self.action_sort()
        elif run is not None:
            self._point_at(run, event.twice)

    @on(ParallelPanel.RunPointed)
    def _point_at_line(self, event: ParallelPanel.RunPointed) -> None:
        event.stop()
        self._point_at(event.run, event.twice)

    @on(ParallelPanel.FieldPointed)
    def _point_at_axis(self, event: ParallelPanel.FieldPointed) -> None:
        """Show the scatter plot over the field of an axis."""
        event.stop()
        self._choose_across(event.path)
        self.form = "scatter"

    @on(TextLines.Clicked, ".shares")
    def _point_at_share(self, event: TextLines.Clicked) -> None:
        event.stop()
        if self.chart is not None:
            line = shares(self.chart, self.choice, self.size.width - 2, self.query_one(RunsPanel).markers)
            field = field_told_at(line, self.chart, event.column)
            if field is not None:
                self._choose_across(field.path)

    def _choose_across(self, path: str) -> None:
        """Chart the measure over another field; the colours stay, unless it was theirs."""
        color = None if self.choice.color == path else self.choice.color
        self.choice = ChartChoice(path, color)
        self.show()

    def _point_at(self, run: int, twice: bool) -> None:
        """Move the cursor to a run of the chart, or open it."""
        self.screen.set_focus(None)
        if twice:
            self.post_message(RunOpened(run))
            return
        self.place.run = run  # the list tells where that is
        self.show()
        self.ask()

    @on(RunsPanel.Scrolled)
    def _scroll(self, event: RunsPanel.Scrolled) -> None:
        event.stop()
        self.place.scroll(event.rows)
        self.show()
        self.ask()

    def show(self) -> None:
        """Draw the known part of the list."""
        listed, place = self.listed, self.place
        if listed is None:
            return
        self.query_one(".heading", Static).update(self._heading(listed), layout=False)
        chosen = {run: choice for run in self.choices.runs if (choice := self.choices.get(run)) is not None}
        self.sheet = Sheet(
            place.rows,
            place.total,
            place.first,
            place.cursor,
            self._column,
            listed.sort,
            listed.descending,
            chosen,
            NO_MATCH if listed.stored else NOTHING,
            listed.grouped,
        )
        self.query_one(RunsPanel).show(self.sheet)
        self._show_chart()
        if self.differing:
            self.query_one(DifferencesPanel).show(Differing(listed.compared, listed.differences, chosen))

    def _show_chart(self) -> None:
        """Draw the chart, unless it is on the screen already."""
        chart, run, width = self.chart, self.place.run, self.size.width - 2
        markers = self.query_one(RunsPanel).markers
        drawn_from = chart, run, self.form, self.choice, width, markers
        if chart is None or not self.is_charted or drawn_from == self._drawn_from:
            return
        self._drawn_from = drawn_from
        self.query_one(".shares", TextLines).show((shares(chart, self.choice, width, markers),))
        row = self.place.row
        name = "" if row is None or row.run != run else briefly(cell_text(row.name), MAX_NAME)
        self.query_one(".details", TextLines).show((details(chart, run, name, width, markers),))
        if self.form == "scatter":
            self.query_one(PlotWidget).show(scatter(chart, self.choice, run, markers))
        else:
            self.query_one(ParallelPanel).show(Parallel(chart, run))

    def _heading(self, listed: RunList) -> str:
        runs = "1 run" if listed.stored == 1 else f"{listed.stored:,} runs"
        parts = [f"{listed.total:,} of {runs}" if listed.filter.strip() else runs]
        if listed.filter.strip():
            parts.append(f"/{printable(listed.filter.strip())}")
        if self.form == "parallel":
            parts.append(ASCII_LEGEND if self.query_one(ParallelPanel).form == "ascii" else LEGEND)
        else:
            parts.append(_order(listed.sort, listed.descending))
        if listed.grouped and not self.is_charted:
            parts.append("settings together")
        if listed.chart is not None and listed.chart.diverged:
            parts.append(f"{len(listed.chart.diverged):,} diverged")
        if len(self.choices):
            parts.append(f"{len(self.choices):,} chosen")
        if listed.size:
            parts.append(f"{format_file_size(listed.size)} on disk")
        return "   ".join(parts)

    def _look_again(self) -> None:
        """Repeat the request, since the store may have changed."""
        self.requested = None
        self.ask()


class PendingEdits:
    """Makes commands from what the user types. The trainer decides whether a name or a tag is valid."""

    def __init__(self) -> None:
        self.targets: tuple[int, ...] = ()  # the runs that a name or tags are typed for
        self._deletions: list[tuple[int, ...]] = []  # those that can be undone, the last one at the end

    def delete(self, runs: tuple[int, ...]) -> EditRuns:
        """Delete ``runs``."""
        if runs:
            self._deletions.append(runs)
        return EditRuns(runs, deleted=True)

    def undelete(self) -> EditRuns | None:
        """Undo the last deletion; None if there is none."""
        return EditRuns(self._deletions.pop(), deleted=False) if self._deletions else None

    def rename(self, text: str) -> EditRuns:
        """Rename the target."""
        return EditRuns(self.targets, name=text)

    def tag(self, text: str, row: RunRow | None) -> EditRuns | None:
        """Add the tags in ``text``, and remove those with a minus; None if that changes nothing.

        ``row`` is the one under the cursor. If it is the only target, its tags were in the prompt, so those that
        are missing in ``text`` are removed, too.
        """
        words = text.replace(",", " ").split()
        remove = [word[1:] for word in words if word.startswith("-") and len(word) > 1]
        add = [word for word in words if not word.startswith("-")]
        if row is not None and self.targets == (row.run,):
            remove += [tag for tag in row.tags.split() if tag not in add]
        if not self.targets or not (add or remove):
            return None
        return EditRuns(self.targets, add=tuple(add), remove=tuple(remove))


def _order(sort: str, descending: bool) -> str:
    """Describe how the list is sorted: the column may be out of sight."""
    if sort == "age":
        return "oldest first" if descending else "newest first"
    heading = next(column.heading for column in SORTABLE_COLUMNS if column.sort == sort)
    return f"by {heading}, descending" if descending else f"by {heading}"


@dataclass
class RunOpened(Message):
    """The user opened a run of the store."""

    run: int


@dataclass
class RunsEdited(Message):
    """The user renamed, tagged, pinned, deleted or restored runs of the store."""

    command: EditRuns


@dataclass
class RunsChosen(Message):
    """The selection of runs to overlay on the current one has changed."""

    chosen: tuple[SelectedRun, ...]


@dataclass
class UndoAsked(Message):
    """The user pressed the undo key of a view that had nothing to undo."""
