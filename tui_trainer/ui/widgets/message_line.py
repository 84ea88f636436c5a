"""The line that says what happened, or what is wrong."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Static

from tui_trainer.errors import printable


class MessageLine(Static):
    """One sentence, as plain text; an error stays until something else is said."""

    DEFAULT_CSS = """
    MessageLine {
        height: 1; padding: 0 1; color: $text-muted;
        &.-long { height: auto; max-height: 4; }
        &.-error { color: $text-error; background: $error-muted; }
        &.-good { color: $text-success; }
    }
    """

    def say(self, sentence: str, kind: str = "") -> None:
        """Show ``sentence``; ``kind`` is error, good or nothing."""
        sentence = printable(sentence)  # whatever it quotes: a file, a store, another program's complaint
        self.set_class(kind == "error", "-error")
        self.set_class(kind == "good", "-good")
        # One line keeps its height, so that most sentences cost no layout of the whole screen.
        was_long = self.has_class("-long")
        long = self._is_long(sentence)
        self.set_class(long, "-long")
        self.update(Text(sentence), layout=long or was_long)

    def on_resize(self) -> None:
        """What filled one line may need two of a narrower terminal."""
        self.set_class(self._is_long(str(self.content)), "-long")

    def _is_long(self, sentence: str) -> bool:
        return cell_len(sentence) > self.size.width > 0
