"""The Summary tab: the model layer by layer, what was inferred, the cost, and the model as Keras code."""

from __future__ import annotations

import re

from msgspec.structs import replace
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui_trainer.errors import plain
from tui_trainer.experiment.schema import Experiment, ScheduleConfig, TrainingConfig
from tui_trainer.export.keras import keras_code
from tui_trainer.formats import count_cells, format_amount, format_bars, format_table
from tui_trainer.protocol import Loaded, Progress
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.plot_widgets import Line, TextLines

from .heatmaps import LayerHeatmaps
from .messages import LayerNumbers, SummaryContent, WatchSummary

SCROLL_BAR = 1  # column
COLUMN_GAP = re.compile(r" {2,}")
BARS = re.compile("[│┃]")
COUNT = re.compile(r"(?<= )[\d,]+(?= *│?$)", re.MULTILINE)
TOTAL = re.compile(r"(?<=params: ).*")
CORNERS = re.compile("[┏┳┓┡╇┩├┼┤└┴┘]")


class SummaryView(TabView):
    """Keras's table of the model, a description of the experiment and its cost, and the Keras code for the model."""

    DEFAULT_CSS = """
    SummaryView { padding: 0 0 0 1; }
    SummaryView VerticalScroll { scrollbar-size-vertical: 1; }
    SummaryView Static { width: 1fr; margin-bottom: 1; }
    SummaryView .speed { height: 1; color: $text-muted; }
    SummaryView .code { color: $text-muted; }
    SummaryView .findings { color: $text-warning; }
    SummaryView TextLines { height: 1; margin-bottom: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._loaded: Loaded | None = None
        self._content: SummaryContent | None = None
        self._in_book = False  # the table as the book shows it
        self._hides_counts = False

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(classes="table", markup=False)
            yield TextLines("layers")
            yield LayerHeatmaps()
            yield Static(classes="findings", markup=False)
            yield Static(classes="words", markup=False)
            yield Static(classes="speed", markup=False)
            yield Static(classes="code", markup=False)

    def configure(self, options: dict[str, object]) -> None:
        """Apply a lesson's options: ``code`` moves the code right below the table, ``book`` shows the book's table."""
        self._in_book = options.get("book") is True
        self._write_table()
        code, before = self.query_one(".code"), ".table" if options.get("code") is True else ".speed"
        self.query_one(VerticalScroll).move_child(code, after=self.query_one(before))

    def show_loaded(self, loaded: Loaded) -> None:
        """Show the model of ``loaded``."""
        self._loaded, self._content = loaded, None
        self._write_layers()
        self.ask()
        self._write_table()
        self.query_one(".speed", Static).update("")
        self._write_description()

    def show_experiment(self, experiment: Experiment) -> None:
        """Follow what is changed in the middle of a run: the learning rate, and the number of epochs."""
        if self._loaded is not None:
            self._loaded = self._loaded.tuned(experiment)
            self._write_description()

    def _write_description(self) -> None:
        loaded = self._loaded
        if loaded is not None:
            self.query_one(".words", Static).update(description_table(loaded))
            code = keras_code(loaded.experiment, len(loaded.dataset.features))
            self.query_one(".code", Static).update(Text(f"The same in Keras:\n\n{code}"))

    def on_mount(self) -> None:
        self.watch(self.query_one(TextLines), "markers", self._write_layers, init=False)

    @property
    def request(self) -> WatchSummary:
        return WatchSummary()

    def show_content(self, content: SummaryContent) -> None:
        """Show the layers in numbers, and what the doctor finds; a moment before is shown in the heatmaps of now."""
        if content.moment is not None and self._content is not None:
            content = replace(content, epochs=self._content.epochs, history=self._content.history)
        self._content = content
        self._write_layers()

    def _write_layers(self) -> None:
        layers = self.query_one(TextLines)
        is_ascii = layers.markers == "ascii"
        width = layers.size.width or self.size.width - SCROLL_BAR
        heads, *rows = layer_lines(self._content, width, is_ascii) if self._content is not None else [""]
        lines: list[Line] = [((heads, "title"),), *(((row, "text"),) for row in rows)]
        layers.styles.height = len(lines)
        layers.show(tuple(lines))
        self.query_one(LayerHeatmaps).show_history(self._content, width)
        findings = () if self._content is None else self._content.findings
        self.query_one(".findings", Static).update("\n".join(findings))
        self.query_one(".findings").display = bool(findings)

    def action_scroll_summary(self, rows: int) -> None:
        """Scroll by so many rows."""
        # At once: what waits for a frame begins where the key before has not yet scrolled to.
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False, immediate=True)

    def action_page_summary(self, direction: int) -> None:
        """Scroll by a page."""
        self.action_scroll_summary(direction * self.query_one(VerticalScroll).container_size.height)

    def on_resize(self) -> None:
        self._write_table()
        self.call_after_refresh(self._write_layers)  # whose own width is known then

    def _write_table(self) -> None:
        if self._loaded is not None:
            table = self._loaded.book_summary if self._in_book else self._loaded.summary
            table = without_counts(table) if self._hides_counts else table
            self.query_one(".table", Static).update(Text(fit_table(table, self.size.width - SCROLL_BAR)))

    def hide_counts(self, hidden: bool) -> None:
        self._hides_counts = hidden
        self._write_table()

    def show_progress(self, progress: Progress) -> None:
        if self._loaded is None or not progress.steps_per_second:
            return
        speed = progress.steps_per_second
        samples = self._loaded.experiment.training.samples_a_step(self._loaded.dataset.train_rows)
        per_second = ((speed, " steps/s"), (speed * samples, " samples/s"), (speed * self._loaded.flops, "FLOP/s"))
        speeds = ", ".join(f"{format_amount(value)}{unit}" for value, unit in per_second)
        self.query_one(".speed", Static).update(f"speed      {speeds}")


HEADINGS = ("layer", "gradient", "step", "idle", "weights", "", "gradients", "", "outputs", "")
LEFT = frozenset({"layer", "weights", "", "gradients", "outputs"})
RANGES = (5, 7, 9)
LEFT_OUT = ((), (9,), (7, 9), RANGES, (1, *RANGES), (1, 2, *RANGES))  # columns, where there is no room for all


def layer_lines(content: SummaryContent, width: int, ascii_only: bool = False) -> list[str]:
    """Return a table of the layers in numbers: headings, and a line for each layer, in ``width`` cells.

    Where it would be wider, ranges are left out, then the gradient's size, and then the step.
    """
    rows = [HEADINGS]
    for number, layer in enumerate(content.layers, start=1):
        rows.append(
            (
                "out" if number == len(content.layers) else str(number),
                "" if layer.gradient is None else f"{layer.gradient:.1e}",
                "" if layer.update is None else f"{layer.update:.1e}",
                _idle(layer),
                format_bars(layer.weights, ascii_only),
                f"±{layer.largest_weight:.2g}",
                format_bars(layer.gradients, ascii_only),
                f"±{layer.largest_gradient:.0e}" if layer.gradients else "",
                format_bars(layer.outputs, ascii_only),
                f"{layer.output_range[0]:.2g} to {layer.output_range[1]:.2g}",
            )
        )
    lines: list[str] = []
    for left_out in LEFT_OUT:
        shown = [place for place in range(len(HEADINGS)) if place not in left_out]
        left = [place for place, column in enumerate(shown) if HEADINGS[column] in LEFT]
        lines = format_table([[row[column] for column in shown] for row in rows], left)
        if max(map(count_cells, lines)) <= width:
            break
    return lines


def _idle(layer: LayerNumbers) -> str:
    """Return how much of a layer has no slope to learn by."""
    if layer.dead is not None:
        return f"{layer.dead} of {layer.units} dead"
    return "" if layer.saturated is None else f"{layer.saturated:.0%} at ends"


def without_counts(table: str) -> str:
    """Replace the numbers of parameters in a model's table by question marks."""
    table = COUNT.sub(lambda found: "?" * len(found[0]), table)
    return TOTAL.sub("?", table)


