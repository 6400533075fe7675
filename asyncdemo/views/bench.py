"""What a bench found, on one screen: figures, what can be said of them, and the curve of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncdemo.quantities import format_duration
from asyncdemo.views.canvas import Canvas, Line
from asyncdemo.views.glyphs import FAINT, glyphs_for
from asyncdemo.views.standings import columns, told
from asyncdemo.views.sweep import sweep_lines
from asyncdemo.views.verdicts import sentences, times_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from asyncdemo.compare import Comparison, Verdict
    from asyncdemo.compare.curves import Sweep
    from asyncdemo.views.glyphs import Glyphs

MANY = 8
"""With more rows than this the figures speak for themselves: no sentence a row."""


class BenchView:
    """Draws what a bench found.

    Args:
        comparison: what was found.
        sweep: its curves, or None.
        earlier: how each row compares with the baseline, in the order of the rows; empty without one.
        notes: sentences that belong under the figures.
        ascii_only: whether to draw with ASCII alone.
    """

    def __init__(
        self,
        comparison: Comparison,
        *,
        sweep: Sweep | None = None,
        earlier: Sequence[Verdict] = (),
        notes: Sequence[str] = (),
        ascii_only: bool = False,
    ) -> None:
        self.comparison = comparison
        self.sweep = sweep
        self.earlier = earlier
        self.notes = notes
        self.ascii_only = ascii_only

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the figures, the sentences, the figures of the extra runs, then the curve."""
        glyphs = glyphs_for(console, ascii_only=self.ascii_only)
        width = options.max_width - 1
        lines = [*told(self.comparison, self._sentences(), width, glyphs), *self._extra(width, glyphs)]
        if self.sweep:
            lines.append(Line())
            lines.extend(sweep_lines(self.sweep, width, glyphs))
        yield Canvas(lines)

    def _sentences(self) -> Iterator[str]:
        few = len(self.comparison.standings) <= MANY
        yield from sentences(self.comparison, verdicts=few)
        for verdict in self.earlier:
            if verdict.ratio.different is False:
                if few:
                    yield f"{verdict.subject.title} vs the baseline: no measurable difference"
            elif verdict.ratio.times != 1:
                times = times_text(verdict.ratio)
                yield f"{verdict.subject.title} vs the baseline: {times if 'slower' in times else f'{times} faster'}"
        yield from self.notes

    def _extra(self, width: int, glyphs: Glyphs) -> Iterator[Line]:
        watched = [(each, each.watched) for each in self.comparison.standings if each.watched]
        if not watched:
            return
        heads = ("in extra runs", "steps", "peak tasks", "late p50", "late p99", "memory", "recorder")
        rows = [
            (
                standing.subject.title,
                f"{seen.steps:,}",
                f"{seen.peak_tasks:,}",
                format_duration(seen.loop_late_p50_ns),
                format_duration(seen.loop_late_p99_ns),
                "" if seen.peak_memory_bytes is None else f"{seen.peak_memory_bytes / 1024:,.0f} KiB",
                "" if standing.overhead is None else f"{standing.overhead:+.0%}",
            )
            for standing, seen in watched
        ]
        yield Line()
        yield from columns([heads, *rows], width, glyphs, FAINT, [standing for standing, _ in watched])
