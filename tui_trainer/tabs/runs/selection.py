"""The runs that are chosen, and how each looks: a letter and a colour, kept for as long as it is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

LETTERS = "ABCDEFGH"
# Not those of the run under work, training and validation, nor what looks like them in the usual theme.
SLOT_COLORS = ("class2", "class3", "class4", "class8", "class5", "class9", "class6", "class7")


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen run; ``slot`` is the place in ``LETTERS`` and ``SLOT_COLORS``, None where all are taken."""

    run: int
    name: str
    slot: int | None

    @property
    def letter(self) -> str:
        """The letter that marks it."""
        return "+" if self.slot is None else LETTERS[self.slot]

    @property
    def color(self) -> str:
        """The colour of its curve, one of the plot's."""
        return SLOT_COLORS[self.slot or 0]


class Choices:
    """Runs in the order in which they were chosen; the first eight are drawn."""

    def __init__(self) -> None:
        self._chosen: dict[int, Choice] = {}

    def __len__(self) -> int:
        return len(self._chosen)

    def __contains__(self, run: object) -> bool:
        return run in self._chosen

    @property
    def runs(self) -> tuple[int, ...]:
        """The numbers of all."""
        return tuple(self._chosen)

    @property
    def drawn(self) -> tuple[Choice, ...]:
        """Those with a letter, by letters."""
        return tuple(sorted((one for one in self._chosen.values() if one.slot is not None), key=lambda one: one.letter))

    def get(self, run: int) -> Choice | None:
        """How a run looks; None where it is not chosen."""
        return self._chosen.get(run)

    def toggle(self, run: int, name: str) -> Choice | None:
        """Choose a run, or no longer; the choice it is now. A letter that becomes free goes to one that has none."""
        if run in self._chosen:
            del self._chosen[run]
            waiting = next((one for one in self._chosen.values() if one.slot is None), None)
            if waiting is not None:
                self._chosen[waiting.run] = replace(waiting, slot=self._free())
            return None
        self._chosen[run] = Choice(run, name, self._free())
        return self._chosen[run]

    def choose(self, runs: Iterable[tuple[int, str]]) -> None:
        """Choose these, by number and name, and no others: the first one has the first letter."""
        self._chosen.clear()
        for run, name in runs:
            self.toggle(run, name)

    def rename(self, run: int, name: str) -> bool:
        """Take another name of a run on; whether that is news."""
        before = self._chosen.get(run)
        if before is None or before.name == name:
            return False
        self._chosen[run] = replace(before, name=name)
        return True

    def clear(self) -> None:
        """Nothing is chosen any more."""
        self._chosen.clear()

    def remove(self, runs: tuple[int, ...]) -> None:
        """These are chosen no longer."""
        for run in runs:
            if run in self._chosen:
                self.toggle(run, "")

    def _free(self) -> int | None:
        taken = {one.slot for one in self._chosen.values()}
        return next((slot for slot in range(len(LETTERS)) if slot not in taken), None)
