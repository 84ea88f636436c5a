"""The cards of the setup: framed columns of fields, the rarer of which are folded behind a row that names them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from tui_trainer.errors import printable
from tui_trainer.experiment.edit import is_hidden
from tui_trainer.experiment.schema import Experiment
from tui_trainer.ui.card import Card
from tui_trainer.ui.fields import Field, LazyFields, as_typed

DEFAULTS = Experiment()
FOLDED, UNFOLDED = "▸", "▾"


def always(experiment: Experiment) -> bool:
    """Apply to every experiment."""
    return True


def on_or_off(value: bool) -> str:
    """Write the state of a switch."""
    return "on" if value else "off"


@dataclass(frozen=True, slots=True)
class Row:
    """A field of a card: how it is made from path, label and help, and for which experiments there is one."""

    kind: Callable[..., Field]
    path: str
    label: str
    help_text: str
    applies: Callable[[Experiment], bool] = always
    told: Callable[[Experiment], str] | None = None  # what the folded row says of the value, if not the usual

    def make(self) -> Field:
        """Create the field."""
        return self.kind(self.path, self.label, help_text=self.help_text)

    def is_shown(self, experiment: Experiment) -> bool:
        """Return whether ``experiment`` has the field, and its author does not hide it."""
        return self.applies(experiment) and not is_hidden(experiment, self.path)

    def departure(self, experiment: Experiment) -> str:
        """Return the label and the value, as "momentum 0.9", if that is not the default one."""
        if self.told is not None:
            return self.told(experiment)
        value = value_at(experiment, self.path)
        if value == value_at(DEFAULTS, self.path):
            return ""
        text = on_or_off(value) if isinstance(value, bool) else "none" if value is None else as_typed(value)
        return printable(f"{self.label} {text}")


class FoldRow(Widget, can_focus=True):
    """The row that stands for folded fields: it names them, or their values that are not the default ones."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "fold", "Fold or unfold", show=False),
        Binding("right", "turn(True)", "Unfold", show=False),
        Binding("left", "turn(False)", "Fold", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"fold-row--values"}
    DEFAULT_CSS = """
    FoldRow {
        height: 1;
        color: $text-muted;
        pointer: pointer;
        .fold-row--values { color: $foreground; }
        &:hover { background: $surface-lighten-1; }
        &:focus { background: $primary-muted; color: $foreground; }
        &.-invalid { color: $text-error; }
    }
    """

    @dataclass
    class Toggled(Message):
        """The row was clicked, or a key pressed on it."""

        row: FoldRow

    def __init__(self) -> None:
        super().__init__()
        self.is_open = False
        self._names, self._values = "", ""

    def tell(self, names: str, values: str, is_open: bool) -> None:
        """Show what is folded: the values if there are any, else the names."""
        if (names, values, is_open) != (self._names, self._values, self.is_open):
            self._names, self._values, self.is_open = names, values, is_open
            self.refresh()

    def render(self) -> Text:
        text = Text(f"{UNFOLDED if self.is_open else FOLDED} ", no_wrap=True, end="")
        if self._values:
            style = "" if self.has_class("-invalid") else self.get_component_rich_style("fold-row--values")
            text.append(self._values, style)
        else:
            text.append(self._names)
        text.truncate(self.size.width, overflow="ellipsis")
        return text

    def on_click(self) -> None:
        self.action_fold()

    def action_fold(self) -> None:
        """Ask for the other state."""
        self.post_message(self.Toggled(self))

    def action_turn(self, is_open: bool) -> None:
        """Ask for one of the two states."""
        if is_open != self.is_open:
            self.action_fold()


