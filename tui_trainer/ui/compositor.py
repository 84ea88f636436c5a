"""Textual's compositor, which places and paints the widgets, without the paints and events that it loses."""

from __future__ import annotations

from textual import errors, screen
from textual._compositor import Compositor, CompositorMap, ReflowResult
from textual.geometry import Size
from textual.map_geometry import MapGeometry
from textual.widget import Widget


class ExactCompositor(Compositor):
    """Compares each layout with what is on the screen.

    Textual's own compares it with where the widgets were when somebody last asked. A widget whose place was asked for
    before it was laid out was taken for one that is on the screen: it got no event of its size, and was not painted.
    So was a list that was scrolled away and back, if the second time came with a new layout.
    """

    def __init__(self) -> None:
        super().__init__()
        self._asked: CompositorMap = {}  # where the widgets were when somebody last asked

    @property
    def full_map(self) -> CompositorMap:
        """Where all widgets belong now, which may differ from where they were laid out and painted."""
        if self.root is None:
            return {}
        if self._full_map_invalidated:
            self._full_map_invalidated = False
            self._asked, _ = self._arrange_root(self.root, self.size, visible_only=False)
        return self._asked

    def find_widget(self, widget: Widget) -> MapGeometry:
        """Return where a widget belongs; raises NoWidget if it has no place."""
        visible = self._visible_map or {}
        if self._full_map_invalidated and widget in visible:
            return visible[widget]
        found = self.full_map.get(widget) or visible.get(widget)
        if found is None:
            raise errors.NoWidget("Widget is not in layout")
        return found

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay out all widgets below ``parent``; returns those that are shown, hidden and resized by it."""
        scrolled = self._visible_map
        result = super().reflow(parent, size)
        self._asked = self._full_map
        if scrolled is not None:  # since the last layout, so that the screen shows this
            moved = (place.clip.intersection(place.region) for _, place in scrolled.items() ^ self._full_map.items())
            self._dirty_regions.update(region for region in moved if region)
        return result

    def clear(self) -> None:
        """Forget all widgets."""
        super().clear()
        self._asked = {}


def use_exact_compositor() -> None:
    """Give it to all screens that are made from now on."""
    screen.Compositor = ExactCompositor  # type: ignore[attr-defined]  # the name by which a screen makes its own
