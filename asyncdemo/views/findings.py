"""What went wrong in a run, as text: a finding after the other, the critical path, one line that sums it up."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from rich.style import Style

from asyncdemo.findings import Finding, Report, Severity
from asyncdemo.quantities import format_duration
from asyncdemo.timeline import Segment, by_cause
from asyncdemo.trace import Trace
from asyncdemo.views.canvas import Line, clean, folded, width_of
from asyncdemo.views.glyphs import FAILED, FAINT, PLAIN, TITLE, WAITING, Glyphs
from asyncdemo.views.units import counted

STYLES: dict[Severity, Style] = {Severity.ERROR: FAILED, Severity.WARNING: WAITING, Severity.NOTE: FAINT}
WIDE = 100
"""From this width on a message stands beside its place and rule."""
MOST_PLACE = 32
INDENT = 2
MOST_CAUSES = 6
BAR = 24


def report_lines(report: Report, width: int) -> Iterator[Line]:
    """Every finding with its evidence; then the rules that were skipped, and how many findings were left out."""
    columns = _columns(report.findings) if width >= WIDE else None
    for finding in report.findings:
        yield from _wide(finding, *columns, width) if columns else _narrow(finding, width)
    for rule, number in report.left_out:
        yield Line(f"and {counted(number, 'more finding')} of {rule}", FAINT)
    for sentence in report.skipped:
        yield from (Line(piece, WAITING) for piece in folded(clean(sentence), width, INDENT))


def path_text(segments: Sequence[Segment], trace: Trace) -> list[str]:
    """`critical path 3.90 s of 4.10 s`, or nothing where no task ran or the run never came to its end."""
    if not len(trace.tasks):
        return ["no asyncio task ran"]
    total = sum(each.took_ns for each in segments)
    return [f"critical path {format_duration(total)} of {format_duration(trace.duration_ns)}"] if total else []


def path_lines(segments: Sequence[Segment], glyphs: Glyphs, width: int) -> Iterator[Line]:
    """The critical path: how much of it each cause took, as a table with bars."""
    causes = by_cause(list(segments))
    total = sum(took for _, took in causes)
    if not total:
        return
    yield Line("on the critical path", TITLE)
    room = max((width_of(cause) for cause, _ in causes[:MOST_CAUSES]), default=0)
    for cause, took in causes[:MOST_CAUSES]:
        bar = glyphs.levels[-1] * max(1, round(took / total * BAR)) if width > room + BAR + 22 else ""
        line = Line(f"  {clean(cause):<{room}}  {format_duration(took):>8}  {took / total:>4.0%}  ")
        yield line.put(bar, FAINT)
    others = sum(took for _, took in causes[MOST_CAUSES:])
    if others:
        yield Line(f"  {'others':<{room}}  {format_duration(others):>8}  {others / total:>4.0%}", FAINT)


def summary_line(report: Report, parts: Iterable[str], glyphs: Glyphs, width: int) -> Iterator[Line]:
    """`2 findings · critical path 3.90 s of 4.10 s · exit 1`."""
    text = f" {glyphs.dot} ".join([counted(len(report.findings), "finding"), *parts])
    yield from (Line(piece, TITLE) for piece in folded(text, width, INDENT))


def block_lines(findings: Sequence[Finding], glyphs: Glyphs, width: int, most: int = 3) -> Iterator[Line]:
    """The most severe findings in a line or two each, for under a picture."""
    for finding in findings[:most]:
        text = f"{place(finding)} {finding.rule} {title(finding)}: {finding.message}".lstrip()
        style = STYLES[finding.severity]
        pieces = folded(clean(text), max(1, width - 2), INDENT)
        for number, piece in enumerate(pieces):
            yield Line(f"{' ' if number else glyphs.stall} ", style).put(piece, style if not number else PLAIN)
    if len(findings) > most:
        yield Line(f"  and {counted(len(findings) - most, 'more finding')}: asyncdemo check shows all", FAINT)


def place(finding: Finding) -> str:
    """`app.py:41`, the file as seen from here where it is below, else its last part."""
    if not finding.file:
        return ""
    try:
        relative = os.path.relpath(finding.file)
    except ValueError:
        relative = ".."
    shown = os.path.basename(finding.file) if relative.startswith("..") else relative
    return f"{clean(shown)}:{finding.line}" if len(shown) <= MOST_PLACE else f"{os.path.basename(shown)}:{finding.line}"


def title(finding: Finding) -> str:
    """The rule's name, and whether it is an inference."""
    return finding.name if finding.certain else f"{finding.name} (possible)"


def _columns(findings: Sequence[Finding]) -> tuple[int, int]:
    places = max((width_of(place(each)) for each in findings), default=0)
    return places, max((width_of(f"{each.rule} {title(each)}") for each in findings), default=0)


def _wide(finding: Finding, places: int, titles: int, width: int) -> Iterator[Line]:
    margin = places + titles + 5
    head = Line(f"{place(finding):<{places}}  ", TITLE).put(finding.rule, STYLES[finding.severity])
    head.put(f" {title(finding)}", STYLES[finding.severity]).to(margin)
    pieces = list(folded(clean(finding.message), max(20, width - margin)))
    yield head.put(pieces[0])
    yield from (Line().to(margin).put(piece) for piece in pieces[1:])
    yield from _details(finding, places + 2, width)


def _narrow(finding: Finding, width: int) -> Iterator[Line]:
    where, what = place(finding), f"{finding.rule} {title(finding)}"
    head = Line(where, TITLE)
    if head.width + 2 + width_of(what) <= width:
        yield head.put("  " if where else "").put(what, STYLES[finding.severity])
    else:
        yield head
        yield Line(f"  {what}", STYLES[finding.severity])
    for piece in folded(clean(finding.message), width - INDENT):
        yield Line().to(INDENT).put(piece)
    yield from _details(finding, INDENT, width)


def _details(finding: Finding, margin: int, width: int) -> Iterator[Line]:
    """The evidence and the concept to learn from, on one line where there is room; then what to try."""
    pieces = [
        piece for each in finding.evidence for piece in folded(f"evidence: {clean(each.text)}", width - margin, INDENT)
    ]
    learn = f"learn: asyncdemo {finding.concept}" if finding.concept else ""
    for number, piece in enumerate(pieces):
        line = Line().to(margin).put(piece, FAINT)
        if learn and number == len(pieces) - 1 and line.width + 4 + width_of(learn) <= width:
            line.to(width - width_of(learn)).put(learn, FAINT)
            learn = ""
        yield line
    if learn:
        yield Line().to(margin).put(learn, FAINT)
    if finding.change:
        tried = folded(f"try: asyncdemo check --what-if {_quoted(finding.change)}", width - margin, INDENT)
        yield from (Line().to(margin).put(piece, FAINT) for piece in tried)


def _quoted(change: str) -> str:
    """A change as a shell takes it."""
    return f"'{change}'" if " " in change else change
