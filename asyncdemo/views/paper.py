"""The final view as a picture: in a file, for a page or a talk, and in a notebook."""

from __future__ import annotations

from html import escape
from io import StringIO

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from asyncdemo.trace import Trace
from asyncdemo.views.canvas import clean
from asyncdemo.views.final import Final, Run

WIDTH = 100
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
"""Fonts that systems bring along: the picture fetches nothing."""
THEME = TerminalTheme(
    (255, 255, 255),
    (36, 41, 47),
    [
        *((36, 41, 47), (187, 38, 45), (17, 119, 51), (146, 104, 0)),
        *((9, 89, 180), (130, 60, 170), (0, 116, 128), (110, 119, 129)),
    ],
    [
        *((87, 96, 106), (207, 51, 57), (26, 137, 66), (166, 120, 0)),
        *((33, 111, 208), (150, 80, 190), (0, 135, 148), (140, 149, 159)),
    ],
)
"""Dark on white, which prints well."""
BETWEEN = TerminalTheme(
    (122, 122, 122),
    (122, 122, 122),
    [
        *((122, 122, 122), (222, 64, 64), (32, 138, 62), (158, 112, 0)),
        *((47, 125, 225), (178, 88, 200), (0, 132, 146), (122, 122, 122)),
    ],
)
"""Colours half way between white and black, which can be read on both: a notebook does not tell what it is on."""
PIECE = (
    f'<pre style="font-family: {FONTS}; font-size: 13px; line-height: 1.2; white-space: pre; overflow-x: auto;'
    ' color: inherit; background: none; border: 0; margin: 0; padding: 0">{code}</pre>'
)
FORMAT = f"""\
<svg viewBox="0 0 {{terminal_width}} {{terminal_height}}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>TITLE</title>
<style>
.{{unique_id}}-matrix {{{{
  font-family: {FONTS};
  font-size: {{char_height}}px; line-height: {{line_height}}px; white-space: pre;
}}}}
{{styles}}
</style>
<defs>
<clipPath id="{{unique_id}}-clip-terminal">
<rect x="0" y="0" width="{{terminal_width}}" height="{{terminal_height}}" />
</clipPath>
{{lines}}
</defs>
<rect width="100%" height="100%" fill="#ffffff" />
<g clip-path="url(#{{unique_id}}-clip-terminal)">
{{backgrounds}}
<g class="{{unique_id}}-matrix">
{{matrix}}
</g>
</g>
</svg>
"""


def svg(trace: Trace, run: Run) -> str:
    """The final view, without the printed lines, as an SVG in ASCII that needs no font and nothing else from outside.

    Args:
        trace: the recording.
        run: what is known of the run beside it.
    """
    console = _drawn(trace, run)
    title = escape(clean(run.command)).replace("{", "{{").replace("}", "}}")
    drawn = console.export_svg(theme=THEME, code_format=FORMAT.replace("TITLE", title), unique_id="asyncdemo")
    return drawn.encode("utf-8", "replace").decode().encode("ascii", "xmlcharrefreplace").decode()


def html(trace: Trace, run: Run) -> str:
    """The final view, without the printed lines, as a piece of HTML that can be read on light and on dark ground.

    Args:
        trace: the recording.
        run: what is known of the run beside it.
    """
    return _drawn(trace, run).export_html(theme=BETWEEN, code_format=PIECE, inline_styles=True)


def _drawn(trace: Trace, run: Run) -> Console:
    """A console that has recorded the final view."""
    console = Console(
        file=StringIO(),
        record=True,
        width=WIDTH,
        force_terminal=False,
        # In a notebook Rich would show it there by itself, beside what is shown of it on purpose.
        force_jupyter=False,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={"TERM": "xterm"},
    )
    console.print(Final(trace, run, lines=False), end="")
    return console
