"""The final view: the picture, the verdict, and what was printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import sub
from typing import Protocol

from rich.console import Console, ConsoleOptions, RenderResult

from asyncdemo.findings import Finding
from asyncdemo.quantities import format_duration
from asyncdemo.timeline import Picture, Summary, critical_path, goes_on, left_out, not_kept, summary
from asyncdemo.timeline import folded as folded_tasks
from asyncdemo.trace import Trace
from asyncdemo.views.apart import HANGING, not_drawn
from asyncdemo.views.canvas import Canvas, Line, folded, wrapped
from asyncdemo.views.choose import TimelineView, check_view
from asyncdemo.views.findings import block_lines
from asyncdemo.views.frame import Frame
from asyncdemo.views.glyphs import CANCELLED, FAILED, FAINT, OK, PLAIN, WAITING, glyphs_for
from asyncdemo.views.printed import printed_whole
from asyncdemo.views.units import count, counted

LEAST_HEIGHT = 12
PAPER_HEIGHT = 40
PROMPT = 1
"""The shell's next line, which the screen has to have room for too."""
OBSERVERS = {"live": "drawn by a thread while it ran", "plain": "listed by a thread while it ran"}
ENDLESS = "no critical path: the run never came to its end"
WORTH_SAYING = 1.05
"""One by one is only told when it would take longer than the run by this ratio."""


class Run(Protocol):
    """What the final view tells of a run beside its trace."""

    @property
    def command(self) -> str:
        """The concept's or the script's name."""

    @property
    def about(self) -> Sequence[str]:
        """What the header says of its options, the most telling first."""

    @property
    def ideal_ns(self) -> int | None:
        """How long it would take at best, computed from the options, when the concept says so."""

    @property
    def ideal_more(self) -> str:
        """What comes on top of that and cannot be computed, such as "the time that the sums take", or ""."""


@dataclass(frozen=True, slots=True)
class Final:
    """The whole of a run as a Rich renderable: timeline, verdict and the printed lines in their order.

    Where all that is higher than the terminal the printed lines come first, so that the timeline stays on the screen.

    Attributes:
        trace: the recording.
        run: what is known of the run beside it.
        view: one of `kinds.VIEWS`, or none to choose by the number of tasks.
        lines: whether printed lines are shown; not when they have been passed on already.
        next_concept: a concept to `show` next, "" for none.
        ascii_only: draw in ASCII even where the console could show more.
        findings: what went wrong, the worst first; told under the verdict.
        critical: whether the critical path is marked.
    """

    trace: Trace
    run: Run
    view: str | None = None
    lines: bool = True
    next_concept: str = ""
    ascii_only: bool = False
    findings: Sequence[Finding] = ()
    critical: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the screen; the timeline and the verdict fit the terminal's height."""
        glyphs = glyphs_for(console, ascii_only=self.ascii_only)
        trace, theirs = folded_tasks(self.trace)
        path = critical_path(trace) if self.critical and not len(trace.hangs) else ()
        drawer = TimelineView(self.run.command, self.run.about, glyphs, self.view, path=path)
        frame = drawer.frame(trace, options.max_width, PAPER_HEIGHT)
        said = [
            *not_drawn(theirs, frame.width),
            *verdict(frame, trace, self.run, self.next_concept),
            *([frame.note(glyphs.stall, ENDLESS, WAITING)] if self.critical and len(trace.hangs) else []),
            *block_lines(self.findings, glyphs, frame.width),
        ]
        screen = console.height - PROMPT if console.is_terminal else None
        height = PAPER_HEIGHT if screen is None else max(LEAST_HEIGHT, screen - len(said))
        frame = drawer.frame(trace, options.max_width, height)
        picture = Picture.of(trace, frame.cells, drawer.rows(height))
        drawn = [*drawer.lines(frame, picture), *said]
        told = printed_whole(frame, trace) if self.lines else []
        if not told:
            yield Canvas(drawn)
        elif screen is not None and len(drawn) + 1 + len(told) > screen:
            yield Canvas([*told, Line(), *drawn])
        else:
            yield Canvas([*drawn, Line(), *told])


