"""Letting go of what happened before the steps that are kept: a recording of what never ends has to be bounded.

Steps go a chunk at a time (`StepBudget`). What refers to tasks is kept twice as long as steps are, so that whatever a
kept step tells of still has its row. The row of a task that has ended is used again by another one; what the task has
made was made by its maker then. A view that follows a recording could not follow that, so while one does tasks stay.
"""

from __future__ import annotations

import struct
from _thread import RLock
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from asyncdemo.recorder.clock import nanoseconds
from asyncdemo.recorder.tables import END, TASK, TaskRows
from asyncdemo.trace import NONE

if TYPE_CHECKING:
    from asyncdemo.recorder.recorder import Recorder

_PARENT = struct.Struct("@i")
_PARENT_PLACE = 16
"""Where the parent is in a row of `TASK`."""
_NO_END = bytes(END.size)


class ForgetfulRows(TaskRows):
    """Tasks whose rows are used again.

    Attributes:
        free: the rows that stand for no task.
    """

    def __init__(self) -> None:
        super().__init__()
        self.free: deque[int] = deque()
        self._made: defaultdict[int, set[int]] = defaultdict(set)
        """By task the ones that it has made."""
        self._one_at_a_time = RLock()

    def add(self, now: float, coro: int, defined: int, parent: int, site: int, loop: int) -> int:
        """Appends a task, or puts it into a free row; returns its row."""
        with self._one_at_a_time:
            if self.free:
                row = self.free.popleft()
                TASK.pack_into(self.births, row * TASK.size, now, coro, defined, parent, site, loop)
            else:
                row = super().add(now, coro, defined, parent, site, loop)
            if parent != NONE:
                self._made[parent].add(row)
        return row

    def made_by(self, row: int, parent: int, site: int) -> None:
        """Fills in who made a task, and where."""
        super().made_by(row, parent, site)
        if parent != NONE:
            self._made[parent].add(row)

    def forget(self, before: float, wanted: set[int]) -> list[int]:
        """Frees the rows of the tasks that ended before this time, in seconds, but for those `wanted`; returns them."""
        with self._one_at_a_time:
            over = 0
            for row in self.finished:
                if END.unpack_from(self.ends, row * END.size)[1] >= before:
                    break
                over += 1
            rows = self.finished[:over]
            self.finished[:over] = [row for row in rows if row in wanted]
            gone = [row for row in rows if row not in wanted]
            for row in gone:
                self._free(row)
        return gone

    def _free(self, row: int) -> None:
        place = row * TASK.size + _PARENT_PLACE
        (maker,) = _PARENT.unpack_from(self.births, place)
        for made in self._made.pop(row, ()):
            _PARENT.pack_into(self.births, made * TASK.size + _PARENT_PLACE, maker)
            if maker != NONE:
                self._made[maker].add(made)
        if maker in self._made:
            self._made[maker].discard(row)
        self.ends[row * END.size : (row + 1) * END.size] = _NO_END
        self.names[row] = None
        for told in (self.error, self.cancelled, self.left, self.unheeded):
            told.pop(row, None)
        self.free.append(row)


class Forgetting:
    """Lets go of everything that a recorder knows of the time before the steps that it keeps.

    Args:
        recorder: whose `tasks` are forgetful.

    Attributes:
        followed: whether somebody follows the recording.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.followed = False
        self._recorder = recorder

    def forget(self, before: float) -> None:
        """Lets go of what was over before this time, in seconds."""
        recorder, before_ns = self._recorder, nanoseconds(before)
        if self.followed or recorder.holds_output or not isinstance(recorder.tasks, ForgetfulRows):
            return
        since_ns = before_ns - recorder.origin()
        recorder.output.forget(before_ns)
        recorder.cancels.forget(since_ns)
        recorder.stalls.forget(before_ns)
        recorder.losses.forget(before_ns)
        busy = recorder.workers.forget(before_ns)
        holding = recorder.resources.forget_before(since_ns)
        cancellers = {who for who, _ in list(recorder.tasks.cancelled.values())}
        gone = recorder.tasks.forget(before, busy | holding | cancellers)
        recorder.waits.forget(gone, recorder.resources.forget_gone(recorder.budget.chunks))
        recorder.cancels.forget_tasks(gone)
        recorder.timeouts.forget(before_ns, gone)
        for task in gone:
            recorder.budget.ran.pop(task, None)
