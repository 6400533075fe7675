"""The first line of a screen and the legend under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style

from asyncdemo.timeline import STATE_OF, Picture, State, cut_off, goes_on, left_out
from asyncdemo.trace import NONE, Actor, Outcome, Trace, Wait
from asyncdemo.views.canvas import Line, clean, fit, width_of, wrapped
from asyncdemo.views.drawn import drawn
from asyncdemo.views.frame import Frame
from asyncdemo.views.glyphs import CANCELLED, FAILED, OK, PLAIN, STATE_STYLES, TITLE, WAITING
from asyncdemo.views.names import loop_name, name_of
from asyncdemo.views.plain import ACTORS
from asyncdemo.views.units import counted

ELSEWHERE = {
    Wait.SLEEP: "sleeping",
    Wait.NETWORK: "on the network",
    Wait.THREAD: "in a thread",
    Wait.PROCESS: "in a process",
    Wait.SUBPROCESS: "in a child process",
}
SOCKET = "socket"
MOST_NAMES = 3


def facts(trace: Trace, tasks: int) -> list[str]:
    """`10 tasks`, `asyncio`: how many tasks, of how many processes, their loops, virtual time, what is left out.

    Of a recording that was cut off it is said here that it was, and by `not_kept` when.
    """
    processes = {process for process in trace.loops.process if process != NONE}
    of = [f"{len(processes)} processes"] if len(processes) > 1 else []
    of += ["cut off"] if cut_off(trace) else []
    said = [counted(tasks, "task"), *of, *sorted({loop_name(trace.text(kind)) for kind in trace.loops.kind})]
    said += ["virtual time"] if trace.meta.get("clock") == "virtual" else []
    return said + left_out(trace)


def header(frame: Frame, title: str, about: Sequence[str], facts: Sequence[str], clock: str, style: Style) -> Line:
    """The title, what of `about` and `facts` there is room for, and at the right the time."""
    line = Line(fit(title, min(len(title), frame.width // 2), frame.glyphs.cut), TITLE)
    room = frame.width - line.width - len(clock) - 4
    if room > 0:
        line.put("  ").put(_fitting([clean(text) for text in about if text], list(facts), room, frame))
    return line.to(frame.width - len(clock)).put(clock, style)


def _fitting(about: list[str], facts: list[str], room: int, frame: Frame) -> str:
    """All that fits whole: the facts matter most, and of each the first ones."""
    between = f" {frame.glyphs.dot} "
    while width_of(between.join([*about, *facts])) > room:
        (about or facts).pop()
    return between.join([*about, *facts])


def legend(frame: Frame, picture: Picture, *, live: bool = False, more: Sequence[Line] = ()) -> list[Line]:
    """What the glyphs in the lanes mean, each once, and only those that are there; with `more` entries of the view's.

    An entry begins with its glyph and has its meaning behind that. Rows with a title of their own need none.
    """
    left_out = picture.left_out() if picture.cohort == 1 else frozenset()
    there = b"".join([drawn(picture, row) for row in range(picture.cells.rows) if row not in left_out])
    trace, waits, width = picture.trace, _waits(picture), frame.width
    marks = (state_entry(frame, state, meaning(trace, state, waits, width)) for state in LEGEND if state in there)
    endings = _statuses(trace, left_out, frame, live=live)
    entries = [*marks, *more, *map(_entry, endings)]
    return list(_laid_out(tuple([tuple(entry.segments) for entry in entries]), width))


def state_entry(frame: Frame, state: State, text: str) -> Line:
    """A state's glyph and what it means."""
    return _entry((frame.glyphs.states[state], STATE_STYLES[state], text))


def _entry(meant: tuple[str, Style, str]) -> Line:
    mark, style, text = meant
    return Line(mark, style).put(f" {text}")


@lru_cache(8)
def _laid_out(entries: tuple[tuple[Segment, ...], ...], width: int) -> tuple[Line, ...]:
    """The lines of a legend, of which most frames have the same as the one before."""
    return tuple(wrapped(_each_once(entries), width))


def _each_once(entries: Iterable[Sequence[Segment]]) -> list[Line]:
    """Entries with the same glyph in the same colour as one, where the last of them stood."""
    meanings: dict[tuple[str, Style | None], dict[str, None]] = {}
    for mark, *texts in entries:
        meaning = "".join(text.text for text in texts).strip()
        known = meanings.pop((mark.text, mark.style), {})
        meanings[mark.text, mark.style] = {**known, meaning: None}
    return [_entry((mark, style or PLAIN, " or ".join(texts))) for (mark, style), texts in meanings.items()]


LEGEND = (State.WAIT, State.HOLD, State.SLEEP, State.RUN, State.TASKS, State.READY)


