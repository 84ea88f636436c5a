"""The one-line widgets around the tabs: the header, the training status, the keys, a message, and a prompt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from pathlib import PurePath
from typing import ClassVar, Final, Literal, get_args

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.message import Message
from textual.reactive import var
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from tui_trainer.errors import plain, printable
from tui_trainer.formats import MISSING, format_clock, format_count, format_counted, format_measure, format_progress
from tui_trainer.measures import measure_of
from tui_trainer.plotting.colors import readable
from tui_trainer.plotting.frame import REST, one_cell, shorten, visible
from tui_trainer.protocol import Loaded, Progress
from tui_trainer.run_state import RUN_STATES

from .fields import TextBox
from .keymap import DO, Chip, action_of, keymap

Role = Literal[
    "text", "dim", "title", "brand", "good", "bad", "train", "validation", "key", "number", "chip", "open", "off"
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
CHIPS: Final = ("key", "chip", "open")  # roles with a ground of their own, which some themes hardly set off
# What the status says of each value, and how; accuracies come first.
NAMES: Final[dict[str, tuple[str, Role]]] = {
    "accuracy": ("accuracy", "title"),
    "val_accuracy": ("accuracy", "title"),
    "val_r2": ("R²", "title"),
    "loss": ("loss", "train"),
    "val_loss": ("val", "validation"),
    "val_mae": ("MAE", "text"),
}
RANKS = ("loss", "val_loss", "accuracy", "val_accuracy", "val_r2", "val_mae")  # the first is the last to be left out
CHECK_EVERY = 0.5  # seconds between two checks whether the trainer is silent
MAX_SILENT_CHECKS = 3  # in a row; during training, reports come at least every half second
MAX_SILENT_STEPS = 3  # if a step takes longer than that
MAX_CHIPS = 8
BRAND = ("◆", "tui-trainer")
BARS = (12, 6, 0)  # cells of the bar in the header
MAX_NAME = 24  # cells of the name of the data
MAX_LAYERS = 6  # whose units are all named
LOOK_AT = "look_at"  # the action that shows an earlier moment
MIN_SLIDER = 8  # cells


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a line; ``target`` is the action that a click on it runs."""

    text: str
    role: Role = "text"
    target: str = ""


