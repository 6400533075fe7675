"""Predictions of what a change would do, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.style import Style

from asyncdemo.quantities import format_duration
from asyncdemo.views.canvas import Line, clean, folded
from asyncdemo.views.glyphs import FAINT, PLAIN, TITLE, WAITING
from asyncdemo.whatif import Prediction

INDENT = 2
SAME = 1.005
"""Totals that are nearer to each other than this are the same."""

LEAST_TIMES = 1.05
"""From here on it is said how many times faster or slower a run is."""


def prediction_lines(predictions: Sequence[Prediction], width: int) -> Iterator[Line]:
    """Each change with the total that it would give, what decides that one, and what was assumed."""
    for each in predictions:
        told, style = (f"not predicted: {each.refused}", WAITING) if each.refused else (_outcome(each), TITLE)
        yield from _folded(f"what if {each.change}: {told}", 0, style, width)
        if not each.refused:
            yield from _folded(_reason(each), INDENT, PLAIN, width)
            yield from _folded(_ground(each), INDENT, FAINT, width)


def _folded(text: str, margin: int, style: Style, width: int) -> Iterator[Line]:
    pieces = folded(clean(text), width - margin, INDENT) if text else ()
    yield from (Line().to(margin).put(piece, style) for piece in pieces)


def _outcome(prediction: Prediction) -> str:
    """`1.00 s instead of 4.00 s (4.0x faster), predicted`."""
    before, after = prediction.recorded_ns, prediction.predicted_ns
    if max(prediction.unchanged_ns, after) <= SAME * min(prediction.unchanged_ns, after):
        return f"{format_duration(before)} as before, predicted"
    times, word = (before / after, "faster") if 0 < after < before else (after / before if before else 0, "slower")
    factor = f" ({times:.1f}x {word})" if times >= LEAST_TIMES else ""
    return f"{format_duration(after)} instead of {format_duration(before)}{factor}, predicted"


def _reason(prediction: Prediction) -> str:
    """What more of the critical path goes into than into anything else then."""
    took, total = format_duration(prediction.cause_ns), format_duration(prediction.predicted_ns)
    return f"then first on the critical path: {prediction.cause}, {took} of {total}" if prediction.cause else ""


def _ground(prediction: Prediction) -> str:
    """How the prediction was made."""
    unchanged = f"simulated; with nothing changed the simulation takes {format_duration(prediction.unchanged_ns)}"
    return "; assuming that ".join([unchanged, *([", ".join(prediction.assumed)] if prediction.assumed else [])])
