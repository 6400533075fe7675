"""Jobs of executors: who submitted them, which thread or process ran them, and when.

`concurrent.futures` keeps each submitted call in a work item. A thread's item is timed around its `run`. A process
pool's is timed in the child, by a worker function that sends the times back beside each result: the functions of the
program, their results and their exceptions are not touched.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
import threading
import time
from _thread import RLock
from collections.abc import Callable, Iterable
from itertools import count
from typing import TYPE_CHECKING, Any

from asyncdemo.recorder.tables import ALL, columns
from asyncdemo.trace import NONE, Jobs, Outcome, Wait, Workers

if TYPE_CHECKING:
    from asyncdemo.recorder.recorder import Recorder


class Job:
    """One call submitted to an executor."""

    __slots__ = ("ended_ns", "function", "kind", "outcome", "started_ns", "submitted_ns", "task", "worker")

    def __init__(self, kind: Wait, function: int, task: int, submitted_ns: int) -> None:
        self.kind = kind
        self.function = function
        self.task = task
        self.worker = NONE
        self.submitted_ns = submitted_ns
        self.started_ns = NONE
        self.ended_ns = NONE
        self.outcome = Outcome.PENDING


class WorkerBook:
    """The jobs and workers of a recording."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._jobs: dict[int, Job] = {}
        self._numbers = count()
        self._workers: dict[tuple[Wait, str], int] = {}
        self._lock = RLock()

    def install(self) -> None:
        """Watches the executors of `concurrent.futures` as soon as the program imports them."""
        hooks = self._recorder.hooks
        hooks.when_imported("concurrent.futures.thread", self._watch_threads)
        hooks.when_imported("concurrent.futures.process", self._watch_processes)

    def _submitted(self, kind: Wait, function: Any) -> Job:
        recorder = self._recorder
        loop = recorder.running()
        task = loop.task if loop is not None else NONE
        job = Job(kind, recorder.strings.intern(_function_name(function)), task, recorder.now())
        self._jobs[next(self._numbers)] = job
        return job

    def _worker(self, kind: Wait, name: str) -> int:
        with self._lock:
            return self._workers.setdefault((kind, name), len(self._workers))

    # Threads

    def _watch_threads(self, module: Any) -> None:
        item_class = module._WorkItem
        run = item_class.run
        self._after_init(item_class, self._thread_submitted)
        started, ended = self._recorder.guarded(self._thread_started), self._recorder.guarded(self._thread_ended)

        @functools.wraps(run)
        def timed_run(item: Any, *args: Any) -> None:
            future = item.future
            started(item)
            run(item, *args)
            ended(item, future)

        self._recorder.hooks.replace(item_class, "run", timed_run)

    def _after_init(self, item_class: Any, note: Callable[..., None]) -> None:
        original, guarded = item_class.__init__, self._recorder.guarded(note)

        @functools.wraps(original)
        def __init__(item: Any, *args: Any, **options: Any) -> None:  # noqa: N807
            original(item, *args, **options)
            guarded(item)

        self._recorder.hooks.replace(item_class, "__init__", __init__)

    def _thread_submitted(self, item: Any) -> None:
        item._asyncdemo = self._submitted(Wait.THREAD, _function_of(item))

    def _thread_started(self, item: Any) -> None:
        future, job = item.future, getattr(item, "_asyncdemo", None)
        if job is None or future.cancelled():  # it was submitted before the recording, or is not run
            return
        job.started_ns = self._recorder.now()
        job.worker = self._worker(Wait.THREAD, threading.current_thread().name)
        for name in ("set_result", "set_exception"):
            setattr(future, name, self._ending(job, getattr(future, name)))

    def _ending(self, job: Job, resolve: Callable[[Any], None]) -> Callable[[Any], None]:
        """`resolve`, which wakes whoever waits for the job, with a look at the clock before."""

        def resolved(value: Any) -> None:
            job.ended_ns = self._recorder.now()
            resolve(value)

        return resolved

    def _thread_ended(self, item: Any, future: Any) -> None:
        job = getattr(item, "_asyncdemo", None)
        if job is None:
            return
        for name in ("set_result", "set_exception"):
            vars(future).pop(name, None)
        if job.ended_ns == NONE:
            job.ended_ns = self._recorder.now()
        job.outcome = _outcome(future)

    # Processes

    def _watch_processes(self, module: Any) -> None:
        hooks, manager = self._recorder.hooks, module._ExecutorManagerThread
        process_result = manager.process_result_item
        ended = self._recorder.guarded(self._process_ended)
        self._after_init(module._WorkItem, self._process_submitted)

        @functools.wraps(process_result)
        def process_result_item(thread: Any, result_item: Any) -> None:
            ended(thread, result_item)
            process_result(thread, result_item)

        hooks.replace(manager, "process_result_item", process_result_item)
        hooks.replace(sys.modules[__name__], "_process_worker", module._process_worker)
        hooks.replace(module, "_process_worker", timed_process_worker)

    def _process_submitted(self, item: Any) -> None:
        item._asyncdemo = self._submitted(Wait.PROCESS, _function_of(item))

    def _process_ended(self, thread: Any, result_item: Any) -> None:
        item = thread.pending_work_items.get(getattr(result_item, "work_id", None))
        job, times = getattr(item, "_asyncdemo", None), getattr(result_item, "_asyncdemo", None)
        if job is None or times is None:
            return
        pid, job.started_ns, job.ended_ns = times
        job.worker = self._worker(Wait.PROCESS, f"process {pid}")
        job.outcome = Outcome.RAISED if result_item.exception is not None else Outcome.RETURNED

    def forget(self, before_ns: int) -> set[int]:
        """Lets go of the jobs that were over before this time; returns the tasks that submitted the others."""
        for number, job in list(self._jobs.items()):
            if NONE < job.ended_ns < before_ns:
                del self._jobs[number]
        return {job.task for job in list(self._jobs.values())}

    # Reading

    def busy(self) -> bool:
        """Whether a job that was submitted has not ended."""
        return any(job.outcome == Outcome.PENDING for job in list(self._jobs.values()))

    def tables(self, origin_ns: int, end_ns: int) -> tuple[Workers, Jobs]:
        """The workers and jobs so far, with times from `origin_ns`; running jobs end at `end_ns`."""
        return self.table(), self.rows(self.jobs(), origin_ns, end_ns)

    def table(self, rows: slice = ALL) -> Workers:
        """The workers so far, or these of them."""
        text = self._recorder.strings.intern
        return Workers(*columns("bi", [(int(kind), text(name)) for kind, name in list(self._workers)[rows]]))

    def jobs(self) -> list[Job]:
        """The jobs so far."""
        return list(self._jobs.values())

    @staticmethod
    def rows(jobs: Iterable[Job], origin_ns: int, end_ns: int) -> Jobs:
        """These jobs as a table, with times from `origin_ns`; running ones end at `end_ns`."""
        return Jobs(*columns("biiiqqqb", [_row(job, origin_ns, end_ns) for job in jobs]))