class StyledLine(Widget):
    """A line of styled parts; a change repaints only the cells that differ, and parts with a target can be clicked.

    A subclass gives the parts for the present width, and calls ``redraw`` when they may have changed.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line--{role}" for role in ROLES}
    DEFAULT_CSS = """
    StyledLine {
        height: 1;
        background: $surface;
        .line--text { color: $foreground; }
        .line--dim { color: $foreground-muted; }
        .line--title { color: $foreground; text-style: bold; }
        .line--brand { color: $data-class1; text-style: bold; }
        .line--good { color: $text-success; text-style: bold; }
        .line--bad { color: $text-error; text-style: bold; }
        .line--train { color: $data-train; }
        .line--validation { color: $data-validation; }
        .line--key { color: $text-primary; background: $primary-muted; text-style: bold; }
        .line--number { color: $text-primary; }
        .line--chip { color: $block-cursor-foreground; background: $block-cursor-background; text-style: bold; }
        .line--open { color: $foreground; background: $primary-muted; text-style: bold; }
        .line--off { color: $foreground-disabled; text-style: dim; }
        &:ansi .line--key, &:ansi .line--chip, &:ansi .line--open, &:nocolor .line--key, &:nocolor .line--chip,
        &:nocolor .line--open { color: $foreground; background: $background; text-style: bold reverse; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Part, ...] = ()
        self._styles: dict[Role, Style] = {}

    def parts(self, width: int) -> Iterable[Part]:
        """Return the parts for a line of ``width`` cells."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Show what the parts are now, and repaint the cells that differ."""
        parts = tuple(self.parts(self.size.width)) if self.size.width else ()
        if parts != self._shown:
            before, self._shown = self._shown, parts
            runs = differing(_cells(before), _cells(parts))
            more = int(any(REST in part.text for part in (*before, *parts)))  # halves of characters of two cells
            self.refresh(*(Region(start - more, 0, end - start + 2 * more, 1) for start, end in runs))

    def on_mount(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def notify_style_update(self) -> None:
        """Take the colours anew: the theme may have changed."""
        self._styles.clear()
        super().notify_style_update()

    @property
    def text(self) -> str:
        """All text to show, without styles."""
        return visible("".join(part.text for part in self._shown))

    def render_line(self, y: int) -> Strip:
        runs = [(role, "".join(part.text for part in run)) for role, run in groupby(self._shown, lambda one: one.role)]
        segments = [Segment(visible(text), self._style(role)) for role, text in runs]
        return Strip(segments).adjust_cell_length(self.size.width, self._style("text"))

    def _style(self, role: Role) -> Style:
        """Return the style of a role, kept until the theme changes."""
        if role not in self._styles:
            style = self.get_component_rich_style(f"line--{role}")
            self._styles[role] = readable(style) if role in CHIPS else style
        return self._styles[role]

    def on_click(self, event: events.Click) -> None:
        """Run the action of the clicked part, after what was typed in a field has been taken."""
        if target := self.target_at(event.x):
            event.stop()
            if isinstance(self.screen.focused, Input):
                self.screen.set_focus(None)
            self.call_after_refresh(self.screen.run_action, target)

    def target_at(self, x: int) -> str:
        """Return the target of the part at a column; empty if there is none."""
        end = 0
        for part in self._shown:
            end += len(part.text)
            if x < end:
                return part.target
        return ""


def _cells(parts: Iterable[Part]) -> list[tuple[str, Role]]:
    return [(char, part.role) for part in parts for char in part.text]


def differing(before: Sequence[object], after: Sequence[object], gap: int = 8) -> Iterator[tuple[int, int]]:
    """Yield first and last index, exclusive, of the runs in which two lines differ.

    Runs with fewer than ``gap`` equal cells between them are one, since moving the cursor costs bytes, too.
    """
    start = end = -1
    for index, (one, other) in enumerate(zip_longest(before, after)):
        if one != other:
            if end >= 0 and index - end >= gap:
                yield start, end
                start = -1
            start, end = (index if start < 0 else start), index + 1
    if end >= 0:
        yield start, end


class HeaderLine(StyledLine):
    """Shows the data, the network and the optimizer at the left, where training is at the right, and the pace.

    A click on the pace takes the next one. While an earlier moment is shown, the whole line is its head, with a slider.
    A click on that, or on the bar of the training, shows the moment there.
    """

    pace: var[str] = var("")
    progress: var[Progress | None] = var(None)
    run: var[tuple[str, ...]] = var(())  # see ``description``
    followed: var[str] = var("")  # the name of the session that is followed, instead of that of the app

    def watch_pace(self) -> None:
        self.redraw()

    def watch_progress(self) -> None:
        self.redraw()

    def watch_run(self) -> None:
        self.redraw()

    def watch_followed(self) -> None:
        self.redraw()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Let the slider be dragged."""
        if event.button == 1:
            target = self.target_at(event.x)
            if target.startswith(LOOK_AT):
                self.call_later(self.screen.run_action, target)

    def parts(self, width: int) -> Iterable[Part]:
        if self.progress is not None and self.progress.now is not None:
            return moment_parts(self.progress, self.progress.now, width, self.followed)
        chip = [Part("  "), Part(f" {self.pace} ", "chip", "next_pace"), Part(" ")] if self.pace else []
        taken = sum(len(part.text) for part in chip)
        right: list[Part] = []
        left = self._left(width - taken)
        for bar in BARS:
            right = [] if self.progress is None else progress_parts(self.progress, bar)
            left = self._left(width - taken - sum(len(part.text) for part in right))
            if not self.run or (len(left) > 2 and " · " in left[-1].text):  # the units can be seen
                break
        gap = width - taken - sum(len(part.text) for part in (*left, *right))
        return [*left, Part(" " * max(gap, 0)), *right, *chip]

    def _left(self, width: int) -> list[Part]:
        """Return the name of the app and what is trained, as much of it as ``width`` allows."""
        sign, name = BRAND
        wordings = [
            (f" {name}", 4),
            (f" {name}", 3),
            (f" {name}", 2),
            ("", 3),
            ("", 2),
            (f" {name}", 1),
            ("", 1),
        ]
        if self.followed:
            name = following(self.followed, width - 4)
            wordings = [(f" {name}", count) for count in (4, 3, 2, 1)]
        for brand, count in wordings:
            words = words_of(self.run[:count])
            if words and len(sign) + len(brand) + len(words) + 6 <= width:
                return [Part(f" {sign}", "brand"), Part(brand, "title"), Part(f"   {words}", "dim")]
        return [Part(f" {sign}", "brand"), Part(f" {name}" if len(name) + 4 <= width else "", "title")]


def following(name: str, width: int) -> str:
    """Say that a session is followed; its name gives way where there are less than so many cells."""
    said = "following , read only"
    room = min(width - len(said), MAX_NAME)
    return f"following {shorten(one_cell(name), room)}, read only" if room > 1 else "read only"


def words_of(run: Sequence[str]) -> str:
    """Join what is trained: ``spiral · 2-8-8-1 tanh · adam``, or the beginning of that."""
    data, units, activation, optimizer = (*run, "", "", "", "")[:4]
    return " · ".join(part for part in (data, f"{units} {activation}".rstrip(), optimizer) if part)


def description(loaded: Loaded) -> tuple[str, str, str, str]:
    """Return what is trained, in words: the data, the units of all layers, the activation, and the optimizer."""
    model, dataset = loaded.experiment.model, loaded.dataset
    units = [len(dataset.features), *(layer.units for layer in model.layers), model.output.units or 1]
    if len(units) > MAX_LAYERS + 2:
        shown = [str(count) for count in units[:MAX_LAYERS]] + ["…", str(units[-1])]
    else:
        shown = [str(count) for count in units]
    activations = {str(layer.activation) for layer in model.layers} or {str(model.output.activation)}
    activation = activations.pop() if len(activations) == 1 else "mixed"
    name = shorten(one_cell(plain(PurePath(dataset.name).name)), MAX_NAME)
    if len(dataset.targets) > 1:
        target = shorten(one_cell(plain(dataset.target)), MAX_NAME)
        name += f": {target} {dataset.target_index + 1}/{len(dataset.targets)}"
    return name, "-".join(shown), activation, loaded.experiment.training.optimizer.name


def progress_parts(progress: Progress, bar: int) -> list[Part]:
    """Return where training is: its state as a sign, and as a word where it has ended; and a bar of so many cells."""
    traits = RUN_STATES[progress.state]
    role: Role = "good" if progress.state == "running" or traits.role == "good" else "text"
    role = "bad" if traits.role == "bad" else role
    word = "" if progress.state in ("running", "ready", "paused") else f" {progress.state}"
    parts = [Part(f"{traits.sign} epoch {progress.epoch:,}/{progress.epochs:,}{word}", role)]
    if bar:
        done = progress_bar(progress, bar)
        filled = len(done.rstrip("─"))
        parts += [Part(" ", role), *slider(done, progress.epoch, progress.epochs, filled, role)]
    return parts


def slider(cells: str, newest: int, epochs: int, filled: int, role: Role) -> list[Part]:
    """Return a bar over ``epochs``, ``filled`` so far; a click on a cell shows the moment there, up to the newest."""
    at = [round(cell / max(1, len(cells) - 1) * epochs) for cell in range(len(cells))]
    parts = [
        Part(char, role if cell < filled else "dim", f"{LOOK_AT}({min(at[cell], newest)})" if newest else "")
        for cell, char in enumerate(cells)
    ]
    return [*parts, Part("", "dim")]  # where it ends, even if it is full


def moment_parts(progress: Progress, now: int, width: int, followed: str = "") -> list[Part]:
    """Return the head of an earlier moment: which one it is, a slider, and the keys that lead away from it.

    Who only follows a session reads that instead of the keys.
    """
    head = Part(f" ◂ epoch {progress.epoch:,} of {now:,} · earlier moment ", "chip")
    if followed:
        return [head, Part(f"  {following(followed, width - len(head.text) - 3)}", "title")]
    for labels in ({"later": "forward", "leave": "back to now"}, {"later": "forward", "leave": "now"}, {}):
        tail = [
            part
            for name, label in labels.items()
            for part in (
                Part(f" {keymap().display(name)} ", "key", action_of(name)),
                Part(f" {label} ", "text", action_of(name)),
            )
        ]
        room = width - len(head.text) - sum(len(part.text) for part in tail) - 3
        if room >= MIN_SLIDER:
            break
    else:
        return [head]
    place = round(progress.epoch / max(1, now) * (room - 1))
    bar = "━" * place + "●" + "─" * (room - 1 - place)
    return [head, Part(" "), *slider(bar, now, now, place + 1, "title"), Part("  "), *tail]


def progress_bar(progress: Progress, width: int = BARS[0]) -> str:
    """Draw the completed share of the epochs, including the batches of the current one."""
    done = progress.epoch + progress.batch / max(1, progress.batches)
    return format_progress(min(1.0, done / progress.epochs), width)


class StatusLine(StyledLine):
    """Shows the latest numbers on one line; parts that do not fit are left out, the least important first."""

    progress: var[Progress | None] = var(None)
    is_responding: var[bool] = var(True)  # whether the trainer sends reports
    loss_unit: var[str] = var("")  # said after the name of the loss
    largest_class: var[tuple[str, float] | None] = var(None)  # and the accuracy of always answering it
    before: var[str] = var("starting the trainer …")  # shown before there is any progress

    _reports_seen = _silent_checks = 0

    def watch_progress(self) -> None:
        self.redraw()

    def watch_is_responding(self) -> None:
        self.redraw()

    def watch_before(self) -> None:
        self.redraw()

    def check_silence(self, reports: int) -> None:
        """Update ``is_responding`` from the number of reports received so far; called every ``CHECK_EVERY`` seconds.

        Checks are counted, not seconds: after the app itself was suspended, the trainer must not appear silent.
        """
        progress, reports_before = self.progress, self._reports_seen
        self._reports_seen = reports
        if progress is None or progress.state != "running" or reports != reports_before:
            self._silent_checks, self.is_responding = 0, True
            return
        self._silent_checks += 1
        slow = MAX_SILENT_STEPS / progress.steps_per_second / CHECK_EVERY if progress.steps_per_second else 0.0
        self.is_responding = self._silent_checks < max(MAX_SILENT_CHECKS, slow)

    def parts(self, width: int) -> Iterable[Part]:
        if self.progress is None:
            return [Part(f" {shorten(one_cell(self.before), width - 2)}", "dim")]
        ranked = status_parts(self.progress, self.is_responding, self.loss_unit, self.largest_class)
        while len(ranked) > 1 and sum(len(part.text) + 3 for _, part in ranked) - 2 > width:
            ranked.remove(max(ranked, key=lambda item: item[0]))
        shown = [Part(" ")]
        for number, (_, part) in enumerate(ranked):
            shown += [Part("   " if number else ""), Part(shorten(part.text, width - 2), part.role)]
        return shown


def status_parts(
    progress: Progress,
    is_responding: bool = True,
    loss_unit: str = "",
    largest_class: tuple[str, float] | None = None,
) -> list[tuple[int, Part]]:
    """Return the parts of the line, in order, each with its rank: the highest rank is left out first.

    ``loss_unit`` is said after the name of the loss, and the accuracy of always answering the ``largest_class`` after
    an accuracy. If the trainer does not respond, the line says so instead of showing an outdated speed.
    """
    parts: list[tuple[int, Part]] = []
    if progress.unsaved:
        parts.append((0, Part(f"not saved: {one_cell(printable(progress.unsaved))}", "bad")))
    if progress.state == "running" and not is_responding:
        parts.append((0, Part("the trainer does not answer", "bad")))
    for name, (label, role) in NAMES.items():
        if name in progress.values:
            value = progress.values[name]
            both = name == "val_accuracy" and "accuracy" in progress.values
            unit = loss_unit if name == "loss" else ""
            words = f"{'val ' if both else ''}{label}{unit} {metric_text(name, value)}"
            parts.append((1 + RANKS.index(name), Part(words, role)))
        if name == "val_accuracy" and name in progress.values and largest_class is not None:
            most, share = largest_class
            parts.append((22, Part(f"(always {one_cell(printable(most)[:16])}: {share:.1%})", "dim")))
    if "loss" not in progress.values and "batch_loss" in progress.values:
        parts.append((1, Part(f"batch loss {metric_text('batch_loss', progress.values['batch_loss'])}", "train")))
    if progress.weights_epoch is not None:
        parts.append((2, Part(f"with the weights of epoch {progress.weights_epoch:,}", "dim")))
    parts.append((18, Part(f"ρ {progress.learning_rate:g}", "dim")))
    if progress.state != "running" or (is_responding and not progress.steps_per_second):  # not measured yet
        parts.append((20, Part(format_counted(progress.steps, "step"), "dim")))
    elif is_responding:
        parts.append((20, Part(f"{format_count(progress.steps_per_second)} steps/s", "dim")))
        if progress.seconds_left is not None:
            parts.append((19, Part(f"{format_clock(progress.seconds_left)} left", "dim")))
    return parts


def metric_text(name: str, value: float) -> str:
    """Format a metric: an R² of nan (from a single row) is missing, a loss of nan is shown."""
    if name == "val_r2" and math.isnan(value):
        return MISSING
    if math.isnan(value):
        return "nan"
    measure = measure_of(name)
    return f"{value:.1%}" if measure is not None and measure.in_percent else format_measure(value)


class KeyLine(StyledLine):
    """Shows the keys that matter now and what they do, at most eight; one without effect is dim. All can be clicked."""

    DEFAULT_CSS = "KeyLine { pointer: pointer; }"

    def __init__(self, chips: Callable[[], Sequence[Chip]]) -> None:
        """``chips`` returns those that matter now, the most important first; the last one is always shown."""
        super().__init__()
        self._chips = chips

    def on_mount(self) -> None:
        super().on_mount()
        self.screen.bindings_updated_signal.subscribe(self, self._refresh_keys)

    def _refresh_keys(self, screen: Screen[object]) -> None:
        self.redraw()

    def parts(self, width: int) -> Iterable[Part]:
        chips = [chip for chip in self._chips() if self._state(chip) is not False]
        while len(chips) > 1 and (len(chips) > MAX_CHIPS or sum(map(_width, chips)) > width + 1):
            del chips[-2]
        gap = "  " if sum(map(_width, chips)) + len(chips) <= width else " "
        parts: list[Part] = []
        for chip in chips:
            works = self._state(chip)
            names = chip.names or ("",)
            for number, name in enumerate(names):
                left, right = " " if number == 0 else "", " "
                target = chip.action or action_of(name)
                shown = f"{left}{chip.shown_as or brief(keymap().display(name))}{right}"
                parts.append(Part(shown, "key" if works else "off", target))
            parts.append(Part(f" {chip.label}", "text" if works else "off", chip.action or action_of(names[-1])))
            parts.append(Part(gap))
        return parts

    def _state(self, chip: Chip) -> bool | None:
        """Return True if the key works, None if it has no effect now, False if it is not available."""
        return True if not chip.names else self.screen.check_action(DO, (chip.names[0],))


def brief(key: str) -> str:
    """Return a key as it is written in a chip: ``^p`` for ctrl+p."""
    return key.replace("ctrl+", "^")


def _width(chip: Chip) -> int:
    keys = [chip.shown_as] if chip.shown_as else [brief(keymap().display(name)) for name in chip.names]
    return cell_len(" ".join(keys)) + len(chip.label) + 4


class MessageLine(Static):
    """Shows one message as plain text; an error stays until the next message."""

    DEFAULT_CSS = """
    MessageLine {
        height: 1; padding: 0 1; color: $text-muted;
        &.-long { height: auto; max-height: 5; }
        &.-error { color: $text-error; background: $error-muted; }
        &.-good { color: $text-success; }
    }
    """

    _hint = ""

    def show_message(self, sentence: str, kind: str = "") -> None:
        """Show ``sentence``; ``kind`` is "error", "good" or empty."""
        sentence = printable(sentence)  # it may quote a file, a store or another program's error
        self.set_class(kind == "error", "-error")
        self.set_class(kind == "good", "-good")
        # One line keeps its height, so that most messages need no new layout of the whole screen.
        was_long = self.has_class("-long")
        long = self._is_long(sentence)
        self.set_class(long, "-long")
        self.update(Text(sentence), layout=long or was_long)

    def show_hint(self, sentence: str) -> None:
        """Show what something is for while that has the focus; an error stays. An empty one drops the hint."""
        is_hint = bool(self._hint) and str(self.content) == self._hint
        if self.has_class("-error") or not (sentence or is_hint):
            return
        self._hint = printable(sentence)
        self.show_message(sentence)

    def on_resize(self) -> None:
        """Adapt the height: a message of one line may need two when the terminal is narrower."""
        self.set_class(self._is_long(str(self.content)), "-long")

    def _is_long(self, sentence: str) -> bool:
        return cell_len(sentence) > self.size.width > 0


class Prompt(Vertical):
    """Shows hints; while the user types, the question and the input, and above them what is wrong, and where.

    Leaving the input cancels the edit.
    """

    DEFAULT_CSS = """
    Prompt {
        height: auto;
        .hints { height: 1; color: $text-muted; }
        .wrong { display: none; height: auto; max-height: 3; color: $text-error; }
        .line { display: none; height: 1; }
        Label { width: auto; max-width: 60%; margin-right: 1; color: $text-accent; }
        Input { width: 1fr; background: $surface-lighten-1; padding: 0; }
        Input:focus { background: $primary-muted; }
        &.-open .hints { display: none; }
        &.-open .line { display: block; }
        &.-wrong .wrong { display: block; }
    }
    """

    @dataclass
    class Changed(Message):
        """The text has changed."""

        purpose: str
        text: str

    @dataclass
    class Entered(Message):
        """Enter was pressed on ``text``."""

        purpose: str
        text: str

    def __init__(self) -> None:
        super().__init__()
        self.purpose = ""  # what the input is for; empty while it is closed
        self._question = ""

    def compose(self) -> ComposeResult:
        yield Static(classes="wrong", markup=False)
        yield Static(classes="hints", markup=False)
        with Horizontal(classes="line"):
            yield Label("", markup=False)
            yield TextBox(compact=True, select_on_focus=True)

    def show_hints(self, hints: str) -> None:
        """Show the available keys."""
        self.query_one(".hints", Static).update(hints)

    def ask(self, purpose: str, question: str, text: str) -> None:
        """Open the input with ``text``, after ``question``."""
        self.purpose, self._question = purpose, printable(question)
        self.add_class("-open")
        self.query_one(Label).update(self._question)
        box = self.query_one(Input)
        with box.prevent(Input.Changed):
            box.value = text
        box.focus()

    def show_problem(self, reason: str, span: tuple[int, int] | None = None) -> None:
        """Show what is wrong with the text, with marks under ``span``; an empty reason removes the message."""
        self.set_class(bool(reason), "-wrong")
        if not reason:
            return
        marks = ""
        if span is not None and self.has_class("-open"):
            start, end = span
            indent = min(len(self._question) + 1 + start, max(self.size.width - 2, 0))
            marks = " " * indent + "~" * max(1, min(end - start, self.size.width - indent)) + "\n"
        self.query_one(".wrong", Static).update(Text(f"{marks}{printable(reason)}"))

    def close(self) -> None:
        """Go back to the hints; the keys work again."""
        if not self.purpose:
            return
        self.purpose = ""
        self.remove_class("-open")
        if self.query_one(Input).has_focus:
            self.screen.set_focus(None)

    @on(Input.Changed)
    def _handle_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.purpose:
            self.post_message(self.Changed(self.purpose, event.value))

    @on(Input.Submitted)
    def _handle_entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.purpose:
            self.post_message(self.Entered(self.purpose, event.value))

    @on(Input.Blurred)
    def _handle_blurred(self, event: Input.Blurred) -> None:
        event.stop()
        self.close()
