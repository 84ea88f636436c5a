"""How the cells of a file are set apart and written, as found out or as asked for."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trainer.datasets.csv.dialect import DecimalMark, NumberFormat
from tui_trainer.experiment.schema import DatasetConfig, DelimiterName

DELIMITERS: dict[DelimiterName, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
DECIMALS: dict[str, DecimalMark] = {"point": ".", "comma": ","}
_SAID = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_GROUPS = {",": "commas", ".": "points", "'": "apostrophes", "’": "apostrophes"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user says of a file; None is to be found out."""

    delimiter: str | None = None
    decimal: DecimalMark | None = None
    encoding: str | None = None
    header: bool | None = None

    @classmethod
    def of(cls, config: DatasetConfig) -> Asked:
        """The part of a dataset's configuration that says how its file is read."""
        delimiter = None if config.delimiter is None else DELIMITERS[config.delimiter]
        decimal = None if config.decimal is None else DECIMALS[config.decimal]
        return cls(delimiter, decimal, config.encoding, config.header)


@dataclass(frozen=True, slots=True)
class Dialect:
    """``delimiter`` is "" where there is one column; ``encoding`` as people call it."""

    delimiter: str
    numbers: NumberFormat
    encoding: str
    header: bool

    @property
    def sentence(self) -> str:
        """The dialect in words."""
        between = f"{_SAID[self.delimiter].capitalize()} between cells" if self.delimiter else "One column"
        parts = [between, f"decimal {'comma' if self.numbers.decimal == ',' else 'point'}"]
        if self.numbers.thousands:
            parts.append(f"{_GROUPS.get(self.numbers.thousands, 'spaces')} between thousands")
        names = "names in the first row" if self.header else "no header, so columns are called column_1, column_2 …"
        return f"{', '.join(parts)}, {self.encoding}, {names}."

    @property
    def delimiter_name(self) -> DelimiterName | None:
        """The delimiter as the configuration calls it."""
        return next((name for name, mark in DELIMITERS.items() if mark == self.delimiter), None)
