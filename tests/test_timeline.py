"""Timeline: states, intervals, slots, figures, cells and pictures of traces."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import replace
from functools import partial
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdemo.timeline import (
    MOST_ROWS_OF_TASKS,
    STATE_OF,
    Cells,
    Labels,
    Picture,
    Progress,
    State,
    at_share,
    average,
    changes,
    concurrency,
    intervals,
    intervals_by_task,
    managers,
    occupancy,
    peak,
    quantile,
    resources_used,
    seated,
    shown,
    summary,
    workers,
)
from asyncdemo.timeline.occupancy import Span
from asyncdemo.trace import NONE, Outcome, Running, Steps, Trace, Wait
from tests.traces import TraceBuilder, ns, semaphore

SLEEP, LOCK, READY, RUN, HOLD, TASKS, WAIT = (
    State.SLEEP,
    Wait.LOCK,
    State.READY,
    State.RUN,
    State.HOLD,
    State.TASKS,
    State.WAIT,
)


def told(trace: Trace, task: int) -> list[tuple[float, float, State]]:
    """A task's intervals in milliseconds."""
    return [(each.start_ns / 1e6, each.end_ns / 1e6, each.state) for each in intervals(trace, task)]


class TestIntervals:
    """What each task did when."""

    def test_life(self) -> None:
        """A task is ready until its first step, runs, is in its wait's state, is ready again, and runs."""
        builder = TraceBuilder()
        task = builder.task("job", 0, 50)
        builder.step(task, 5, 10)
        builder.step(task, 42, 50, ready=40, wait=builder.wait(Wait.SLEEP))
        assert told(builder.build(), task) == [
            (0, 5, READY),
            (5, 10, RUN),
            (10, 40, SLEEP),
            (40, 42, READY),
            (42, 50, RUN),
        ]

    def test_pending(self) -> None:
        """A pending task is in the state of what it waits for until the recording ends."""
        builder = TraceBuilder()
        task = builder.task("job", 0, waiting=builder.wait(Wait.EVENT, "Event"))
        builder.step(task, 0, 1)
        assert told(builder.build(30), task) == [(0, 1, RUN), (1, 30, WAIT)]

    def test_running_at_the_end(self) -> None:
        """A pending task that waits for nothing is running."""
        builder = TraceBuilder()
        task = builder.task("job", 0)
        builder.step(task, 0, 1)
        assert told(builder.build(30), task) == [(0, 30, RUN)] or told(builder.build(30), task) == [
            (0, 1, RUN),
            (1, 30, RUN),
        ]

    def test_never_ran(self) -> None:
        """A task that was cancelled before its first step was ready all its life."""
        builder = TraceBuilder()
        task = builder.task("job", 3, 9, outcome=Outcome.CANCELLED)
        assert told(builder.build(), task) == [(3, 9, READY)]

    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            pytest.param(0, 40, [(0, 10, HOLD), (10, 40, HOLD)], id="all its life"),
            pytest.param(20, 30, [(0, 10, RUN), (10, 20, SLEEP), (20, 30, HOLD), (30, 40, SLEEP)], id="inside a sleep"),
            pytest.param(
                5, 15, [(0, 5, RUN), (5, 10, HOLD), (10, 15, HOLD), (15, 40, SLEEP)], id="across a step's end"
            ),
        ],
    )
    def test_hold(self, start: float, end: float, expected: list[tuple[float, float, State]]) -> None:
        """Holding overrides running and sleeping for as long as it lasts."""
        builder = TraceBuilder()
        task = builder.task("job", 0, 40)
        builder.step(task, 0, 10)
        builder.step(task, 40, 40, wait=builder.wait(Wait.SLEEP))
        builder.hold(builder.resource("Lock", limit=1), task, start, start, end)
        assert told(builder.build(), task) == expected

    def test_wait_inside_hold(self) -> None:
        """Who holds one lock and waits for another waits."""
        builder = TraceBuilder()
        task = builder.task("job", 0, 40)
        builder.step(task, 0, 10)
        builder.step(task, 40, 40, wait=builder.wait(Wait.LOCK, "Lock 2"))
        builder.hold(builder.resource("Lock", limit=1), task, 0, 0, 40)
        assert told(builder.build(), task) == [(0, 10, HOLD), (10, 40, WAIT)]

    def test_every_wait_has_a_state(self) -> None:
        """No kind of wait is left without a state."""
        assert set(STATE_OF) == set(Wait)


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Tasks whose steps, waits and holds follow one another in any way."""
    builder = TraceBuilder()
    lock = builder.resource("Lock", limit=1)
    kinds = [builder.wait(kind) for kind in Wait]
    gap = st.integers(0, 40)
    created = 0
    for number in range(draw(st.integers(1, 5))):
        time = created = created + draw(gap)
        task = builder.task(f"job-{number}", created)
        for step in range(draw(st.integers(0, 6))):
            ready = time + draw(gap)
            start = ready + draw(gap)
            time = start + draw(gap)
            builder.step(task, start, time, ready=ready, wait=NONE if not step else draw(st.sampled_from(kinds)))
        begin = draw(st.integers(created, time))
        builder.hold(lock, task, created, begin, draw(st.integers(begin, time)))
        outcome = draw(st.sampled_from(Outcome))
        builder.rows["tasks"][task].update(outcome=outcome, ended_ns=ns(time))
        if outcome == Outcome.PENDING:
            builder.rows["tasks"][task]["waiting"] = draw(st.sampled_from([NONE, *kinds]))
    builder.rows["holds"].sort(key=lambda row: row["from_ns"])
    return builder.build(800)


class TestTiling:
    """What must hold of the intervals of any trace."""

    @given(traces())
    def test_tiles(self, trace: Trace) -> None:
        """A task's intervals cover its life from creation to end, each beginning where the one before ended."""
        for task, life in enumerate(intervals_by_task(trace)):
            edges = [(each.start_ns, each.end_ns) for each in life]
            assert all(start < end for start, end in edges)
            assert all(end == start for (_, end), (start, _) in pairwise(edges))
            born, died = trace.tasks.created_ns[task], trace.tasks.ended_ns[task]
            assert (edges[0][0], edges[-1][1]) == (born, died) if edges else born == died

    @given(traces())
    def test_one_or_all(self, trace: Trace) -> None:
        """The intervals of one task are those that it has among all."""
        assert [intervals(trace, task) for task in range(len(trace.tasks))] == intervals_by_task(trace)

    @given(traces(), st.integers(1, 60), st.integers(1, 6))
    def test_picture_keeps_time(self, trace: Trace, columns: int, rows: int) -> None:
        """A picture's cells add up to the intervals, whatever its size."""
        cells = Picture.of(trace, columns, rows).cells
        for state in State:
            spent = sum(i.end_ns - i.start_ns for life in intervals_by_task(trace) for i in life if i.state == state)
            assert sum(sum(cells.ns(row, state)) for row in range(cells.rows)) == spent


