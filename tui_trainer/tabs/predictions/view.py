"""The Predictions tab: arranges its panels, requests what they show, and draws it."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.reactive import var
from textual.widgets import Static

from tui_trainer.datasets.split import PartName
from tui_trainer.protocol import Loaded, unpack
from tui_trainer.settings import Matrix
from tui_trainer.tabs.view import TabView, hints
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.plot_widgets import PlotWidget

from . import plots
from .canvas import CanvasPanel, DrawingBoard, ReadingPanel, Tool
from .keys import LEAVING_ACTIONS, PRECEDING_ACTIONS
from .layout import GUTTER, Panel, Room, arrange
from .messages import (
    ClassPredictions,
    Importance,
    ListingPanel,
    NumberPredictions,
    Recognition,
    WatchDrawing,
    WatchImportance,
    WatchPredictions,
    WatchWhatIf,
    WhatIf,
)
from .panels import (
    HEADER_ROWS,
    ListPanel,
    MatrixPanel,
    SampleChosen,
    cell_place,
    count_digits,
    draw_chosen,
    draw_cut,
    draw_heading,
    draw_histogram,
    draw_note,
    key_line,
    largest_mistake,
    preferred_height,
)
from .plots import Picture, TextPanel
from .sheet import SheetLayout, SheetPanel
from .why import ImportancePanel, draw_what_if, moved_value, output_rows, ranking, response

FRAME_ROWS = 2  # the heading and the hints
PLOTS = {
    "scatter": plots.scatter,
    "loss": plots.losses,
    "roc": plots.roc,
    "precision": plots.precision_recall,
    "response": response,
}
TEXTS = ("matrix", "note", "histogram", "list", "sheet", "chosen", "cut", "bars", "what_if", "canvas", "reading")
PANELS: tuple[ListingPanel, ...] = ("overview", "samples", "loss", "thresholds")
CUT_STEPS = 50  # of the threshold, from one end of the outputs to the other
NO_PICTURE = "Only pictures can be drawn: these columns are not the pixels of one."
NOTHING_TO_UNDO = "Nothing is left to undo in the drawing."
FITS = "The drawing is moved and scaled to where the data have theirs, before the network sees it."
FITS_NOT = "The network sees the drawing as it is, in its place and size."
ON_SAMPLE = "What is drawn on a sample stays in its place; {key} begins on an empty picture."
NOTHING_CHOSEN = "No sample is chosen; choose one in the list first."
NO_MATRIX = "A number has no confusion matrix; its samples are all in the list."
MIXED_CELL = "This cell combines several classes; {keys} shows them one by one."
TEST_WARNING = "The test part is for the very end: {key} again shows it, and the run notes that it was seen."


class PredictionsView(TabView):
    """Shows a confusion matrix for classes, predicted against true values for numbers, and the loss of each sample.

    The samples are ranked by their loss; ``_first`` is the rank of the first listed one.
    """

    DEFAULT_CSS = """
    PredictionsView {
        padding: 0 0 0 1;
        .heading, .hints { height: 1; }
        .hints { color: $text-muted; }
        .panels { layout: vertical; height: 1fr; }
        .panels.-beside { layout: horizontal; }
        .panels.-beside .left { margin-right: 2; }
        .half { height: auto; }
    }
    """
    MODE = PRECEDING_ACTIONS

    panel: var[Panel] = var[Panel]("overview")
    part: var[PartName] = var[PartName]("validation")

    def __init__(self) -> None:
        super().__init__()
        self._picture = Picture()
        self._first = self._chosen = self._page = 0
        self._last_room = Room(0, 0, 0)
        self._listed = WatchPredictions().rows
        self._sheet: SheetLayout | None = None  # of the samples, where they are pictures
        self._hints = ""
        self._cell: tuple[int, int] | None = None  # the true and the predicted class of the listed samples
        self._cursor: tuple[int, int] | None = None  # the row and the column of the cursor in the matrix
        self._cut, self._of_class = CUT_STEPS // 2, 1
        self._panel_before: Panel = "overview"  # to go back to from importances and what if
        self._measure = ""  # of the importances; the usual one if empty
        self._column: int | None = None  # the chosen column of the data
        self._sample = 0  # the number of the sample in its part whose inputs are moved
        self._moved: dict[int, float] = {}  # the values of moved inputs, by column
        self._first_input, self._listed_inputs = 0, 1
        self._board = DrawingBoard()
        self._recognition: Recognition | None = None
        self._bound_mode: frozenset[str] = frozenset()  # the mode for which keys are bound
        self._has_test = False
        self._has_warned = False  # that the next press shows the test part

    def compose(self) -> ComposeResult:
        yield TextPanel(draw_heading, "heading")
        with Container(classes="panels"):
            with Vertical(classes="half left"):
                yield MatrixPanel()
                yield PlotWidget("scatter")
                yield TextPanel(draw_note, "note")
                yield PlotWidget("loss")
                yield PlotWidget("roc")
                yield TextPanel(draw_cut, "cut")
                yield ImportancePanel()
                yield TextPanel(draw_what_if, "what_if")
                yield CanvasPanel()
            with Vertical(classes="half right"):
                yield PlotWidget("precision")
                yield PlotWidget("response")
                yield TextPanel(draw_histogram, "histogram")
                yield ListPanel()
                yield SheetPanel()
                yield TextPanel(draw_chosen, "chosen")
                yield ReadingPanel()
        yield Static(classes="hints", markup=False)

    def on_mount(self) -> None:
        matrix: Matrix = getattr(self.screen, "matrix", "counts")
        self._picture = replace(self._picture, matrix=matrix)

    @property
    def mode(self) -> frozenset[str]:
        leaving = LEAVING_ACTIONS if self.in_mode else frozenset()
        return self.MODE if self.panel == "drawing" else leaving

    @property
    def request(self) -> WatchPredictions | WatchImportance | WatchWhatIf | WatchDrawing:
        if self.panel == "drawing":
            return WatchDrawing(self.part, self._board.features)
        if self.panel in ("importance", "response"):
            column = self._column if self.panel == "response" else None
            return WatchImportance(self.part, self._measure, column, self._of_class)
        if self.panel == "what_if":
            moved = tuple(sorted(self._moved.items()))
            return WatchWhatIf(self.part, self._sample, moved, self._first_input, self._listed_inputs)
        cut = self._cut / CUT_STEPS if self.panel == "thresholds" else None
        classes = self._room.max_classes
        return WatchPredictions(
            self.part,
            self._first,
            self._listed,
            self._chosen,
            classes,
            self._page,
            cut,
            self._of_class,
            self._cell,
            self._sheet is not None,
            next((panel for panel in PANELS if panel == self.panel), "overview"),
        )

    def configure(self, options: dict[str, object]) -> None:
        """Apply a lesson's options: ``panel`` is overview, samples or loss; ``part`` is training or validation."""
        self.panel = next((panel for panel in PANELS if panel == options.get("panel")), "overview")
        self.part = "training" if options.get("part") == "training" else "validation"

    def look_as(self, request: WatchPredictions | WatchImportance | WatchWhatIf | WatchDrawing) -> None:
        """Look at the same part, panel and samples; at a drawing as the network sees it there."""
        self.part = request.part
        match request:
            case WatchPredictions():
                self.panel = request.panel
                self._cut = self._cut if request.cut is None else min(max(round(request.cut * CUT_STEPS), 0), CUT_STEPS)
                self._chosen, self._page, self._of_class = request.chosen, request.page, request.of_class
                self._cell, self._cursor = request.cell, None
                self._first = min(max(self._first, self._chosen - self._listed + 1), self._chosen)
            case WatchImportance():
                self._measure, self._of_class = request.by, request.of_class
                self._column = self._column if request.column is None else request.column
                self.panel = "importance" if request.column is None else "response"
            case WatchWhatIf():
                self._sample, self._moved, self._first_input = request.sample, dict(request.moved), request.first
                self._column = max(self._column or 0, request.first)
                self.panel = "what_if"
            case WatchDrawing() if self._picture.pixels is not None:
                self._board.copy(request.features)
                self.panel = "drawing"
        self._arrange()

    def show_loaded(self, loaded: Loaded) -> None:
        before = self._picture
        self._picture = replace(Picture.of(loaded), matrix=before.matrix)
        self._has_test, self._has_warned = loaded.dataset.test_rows > 0, False
        if self.part == "test":
            self.part = "validation"
        if self._picture.names == before.names:  # the previous content stays until the next one arrives
            self._picture = replace(self._picture, content=before.content)
        self._first = self._chosen = self._page = 0
        self._cell = self._cursor = self._column = None
        self._measure = ""
        self._cut, self._of_class = CUT_STEPS // 2, 1
        self._recognition = None
        if self._picture.pixels is not None:
            self._board.open(self._picture.pixels)
        if self.panel == "what_if" or (self.panel == "drawing" and self._picture.pixels is None):
            self.panel = self._panel_before
        if not self._picture.classes and self.panel == "thresholds":
            self.panel = "overview"
        self._arrange()

    def show_target(self, loaded: Loaded) -> None:
        """Show nothing of the other target until the content of this one comes; the chosen sample stays."""
        self._picture = replace(Picture.of(loaded), matrix=self._picture.matrix)
        self._recognition = None
        self._arrange()

    def show_content(self, content: ClassPredictions | NumberPredictions | Importance | WhatIf | Recognition) -> None:
        if isinstance(content, Recognition):
            self._recognition = content
            self._board.use(content.ink)
            self._show_drawing()
            return
        if isinstance(content, Importance | WhatIf):
            self._show_inspection(content)
            return
        before = self._picture.content
        self._picture = replace(self._picture, content=content)
        # Clipped to the samples of this content only: content for a later request may be on its way
        if self._cell == (content.cell if isinstance(content, ClassPredictions) else None):
            self._chosen = min(self._chosen, max(content.listed.total - 1, 0))
            self._first = min(self._first, max(content.listed.total - self._listed, 0))
        if before is None or self._room != self._last_room:
            self._arrange()
        self._show()

    def _show_inspection(self, content: Importance | WhatIf) -> None:
        """Show importances or moved inputs, unless they come too late."""
        if isinstance(content, WhatIf) and self.panel == "what_if":
            self._picture = replace(self._picture, what_if=content)
        elif isinstance(content, Importance) and self.panel in ("importance", "response"):
            self._picture = replace(self._picture, importance=content)
            if self._column is None or self._column >= len(content.columns):
                self._column = ranking(content)[0]
            if self._room != self._last_room:  # it was laid out without knowing the number of columns
                self._arrange()
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def watch_panel(self, before: Panel, panel: Panel) -> None:
        self._cursor = None
        if {before, panel} != {"importance", "response"}:
            self._picture = replace(self._picture, importance=None, what_if=None)
        self._arrange()

    def watch_part(self) -> None:
        self._first = self._chosen = 0
        if self.panel == "what_if":
            self.panel = self._panel_before
        self.ask()

    def action_panel(self) -> None:
        """Show the next panel; only classes have thresholds."""
        panels = PANELS if self._picture.classes else PANELS[:-1]
        place = panels.index(self.panel) + 1 if self.panel in panels else 0
        self.panel = panels[place % len(panels)]

    def action_importance(self) -> None:
        """Show the importance of each column, or go back."""
        self._inspect("importance", is_open=self.panel in ("importance", "response"))

    def action_what_if(self) -> None:
        """Move the inputs of the chosen sample, or go back."""
        content = self._picture.content
        chosen = None if content is None else content.chosen
        if self.panel != "what_if":
            if chosen is None:
                self.post_message(self.StatusMessage(NOTHING_CHOSEN))
                return
            self._sample, self._column, self._moved, self._first_input = chosen.index, self._column or 0, {}, 0
        self._inspect("what_if", is_open=self.panel == "what_if")

    def action_draw(self) -> None:
        """Draw a picture by hand, or go back."""
        if self._picture.pixels is None:
            self.post_message(self.StatusMessage(NO_PICTURE))
            return
        self._board.open(self._picture.pixels)
        self.screen.set_focus(None)
        self._inspect("drawing", is_open=self.panel == "drawing")

    def action_move_brush(self, columns: int, rows: int) -> None:
        """Move the cursor of the drawing by so many pixels to the right and down."""
        self._board.move(columns, rows)
        self._show_drawing()

    def action_lower(self, tool: Tool) -> None:
        """Put the pen or the eraser down at the cursor, or lift it."""
        self._board.lower(tool)
        self._show_drawing()

    def action_undo_stroke(self) -> None:
        """Undo the last stroke of the drawing."""
        if not self._board.undo():
            self.post_message(self.StatusMessage(NOTHING_TO_UNDO))
        self._show_drawing()

    def action_clear_drawing(self) -> None:
        """Begin to draw on an empty picture."""
        self._board.clear()
        self._show_drawing()

    def action_draw_sample(self) -> None:
        """Begin to draw on the picture of the chosen sample."""
        content = self._picture.content
        if content is None or content.chosen is None:
            self.post_message(self.StatusMessage(NOTHING_CHOSEN))
            return
        self._board.put(unpack(content.chosen.features))
        self._show_drawing()

    def action_fit_drawing(self) -> None:
        """Let the network see the drawing where the data have theirs, or as it is."""
        if self._board.is_on_sample:
            self.post_message(self.StatusMessage(ON_SAMPLE.format(key=key_of("clear_drawing"))))
            return
        self._board.fits = not self._board.fits
        self.post_message(self.StatusMessage(FITS if self._board.fits else FITS_NOT))
        self._show_drawing()

    @on(CanvasPanel.Drawn)
    def _draw_by_mouse(self, event: CanvasPanel.Drawn) -> None:
        event.stop()
        self._board.draw(event.point, event.begins, event.erases)
        self._show_drawing()

    def _show_drawing(self) -> None:
        """Show the drawing and what was recognised last, and have the trainer look at it anew."""
        if self.panel == "drawing":
            picture = self._picture
            self.query_one(CanvasPanel).show(self._board.canvas)
            self.query_one(ReadingPanel).show(self._board.reading(self._recognition, picture.classes, picture.target))
            self.ask()

    def _inspect(self, panel: Panel, is_open: bool) -> None:
        """Open a panel of importances, of moved inputs or of a drawing, or go back to the one before."""
        if self.panel in PANELS:
            self._panel_before = self.panel
        self.panel = self._panel_before if is_open else panel

    def action_reset_inputs(self) -> None:
        """Put all moved inputs back to what they are in the data."""
        if self.panel == "what_if":
            self._moved.clear()
            self.ask()

    def action_part(self) -> None:
        """Show the next part; the test part only if the key is pressed again."""
        if self.part == "validation" and self._has_test and not self._has_warned:
            self._has_warned = True
            self.post_message(self.StatusMessage(TEST_WARNING.format(key=key_of("part"))))
            return
        after_validation: PartName = "test" if self._has_test else "training"
        following: dict[PartName, PartName] = {"training": "validation", "validation": after_validation}
        self.part, self._has_warned = following.get(self.part, "training"), False

    async def action_new_rows(self) -> None:
        """Ask for a file of new rows, and predict them."""
        await self.run_action("screen.predict_rows")

    def action_matrix_shares(self) -> None:
        """Show counts in the confusion matrix, or shares of each row or of each column."""
        order = get_args(Matrix)
        matrix = order[(order.index(self._picture.matrix) + 1) % len(order)]
        self._picture = replace(self._picture, matrix=matrix)
        self.post_message(self.MatrixChosen(matrix))
        self._show()

    def action_look_into(self) -> None:
        """Put the cursor into the confusion matrix, or list the samples of the cell under it."""
        content = self._picture.content
        if self.panel in ("importance", "response"):
            self.panel = "response" if self.panel == "importance" else "importance"
        elif self.panel in ("what_if", "drawing") or content is None:
            return
        elif isinstance(content, NumberPredictions):
            self.post_message(self.StatusMessage(NO_MATRIX))
        elif self._cursor is not None:
            self._choose_cell(*self._cursor)
        else:
            self.panel = "overview"
            self._cursor = cell_place(content) or largest_mistake(content)
            self._show()

    def action_leave_look(self) -> None:
        """Leave the confusion matrix, or else list all samples again."""
        if self.panel == "response":
            self.panel = "importance"
        elif self.panel not in PANELS:
            self.panel = self._panel_before
        elif self._cursor is not None:
            self._cursor = None
            self._show()
        else:
            self._list_cell(None)

    def _choose_cell(self, row: int, column: int) -> None:
        """List the samples of a cell alone; if they are already, all samples."""
        content = self._picture.content
        if not isinstance(content, ClassPredictions):
            return
        shown = content.confusion.shown
        if max(row, column) >= len(shown):
            self.post_message(self.StatusMessage(MIXED_CELL.format(keys=hints(("fold",)))))
            return
        cell = shown[row], shown[column]
        self._list_cell(None if cell == self._cell else cell)

    def _list_cell(self, cell: tuple[int, int] | None) -> None:
        self._cell, self._cursor = cell, None
        self._first = self._chosen = 0
        self._arrange()

    def _move_cursor(self, rows: int, columns: int) -> None:
        """Move the cursor of the matrix over the cells of single classes."""
        content = self._picture.content
        if self._cursor is not None and isinstance(content, ClassPredictions):
            last = len(content.confusion.shown) - 1
            row, column = self._cursor
            self._cursor = min(max(row + rows, 0), last), min(max(column + columns, 0), last)
            self._show()

    def action_rank(self, offset: int) -> None:
        """Choose the sample ``offset`` ranks further down, and list it; of thresholds, choose another class."""
        if self._cursor is not None:
            self._move_cursor(offset, 0)
            return
        if self.panel not in PANELS:
            self._choose_column(offset)
            return
        if self.panel == "thresholds":
            count = len(self._picture.classes)
            self._of_class = (self._of_class + offset) % count if count > 2 else 1
            self.ask()
            return
        self._choose(self._chosen + offset)

    def action_rank_end(self, direction: int) -> None:
        """Choose the best sample (1) or the worst (-1)."""
        content = self._picture.content
        if self.panel not in PANELS:
            self._choose_column(direction * len(self._picture.features))
        elif content is not None:
            self._choose(content.listed.total - 1 if direction > 0 else 0)

    def action_fold(self, offset: int) -> None:
        """Show the next or previous of many classes in the confusion matrix, or move the threshold."""
        if self._cursor is not None:
            self._move_cursor(0, offset)
            return
        if self.panel == "what_if":
            self._move_input(offset)
            return
        if self.panel in ("importance", "response"):
            self._next_of_importance(offset)
            return
        if self.panel == "thresholds":
            self._cut = min(max(self._cut + offset, 0), CUT_STEPS)
            self.ask()
            return
        content = self._picture.content
        if isinstance(content, ClassPredictions):
            self._page = min(max(self._page + offset, 0), content.confusion.pages - 1)
            self.ask()

    def _choose_column(self, offset: int) -> None:
        """Choose the column ``offset`` bars or inputs further down."""
        importance, what_if = self._picture.importance, self._picture.what_if
        if what_if is not None:
            self._column = min(max((self._column or 0) + offset, 0), what_if.columns - 1)
            first = max(self._first_input, self._column - self._listed_inputs + 1)
            self._first_input = min(first, self._column)
        elif importance is not None:
            order = ranking(importance)
            place = order.index(self._column) if self._column in order else 0
            self._column = order[min(max(place + offset, 0), len(order) - 1)]
        self._show()
        self.ask()

    def _next_of_importance(self, offset: int) -> None:
        """Show the importances by the next measure, or the response of the next class."""
        importance, count = self._picture.importance, len(self._picture.classes)
        if self.panel == "response":
            self._of_class = (self._of_class + offset) % count if count > 2 else 1
        elif importance is not None:
            measures = importance.measures
            self._measure = measures[(measures.index(importance.by) + offset) % len(measures)]
        self.ask()

    def _move_input(self, offset: int) -> None:
        """Move the chosen input of the sample by a step."""
        what_if, column = self._picture.what_if, self._column
        if what_if is None or column is None or not 0 <= column - what_if.first < len(what_if.inputs):
            return
        chosen = what_if.inputs[column - what_if.first]  # its value may be that before the last steps
        value = moved_value(chosen, self._moved.get(column, chosen.original), offset)
        if value == chosen.original:
            self._moved.pop(column, None)
        else:
            self._moved[column] = value
        self.ask()

    @on(ImportancePanel.Chosen)
    def _choose_clicked_column(self, event: ImportancePanel.Chosen) -> None:
        event.stop()
        if event.column == self._column:
            self.panel = "response"
        self._column = event.column
        self._show()
        self.ask()

    @on(MatrixPanel.Chosen)
    def _choose_clicked_cell(self, event: MatrixPanel.Chosen) -> None:
        event.stop()
        self._choose_cell(event.row, event.column)

    @on(SampleChosen)
    def _choose_listed(self, event: SampleChosen) -> None:
        event.stop()
        self._choose(event.rank)

    def _choose(self, rank: int) -> None:
        content = self._picture.content
        if content is None:
            return
        self._chosen = min(max(rank, 0), max(content.listed.total - 1, 0))
        self._first = min(max(self._first, self._chosen - self._listed + 1), self._chosen)
        self.ask()

    @property
    def _room(self) -> Room:
        picture = self._picture
        width, height = self.content_size.width, self.content_size.height - FRAME_ROWS
        room = Room(width, height, len(picture.classes), digits=count_digits(picture))
        columns = 0 if picture.importance is None else len(picture.importance.columns)
        size = (0, 0) if picture.pixels is None else (picture.pixels.rows, picture.pixels.columns)
        return replace(room, chosen=preferred_height(picture, room.right), columns=columns, picture=size)

    def _arrange(self) -> None:
        """Lay out the panels in the available room, and request as much as they show."""
        if not self.is_mounted or self.content_size.height <= FRAME_ROWS:
            return
        self._last_room = room = self._room
        arrangement = arrange(self.panel, room)
        heights, gaps = arrangement.heights, arrangement.gaps
        above = int(self._cell is not None)
        width = room.right if arrangement.beside else room.width
        pixels, rows = self._picture.pixels, heights.get("list", 0) - above
        self._sheet = None if pixels is None else SheetLayout.of(pixels.rows, pixels.columns, width, rows)
        if self._sheet is not None:
            heights = {"sheet" if name == "list" else name: rows for name, rows in heights.items()}
            gaps = frozenset("sheet" if name == "list" else name for name in gaps)
        for name in (*TEXTS, *PLOTS):
            panel = self.query_one(f".{name}")
            panel.display = name in heights
            panel.styles.height = heights.get(name, 1)
            panel.styles.margin = (int(name in gaps), 0, 0, 0)
        left = arrangement.split or room.left
        right = room.width - arrangement.split - GUTTER if arrangement.split else room.right
        for half, width in (("left", left), ("right", right)):
            self.query_one(f".{half}").styles.width = width if arrangement.beside else room.width
        self.query_one(".panels").set_class(arrangement.beside, "-beside")
        above += HEADER_ROWS
        self._listed = max(heights.get("list", self._listed + above) - above, 1)
        if self._sheet is not None:
            self._listed = self._sheet.samples
        self._listed_inputs = max(heights.get("what_if", 0) - output_rows(self._picture), 1)
        self._show()
        self.ask()

    def _show(self) -> None:
        """Pass the picture to the visible panels."""
        drawn = self.panel == "drawing"
        self._picture = replace(self._picture, cursor=self._cursor, column=self._column, drawn=drawn)
        self.in_mode = self._cursor is not None or self._cell is not None or self.panel not in PANELS
        if self.mode != self._bound_mode:
            self._bound_mode = self.mode
            self.refresh_bindings()
        text = key_line(self.panel, self._picture, self.size.width - 1, in_cell=self._cell is not None)
        if text != self._hints:
            self._hints = text
            self.query_one(".hints", Static).update(text, layout=False)
        for panel in self.query(TextPanel):
            if panel.display:
                panel.show(self._picture)
        sheet = self.query_one(SheetPanel)
        if sheet.display:
            sheet.show(self._picture)
        self._show_drawing()
        for name, make in PLOTS.items():
            plot = self.query_one(f".{name}", PlotWidget)
            if plot.display:
                plot.show(make(self._picture))
