"""The line that says what happened, or what is wrong."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static


class MessageLine(Static):
    """One sentence, as plain text; an error stays until something else is said."""

    DEFAULT_CSS = """
    MessageLine {
        height: auto; max-height: 2; padding: 0 1; color: $text-muted;
        &.-error { color: $text-error; background: $error-muted; }
        &.-good { color: $text-success; }
    }
    """

    def say(self, sentence: str, kind: str = "") -> None:
        """Show ``sentence``; ``kind`` is error, good or nothing."""
        self.set_class(kind == "error", "-error")
        self.set_class(kind == "good", "-good")
        self.update(Text(sentence))
