"""What the program printed, a line each, with who printed it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from asyncdemo.trace import NONE, Trace
from asyncdemo.views.canvas import Line, clean, folded, width_of
from asyncdemo.views.frame import Frame
from asyncdemo.views.glyphs import FAINT
from asyncdemo.views.names import lane_names, origin_name

MOST_NAMED = 200
"""With more tasks than this only those that printed get a name."""
HANGING = 2
"""How far what is left of a long line is indented."""


def printed(frame: Frame, trace: Trace, most: int) -> list[Line]:
    """The last printed lines, at most `most`, each on a line of the screen: what is too long is cut, and says so."""
    rows = range(max(0, len(trace.lines) - most), len(trace.lines)) if most > 0 else range(0)
    names = _names(trace, rows)
    return [_cut(frame, _started(frame, trace, row, names), _text(trace, row)) for row in rows]


def printed_whole(frame: Frame, trace: Trace) -> list[Line]:
    """All printed lines, whole: what is too long goes on below, indented."""
    rows = range(len(trace.lines))
    names = _names(trace, rows)
    return [line for row in rows for line in _folded(frame, _started(frame, trace, row, names), _text(trace, row))]


def _names(trace: Trace, rows: range) -> Mapping[int, str]:
    few = len(trace.tasks) <= MOST_NAMED
    return lane_names(trace, range(len(trace.tasks)) if few else {trace.lines.task[row] for row in rows} - {NONE})


def _text(trace: Trace, row: int) -> str:
    return clean(trace.text(trace.lines.text[row]))


def _started(frame: Frame, trace: Trace, row: int, names: Mapping[int, str]) -> Line:
    """`job-03    │ `."""
    task, origin = trace.lines.task[row], trace.lines.origin[row]
    who = names[task] if task >= 0 else origin_name(trace, trace.text(origin))
    return _barred(frame, who)


def _barred(frame: Frame, who: str) -> Line:
    return frame.row(who, name_style=FAINT).put(f"{frame.glyphs.bar} ", FAINT)


def _cut(frame: Frame, line: Line, text: str) -> Line:
    room = frame.width - line.width
    if width_of(text) <= room:
        return line.put(text)
    kept = next(folded(text, max(1, room - 1), at_words=False))
    return line.put(kept).put(frame.glyphs.cut, FAINT)


def _folded(frame: Frame, line: Line, text: str) -> Iterator[Line]:
    indent = len(text) - len(text.lstrip(" ")) + HANGING
    for piece in folded(text, frame.width - line.width, indent):
        yield line.put(piece)
        line = _barred(frame, "")