class Fold(Vertical):
    """Fields behind one row, made when it is first unfolded; it stays as it was left while the app is open.

    ``lead`` stands before the names, and ``more`` returns further names and values. ``extra`` makes widgets that
    stand before the fields, for ``paths``, in which [] is any index.
    """

    DEFAULT_CSS = "Fold { height: auto; }"

    def __init__(
        self,
        rows: Sequence[Row],
        lead: str = "",
        paths: Iterable[str] = (),
        extra: Callable[[], Iterable[Widget]] = tuple,
        more: Callable[[Experiment], Iterable[tuple[str, str]]] = lambda experiment: (),
    ) -> None:
        self.row, self.body = FoldRow(), LazyFields(self._make)
        super().__init__(self.row, self.body)
        self.rows, self._lead, self._extra, self._more = tuple(rows), lead, extra, more
        self.is_open = False
        self._paths = frozenset(paths) | {row.path for row in rows}

    def _make(self) -> Iterator[Widget]:
        yield from self._extra()
        for row in self.rows:
            yield row.make()

    def holds(self, path: str) -> bool:
        """Return whether the field at ``path`` is folded here."""
        return re.sub(r"\[\d+\]", "[]", path) in self._paths

    def show(self, experiment: Experiment, absent: Collection[str]) -> None:
        """Name what is folded, but for the paths ``absent``; the row is hidden if there is nothing else."""
        rows = [row for row in self.rows if row.path not in absent]
        more = list(self._more(experiment))
        names = [name for name, _ in more] + [row.label for row in rows]
        values = [value for _, value in more] + [row.departure(experiment) for row in rows]
        self.display = bool(names)
        told = [value for value in values if value]
        rest = " …" if len(told) < len(names) else ""
        self.row.tell(
            f"{self._lead}{', '.join(names)}", f"{self._lead}{', '.join(told)}{rest}" if told else "", self.is_open
        )
        invalid = not self.is_open and any(field.invalid for field in self.walk_children(Field))
        self.row.set_class(invalid, "-invalid")


class Panel(Card):
    """A framed card of fields; each field's path names the part of the experiment that it shows."""

    DEFAULT_CSS = """
    Panel {
        height: auto;
        .-fixed { display: none; }
    }
    """
    heading: ClassVar[str] = ""
    rows: ClassVar[tuple[Row, ...]] = ()  # of the fields that are not folded

    def __init__(self) -> None:
        super().__init__()
        self.experiment = DEFAULTS  # the one shown
        self.absent: frozenset[str] = frozenset()  # paths of fields that the data shown have not
        self._lock = asyncio.Lock()  # fields are made by one at a time
        self.entitle(self.heading)

    @property
    def title(self) -> str:
        """The heading, and what is counted in the card."""
        return f"{self.heading}  {self.count}".rstrip()

    def tell_count(self, count: str) -> None:
        """Show a count at the right of the frame."""
        self.entitle(self.heading, count)

    async def show_experiment(self, experiment: Experiment) -> None:
        """Create the widgets that only ``experiment`` needs, and show its values."""
        async with self._lock:
            self.experiment = experiment
            await self.prepare(experiment)
            self.show(self.walk_children(Field))

    async def prepare(self, experiment: Experiment) -> None:
        """Create the widgets that only ``experiment`` needs."""

    def show(self, fields: Iterable[Field]) -> None:
        """Show the values of the experiment in ``fields``."""
        absent = self.absent.union(row.path for row in self._all_rows if not row.is_shown(self.experiment))
        for field in fields:
            field.show(value_at(self.experiment, field.path))
            field.set_class(field.path in absent or is_hidden(self.experiment, field.path), "-fixed")
        for fold in self.walk_children(Fold):
            fold.show(self.experiment, absent)

    @property
    def shown_rows(self) -> Iterator[Row]:
        """The rows that the experiment has, folded or not."""
        return (row for row in self._all_rows if row.path not in self.absent and row.is_shown(self.experiment))

    @property
    def _all_rows(self) -> Iterator[Row]:
        yield from self.rows
        for fold in self.walk_children(Fold):
            yield from fold.rows

    async def turn(self, fold: Fold, is_open: bool) -> None:
        """Unfold or fold fields."""
        fold.is_open = is_open
        async with self._lock:
            is_new = not fold.body.children
            await fold.body.set_visible(fold.is_open)
            if is_new:
                await self.prepare(self.experiment)
            self.show(fold.walk_children(Field) if is_new else ())

    async def reveal(self, path: str) -> Field | None:
        """Return the field at ``path``, unfolded if it was folded; None if the card has no such field."""
        for fold in self.walk_children(Fold):
            if fold.holds(path) and not fold.is_open:
                await self.turn(fold, True)
        fields = (field for field in self.walk_children(Field) if field.path == path and not field.has_class("-fixed"))
        return next(fields, None)

    @on(FoldRow.Toggled)
    async def _handle_toggled(self, event: FoldRow.Toggled) -> None:
        event.stop()
        fold = next(fold for fold in self.walk_children(Fold) if fold.row is event.row)
        await self.turn(fold, not fold.is_open)


def value_at(experiment: Experiment, path: str) -> object:
    """Return the value at a dotted path, as ``model.layers[0].units``; None if any part of the path is None."""
    value: object = experiment
    for part in path.replace("]", "").replace("[", ".").split("."):
        if value is None:
            return None
        value = value[int(part)] if isinstance(value, tuple) else getattr(value, part)
    return value
