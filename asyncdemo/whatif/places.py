"""In which step of which task something happened."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from asyncdemo.trace import NONE, Trace


class Places:
    """The steps of a recording, to be found by task and time.

    Args:
        trace: the recording.

    Attributes:
        since_ns: for each step when its task had given up control before, or was created.
        lead_ns: for each step how long the loop took to begin with it, after what it had done before.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.by_task = [array("i") for _ in range(len(trace.tasks))]
        self.since_ns, self.lead_ns = (array("q", bytes(8 * len(trace.steps))) for _ in range(2))
        steps, tasks = trace.steps, trace.tasks
        reached, free = array("q", tasks.created_ns), dict[int, int]()
        for row, task in enumerate(steps.task):
            self.by_task[task].append(row)
            loop, waker = tasks.loop[task], steps.waker[row]
            ready, idle = steps.ready_ns[row], waker < 0 or tasks.loop[waker] != loop
            before = free.get(loop, ready)
            # What another task of the loop makes ready follows without a pause, whatever callback it takes.
            self.lead_ns[row] = max(0, steps.start_ns[row] - (max(before, ready) if idle else before))
            self.since_ns[row] = reached[task]
            reached[task] = free[loop] = steps.end_ns[row]

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
