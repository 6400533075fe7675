"""What Textual shows: the lines that were drawn, and the help."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from asyncdemo.pager.keys import FILTERS, KEYS, MOUSE
from asyncdemo.views.canvas import Line

NOTHING = Style.null()


class Chart(Widget):
    """The lines of the screen."""

    def __init__(self, draw: Callable[[int, int], Sequence[Line]]) -> None:
        super().__init__()
        self._draw = draw
        self._strips: list[Strip] = []

    def redraw(self) -> None:
        """Draw anew, for the viewpoint or the size is another one."""
        width, height = self.size
        lines = self._draw(width, height) if width and height else []
        self._strips = [Strip(line.within(width - 1)).adjust_cell_length(width) for line in lines]
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line, for Textual."""
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, NOTHING)

    def on_resize(self) -> None:
        """The terminal has another size."""
        self.redraw()


class Help(ModalScreen[None]):
    """What the keys do."""

    BINDINGS = [Binding("escape,q,question_mark,f1,enter,space", "dismiss", "close")]  # noqa: RUF012 - Textual's way

    def compose(self) -> ComposeResult:
        """A table of keys, which scrolls where it is higher than the screen."""
        wide = max(len(key.shown) for key in KEYS)
        text = Text("asyncdemo replay: a recorded run, to look around in\n\n", style="bold")
        for key in KEYS:
            text.append(f"{key.shown:<{wide}}  ", "bold").append(f"{key.help}\n", "not bold")
        text.append("\n".join(["", *FILTERS, "", MOUSE, "", "Esc closes this."]), "not bold")
        with VerticalScroll(can_focus=True):
            yield Static(text)