def meaning(trace: Trace, state: State, waits: Iterable[int], width: int) -> str:
    """What the glyph of a state means in a recording where tasks had the `waits`, rows of `Trace.waits`.

    It is said in fewer words where those of each wait do not fit into `width`.
    """
    if state == State.RUN:
        return "running"
    if state == State.READY:
        return "ready, not yet running"
    if state == State.TASKS:
        return "waiting for tasks"
    if state == State.HOLD:
        resources = {trace.text(trace.resources.name[row]) for row in dict.fromkeys(trace.holds.resource)}
        return f"holding {_listed(sorted(resources))}"
    had = [(Wait(trace.waits.kind[wait]), trace.waits.on[wait]) for wait in waits]
    if state == State.SLEEP:
        elsewhere = [(kind, on) for kind, on in had if kind in ELSEWHERE]
        named = _listed(list(dict.fromkeys(_elsewhere(kind, trace.text(on)) for kind, on in elsewhere)))
        unnamed = _listed(list(dict.fromkeys(ELSEWHERE[kind] for kind, _ in elsewhere)))
        return named if len(named) + MARK <= width else unnamed
    on = dict.fromkeys(trace.text(on) for kind, on in had if STATE_OF[kind] == State.WAIT)
    return f"waiting for {_listed(list(on))}"


def _elsewhere(kind: Wait, on: str) -> str:
    """What goes on meanwhile; on the network by the name that a library gives it, if one does."""
    return on if kind == Wait.NETWORK and on != SOCKET else ELSEWHERE[kind]


def _waits(picture: Picture) -> Iterable[int]:
    """The rows of waits that tasks had, or may have had where steps were skipped; the most frequent first, if known."""
    trace = picture.trace
    if picture.sampled:
        return range(len(trace.waits))
    if not picture.exact:
        return sorted({*picture.waited, *trace.tasks.waiting} - {NONE})
    had = Counter(trace.steps.wait)
    had.update(trace.tasks.waiting)
    return sorted(had.keys() - {NONE}, key=lambda wait: (-had[wait], wait))


def _listed(words: list[str]) -> str:
    """`a`, `a or b`, `a, b or c`; of many the first ones and the number of the others."""
    if len(words) > MOST_NAMES:
        words = [*words[: MOST_NAMES - 1], f"{len(words) - MOST_NAMES + 1} more"]
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]])) if words else "something"


def waits(trace: Trace, task: int) -> bool:
    """Whether a pending task waits for others: for tasks, or for a lock, a queue and so on."""
    wait = trace.tasks.waiting[task]
    return wait != NONE and STATE_OF[Wait(trace.waits.kind[wait])] in (State.WAIT, State.TASKS)


def _statuses(trace: Trace, left_out: frozenset[int], frame: Frame, *, live: bool) -> Iterator[tuple[str, Style, str]]:
    glyphs = frame.glyphs
    tasks = [task for task in range(len(trace.tasks)) if task not in left_out]
    outcomes = bytes(trace.tasks.outcome[task] for task in tasks)
    errors = {trace.text(error).partition(":")[0] for error in {trace.tasks.error[task] for task in tasks}} - {""}
    pending = {waits(trace, task) for task in tasks if trace.tasks.outcome[task] == Outcome.PENDING}
    if False in pending:
        yield glyphs.running, PLAIN, "under way"
    if True in pending:
        yield glyphs.waiting, WAITING, "waiting" if live or goes_on(trace) else "never ended"
    if outcomes.count(Outcome.RETURNED):
        yield glyphs.ok, OK, "ok"
    if errors - {"TimeoutError"} or Outcome.RAISED in trace.jobs.outcome:
        yield glyphs.failed, FAILED, "failed"
    if outcomes.count(Outcome.CANCELLED):
        yield glyphs.cancelled, CANCELLED, _cancelled(trace, tasks, frame)
    if outcomes.count(Outcome.DESTROYED):
        yield glyphs.destroyed, FAILED, "destroyed"
    if "TimeoutError" in errors:
        yield glyphs.timed_out, FAILED, "timed out"


def _cancelled(trace: Trace, tasks: Sequence[int], frame: Frame) -> str:
    cancelled = [task for task in tasks if trace.tasks.outcome[task] == Outcome.CANCELLED]
    requests = ((trace.tasks.cancelled_by[task], trace.tasks.cancelled_at[task]) for task in cancelled)
    return asked_by(trace, "cancelled", requests, frame)


def asked_by(trace: Trace, what: str, requests: Iterable[tuple[int, int]], frame: Frame) -> str:
    """`cancelled by main at app.py:12`: by whom and where, as far as it is known and there is room for it.

    Args:
        trace: the recording.
        what: what was done, such as `cancelled`.
        requests: who did it, a task or an `Actor`, and the site.
        frame: the screen.
    """
    distinct = dict.fromkeys(requests)
    for places in (True, False):
        whose = dict.fromkeys(_by(trace, actor, site, places=places) for actor, site in distinct)
        text = f"{what} {_listed(list(whose))}"
        if len(text) + MARK <= frame.width:
            return text
    return what


def _by(trace: Trace, actor: int, site: int, *, places: bool) -> str:
    """Who cancelled, and where if that is known and wanted.

    Who cancels a task that is ready already leaves no trace.
    """
    if actor == Actor.UNKNOWN:
        return "by somebody not seen"
    if actor == Actor.PROGRAM and site == NONE:
        return AT_THE_END
    who = name_of(trace, actor) if actor >= 0 else ACTORS.get(trace.actor_text(actor), trace.actor_text(actor))
    return f"by {who} at {trace.site_text(site)}" if places and site != NONE else f"by {who}"


MARK = 2
"""The glyph of an entry and the blank behind it."""
AT_THE_END = "as the loop was closed"
"""Whatever runs a loop, such as `asyncio.run`, cancels in the end who is left."""
