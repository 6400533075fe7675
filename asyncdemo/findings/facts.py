"""What several rules ask of a recording, worked out once."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import sub
from typing import Any

from asyncdemo.findings.model import Evidence
from asyncdemo.findings.source import Sources
from asyncdemo.quantities import format_duration
from asyncdemo.timeline import libraries_tasks
from asyncdemo.timeline.libraries import is_installed, is_standard
from asyncdemo.trace import NONE, Actor, Trace, Wait

FEW_NAMES = 3


class Facts:
    """A recording, and what can be told from it.

    Args:
        trace: the recording.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.sources = Sources()
        self.known: dict[str, Any] = {}
        """What others have worked out, by a name of theirs."""

    # Places

    def place(self, site: int) -> tuple[str, int]:
        """File and line of a site; "" and 0 for `NONE`."""
        sites = self.trace.sites
        return (self.trace.text(sites.file[site]), sites.line[site]) if site >= 0 else ("", 0)

    def function(self, site: int) -> str:
        """The function that a site is in, as `fetch()`; "" for `NONE` and outside of functions."""
        name = self.trace.text(self.trace.sites.function[site]).rpartition(".")[2] if site >= 0 else ""
        return "" if not name or name.startswith("<") else f"{name}()"

    @cached_property
    def _own_files(self) -> dict[int, bool]:
        texts = {file: self.trace.text(file) for file in set(self.trace.sites.file)}
        return {file: not (is_installed(text) or is_standard(text)) for file, text in texts.items()}

    def is_own(self, site: int) -> bool:
        """Whether a site is a line of the program's own, and neither Python's nor an installed package's."""
        return site >= 0 and self._own_files[self.trace.sites.file[site]]

    # Tasks

    @cached_property
    def libraries(self) -> dict[int, str]:
        """The tasks that are a library's own."""
        return libraries_tasks(self.trace)

    def task(self, task: int) -> str:
        """`task 'fetch-3'`."""
        return f"task {self.trace.task_name(task)!r}"

    def tasks(self, tasks: Sequence[int]) -> str:
        """`task 'a'`, `tasks 'a' and 'b'`, `200 tasks ('a', 'b', 'c' and others)`."""
        names = [repr(self.trace.task_name(task)) for task in tasks[:FEW_NAMES]]
        if len(tasks) == 1:
            return f"task {names[0]}"
        if len(tasks) > FEW_NAMES:
            return f"{len(tasks):,} tasks ({', '.join(names)} and others)"
        return f"tasks {', '.join(names[:-1])} and {names[-1]}"

    @cached_property
    def mains(self) -> list[int]:
        """The tasks that code outside of every task made: what `asyncio.run` was given."""
        steps, parents = self.trace.steps, self.trace.tasks.parent
        by_program = {
            task for task, wait, by in zip(steps.task, steps.wait, steps.waker, strict=True) if _is_main(wait, by)
        }
        return sorted(task for task in by_program if parents[task] == NONE)

    @cached_property
    def last_mains(self) -> dict[int, int]:
        """By loop the last of `mains`: when it ends the program does."""
        return {self.trace.tasks.loop[main]: main for main in self.mains}

    def job_site(self, job: int) -> int:
        """The line in which a job's task waited for it, or `NONE`."""
        jobs, sites = self.trace.jobs, self.trace.waits.site
        if jobs.task[job] < 0:
            return NONE
        waits = self.waits_between(jobs.task[job], jobs.submitted_ns[job], jobs.ended_ns[job])
        return next((sites[wait] for *_, wait, _ in waits if sites[wait] >= 0), NONE)

    # Steps

    @cached_property
    def since_ns(self) -> array[int]:
        """For each step when its task had given up control before, or was created."""
        steps, found = self.trace.steps, array("q", bytes(8 * len(self.trace.steps)))
        reached = array("q", self.trace.tasks.created_ns)
        for row, (task, end) in enumerate(zip(steps.task, steps.end_ns, strict=True)):
            found[row] = reached[task]
            reached[task] = end
        return found

    @cached_property
    def _by_task(self) -> list[array[int]]:
        rows = [array("i") for _ in range(len(self.trace.tasks))]
        for row, task in enumerate(self.trace.steps.task):
            rows[task].append(row)
        return rows

    def steps_of(self, task: int) -> array[int]:
        """Rows of a task's steps, in order."""
        return self._by_task[task]

    def waits_of(self, task: int) -> Iterator[tuple[int, int, int, int]]:
        """A task's waits: when it began, when it was over, the row of `Trace.waits`, and the step that came after.

        What a task that never ended waits for is the last, with `NONE` for the step.
        """
        steps, since = self.trace.steps, self.since_ns
        last = self.trace.tasks.created_ns[task]
        for row in self.steps_of(task):
            last = steps.end_ns[row]
            if steps.wait[row] >= 0:
                yield since[row], steps.ready_ns[row], steps.wait[row], row
        if self.trace.tasks.waiting[task] >= 0:
            yield last, self.trace.tasks.ended_ns[task], self.trace.tasks.waiting[task], NONE

    def waits_between(self, task: int, from_ns: int, to_ns: int) -> Iterator[tuple[int, int, int, int]]:
        """Those of `waits_of` that touch the time from `from_ns` to `to_ns`, without a look at the others."""
        steps, since, rows = self.trace.steps, self.since_ns, self.steps_of(task)
        for place in range(bisect_left(rows, from_ns, key=steps.ready_ns.__getitem__), len(rows)):
            row = rows[place]
            if since[row] >= to_ns:
                return
            if steps.wait[row] >= 0:
                yield since[row], steps.ready_ns[row], steps.wait[row], row

    @cached_property
    def late_ns(self) -> array[int]:
        """For each step how long after it was ready it began."""
        return array("q", map(sub, self.trace.steps.start_ns, self.trace.steps.ready_ns))

    @cached_property
    def starts(self) -> array[int]:
        """The starts of the steps where there is one loop only, in order; to be searched."""
        return array("q", self.trace.steps.start_ns)

    def steps_between(self, from_ns: int, to_ns: int) -> range:
        """Rows of the steps that began from `from_ns` to before `to_ns`."""
        return range(bisect_left(self.starts, from_ns), bisect_right(self.starts, to_ns - 1))

    def kind(self, wait: int) -> Wait:
        """What a row of `Trace.waits` is."""
        return Wait(self.trace.waits.kind[wait])

    # Words

    def span(self, text: str, from_ns: int, to_ns: int, task: int = NONE, step: int = NONE) -> Evidence:
        """Evidence that lasted from one moment to another."""
        return Evidence(f"{text}, {moment(from_ns)} to {moment(to_ns)}", task, step, from_ns, to_ns)

    def at(self, text: str, t_ns: int, task: int = NONE, step: int = NONE) -> Evidence:
        """Evidence of one moment."""
        return Evidence(f"{text}, at {moment(t_ns)}", task, step, t_ns, t_ns)


def _is_main(wait: int, waker: int) -> bool:
    return wait == NONE and waker == Actor.PROGRAM


def moment(ns: int) -> str:
    """A moment of the run: `2.104 s`."""
    return f"{ns / 1e9:.3f} s"


def took(ns: int) -> str:
    """A length of time for people."""
    return format_duration(ns)