class TestOccupancy:
    """Slots, workers and counts."""

    def test_slots(self) -> None:
        """Each hold sits on the lowest free slot; there are as many slots as were taken at once."""
        holders = [[span.who for span in slot] for slot in occupancy(semaphore((30, 10, 20, 10)), 0).slots]
        assert holders == [[1], [2, 4], [3]]

    def test_peaks(self) -> None:
        """Ten jobs on three slots: three hold and seven wait at most."""
        found = occupancy(semaphore(), 0)
        assert (found.limit, found.peak_held, found.peak_waiting) == (3, 3, 7)

    @given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 30))))
    def test_never_two_on_a_seat(self, lengths: list[tuple[int, int]]) -> None:
        """Spans that share a row never overlap, no span is lost, and no fewer rows would do."""
        spans = [Span(start, start + length, who) for who, (start, length) in enumerate(lengths)]
        rows = seated(spans)
        assert all(first.end_ns <= second.start_ns for row in rows for first, second in pairwise(row))
        assert sorted(span for row in rows for span in row) == sorted(spans)
        if all(length for _, length in lengths):
            assert len(rows) == peak((span.start_ns, span.end_ns) for span in spans)

    @given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 30))))
    def test_peak_is_the_highest_change(self, lengths: list[tuple[int, int]]) -> None:
        """The peak is the highest count that changes tell of, and the last count is zero."""
        spans = [(start, start + length) for start, length in lengths]
        counts = [count for _, count in changes(spans)]
        assert peak(spans) == max(counts, default=0)
        assert not counts or counts[-1] == 0

    def test_used(self) -> None:
        """A resource that nobody held or waited for is not among those used."""
        builder = TraceBuilder()
        lock, unused = builder.resource("Lock"), builder.resource("Event")
        builder.hold(lock, builder.task("job", 0, 5), 0, 0, 5)
        assert resources_used(builder.build()) == [lock]
        assert unused not in resources_used(builder.build())

    def test_workers(self) -> None:
        """Jobs stand on the thread or process that ran them, in order."""
        builder = TraceBuilder()
        first, second = builder.worker("pool_0"), builder.worker("pool_1")
        builder.job("fetch", first, 0, 20, 30)
        builder.job("fetch", second, 0, 0, 10)
        builder.job("fetch", first, 0, 0, 20)
        builder.job("never started", NONE, 0, 5, 5)
        assert [[span.who for span in worker.jobs] for worker in workers(builder.build())] == [[2, 0], [1]]


