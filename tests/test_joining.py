"""Recordings of several processes as one, and the later part of a recording."""

from __future__ import annotations

import pytest

from asyncdemo.joining import Child, joined
from asyncdemo.schema import reference, schema
from asyncdemo.selection import later, newest
from asyncdemo.trace import NONE, Outcome, Trace, Wait
from asyncdemo.tracefile import load, save
from tests.traces import TraceBuilder, ns


def parent() -> Trace:
    """The program's own process: a task from 0 to 10 ms with one step, and a line."""
    built = TraceBuilder(command="app.py")
    task = built.task("main", created=0, ended=10)
    built.step(task, 1, 10)
    return built.build(20)


def child(name: str, pid: int) -> Trace:
    """A child: a task that makes another one which waits for a lock and holds it."""
    built = TraceBuilder(command="app.py")
    built.rows["processes"][0] = {"name": built.text(name), "pid": pid, "parent": NONE}
    first = built.task("first", created=0, ended=5)
    second = built.task("second", created=1, ended=6, parent=first)
    lock = built.resource("Lock")
    wait = built.wait(Wait.LOCK, resource=lock)
    built.step(first, 0, 1)
    built.step(second, 1, 2)
    built.step(second, 4, 6, wait=wait, waker=first)
    built.hold(lock, second, 2, 4, 6)
    return built.build(7)


def names(trace: Trace) -> list[str]:
    """The tasks' names."""
    return [trace.task_name(task) for task in range(len(trace.tasks))]


def whole() -> Trace:
    """A process and two children, of which one is the other's child and began before the parent's first task."""
    return joined(parent(), [Child(child("B", 7), ns(-2), 100), Child(child("C", 8), ns(3), 7)])


def test_tables_stand_one_behind_the_other() -> None:
    """Tasks are process by process; each has its own process, and each process the one that started it."""
    trace = whole()
    assert names(trace) == ["main", "first", "second", "first", "second"]
    assert [trace.process_of(task) for task in range(5)] == [0, 1, 1, 2, 2]
    assert [trace.text(name) for name in trace.processes.name] == ["MainProcess", "B", "C"]
    assert list(trace.processes.parent) == [NONE, 0, 1]
    assert [trace.tasks.parent[task] for task in range(5)] == [NONE, NONE, 1, NONE, 3]


def test_times_are_those_of_one_clock() -> None:
    """They count from the first task of any process, and steps are in order of time."""
    trace = whole()
    assert list(trace.tasks.created_ns) == [ns(each) for each in (2, 0, 1, 5, 6)]
    assert list(trace.steps.start_ns) == sorted(trace.steps.start_ns)
    assert [names(trace)[task] for task in trace.steps.task] == [
        "first", "second", "main", "second", "first", "second", "second",
    ]  # fmt: skip
    assert trace.duration_ns == ns(22)


def test_references_lead_to_the_right_rows() -> None:
    """What a child's rows refer to is the child's; its resources have the name of its process in theirs."""
    trace = whole()
    assert [trace.text(name) for name in trace.resources.name] == ["Lock in B", "Lock in C"]
    assert list(trace.holds.task) == [2, 4]
    assert [trace.text(trace.resources.name[each]) for each in trace.holds.resource] == ["Lock in B", "Lock in C"]
    waited = [trace.steps.wait[step] for step in range(len(trace.steps)) if trace.steps.waker[step] >= 0]
    assert [trace.waits.resource[wait] for wait in waited] == [0, 1]


def test_it_is_a_trace_like_any_other(tmp_path: object) -> None:
    """It can be saved, and is what it was when it is loaded: every reference and value has a meaning."""
    path = f"{tmp_path}/joined.trace"
    save(whole(), path)
    loaded = load(path)
    for name, columns in schema().items():
        for column in columns:
            assert list(getattr(getattr(loaded, name), column)) == list(getattr(getattr(whole(), name), column))


def test_losses_are_added_up() -> None:
    """What could not be kept in any process is not kept in the whole."""
    built = TraceBuilder()
    built.task("main", created=0, ended=1)
    first, other = built.build(1, steps=3), built.build(1, steps=4, lines=1)
    assert joined(first, [Child(other, 0, 100)]).lost == {"steps": 7, "lines": 1}


def test_a_parent_without_tasks_has_no_say_in_the_origin() -> None:
    """Where only a child ran tasks, times count from its first one."""
    trace = joined(Trace(), [Child(child("B", 7), ns(500), 100)])
    assert list(trace.tasks.created_ns) == [0, ns(1)]


@pytest.mark.parametrize(("column", "table"), [("loops.process", "processes"), ("processes.parent", "processes")])
def test_processes_are_referred_to(column: str, table: str) -> None:
    """The columns that name a process are known as such, so that a bad file is told apart."""
    assert reference(*column.split(".")) == (table, NONE)


def long_running() -> Trace:
    """A main task, one that ended early, one that made another and ended, and that one."""
    built = TraceBuilder()
    main = built.task("main", created=0, ended=100, outcome=Outcome.PENDING)
    early = built.task("early", created=1, ended=3, parent=main)
    maker = built.task("maker", created=2, ended=4, parent=main)
    late = built.task("late", created=3, ended=90, parent=maker)
    for task, start, end in ((main, 0, 1), (early, 1, 3), (maker, 2, 4), (late, 5, 6), (late, 80, 90), (main, 91, 92)):
        built.step(task, start, end)
    built.line(2, "soon", task=early)
    built.line(85, "at last", task=late)
    return built.build(100)


def test_the_later_part_has_what_went_on() -> None:
    """Tasks that had ended are gone, but not those that made one which had not; times count from the new beginning."""
    trace = later(long_running(), ns(50))
    assert names(trace) == ["main", "maker", "late"]
    assert list(trace.tasks.created_ns) == [ns(-50), ns(-48), ns(-47)]
    assert list(trace.steps.start_ns) == [ns(30), ns(41)]
    assert [trace.text(line) for line in trace.lines.text] == ["at last"]
    assert trace.duration_ns == ns(50)


def test_printed_lines_can_all_be_kept() -> None:
    """Where they were held back they are still to be shown; who printed them may be gone."""
    trace = later(long_running(), ns(50), lines=True)
    assert [trace.text(line) for line in trace.lines.text] == ["soon", "at last"]
    assert list(trace.lines.task) == [NONE, 2]


@pytest.mark.parametrize("most", [1, 2, 6, 100])
def test_the_newest_steps(most: int) -> None:
    """At most so many steps are left, the last ones."""
    steps = long_running().steps
    kept = newest(long_running(), most).steps
    begin = steps.start_ns[max(0, 6 - most)]
    assert list(kept.start_ns) == [start - begin for start in list(steps.start_ns)[-most:]]