def fit_table(table: str, width: int) -> str:
    """Narrow the columns of a model's table if it is wider than ``width`` cells."""
    lines = table.splitlines()
    if not width or all(len(line) <= width for line in lines):
        return table
    return _fit_framed(lines, width) if any(line.startswith("┏") for line in lines) else _fit_ruled(lines, width)


def _fit_framed(lines: list[str], width: int) -> str:
    """Narrow Keras 3's table, whose columns have frames, by removing blanks from the widest columns."""
    rows = {
        number: [cell.strip() for cell in BARS.split(line)[1:-1]]
        for number, line in enumerate(lines)
        if BARS.search(line)
    }
    frame = [len(part) - 2 for part in CORNERS.split(lines[min(rows) - 1])[1:-1]]
    needed = [max(len(row[column]) for row in rows.values()) for column in range(len(frame))]
    surplus = sum(frame) + 3 * len(frame) + 1 - width
    while surplus > 0 and frame != needed:
        widest = max(range(len(frame)), key=lambda column: frame[column] - needed[column])
        frame[widest] -= 1
        surplus -= 1
    for number, line in enumerate(lines):
        if number in rows:
            bar = line[0]
            aligned = [*map(str.ljust, rows[number][:-1], frame), rows[number][-1].rjust(frame[-1])]
            lines[number] = f"{bar} {f' {bar} '.join(aligned)} {bar}"
        elif line[0] in "┏┡├└":
            rule, joint = line[1], CORNERS.findall(line)[1]
            lines[number] = line[0] + joint.join(rule * (cell + 2) for cell in frame) + line[-1]
    return "\n".join(lines)