class TestSummary:
    """A run in figures."""

    def test_semaphore(self) -> None:
        """Counts leave the main task out; where a task failed there is no telling how long one by one would take."""
        figures = summary(semaphore((30, 10, 20, 10)))
        assert (figures.ok, figures.failed, figures.tasks, figures.peak_tasks) == (3, 1, 4, 4)
        assert (figures.wall_ns, figures.one_by_one_ns, figures.peak_waiting) == (ns(30), None, 1)

    def test_one_by_one(self) -> None:
        """One by one is what the tasks without children ran and slept."""
        builder = TraceBuilder()
        main = builder.task("main", 0, 30)
        builder.step(main, 0, 1)
        for number in range(3):
            job = builder.task(f"job-{number}", 0, 30, parent=main)
            builder.step(job, 1, 2)
            builder.step(job, 30, 30, wait=builder.wait(Wait.SLEEP))
        builder.step(main, 30, 30, wait=builder.wait(Wait.TASK))
        assert summary(builder.build()).one_by_one_ns == 3 * ns(29)

    @pytest.mark.parametrize(
        ("wait", "one_by_one"),
        [
            pytest.param(Wait.SEMAPHORE, ns(30), id="its turn"),
            pytest.param(Wait.LOCK, ns(30), id="its turn at a lock"),
            pytest.param(Wait.EVENT, None, id="an event"),
            pytest.param(Wait.QUEUE_GET, None, id="a queue"),
            pytest.param(Wait.CONDITION, None, id="a notification"),
        ],
    )
    def test_one_by_one_means_nothing_to_tasks_that_need_each_other(self, wait: Wait, one_by_one: int | None) -> None:
        """Whoever waits for its turn would not if alone; whoever waits for what another does would wait for ever."""
        builder = TraceBuilder()
        builder.step(builder.task("one", 0, 20), 0, 20)
        job = builder.task("other", 0, 30)
        builder.step(job, 0, 0)
        builder.step(job, 20, 30, wait=builder.wait(wait))
        assert summary(builder.build()).one_by_one_ns == one_by_one

    @pytest.mark.parametrize(
        ("wait", "managing"),
        [
            pytest.param(Wait.TASK, True, id="waits for its tasks"),
            pytest.param(Wait.YIELD, True, id="lets others run"),
            pytest.param(Wait.SLEEP, False, id="sleeps itself"),
            pytest.param(Wait.EVENT, False, id="waits for an event"),
        ],
    )
    def test_managers(self, wait: Wait, managing: bool) -> None:
        """A main task is left out of pictures when it only waits for the tasks that it started."""
        builder = TraceBuilder()
        main = builder.task("main", 0, 20)
        child = builder.task("job", 0, 10, parent=main)
        builder.step(main, 0, 0)
        builder.step(main, 20, 20, wait=builder.wait(wait))
        trace = builder.build()
        assert managers(trace) == ({main} if managing else set())
        assert shown(trace) == [child] if managing else [main, child]

    def test_alone(self) -> None:
        """A main task without children is the one that counts."""
        builder = TraceBuilder()
        builder.task("main", 0, 20)
        assert summary(builder.build()).ok == 1

    def test_late_loop(self) -> None:
        """Lateness is the time from being ready to running."""
        builder = TraceBuilder()
        task = builder.task("job", 0, 200)
        for number in range(99):
            builder.step(task, number, number)
        builder.step(task, 150, 150, ready=100)
        figures = summary(builder.build())
        assert (figures.loop_late_p50_ns, figures.loop_late_p99_ns) == (0, ns(50))

    def test_nothing(self) -> None:
        """A trace of nothing has figures too."""
        assert summary(Trace()).tasks == 0

    @pytest.mark.parametrize(("share", "value"), [(0, 10), (0.5, 30), (0.99, 40), (1, 40)])
    def test_quantile(self, share: float, value: int) -> None:
        """A quantile is one of the values."""
        assert quantile([10, 20, 30, 40], share) == value

    @given(
        st.lists(st.integers(-(1 << 20), 1 << 50) | st.integers(0, 3), max_size=60),
        st.sampled_from((0, 0.01, 0.5, 0.9, 0.99, 1)),
    )
    def test_quantile_of_many(self, values: list[int], share: float) -> None:
        """The quantile of values too many to be sorted is the same one."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("asyncdemo.timeline.quantiles.FEW", 4)
            assert at_share(array("q", values), share) == quantile(sorted(values), share)


SPANS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(State), st.integers(0, 2_000), st.integers(0, 900)), max_size=30
)


class TestCells:
    """Binning."""

    @given(SPANS, st.integers(1, 30), st.integers(1, 50))
    def test_conserves(self, spans: list[tuple[int, State, int, int]], columns: int, cell_ns: int) -> None:
        """What was added is there, state by state, however often cells had to stretch."""
        cells = Cells(columns, cell_ns)
        cells.grow(5)
        for row, state, start, length in spans:
            cells.add(row, state, start, start + length)
        for state in State:
            added = sum(length for _, each, _, length in spans if each == state)
            assert sum(cells.total(state)) == added

    @given(SPANS, st.integers(1, 30), st.integers(1, 30))
    def test_resize_and_fold_conserve(self, spans: list[tuple[int, State, int, int]], before: int, after: int) -> None:
        """Neither another width nor folding rows loses time."""
        cells = Cells(before, 10)
        cells.grow(5)
        for row, state, start, length in spans:
            cells.add(row, state, start, start + length)
        cells.resize(after)
        cells.fold()
        assert cells.columns == after
        assert cells.rows == 3
        assert sum(sum(cells.total(state)) for state in State) == sum(length for *_, length in spans)

    @given(SPANS, SPANS, st.integers(1, 30), st.integers(1, 30), st.booleans())
    def test_sums_follow(
        self,
        spans: list[tuple[int, State, int, int]],
        more: list[tuple[int, State, int, int]],
        before: int,
        after: int,
        folds: bool,
    ) -> None:
        """The sums of columns and of rows are those of the cells, whenever they are asked for."""
        cells = Cells(before, 10)
        cells.grow(5)
        for row, state, start, length in spans:
            cells.add(row, state, start, start + length)
            self.check_sums(cells, state)
        cells.resize(after)
        if folds:
            cells.fold()
        for row, state, start, length in more:
            cells.add(row % cells.rows, state, start, start + length, -1 if start % 2 else 1)
            self.check_sums(cells, state)
        for state in State:
            self.check_sums(cells, state)

    def check_sums(self, cells: Cells, state: State) -> None:
        """Compares the sums of one state with what lies in the cells."""
        rows = [cells.ns(row, state) for row in range(cells.rows)]
        assert cells.total(state) == list(map(sum, zip(*rows, strict=True)))
        assert [cells.spent_ns(row, state) for row in range(cells.rows)] == list(map(sum, rows))

    @given(SPANS, st.integers(1, 30))
    def test_stretched_or_wide_from_the_start(self, spans: list[tuple[int, State, int, int]], columns: int) -> None:
        """Cells that had to stretch are those that had their width from the beginning."""
        grown = Cells(columns, 1)
        grown.grow(5)
        for row, state, start, length in spans:
            grown.add(row, state, start, start + length)
        exact = Cells(columns, grown.cell_ns)
        exact.grow(5)
        for row, state, start, length in spans:
            exact.add(row, state, start, start + length)
        assert [grown.dominant(row) for row in range(5)] == [exact.dominant(row) for row in range(5)]

    @given(SPANS, st.integers(1, 30), st.integers(1, 30), st.integers(0, 3))
    def test_what_prevails_at_any_width(
        self, spans: list[tuple[int, State, int, int]], before: int, after: int, stretches: int
    ) -> None:
        """However wide cells have become, each shows the state that took most of it."""
        cells = Cells(before, 100)
        cells.grow(5)
        for row, state, start, length in spans:
            cells.add(row, state, start, start + length)
        cells.resize(after)
        for _ in range(stretches):
            cells.stretch()
        for row in range(5):
            spent = zip(*(cells.ns(row, state) for state in State), strict=True)
            prevails = [max((ns, state) for state, ns in enumerate(cell)) for cell in spent]
            assert list(cells.dominant(row)) == [state if ns else State.NONE for ns, state in prevails]

    def test_dominant(self) -> None:
        """A cell shows the state that took most of it; of equals the more telling one."""
        cells = Cells(3, 10)
        cells.grow(1)
        cells.add(0, WAIT, 0, 6)
        cells.add(0, HOLD, 6, 10)
        cells.add(0, WAIT, 10, 15)
        cells.add(0, HOLD, 15, 20)
        assert list(cells.dominant(0)) == [WAIT, HOLD, State.NONE]

    def test_before_the_run(self) -> None:
        """What lies before the run is left out."""
        cells = Cells(2, 10)
        cells.grow(1)
        cells.add(0, RUN, -50, 5)
        assert cells.total(RUN) == [5, 0]

    def test_labels(self) -> None:
        """A cell's label is who was there longest, also after stretching."""
        labels = Labels(4, 10)
        labels.add(0, 7, 0, 18)
        labels.add(0, 8, 18, 40)
        assert [who for _, who in labels.rows[0]] == [7, 7, 8, 8]
        labels.add(0, 9, 45, 80)
        assert [who for _, who in labels.rows[0]] == [7, 8, 9, 9]

    @given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 100)), max_size=20), st.integers(1, 20))
    def test_average(self, lengths: list[tuple[int, int]], columns: int) -> None:
        """The averages over all cells add up to the time that spans lasted."""
        width = -(-600 // columns)
        values = average([(start, start + length) for start, length in lengths], columns, width)
        assert sum(values) * width == pytest.approx(sum(length for _, length in lengths))

    def test_concurrency(self) -> None:
        """Two tasks, one of them for half the time."""
        builder = TraceBuilder()
        builder.task("long", 0, 40)
        builder.task("short", 20, 40)
        assert concurrency(builder.build(), 4) == [1, 1, 2, 2]


def cut(trace: Trace, since: int, until: int) -> Trace:
    """A snapshot of a trace as of `until` ns, with the steps that ended after `since`.

    Of a step that runs then it is not known yet what it acquires, and a task that is ready but does not run is still
    said to wait, as in a loop that is blocked.
    """
    seen = [task for task, created in enumerate(trace.tasks.created_ns) if created <= until]
    rows = [row for row, end in enumerate(trace.steps.end_ns) if since < end <= until or since < 0 <= end <= until]
    running = [row for row, end in enumerate(trace.steps.end_ns) if trace.steps.start_ns[row] <= until < end]
    busy = {trace.steps.task[row] for row in running}
    begun = {task for task, start in zip(trace.steps.task, trace.steps.start_ns, strict=True) if start <= until}
    pending = [trace.tasks.ended_ns[task] > until for task in seen]
    later = {
        trace.steps.task[row]: trace.steps.wait[row]
        for row in reversed(range(len(trace.steps)))
        if trace.steps.end_ns[row] > until
    }
    tasks = replace(
        trace.tasks,
        **{
            name: [getattr(trace.tasks, name)[task] for task in seen]
            for name in ("name", "coro", "defined", "parent", "site", "loop", "created_ns", "error")
        },
        started_ns=[start if start <= until else NONE for start in trace.tasks.started_ns[: len(seen)]],
        ended_ns=[min(trace.tasks.ended_ns[task], until) for task in seen],
        outcome=[
            Outcome.PENDING if wait else trace.tasks.outcome[task] for task, wait in zip(seen, pending, strict=True)
        ],
        steps=[0] * len(seen),
        waiting=[
            later.get(task, trace.tasks.waiting[task]) if wait and task in begun and task not in busy else NONE
            for task, wait in zip(seen, pending, strict=True)
        ],
    )
    seen_ns = hold_seen_ns(trace)
    held = sorted((row for row, known in enumerate(seen_ns) if known <= until), key=seen_ns.__getitem__)
    holds = replace(
        trace.holds,
        **{
            name: [getattr(trace.holds, name)[row] for row in held]
            for name in ("resource", "task", "asked_ns", "from_ns", "site")
        },
        to_ns=[min(trace.holds.to_ns[row], until) for row in held],
    )
    steps = Steps(*([getattr(trace.steps, name)[row] for row in rows] for name in Steps.__slots__))
    now = Running(*([getattr(trace.steps, name)[row] for row in running] for name in Running.__slots__))
    return replace(trace, duration_ns=until, tasks=tasks, holds=holds, steps=steps, running=now)


def hold_seen_ns(trace: Trace) -> list[int]:
    """When each hold is known: when it begins, or at the end of the step in which it does."""
    steps = list(zip(trace.steps.task, trace.steps.start_ns, trace.steps.end_ns, strict=True))
    return [
        max([begin, *(end for owner, start, end in steps if owner == task and start <= begin < end)])
        for task, begin in zip(trace.holds.task, trace.holds.from_ns, strict=True)
    ]


def sitting(picture: Picture) -> list[list[int]]:
    """Who sits on each slot, one after the other."""
    rows = [row for seating in picture.places.seats.values() for row in seating.labels.rows]
    return [[who for who, _ in groupby(who for _, who in row)] for row in rows]


def spent(picture: Picture) -> list[list[list[int]]]:
    """The nanoseconds of each row in each state and cell."""
    return [[picture.cells.ns(row, state) for state in State] for row in range(picture.cells.rows)]


class TestProgress:
    """How many tasks had begun and had ended by when."""

    CREATED = (0, 0, 96, 200, 200, 312)

    def test_columns(self) -> None:
        """A column has how many tasks there were on average; the last one, which is not over, until now."""
        progress = Progress(80)
        progress.look(80, self.CREATED[:2], 0, 80)
        progress.look(280, self.CREATED[:5], 2, 80)
        begun = [2, (3 + 3) / 2, (3 + 5) / 2, 5]
        assert progress.in_flight() == pytest.approx([begun[0], begun[1] - 0.4, begun[2] - 1.2, begun[3] - 1.8])
        assert progress.done() == pytest.approx([0, 0.8, 0.8, 0.4])
        assert progress.peak == 3

    def test_exact(self) -> None:
        """Where it is known when each task ended, it does not matter when somebody looked."""
        progress = Progress(80)
        ends = [72, 128, 160, 264]
        progress.look(120, self.CREATED[:3], 1, 80, partial(bisect_right, ends))
        progress.look(280, self.CREATED[:5], 4, 80, partial(bisect_right, ends))
        first, second = (1 + 2) / 2, (1 + 1) / 2  # of the second column: until 120, and from then on
        assert progress.in_flight() == [2, (first + second) / 2, (0 + 2) / 2, (2 + 1) / 2]
        assert progress.done() == [1, 2, 0, 1]

    def test_stretched(self) -> None:
        """When cells double their width, pairs of columns become one, whether they are over or not."""
        progress, stretched = Progress(80), Progress(80)
        for now in range(40, 1040, 40):
            progress.look(now, self.CREATED, now // 320, 80)
            stretched.look(now, self.CREATED, now // 320, 80 if now < 560 else 160)
        narrow = progress.in_flight()
        pairs = [(first + second) / 2 for first, second in zip(narrow[:-1:2], narrow[1::2], strict=True)]
        assert stretched.in_flight() == pytest.approx([*pairs, narrow[-1]])
        assert sum(stretched.done()) == sum(progress.done()) == 3


class TestLivePicture:
    """A picture that is filled by snapshots."""

    def test_ends_as_the_whole(self) -> None:
        """Frame by frame a picture becomes the one that the whole trace gives, but for the width of its cells."""
        trace = semaphore()
        live = Picture(60, 20, budget=1_000)
        since = -1
        for until in range(7, trace.duration_ns, ns(10)):
            live.update(cut(trace, since, until))
            since = until
        live.update(cut(trace, since, trace.duration_ns))
        whole = Picture(60, 20, cell_ns=live.cell_ns)
        whole.update(trace)
        rows = range(1, len(trace.tasks))
        assert [live.cells.dominant(row) for row in rows] == [whole.cells.dominant(row) for row in rows]
        assert sitting(live) == sitting(whole)
        assert (live.left_out(), live.peak_waiting, live.sampled) == (whole.left_out(), 7, False)

    @pytest.mark.parametrize("every", [7, 35, 1_000])
    def test_more_holders_than_the_limit(self, every: int) -> None:
        """A semaphore that was released once too often has a slot more, however many have held it before."""
        trace = semaphore((10,) * 400, limit=4)
        limited = replace(trace, resources=replace(trace.resources, limit=[3]))
        live, since = Picture(60, 500, budget=1_000), -1
        for until in (*range(ns(5), trace.duration_ns, ns(every)), trace.duration_ns):
            live.update(cut(limited, since, until))
            since = until
        assert [{who % 4 for who in slot if who >= 0} for slot in sitting(live)] == [{1}, {2}, {3}, {0}]

    def test_shows_what_goes_on(self) -> None:
        """A task that has waited since its only step is drawn waiting until now."""
        trace = semaphore()
        live = Picture(60, 20, budget=1_000)
        live.update(cut(trace, -1, ns(30)))
        assert bytes(live.cells.dominant(10)).rstrip(b"\0") == bytes([WAIT] * 30)

    def test_sampled(self) -> None:
        """More new steps than the budget are not all looked at, and the picture says so."""
        builder = TraceBuilder()
        task = builder.task("busy", 0, 100)
        for number in range(100):
            builder.step(task, number, number + 1, wait=builder.wait(Wait.YIELD))
        live = Picture(100, 5, budget=10)
        live.update(builder.build())
        assert live.sampled
        assert sum(sum(live.cells.ns(0, state)) for state in State) == ns(10)

    def test_cohorts(self) -> None:
        """More tasks than rows share rows with their neighbours."""
        builder = TraceBuilder()
        for number in range(100):
            builder.step(builder.task(f"job-{number}", 0, 10), 0, 10)
        picture = Picture.of(builder.build(), 10, 20)
        assert (picture.cohort, picture.cells.rows) == (8, 13)

    def test_crowd(self) -> None:
        """With very many tasks only curves are left, exact in the end."""
        builder = TraceBuilder()
        for number in range(MOST_ROWS_OF_TASKS + 1):
            builder.task(f"job-{number}", 0, 10 if number % 2 else 5)
        picture = Picture.of(builder.build(), 10, 20)
        assert picture.crowded
        assert picture.in_flight() == [5001.0] * 5 + [2500.0] * 5
        assert picture.done() == [0, 0, 0, 0, 0, 2501, 0, 0, 0, 2500]

    def test_crowd_live(self) -> None:
        """While it runs, what ended between two snapshots is spread evenly between them."""
        builder = TraceBuilder()
        for number in range(6_000):
            builder.task(f"job-{number}", 0, 100 if number < 3_000 else None)
        live = Picture(10, 20, cell_ns=ns(10), budget=100)
        live.update(builder.build(100))
        assert live.in_flight() == pytest.approx([5_850 - 300 * column for column in range(10)])

    @pytest.mark.parametrize("every", [7, 25, 100])
    def test_one_after_the_other(self, every: int) -> None:
        """Of tasks of which one begins where another ends there is one at a time, however seldom somebody looks."""
        builder = TraceBuilder()
        for number in range(50):
            builder.step(builder.task(f"job-{number}", number * 4 + 1, number * 4 + 5), number * 4 + 1, number * 4 + 5)
        trace = builder.build()
        live, since = Picture(60, 200, budget=1_000), -1
        for until in (*range(ns(5), trace.duration_ns, ns(every)), trace.duration_ns):
            live.update(cut(trace, since, until))
            since = until
        used = live.now_ns // live.cell_ns
        assert live.in_flight()[1:used] == [1] * (used - 1)

    @pytest.mark.parametrize("held", [1, 3, 70])
    def test_most_held(self, held: int) -> None:
        """Where holds end and others begin at the very moment of a snapshot they are not counted together."""
        trace = semaphore((10,) * held * 3, limit=held)
        live, since = Picture(60, 500, budget=1_000), -1
        for until in range(ns(5), trace.duration_ns + 1, ns(5)):
            live.update(cut(trace, since, until))
            since = until
        assert live.peak_held == held

    @pytest.mark.parametrize("rows", [20, 8, 4])
    @pytest.mark.parametrize("every", [3, 10, 41])
    def test_frames_add_up(self, rows: int, every: int) -> None:
        """However many frames a picture was fed in, it is the one that a single frame would give."""
        trace = semaphore((42, 58, 91, 10, 33, 33, 20), 2)
        live, since = Picture(60, rows, budget=1_000), -1
        for until in range(7, trace.duration_ns, ns(every)):
            live.update(cut(trace, since, until))
            since = until
            whole = Picture(60, rows, budget=1_000)
            whole.update(cut(trace, -1, until))
            assert spent(live) == spent(whole)
            assert (live.working, live.left_out()) == (whole.working, whole.left_out())

    @pytest.mark.parametrize(
        ("held", "drawn"),
        [
            pytest.param(False, [RUN] * 30, id="runs"),
            pytest.param(True, [RUN] * 10 + [HOLD] * 20, id="holds a lock from the middle of its step on"),
        ],
    )
    def test_long_step(self, *, held: bool, drawn: list[State]) -> None:
        """A step is drawn from its start on, while it lasts and afterwards; others stand ready from when they were."""
        builder = TraceBuilder()
        bad, unlucky, late = builder.task("bad", 0, 30), builder.task("unlucky", 0, 40), builder.task("late", 5, 40)
        sleep = builder.wait(Wait.SLEEP)
        builder.step(unlucky, 0, 0)
        builder.step(bad, 0, 30)
        builder.step(unlucky, 30, 40, ready=12, wait=sleep)
        builder.step(late, 40, 40, ready=5)
        if held:
            builder.hold(builder.resource("Lock", limit=1), bad, 10, 10, 30)
        trace = builder.build(40)
        live, frames = Picture(40, 5, budget=100), [7, 15, 22, 29, 33, 40]
        for since, until in pairwise([-1, *map(ns, frames)]):
            live.update(cut(trace, since, until))
            if until < ns(30):
                assert list(live.cells.dominant(bad).rstrip(b"\0")) == [RUN] * (until // ns(1))
        assert list(live.cells.dominant(bad).rstrip(b"\0")) == drawn
        assert list(live.cells.dominant(unlucky)) == [SLEEP] * 12 + [READY] * 18 + [RUN] * 10
        assert list(live.cells.dominant(late)) == [State.NONE] * 5 + [READY] * 35

    def test_woken(self) -> None:
        """Who has been woken while the loop is busy is ready since then."""
        builder = TraceBuilder()
        event = builder.wait(Wait.EVENT)
        waiter, bad = builder.task("waiter", 0, waiting=event), builder.task("bad", 0)
        builder.step(waiter, 0, 0)
        builder.running(bad, 5)
        live = Picture(40, 5, budget=100)
        live.update(builder.build(10))
        builder.rows["tasks"][waiter]["waiting"] = NONE
        for now in (20, 30):
            live.update(replace(builder.build(now), steps=Steps()))
            assert list(live.cells.dominant(waiter).rstrip(b"\0")) == [WAIT] * 10 + [READY] * (now - 10)
            assert list(live.cells.dominant(bad).rstrip(b"\0")) == [READY] * 5 + [RUN] * (now - 5)

    def test_destroyed(self) -> None:
        """A task that was collected while it waited is drawn up to then: it had no step that told of its end."""
        builder = TraceBuilder()
        event = builder.wait(Wait.EVENT)
        forgotten = builder.task("forgotten", 0, waiting=event)
        builder.step(forgotten, 0, 0)
        live = Picture(40, 5, budget=100)
        for now in (10, 20):
            live.update(builder.build(now))
        builder.rows["tasks"][forgotten] |= {"ended_ns": ns(15), "outcome": Outcome.DESTROYED}
        for now in (30, 40):
            live.update(replace(builder.build(now), steps=Steps()))
            assert list(live.cells.dominant(forgotten).rstrip(b"\0")) == [WAIT] * 15
            assert sum(live.cells.total(WAIT)) == ns(15)

    @given(traces(), st.integers(20, 300), st.sampled_from((1, 2, 20)))
    def test_any_frames_add_up(self, trace: Trace, every: int, rows: int) -> None:
        """However busy the loop is, a picture that was fed in frames is the one that a single frame would give."""
        live, since = Picture(60, rows, budget=1_000), -1
        for until in range(ns(every), trace.duration_ns, ns(every)):
            live.update(cut(trace, since, until))
            since = until
            whole = Picture(60, rows, budget=1_000)
            whole.update(cut(trace, -1, until))
            assert spent(live) == spent(whole)

    @pytest.mark.parametrize(("columns", "rows"), [(10, 20), (120, 20), (60, 3)])
    def test_resize(self, columns: int, rows: int) -> None:
        """Another terminal size keeps what was drawn."""
        live = Picture(60, 20, budget=1_000)
        live.update(semaphore())
        spent = [sum(live.cells.total(state)) for state in State]
        live.resize(columns, rows)
        assert live.columns == columns
        assert [sum(live.cells.total(state)) for state in State] == spent
        assert all(part.labels.columns == columns for part in live.places.seats.values())

    def test_jobs(self) -> None:
        """A worker's row shows its jobs, the pending one until now."""
        builder = TraceBuilder()
        thread = builder.worker("pool_0")
        builder.job("first", thread, 0, 0, 20)
        builder.job("second", thread, 0, 20, 40, outcome=Outcome.PENDING)
        builder.task("main", 0)
        live = Picture(4, 5, cell_ns=ns(10), budget=100)
        live.update(builder.build(40))
        assert [who for _, who in live.places.jobs.rows[0]] == [0, 0, 1, 1]
