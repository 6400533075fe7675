"""Picture: what a screen shows of a run, filled from a whole trace or, frame by frame, from a recording's snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from asyncdemo.timeline.cells import Cells, Labels, Mark
from asyncdemo.timeline.curves import average, finished
from asyncdemo.timeline.going import Going, Pursuit
from asyncdemo.timeline.occupancy import peak
from asyncdemo.timeline.places import Places
from asyncdemo.timeline.progress import Progress
from asyncdemo.timeline.states import Holding, Piece, State, ending, tile, wait_states
from asyncdemo.trace import NONE, Actor, Outcome, Steps, Trace, Wait

MOST_ROWS_OF_TASKS = 5_000
"""With more tasks than this, a picture keeps no cells and looks at no step."""
LIVE_BUDGET = 2_000
"""How many new steps, and how many new holds, an update of a live picture looks at."""
MOST_GUESSED = 100
"""Of more tasks than this that have been woken a live picture does not say that they are ready."""
CURVES = 3
WHOLE = 1 << 62


class Picture:
    """A run in cells: a row for each task, or for each cohort of neighbours when there are more tasks than rows.

    Args:
        columns: cells in a row, at least 1.
        rows: most rows that the screen has for tasks, at least 1.
        cell_ns: time that a cell stands for at first; it doubles whenever the run outgrows the columns.
        budget: most new steps and most new holds that an update looks at. Without one, everything counts and figures
            are exact; with one, `sampled` says whether anything had to be skipped.
    """

    def __init__(self, columns: int, rows: int, *, cell_ns: int = 1_000_000, budget: int = WHOLE) -> None:
        self.trace = Trace()
        self.exact = budget == WHOLE
        self.sampled = False
        self.cohort = 1
        """How many neighbouring tasks share a row."""
        self.cells = Cells(columns, cell_ns)
        self.places = Places(columns, cell_ns, exact=self.exact)
        self.working: set[int] = set()
        """Tasks that slept, waited for something else than tasks, or held something: no mere managers."""
        self.waited: set[int] = set()
        """Rows of `Trace.waits` that ended with the steps that were looked at."""
        self.rows = rows
        """Most rows that the screen has for tasks."""
        self._budget = budget
        self._reached: list[int] = []
        self._loose: list[int] = []
        """Pending tasks that are looked at in every update."""
        self._going = Going()
        """Pending tasks that do what they did when last looked at."""
        self._guessed: list[tuple[int, State, int, int]] = []
        """What the last update drew of tasks that ran or were ready then: task, state, from and to."""
        self._starters: set[int] = set()
        self._parents: set[int] = set()
        self._left_out: frozenset[int] | None = None
        self._states = [State.READY]
        """`wait_states` of the trace."""
        self._seen_cancels = 0
        self._holding = Holding()
        self._waits: list[tuple[int, int]] = []
        self._progress = Progress(cell_ns)
        self._most_waiting = 0

    @classmethod
    def of(cls, trace: Trace, columns: int, rows: int) -> Picture:
        """The exact picture of a whole trace, its last cell ending where the trace ends."""
        picture = cls(columns, rows, cell_ns=max(1, -(-trace.duration_ns // columns)))
        picture.update(trace)
        return picture

    @property
    def columns(self) -> int:
        """Cells in a row."""
        return self.cells.columns

    @property
    def cell_ns(self) -> int:
        """Time that a cell stands for."""
        return self.cells.cell_ns

    @property
    def now_ns(self) -> int:
        """How far the picture goes."""
        return self.trace.duration_ns

    @property
    def crowded(self) -> bool:
        """Whether there are too many tasks for rows of cells: only curves and figures are left."""
        return len(self.trace.tasks.parent) > MOST_ROWS_OF_TASKS

    def left_out(self) -> frozenset[int]:
        """Main tasks that only start others and wait for them, as far as is known; see `summary.managers`."""
        if self._left_out is None:
            managers = (self._starters & self._parents) - self.working - set(self.trace.stalls.task)
            self._left_out = frozenset() if self.crowded else frozenset(managers)
        return self._left_out

    def resize(self, columns: int, rows: int) -> None:
        """Fit another screen."""
        self.rows = rows
        for part in self._parts():
            part.resize(columns)
        self._align()
        self._make_rows()

    def update(self, trace: Trace) -> None:
        """Take in a snapshot: all tables whole but the steps, of which it holds those since the snapshot before."""
        before, self.trace, self._left_out = self.now_ns, trace, None
        if not self.crowded:
            self._take_tasks(trace, before)
            self._take_back_guesses()
            left = self._release(trace, before)
            self._correct(left, trace, before)
            self._take_steps(trace, before)
            self._take_running(trace)
            self._take_open(trace, before, left)
            self._take_cancels(trace)
            self.sampled |= not self.places.update(trace, self._budget)
        self.cells.reach(trace.duration_ns)
        self._align()
        self._look(trace)

    def _take_tasks(self, trace: Trace, before: int) -> None:
        self._make_rows()
        new, parents = range(len(self._reached), len(trace.tasks)), trace.tasks.parent[len(self._reached) :]
        # Who is told of late has a past of which nothing is known; before the first task, time has not begun.
        known = before if self._reached else 0
        self._reached.extend(max(created, known) for created in trace.tasks.created_ns[new.start :])
        self._loose.extend(new)
        self._parents.update(parents)
        self._starters.update(task for task, parent in zip(new, parents, strict=True) if parent == NONE)
        self._states[-1:] = wait_states(trace, len(self._states) - 1)

    def _parts(self) -> Iterator[Cells | Labels]:
        yield self.cells
        yield from self.places.parts()

    def _align(self) -> None:
        """All parts share one scale."""
        widest = max(part.cell_ns for part in self._parts())
        for part in self._parts():
            while part.cell_ns < widest:
                part.stretch()
        self._progress.stretch(widest)

    def _make_rows(self) -> None:
        tasks = len(self.trace.tasks)
        while tasks > self._room() * self.cohort and not self.crowded:
            self.cells.fold()
            self._going.fold()
            self.cohort *= 2
        self.cells.grow(-(-tasks // self.cohort))

    def _room(self) -> int:
        """Cohorts leave some rows to the curves under them."""
        return self.rows if self.cohort == 1 else max(1, self.rows - CURVES)

    def _look(self, trace: Trace) -> None:
        if not self.exact:
            self._progress.look_at(trace, self.cell_ns, exact=not self.crowded)

    def _take_steps(self, trace: Trace, before: int) -> None:
        steps = trace.steps
        first = max(0, len(steps) - self._budget)
        if first:
            self.sampled = True
            self._skip(steps.task[:first], max(before, steps.start_ns[first]))
        for piece in tile(trace, range(first, len(steps)), self._reached, self._states):
            self._take(piece)
        self.waited.update(steps.wait[first:])
        if self.cohort == 1:
            self._mark_steps(steps, first)

    def _mark_steps(self, steps: Steps, first: int) -> None:
        """Where a task ran between two waits that would look like one."""
        states = self._states
        for task, wait, start in zip(steps.task[first:], steps.wait[first:], steps.start_ns[first:], strict=True):
            if states[wait] in LASTING:
                self.cells.mark(task, Mark.STEP, start)

    def _take_running(self, trace: Trace) -> None:
        """The steps that are running now, as far as they have come."""
        running, reached = trace.running, self._reached
        rows = [
            row
            for row, task in enumerate(running.task)
            if trace.tasks.outcome[task] == Outcome.PENDING and running.start_ns[row] >= reached[task]
        ]
        so_far = [trace.duration_ns] * len(running)
        steps = Steps(running.ready_ns, running.start_ns, so_far, running.task, running.wait, running.waker)
        for piece in tile(trace, rows, reached, self._states, steps):
            self._guess(piece)

    def _guess(self, piece: Piece) -> None:
        """Draw what may turn out to be a bit different when the task's step is over, until the next update."""
        for task, start, end, state, _ in self._holding.split(piece):
            self.cells.add(task // self.cohort, state, start, end)
            self._guessed.append((task, state, start, end))
            if state not in MANAGING:
                self.working.add(task)

    def _take_back_guesses(self) -> None:
        for task, state, start, end in self._guessed:
            self.cells.add(task // self.cohort, state, start, end, -1)
            self._reached[task] = min(self._reached[task], start)
        self._guessed = []

    def _correct(self, left: dict[int, Pursuit], trace: Trace, before: int) -> None:
        """Tasks that were drawn waiting until `before`, when they were gone, or ready in a loop that was busy."""
        for steps in trace.steps, trace.running:
            for task, ready, begun in zip(steps.task, steps.ready_ns, steps.start_ns, strict=True):
                pursuit = left.pop(task, None)
                if pursuit is not None and ready < before:
                    self._take_back(task, pursuit, begun if pursuit.wait == NONE else ready, before)
        for task in [task for task in left if trace.tasks.outcome[task] == Outcome.DESTROYED]:
            self._take_back(task, left.pop(task), trace.tasks.ended_ns[task], before)

    def _take_back(self, task: int, pursuit: Pursuit, until: int, before: int) -> None:
        """A task was drawn with a pursuit up to `before`, which it had only `until` then."""
        start = max(until, pursuit.since_ns)
        if start >= before:
            return
        drawn = task, start, before, self._states[pursuit.wait], pursuit.wait
        for _, begin, end, state, _ in self._holding.split(drawn):
            self.cells.add(task // self.cohort, state, begin, end, -1)
        self._reached[task] = start

    def _skip(self, tasks: Iterable[int], upto: int) -> None:
        """Of tasks whose steps are skipped it is not known what they did before `upto`."""
        for task in set(tasks):
            self._reached[task] = max(self._reached[task], upto)

    def _take(self, piece: Piece) -> None:
        task, start, end, state, wait = piece
        if state in PASSIVE:
            self.cells.add(task // self.cohort, state, start, end)
            if state is State.WAIT:
                self._note_wait(task, wait, start, end)
        elif task in self._holding:
            self._take_held(piece)
        else:
            self.cells.add(task // self.cohort, state, start, end)
            if state is State.SLEEP:
                self.working.add(task)

    def _take_held(self, piece: Piece) -> None:
        task, start, end, _, _ = piece
        self.working.add(task)
        if self._holding.covers(task, start, end):
            self.cells.add(task // self.cohort, State.HOLD, start, end)
            return
        for _, begin, upto, state, _ in self._holding.split(piece):
            self.cells.add(task // self.cohort, state, begin, upto)

    def _note_wait(self, task: int, wait: int, start: int, end: int) -> None:
        self.working.add(task)
        if self.exact and self.trace.waits.kind[wait] in QUEUES_UP:
            self._waits.append((start, end))

    def _release(self, trace: Trace, before: int) -> dict[int, Pursuit]:
        """Look again at tasks that may have changed: that ran, hold something new or no longer, wait or have begun.

        Returns:
            What those tasks had gone on with until now.
        """
        changed = self._holding.update(trace, self._budget)
        changed.update(trace.steps.task, trace.running.task)
        changed.update(self._going.changed(trace.tasks))
        left: dict[int, Pursuit] = {}
        for task in changed:
            pursuit = self._going.leave(task, task // self.cohort)
            if pursuit is not None:
                left[task] = pursuit
                self._reached[task] = before
        self._loose.extend(left)
        return left

    def _take_open(self, trace: Trace, before: int, unchanged: dict[int, Pursuit]) -> None:
        """What pending tasks have been doing until now, and what was left of those that have ended.

        Tasks that were looked at again may be `unchanged`: they have not run since.
        """
        outcome, pending = trace.tasks.outcome, list[int]()
        for row, state, number in self._going.groups():
            self.cells.add(row, state, before, trace.duration_ns, number)
        for task in self._loose:
            if outcome[task] == Outcome.PENDING:
                pending.append(task)
            else:
                self._take_rest(trace, task)
        self._loose = []
        self._go_on(trace, pending, unchanged)
        self._most_waiting = max(self._most_waiting, self._going.queueing)

    def _take_rest(self, trace: Trace, task: int) -> None:
        end = trace.tasks.ended_ns[task]
        if self._reached[task] < end:
            for piece in ending(trace, self._states, task, self._reached[task]):
                self._take(piece)
            self._reached[task] = end

    def _go_on(self, trace: Trace, tasks: list[int], unchanged: dict[int, Pursuit]) -> None:
        """What pending tasks wait for they go on to wait for, until they are seen to change."""
        waiting, kinds, idle = trace.tasks.waiting, trace.waits.kind, list[int]()
        running = set(trace.running.task)
        for task in tasks:
            wait = waiting[task]
            if task in running:
                self._loose.append(task)
                continue
            if wait == NONE:
                idle.append(task)
                continue
            since = unchanged[task].since_ns if task in unchanged else self._reached[task]
            self._take_rest(trace, task)
            state = self._states[wait]
            if state not in PASSIVE and self._holding.holds(task):
                state = State.HOLD
            self._going.join(task, task // self.cohort, Pursuit(state, wait, since, kinds[wait] in QUEUES_UP))
        self._take_idle(trace, idle)

    def _take_idle(self, trace: Trace, tasks: list[int]) -> None:
        """Who waits for nothing and does not run is ready; of many that have begun it is not said."""
        begun = [task for task in tasks if trace.tasks.started_ns[task] != NONE]
        for task in tasks if self.exact else set(tasks).difference(begun):
            self._take_rest(trace, task)
        for task in set(tasks).difference(begun):
            self._going.join(task, task // self.cohort, Pursuit(State.READY, NONE, self._reached[task], queues=False))
        self._loose.extend(begun)
        if not self.exact and len(begun) <= MOST_GUESSED:
            for task in begun:
                if self._reached[task] < trace.duration_ns:
                    self._guess((task, self._reached[task], trace.duration_ns, State.READY, NONE))

    def _take_cancels(self, trace: Trace) -> None:
        cancels, first = trace.cancels, self._seen_cancels
        self._seen_cancels = len(cancels)
        for row in range(max(first, len(cancels) - self._budget), len(cancels)) if self.cohort == 1 else ():
            mark = Mark.TIMEOUT if cancels.by[row] == Actor.TIMER else Mark.CANCEL
            self.cells.mark(cancels.task[row], mark, cancels.t_ns[row])

    def per_cell(self, spent_ns: Sequence[int]) -> list[float]:
        """How many at once on average: the time spent in each cell by how much of the cell has passed."""
        cell_ns, (whole, rest) = self.cell_ns, divmod(self.now_ns, self.cell_ns)
        values = [spent / cell_ns for spent in spent_ns[:whole]]
        if rest and whole < len(spent_ns):
            values.append(spent_ns[whole] / rest)
        return values + [0.0] * (len(spent_ns) - len(values))

    def in_flight(self) -> list[float]:
        """Tasks in existence over the columns, on average; when not exact, of a few moments within each."""
        tasks = self.trace.tasks
        if self.exact:
            spans = zip(tasks.created_ns, tasks.ended_ns, strict=True)
            average_ns = [value * self.cell_ns for value in average(spans, self.columns, self.cell_ns)]
            return self.per_cell(list(map(round, average_ns)))
        return self._progress.in_flight()

    def done(self) -> list[float]:
        """How many tasks ended in each column."""
        if self.exact:
            return [float(count) for count in finished(self.trace, self.columns, self.cell_ns)]
        return self._progress.done()

    @property
    def peak_tasks(self) -> int:
        """Most tasks in existence at once; when not exact, at once in any snapshot."""
        tasks = self.trace.tasks
        if self.exact:
            return peak(zip(tasks.created_ns, tasks.ended_ns, strict=True))
        return self._progress.peak

    @property
    def peak_held(self) -> int:
        """Most holds at once, of all resources together; when not exact, of those that were looked at."""
        holds = self.trace.holds
        return peak(zip(holds.from_ns, holds.to_ns, strict=True)) if self.exact else self.places.most_held

    @property
    def peak_waiting(self) -> int:
        """Most tasks that waited for a lock or a slot at once; when not exact, at once in any snapshot."""
        return peak(self._waits) if self.exact else self._most_waiting


PASSIVE = frozenset({State.NONE, State.READY, State.TASKS, State.WAIT})
"""States that holding something does not override."""
MANAGING = frozenset({State.READY, State.TASKS, State.RUN})
"""States in which a main task may only start others and wait for them."""
LASTING = (State.TASKS, State.WAIT, State.SLEEP)
"""States of which two in a row look like one."""
QUEUES_UP = frozenset(
    {Wait.LOCK, Wait.SEMAPHORE, Wait.CONDITION, Wait.EVENT, Wait.QUEUE_GET, Wait.QUEUE_PUT, Wait.BARRIER}
)
"""What tasks queue up for."""
