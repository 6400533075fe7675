"""Makes traces of what a recorder has written down: snapshots while it goes on, and the whole at the end."""

from __future__ import annotations

import os
import platform
import sys
from array import array
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from asyncdemo.recorder.clock import SECOND, nanoseconds
from asyncdemo.recorder.crowd import Crowd
from asyncdemo.recorder.forgetting import ForgetfulRows
from asyncdemo.recorder.output import LINE, OutputBook
from asyncdemo.recorder.tables import ROWS, STEP, Column, TaskColumns, columns, merged, steps_table, view
from asyncdemo.selection import in_order, newest
from asyncdemo.trace import NONE, Actor, Lines, Loops, Processes, Running, Steps, Tasks, Trace

if TYPE_CHECKING:
    from asyncdemo.recorder.recorder import Recorder

MOST_DRAWN = 6_000
"""With more pending tasks than this a snapshot does not say when they began: no view draws them one by one."""

UnderWay = tuple[int, float, float, int, int, int]
"""A step that is running: the number of its loop, ready, start, task, wait and waker."""


class Reader:
    """Reads a recorder's books.

    Args:
        recorder: whose.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._columns = TaskColumns(recorder.tasks, recorder.name_code)
        self._lines = LineColumns(recorder.output)
        self._crowd: Crowd | None = None
        self._machine = {
            "python": platform.python_version(),
            "platform": sys.platform,
            "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        }

    def snapshot(
        self,
        cursor: tuple[int, ...] | None = None,
        most_steps: int | None = None,
        most_tasks: int | None = None,
    ) -> tuple[Trace, tuple[int, ...]]:
        """What has been recorded so far, from any thread.

        Args:
            cursor: what the last snapshot gave, or None.
            most_steps: of more new steps than this on a loop the oldest are left out.
            most_tasks: more tasks than this are a crowd: the snapshot has no steps, waits, levels and jobs, of the
                lines only the last, and costs the same however many tasks and holds there are (see `crowd`).

        Returns:
            A trace of all tasks, holds, lines and so on, but only of the steps since `cursor` (and without the tasks'
            counts of steps); and the cursor for the next one. Read it before the next one is taken: what is filled in
            later, such as how a task ended, shows in earlier snapshots too.
        """
        recorder = self._recorder
        recorder.forgetting.followed = True
        if recorder.trace is not None:
            return self._finished_since(recorder.trace, cursor)
        after = tuple(len(loop) for loop in list(recorder.loops))
        if most_tasks is not None and recorder.tasks.count > most_tasks:
            return self._crowd_trace(recorder.now()), after
        before = (cursor or ()) + (0,) * (len(after) - len(cursor or ()))
        most = max(after, default=0) if most_steps is None else most_steps
        first = tuple(max(row, end - most) for row, end in zip(before, after, strict=True))

        def new_steps(origin: int) -> Steps:
            nonlocal after
            read = [loop.since(row) for loop, row in zip(list(recorder.loops), first, strict=False)]
            after = tuple(row + len(rows) // STEP.size for row, rows in read)
            return merged_table([rows for _, rows in read], origin)

        trace = self._make_trace(new_steps, recorder.now(), recorder.pending.waits())
        return trace, after

    def _finished_since(self, trace: Trace, cursor: tuple[int, ...] | None) -> tuple[Trace, tuple[int, ...]]:
        """The finished trace with only the steps since `cursor`, if one loop had them all; else with all of them."""
        if len(self._recorder.loops) > 1:
            return trace, tuple(len(loop) for loop in self._recorder.loops)
        dropped, after = trace.lost.get("steps", 0), len(trace.steps)
        first = max(0, (cursor or (0,))[0] - dropped)
        new = Steps(*(getattr(trace.steps, each.name)[first:] for each in fields(Steps)))
        return replace(trace, steps=new), (dropped + after,)

    def _crowd_trace(self, end_ns: int) -> Trace:
        recorder = self._recorder
        if self._crowd is None:
            self._crowd = Crowd(recorder.tasks, recorder.resources, recorder.name_code, recorder.strings.intern)
            # What it took in so far is of no use any more.
            self._columns = TaskColumns(recorder.tasks, recorder.name_code)
        origin = recorder.origin()
        # Each after what refers to its rows: the program goes on.
        holds, lines = self._crowd.holds(end_ns - origin), self._crowd.lines(recorder.output, origin)
        stalls = recorder.stalls.table(origin)
        return Trace(
            meta=self.described(),
            duration_ns=max(end_ns - origin, 0),
            processes=self.processes_table(),
            loops=self.loops_table(),
            tasks=self._crowd.tasks(origin, end_ns),
            resources=self._crowd.resources(),
            holds=holds,
            lines=lines,
            stalls=stalls,
            sites=recorder.sites.table(),
            lost=self.lost(),
            strings=tuple(recorder.strings.texts),
        )

    def whole(self, under_way: Sequence[UnderWay], end_ns: int, waiting: Mapping[int, int]) -> Trace:
        """The finished recording.

        Args:
            under_way: the steps that were running as it ended.
            end_ns: when it ended.
            waiting: what each task that was suspended then waited for.
        """
        most = self._recorder.scope.max_steps
        steps = len(under_way) + sum(map(len, self._recorder.loops))
        trace = self._make_trace(lambda origin: self._all_steps(under_way, end_ns, origin), end_ns, waiting, under_way)
        if isinstance(self._recorder.tasks, ForgetfulRows):
            trace = in_order(trace, self._recorder.tasks.free)
        if most is None or steps <= most:
            return trace
        trace = newest(trace, most, lines=self._recorder.holds_output)
        return replace(trace, lost={**trace.lost, "steps": steps - len(trace.steps)})

    def so_far(self) -> Trace:
        """The recording up to now as `whole` has it; what is under way ends now."""
        under_way, end_ns, waiting = (
            self.under_way(),
            self._recorder.now(),
            self._recorder.pending.waits(all_names=True),
        )

        def steps(origin: int) -> Steps:
            return self._all_steps(under_way, end_ns, origin, keep=True)

        return self._make_trace(steps, end_ns, waiting, under_way)

    def _make_trace(
        self,
        steps_from: Callable[[int], Steps],
        end_ns: int,
        waiting: Mapping[int, int],
        at_the_end: Sequence[UnderWay] | None = None,
    ) -> Trace:
        """A trace; the final one when it is told what was `at_the_end` under way, which is a step like the others."""
        recorder = self._recorder
        origin, counted = recorder.origin(), at_the_end is not None
        if counted:
            steps = steps_from(origin)  # first, for the other tables can use the room that is free afterwards
            known = TaskColumns(recorder.tasks, recorder.name_code)
            known.follow(origin, end_ns, recorder.tasks.count, last=self._crowd is not None)
        else:
            known = self._columns
            known.follow(origin, end_ns, MOST_DRAWN)
            steps = steps_from(origin)  # last, for those of the tasks that have ended must be among them
        under_way = self.under_way() if at_the_end is None else at_the_end
        running = _running_table(under_way, origin, end_ns, len(known))
        _note_first_steps(known, running)
        # Each after what refers to its rows: the program goes on.
        waiting = {**waiting, **recorder.pending.left()}
        cancels, timeouts = recorder.cancels.table(), recorder.timeouts.table(origin, end_ns - origin)
        losses, hangs = recorder.losses.table(origin), recorder.hangs.table(origin)
        waits, frames = recorder.waits.table(), recorder.waits.frames()
        resources, holds, levels = recorder.resources.tables(end_ns - origin)
        workers, jobs = recorder.workers.tables(origin, end_ns)
        stalls, pauses = recorder.stalls.table(origin), recorder.stalls.pauses(origin)
        forgets = isinstance(recorder.tasks, ForgetfulRows)
        lines = recorder.output.table(origin) if counted or forgets else self._lines.table(origin)
        # Last, for all of these may name tasks that were made meanwhile.
        known.grow(origin, end_ns)
        return Trace(
            meta=self.described(),
            duration_ns=max(end_ns - origin, 0),
            processes=self.processes_table(),
            loops=self.loops_table(),
            tasks=self._tasks_table(known, waiting, Counter(steps.task) + recorder.budget.ran if counted else {}),
            steps=steps,
            running=Running() if counted else running,
            cancels=cancels,
            timeouts=timeouts,
            waits=waits,
            frames=frames,
            resources=resources,
            holds=holds,
            levels=levels,
            workers=workers,
            jobs=jobs,
            lines=lines,
            stalls=stalls,
            pauses=pauses,
            losses=losses,
            hangs=hangs,
            sites=recorder.sites.table(),
            lost=self.lost(),
            strings=tuple(recorder.strings.texts),
        )

    def lost(self) -> dict[str, int]:
        """What could not be kept or seen so far, as a trace tells it."""
        adopted = self._recorder.tasks.adopted
        lost = {
            "steps": ROWS * sum(loop.gone for loop in list(self._recorder.loops)),
            "lines of waits": self._recorder.waits.unseen_waits,
            "beginning of an older task" if adopted == 1 else "beginnings of older tasks": adopted,
            "the rest of the recording": int(self._recorder.fault is not None),
        }
        return {what: number for what, number in lost.items() if number}

    def described(self) -> dict[str, Any]:
        """What the trace says about itself."""
        recorder = self._recorder
        return {
            **self._machine,
            **recorder.meta,
            "adopted": recorder.tasks.adopted,
            "clock": recorder.clock.name,
            "brief_ns": recorder.brief_ns,
            "burst_ns": recorder.burst_ns,
            "stall_ns": recorder.stall_ns,
            "pause_ns": recorder.pause_ns,
            "gc_runs": recorder.stalls.gc_runs,
            "gc_ns": recorder.stalls.gc_ns,
        }

    def under_way(self) -> list[UnderWay]:
        """The steps that are running: the numbers of their loops, ready, start, task, wait and waker."""
        seen = [(loop.number, loop.under_way()) for loop in list(self._recorder.loops)]
        return [(number, *step) for number, step in seen if step is not None]

    def _all_steps(self, under_way: Sequence[UnderWay], end_ns: int, origin_ns: int, *, keep: bool = False) -> Steps:
        """All steps; those under way end with the recording. Without `keep` a single loop gives them up."""
        take = not keep and len(self._recorder.loops) == 1
        rows = [loop.take() if take else loop.since(0)[1] for loop in list(self._recorder.loops)]
        for number, ready, start, task, wait, waker in under_way:
            rows[number] += STEP.pack(ready, start, end_ns / SECOND, task, wait, waker)
        return merged_table(rows, origin_ns)

    def loops_table(self) -> Loops:
        """The loops so far."""
        text = self._recorder.strings.intern
        loops = [(text(loop.loop_class), text(loop.thread), 0) for loop in list(self._recorder.loops)]
        return Loops(*columns("iii", loops))

    def processes_table(self) -> Processes:
        """This process."""
        called = process_name()
        name = self._recorder.strings.intern("fork" if called == self._recorder.forked_from else called)
        return Processes(*columns("iii", [(name, os.getpid(), NONE)]))

    def _tasks_table(self, known: TaskColumns, waiting: Mapping[int, int], counts: Mapping[int, int]) -> Tasks:
        count, cancelled = len(known), dict(self._recorder.tasks.cancelled)
        text = self._recorder.strings.intern
        errors = {row: text(error) for row, error in list(self._recorder.tasks.error.items())}
        return Tasks(
            **known.views(),
            steps=sparse(count, counts, 0),
            error=sparse(count, errors, NONE),
            cancelled_by=sparse(count, {row: who for row, (who, _) in cancelled.items()}, Actor.UNKNOWN),
            cancelled_at=sparse(count, {row: site for row, (_, site) in cancelled.items()}, NONE),
            unheeded=sparse(count, dict(self._recorder.tasks.unheeded), 0),
            waiting=sparse(count, waiting, NONE),
        )


class LineColumns:
    """The lines that were printed, as columns that follow them at the cost of what is new.

    Args:
        output: has the lines, and never lets go of one.
    """

    def __init__(self, output: OutputBook) -> None:
        self._output = output
        self._origin_ns: int | None = None
        self._columns: list[Column] = []
        self._lines: Lines | None = None

    def table(self, origin_ns: int) -> Lines:
        """The lines so far, with times from `origin_ns`."""
        if origin_ns != self._origin_ns:
            self._origin_ns, self._columns = origin_ns, [Column(code) for code in LINE]
        elif self._lines is not None and len(self._output.rows) == len(self._lines):
            return self._lines
        new = self._output.table(origin_ns, slice(len(self._columns[0]), None))
        for column, each in zip(self._columns, fields(Lines), strict=True):
            column.extend(getattr(new, each.name))
        self._lines = Lines(*[column.view() for column in self._columns])
        return self._lines


def process_name() -> str:
    """What `multiprocessing` calls this process; a program that has not imported it, or is about to, has one."""
    current = getattr(sys.modules.get("multiprocessing.process"), "current_process", None)
    return "MainProcess" if current is None else str(current().name)


def merged_table(rows: list[bytearray], origin_ns: int) -> Steps:
    """The steps of several loops by their start; takes `rows` over."""
    if len(rows) <= 1:
        return steps_table(rows[0] if rows else bytearray(), origin_ns)
    return steps_table(merged(rows), origin_ns)


def _running_table(under_way: Sequence[UnderWay], origin_ns: int, end_ns: int, tasks: int) -> Running:
    """The steps that are running by `end_ns`, of the first `tasks` tasks."""
    rows = [
        (nanoseconds(ready) - origin_ns, nanoseconds(start) - origin_ns, task, wait, waker)
        for _, ready, start, task, wait, waker in under_way
        if task < tasks and nanoseconds(start) <= end_ns
    ]
    return Running(*columns("qqiii", rows))


def _note_first_steps(known: TaskColumns, running: Running) -> None:
    """Notes when the tasks began that are in their first step."""
    for task, start_ns, wait in zip(running.task, running.start_ns, running.wait, strict=True):
        if wait == NONE:
            known.began(task, start_ns)


def sparse(count: int, values: Mapping[int, int], default: int) -> memoryview[int]:
    """A column of `default`, but for the rows in `values`."""
    column = array("i", [default]) * count
    if max(values, default=NONE) >= count:
        values = {row: value for row, value in values.items() if row < count}
    deque(map(column.__setitem__, values, values.values()), maxlen=0)  # a loop without an interpreter
    return view(column)
