"""The selected task: what it does at the moment, its steps and waits, who woke it, and the lines of source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.style import Style

from asyncdemo.events import OUTCOMES
from asyncdemo.pager.source import Sources
from asyncdemo.pager.times import moment_text
from asyncdemo.pager.viewpoint import Viewpoint
from asyncdemo.quantities import format_duration
from asyncdemo.timeline import Interval, Lives, State
from asyncdemo.trace import NONE, Actor, Outcome
from asyncdemo.views.canvas import Line, clean, fit
from asyncdemo.views.frame import Frame
from asyncdemo.views.glyphs import FAINT, PLAIN, TITLE, status
from asyncdemo.views.header import waits
from asyncdemo.views.names import LaneNames
from asyncdemo.views.plain import ACTORS
from asyncdemo.views.units import count, counted

ROOMY = 8
"""From so many lines on there is one for where the task comes from."""
LINKS = 6
"""Of a longer chain of who woke whom the beginning is told."""
HERE = Style(reverse=True)
DOING = {State.RUN: "running", State.READY: "ready, the loop has not come to it yet", State.NONE: "not recorded"}


class Cell(NamedTuple):
    """A column of the table of steps: its title, how wide it is, and at which width of the screen it is there."""

    title: str
    width: int
    least: int


TABLE = (
    Cell("at", 13, 0),
    Cell("waited", 9, 0),
    Cell("for", 22, 0),
    Cell("line", 24, 100),
    Cell("ready", 8, 70),
    Cell("ran", 8, 70),
    Cell("woken by", 20, 76),
)


class Details:
    """Draws the pane of the selected task."""

    def __init__(self, lives: Lives, names: LaneNames) -> None:
        self._lives = lives
        self._trace = lives.trace
        self._names = names
        self._sources = Sources(lives.trace)

    def lines(self, frame: Frame, view: Viewpoint, room: int) -> list[Line]:
        """At most `room` lines on the selected task; none when there is none."""
        task = view.task
        if task is None or room < 1:
            return []
        number = self._lives.step_due(task, view.moment_ns)
        top = [self._title(frame, task), self._now(frame, view, task), self._chain(frame, task, number)]
        if room >= ROOMY:
            top.insert(1, self._origin(frame, task))
        source = self._source(frame, task, number)
        rows = max(0, room - len(top) - 1 - len(source))
        table = self._table(frame, view, task, number, rows) if rows else []
        return [*top, *table, *source][:room]

    def _title(self, frame: Frame, task: int) -> Line:
        tasks, line = self._trace.tasks, frame.glyphs.line
        error = self._trace.text(tasks.error[task])
        mark, style = status(frame.glyphs, tasks.outcome[task], error, waits=waits(self._trace, task))
        title = Line(f"{line} ", FAINT).put(mark, style)
        name = self._names[task]
        title.put(f" {fit(name, min(len(name), frame.width // 2), frame.glyphs.cut)} ", TITLE)
        said = f"{self._fate(task)} "
        title.put(_cut(frame, said, max(0, frame.width - title.width)))
        return title.put(line * max(0, frame.width - title.width), FAINT)

    def _fate(self, task: int) -> str:
        """How it ended: `ok after 1.00 s`, `failed after 12 ms: ValueError: no luck`."""
        tasks, outcome = self._trace.tasks, Outcome(self._trace.tasks.outcome[task])
        took = format_duration(tasks.ended_ns[task] - tasks.created_ns[task])
        if outcome == Outcome.PENDING:
            return f"never ended, {took} old"
        said = f"{OUTCOMES[outcome]} after {took}"
        if outcome == Outcome.RAISED:
            return f"{said}: {clean(self._trace.text(tasks.error[task]))}"
        if outcome != Outcome.CANCELLED or tasks.cancelled_by[task] == Actor.UNKNOWN:
            return said
        site = self._trace.site_text(tasks.cancelled_at[task])
        return f"{said} by {self._actor(tasks.cancelled_by[task])}{f' at {site}' if site else ''}"

    def _origin(self, frame: Frame, task: int) -> Line:
        """What it runs, and who made it."""
        trace, tasks = self._trace, self._trace.tasks
        parts = [counted(tasks.steps[task], "step"), trace.text(tasks.coro[task])]
        if (defined := trace.site_text(tasks.defined[task])) and parts[-1]:
            parts[-1] += f" at {defined}"
        if tasks.parent[task] != NONE:
            site = trace.site_text(tasks.site[task])
            parts.append(f"made by {self._names[tasks.parent[task]]}{f' at {site}' if site else ''}")
        return _sentence(frame, f" {frame.glyphs.dot} ".join(filter(None, parts)))

    def _now(self, frame: Frame, view: Viewpoint, task: int) -> Line:
        now = self._lives.at(task, view.moment_ns)
        when = moment_text(view.moment_ns, view.window.cell_ns)
        if now is None:
            ended = self._trace.tasks.ended_ns[task] <= view.moment_ns
            return _sentence(frame, f"at {when}: {'it has ended' if ended else 'it does not exist yet'}")
        took = format_duration(now.end_ns - now.start_ns)
        since = moment_text(now.start_ns, view.window.cell_ns)
        return _sentence(frame, f"at {when}: {self._doing(now)}, for {took} from {since} on")

    def _doing(self, now: Interval) -> str:
        if now.wait == NONE:
            return "holding, and running" if now.state == State.HOLD else DOING.get(now.state, "running")
        on = self._trace.text(self._trace.waits.on[now.wait]) or "something"
        site = self._trace.site_text(self._trace.waits.site[now.wait])
        said = {State.HOLD: "holding, waits for", State.RUN: "running and waiting by turns,"}
        return f"{said.get(now.state, 'waits for')} {on}{f' at {site}' if site else ''}"

    def _chain(self, frame: Frame, task: int, number: int) -> Line:
        """Who woke it to this step, and who had woken that one."""
        chain = self._lives.woken_by(task, number, LINKS)
        if not chain:
            return _sentence(frame, "it never ran")
        links = [self._actor(wake.waker) for wake in chain]
        more = [frame.glyphs.cut] if len(chain) == LINKS and chain[-1].waker >= 0 else []
        said = f"step {count(number + 1)} of {count(len(self._lives.steps(task)))}, woken by "
        return _sentence(frame, said + f" {frame.glyphs.chain} ".join([*links, *more]))

    def _actor(self, actor: int) -> str:
        if actor >= 0:
            return self._names[actor]
        text = self._trace.actor_text(actor)
        return ACTORS.get(text, text)

    def _table(self, frame: Frame, view: Viewpoint, task: int, number: int, rows: int) -> list[Line]:
        """The steps around the one of the moment, which is highlighted."""
        steps, cells = self._lives.steps(task), _cells(frame)
        lost = self._trace.tasks.steps[task] - len(steps)
        first = max(0, min(number - rows // 2, len(steps) - rows))
        lines = [_row(frame, cells, [cell.title for cell in cells], FAINT)]
        for each in range(first, min(first + rows, len(steps))):
            told = self._step(view, task, each)
            texts = [told[cell.title] for cell in cells]
            lines.append(_row(frame, cells, texts, HERE if each == number else PLAIN))
        if lost > 0 and len(lines) <= rows:
            lines.append(_sentence(frame, f"{counted(lost, 'earlier step')} not kept"))
        return lines

    def _step(self, view: Viewpoint, task: int, number: int) -> dict[str, str]:
        """What the table says of a step."""
        trace, steps, row = self._trace, self._trace.steps, self._lives.steps(task)[number]
        since, wait = self._lives.waited_ns(task, number), steps.wait[row]
        ready, start = steps.ready_ns[row], steps.start_ns[row]
        waited = wait != NONE and ready > since
        return {
            "at": moment_text(start, view.window.cell_ns),
            "waited": format_duration(ready - since) if waited else "",
            "for": trace.text(trace.waits.on[wait]) if wait != NONE else "its first step" if number == 0 else "",
            "line": trace.site_text(trace.waits.site[wait]) if wait != NONE else "",
            "ready": format_duration(start - ready) if start > ready else "",
            "ran": format_duration(steps.end_ns[row] - start),
            "woken by": self._actor(steps.waker[row]),
        }

    def _source(self, frame: Frame, task: int, number: int) -> list[Line]:
        """The line of the program that awaited before this step; else the one that made the task."""
        rows, trace = self._lives.steps(task), self._trace
        wait = trace.steps.wait[rows[number]] if number >= 0 else trace.tasks.waiting[task]
        site = trace.waits.site[wait] if wait != NONE else trace.tasks.site[task]
        text = self._sources.line(site)
        if not text:
            return []
        line = Line("  ").put(f"{trace.site_text(site)} {frame.glyphs.bar} ", FAINT)
        return [line.put(_cut(frame, clean(text), frame.width - line.width))]


def _cells(frame: Frame) -> list[Cell]:
    return [cell for cell in TABLE if cell.least <= frame.width + 1]


def _row(frame: Frame, cells: Sequence[Cell], texts: Sequence[str], style: Style) -> Line:
    line = Line("  ")
    for text, room in zip(texts, _widths(frame, cells), strict=True):
        if line.width + room <= frame.width:
            line.put(fit(text, room - 1, frame.glyphs.cut) + " ", style)
    return line


def _widths(frame: Frame, cells: Sequence[Cell]) -> Iterator[int]:
    """How wide the columns are: what room is left goes to what was waited for, which also gives way first."""
    free = frame.width - 2 - sum(cell.width for cell in cells)
    for cell in cells:
        yield max(8, min(40, cell.width + free)) if cell.title == "for" else cell.width


def _sentence(frame: Frame, text: str) -> Line:
    return Line("  ").put(_cut(frame, clean(text), frame.width - 2))


def _cut(frame: Frame, text: str, room: int) -> str:
    """The text as far as there is room; its beginning says most."""
    return text if len(text) <= room else text[: max(0, room - 1)] + frame.glyphs.cut