def final(
    trace: Trace,
    run: Run,
    view: str | None = None,
    *,
    lines: bool = True,
    next_concept: str = "",
    ascii_only: bool = False,
) -> Final:
    """The final view as a renderable, see `Final`.

    Raises:
        AsyncdemoError: the view does not exist (exit code 2).
    """
    check_view(view)
    return Final(trace, run, view, lines, next_concept, ascii_only)


def verdict(frame: Frame, trace: Trace, run: Run, next_concept: str) -> list[Line]:
    """The lines under the picture: how it ended, how long it took against what could be, how well the loop kept up."""
    figures, glyphs = summary(trace), frame.glyphs
    counts = _joined(list(_outcomes(figures, "went on" if goes_on(trace) else "never ended")), f" {glyphs.dot} ")
    times = _joined(list(_times(figures, run)), f" {glyphs.dot} ")
    one_by_one = list(_one_by_one(figures, glyphs.times))
    loop = list(wrapped(_loop(trace, figures), frame.width, f" {glyphs.dot} "))
    follow = [Line(f"next: asyncdemo show {next_concept}", FAINT)] if next_concept else []
    parts = [part for part in (counts, times) if part.width]
    first = wrapped([*parts, *one_by_one], frame.width, f" {glyphs.bar} ")
    top = [piece for line in first for piece in _within(line, frame.width)]
    return [*top, *loop[:-1], *_spread([loop[-1], *follow], frame.width), *_lost(frame, trace)]


def _joined(parts: list[Line], between: str) -> Line:
    line = Line()
    for part in parts:
        line.put(between if line.width else "", FAINT)
        for segment in part.segments:
            line.put(segment.text, segment.style or PLAIN)
    return line


def _spread(items: list[Line], width: int) -> Iterator[Line]:
    """The first item at the left edge and the second at the right, on one line or two."""
    left, *others = items
    for right in others:
        if left.width + right.width + 2 <= width:
            left.to(width - right.width)
            for segment in right.segments:
                left.put(segment.text, segment.style or PLAIN)
            others = []
    yield left
    yield from others


def _within(line: Line, width: int) -> Iterator[Line]:
    """The line, on several ones where it is too long."""
    if line.width <= width:
        yield line
        return
    yield from (Line(piece) for piece in folded(line.text, width, HANGING))


def _outcomes(figures: Summary, pending: str) -> Iterator[Line]:
    counts = [
        (figures.ok, "ok", OK),
        (figures.failed, "failed", FAILED),
        (figures.cancelled, "cancelled", CANCELLED),
        (figures.destroyed, "destroyed", FAILED),
        (figures.pending, pending, WAITING),
    ]
    for number, word, style in counts:
        if number:
            yield Line(f"{count(number)} {word}", style)


def _times(figures: Summary, run: Run) -> Iterator[Line]:
    yield Line(f"wall {format_duration(figures.wall_ns)}")
    if run.ideal_ns is not None:
        more = f", and {run.ideal_more}" if run.ideal_more else ""
        yield Line(f"ideal {format_duration(run.ideal_ns)}{more}")


def _one_by_one(figures: Summary, times: str) -> Iterator[Line]:
    alone = figures.one_by_one_ns
    if alone and figures.wall_ns and alone > WORTH_SAYING * figures.wall_ns:
        yield Line(f"one by one {format_duration(alone)} ({alone / figures.wall_ns:.1f}{times}, computed)")


def _loop(trace: Trace, figures: Summary) -> Iterator[Line]:
    yield Line(f"loop late p99 {format_duration(figures.loop_late_p99_ns)}", FAINT)
    observer = OBSERVERS.get(str(trace.meta.get("observer")), "")
    if observer:
        yield Line(observer, FAINT)
    pauses = trace.pauses
    if len(pauses):
        spent = sum(map(sub, pauses.end_ns, pauses.start_ns))
        yield Line(f"garbage collector {format_duration(spent)} in {counted(len(pauses), 'pause')}", FAINT)


def _lost(frame: Frame, trace: Trace) -> Iterator[Line]:
    for text in (*left_out(trace), *not_kept(trace)):
        yield frame.note(frame.glyphs.stall, text, WAITING)
