"""In which step of which task something happened."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from asyncdemo.trace import NONE, Trace

IDLE_NS = 200_000
"""A loop that began with nothing for longer than this was idle, and not busy with callbacks."""


class Places:
    """The steps of a recording, to be found by task and time.

    Args:
        trace: the recording.

    Attributes:
        since_ns: for each step when its task had given up control before, or was created.
        free_ns: for each step when its loop was done with the one before.
        busy_ns: for each step since when the loop had been busy as the step became ready.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.by_task = [array("i") for _ in range(len(trace.tasks))]
        self.since_ns, self.free_ns, self.busy_ns = (array("q", bytes(8 * len(trace.steps))) for _ in range(3))
        steps, tasks = trace.steps, trace.tasks
        idle_ns = 0 if trace.meta.get("clock") == "virtual" else IDLE_NS
        reached, free, busy = array("q", tasks.created_ns), dict[int, int](), dict[int, int]()
        for row, task in enumerate(steps.task):
            self.by_task[task].append(row)
            loop, ready = tasks.loop[task], steps.ready_ns[row]
            self.free_ns[row] = before = free.get(loop, ready)
            if ready - before > idle_ns or loop not in busy:
                busy[loop] = ready
            self.busy_ns[row] = busy[loop]
            self.since_ns[row] = reached[task]
            reached[task] = free[loop] = steps.end_ns[row]

    def lead_ns(self, row: int, due_ns: int | None = None) -> int:
        """How long a loop took to begin with a step, once it was free and what the step waited for was over.

        That is at `due_ns`, or as the step became ready; but what another task of the loop makes ready follows without
        a pause, whatever callbacks it takes.
        """
        steps, loops = self._trace.steps, self._trace.tasks.loop
        waker, start = steps.waker[row], steps.start_ns[row]
        if waker >= 0 and loops[waker] == loops[steps.task[row]]:
            return max(0, start - self.free_ns[row])
        return max(0, start - max(self.free_ns[row], steps.ready_ns[row] if due_ns is None else due_ns))

    def at(self, task: int, t_ns: int) -> int:
        """The first step of a task that lasted until `t_ns` or beyond and had begun by then, or `NONE`."""
        rows, steps = self.by_task[task], self._trace.steps
        place = bisect_left(rows, t_ns, key=steps.end_ns.__getitem__)
        return rows[place] if place < len(rows) and steps.start_ns[rows[place]] <= t_ns else NONE

    def starting(self, task: int, t_ns: int) -> list[int]:
        """The steps of a task that began at `t_ns`."""
        rows, starts = self.by_task[task], self._trace.steps.start_ns
        first, last = (find(rows, t_ns, key=starts.__getitem__) for find in (bisect_left, bisect_right))
        return list(rows[first:last])

    def last(self, task: int, t_ns: int, before: int) -> int:
        """The last step of a task that began by `t_ns` and is a row below `before`, or `NONE`."""
        rows = self.by_task[task]
        place = min(bisect_right(rows, t_ns, key=self._trace.steps.start_ns.__getitem__), bisect_left(rows, before))
        return rows[place - 1] if place else NONE

    def before(self, row: int, t_ns: int, loop: int) -> int:
        """The last step of a loop that is a row below `row` and was over by `t_ns`, or `NONE`."""
        steps, loops = self._trace.steps, self._trace.tasks.loop
        found = min(row, bisect_right(steps.start_ns, t_ns)) - 1
        while found >= 0 and (loops[steps.task[found]] != loop or steps.end_ns[found] > t_ns):
            found -= 1
        return found

    def anyones(self, t_ns: int) -> int:
        """The step of whatever task that ran at `t_ns`, or `NONE`."""
        steps = self._trace.steps
        row = bisect_right(steps.start_ns, t_ns) - 1
        return row if row >= 0 and steps.end_ns[row] >= t_ns else NONE

    def all_at(self, t_ns: int) -> range:
        """The steps that ran at `t_ns`: one, or where steps take no time all of that moment; of one loop."""
        last, steps = self.anyones(t_ns), self._trace.steps
        if last == NONE:
            return range(0)
        first = last
        while first and steps.end_ns[first - 1] >= t_ns:
            first -= 1
        return range(first, last + 1)