def _fit_ruled(lines: list[str], width: int) -> str:
    """Narrow Keras 2's table, which has rules, by moving its columns closer together."""
    rows = {number: COLUMN_GAP.split(line.strip()) for number, line in enumerate(lines)}
    cells = [row for row in rows.values() if len(row) > 1]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    gap = max(2, (width - 1 - sum(widths)) // len(widths))
    for number, row in rows.items():
        if len(row) > 1:
            lines[number] = (
                " "
                + "".join(
                    cell.ljust(width_of_column + gap) for cell, width_of_column in zip(row, widths, strict=True)
                ).rstrip()
            )
        elif set(lines[number]) <= {"=", "_"}:
            lines[number] = lines[number][:width]
    return "\n".join(lines)


def description_table(loaded: Loaded) -> Table:
    """Return a table of the description, one row per line."""
    table = Table.grid(padding=(0, 1))
    table.add_column(min_width=10)
    table.add_column()
    for name, text in lines(loaded):
        table.add_row(name, Text(text))
    return table


def weighting(experiment: Experiment) -> str:
    """Return how classes and rows are weighted, as ``, classes balanced, rows weighted by w``; empty without."""
    weights, column = experiment.training.class_weight, experiment.dataset.weight_column
    rows = "" if column is None else f", rows weighted by {plain(column)}"
    if weights is None:
        return rows
    if isinstance(weights, str):
        return f", classes {weights}{rows}"
    listed = ", ".join(f"{plain(name)} {weight:g}" for name, weight in weights.items())
    return f", classes weighted {listed}{rows}"


def clipping(training: TrainingConfig) -> str:
    """Return how the gradient is clipped, as ``, gradient clipped to a norm of 1``; empty if it is not."""
    if training.clip_norm is not None:
        return f", gradient clipped to a norm of {training.clip_norm:g}"
    return "" if training.clip_value is None else f", gradient clipped to ±{training.clip_value:g}"


def schedule_text(schedule: ScheduleConfig) -> str:
    """Return the schedule of the learning rate in words."""
    length = "the whole run" if schedule.decay_epochs is None else f"{schedule.decay_epochs:g} epochs"
    step = "each third of the run" if schedule.decay_epochs is None else f"each {length}"
    words = {
        "constant": "",
        "step": f"times {schedule.factor:g} after {step}",
        "exponential": f"exponential, times {schedule.factor:g} over {length}",
        "cosine": f"cosine over {length}, down to {schedule.alpha:g} of the rate",
        "one_cycle": f"one cycle over {length}",
        "plateau": f"times {schedule.factor:g} after {schedule.patience} epochs without a better loss",
    }[schedule.name]
    warmup = f"warm-up of {schedule.warmup_epochs:g} epochs" if schedule.warmup_epochs else ""
    return ", then ".join(filter(None, (warmup, words)))


def lines(loaded: Loaded) -> tuple[tuple[str, str], ...]:
    """Return names and sentences: the sizes that the data determine, the training settings, and the cost of a step."""
    dataset, training = loaded.dataset, loaded.experiment.training
    output = loaded.experiment.model.output
    optimizer = training.optimizer
    betas = f", β1 {optimizer.beta_1:g}, β2 {optimizer.beta_2:g}"
    details = {
        "sgd": f", momentum {optimizer.momentum:g}" if optimizer.momentum else "",
        "rmsprop": f", decay {optimizer.rho:g}",
        "adam": betas,
        "adamw": f"{betas}, weight decay {optimizer.weight_decay:g}",
        "nadam": betas,
        "lbfgs": f", memory of {optimizer.history_size} steps",
    }.get(optimizer.name, "")
    batches = "the full batch" if training.batch_size == "full" else f"mini-batches of {training.batch_size}"
    classes = ", ".join(map(plain, dataset.classes))
    names = ", ".join(map(plain, dataset.targets)) or plain(dataset.target)
    target = f"{names}: {classes}" if classes else names
    return (
        ("in", f"{len(dataset.features)} features: {', '.join(map(plain, dataset.features))}"),
        ("out", f"{output.units} {output.activation}, for {target}"),
        ("loss", f"{training.loss}{weighting(loaded.experiment)}"),
        ("optimizer", f"{optimizer.name}, learning rate {training.learning_rate:g}{details}{clipping(training)}"),
        *([] if training.schedule.is_constant else [("schedule", schedule_text(training.schedule))]),
        ("epochs", f"{training.epochs:,}, {batches} of {dataset.train_rows:,} samples"),
        (
            "a step",
            f"{training.samples_a_step(dataset.train_rows)} samples, "
            f"{format_amount(loaded.flops)}FLOP, forward and backward",
        ),
    )