def _row(job: Job, origin_ns: int, end_ns: int) -> tuple[int, ...]:
    ended = end_ns if job.ended_ns == NONE else job.ended_ns
    started = ended if job.started_ns == NONE else job.started_ns
    times = (job.submitted_ns - origin_ns, started - origin_ns, ended - origin_ns)
    return (int(job.kind), job.function, job.task, job.worker, *times, int(job.outcome))


def _outcome(future: Any) -> Outcome:
    if future.cancelled():
        return Outcome.CANCELLED
    return Outcome.RAISED if future.exception(timeout=0) is not None else Outcome.RETURNED


def _function_of(item: Any) -> Any:
    """The function of a work item; 3.14 keeps it within a task."""
    return item.fn if hasattr(item, "fn") else item.task[0]


def _function_name(function: Any) -> str:
    """What to call a submitted function: `asyncio.to_thread` and `partial` hide the one that matters."""
    while isinstance(function, functools.partial):
        inner = function.func
        function = function.args[0] if getattr(inner, "__qualname__", "") == "Context.run" and function.args else inner
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)


class _TimingQueue:
    """A result queue that adds to each result who computed it and when."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self.started_ns = 0

    def put(self, item: Any) -> None:
        if hasattr(item, "work_id"):
            item._asyncdemo = (os.getpid(), self.started_ns, time.perf_counter_ns())
        self._queue.put(item)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


class _StartingQueue:
    """A call queue that notes when each call was taken out."""

    def __init__(self, queue: Any, results: _TimingQueue) -> None:
        self._queue = queue
        self._results = results

    def get(self, *args: Any, **options: Any) -> Any:
        call = self._queue.get(*args, **options)
        self._results.started_ns = time.perf_counter_ns()
        return call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


_process_worker: Any = None
"""The original of what a pool's child process runs, while it is replaced."""


def timed_process_worker(call_queue: Any, result_queue: Any, *rest: Any) -> None:
    """What a pool's child process runs: the original worker between two queues that take the time.

    A forked child finds the original in this module; a spawned one, in which nothing is replaced, in its own.
    """
    worker = _process_worker or importlib.import_module("concurrent.futures.process")._process_worker
    results = _TimingQueue(result_queue)
    worker(_StartingQueue(call_queue, results), results, *rest)
