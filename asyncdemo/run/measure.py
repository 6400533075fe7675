"""Timing a concept or a script with nothing else on: no recorder, no view, its output discarded."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cache
from time import process_time_ns
from types import ModuleType
from typing import TYPE_CHECKING, Any, TextIO

from asyncdemo.errors import AsyncdemoError
from asyncdemo.recorder.clock import Clock, RealClock
from asyncdemo.run.exits import INTERRUPTED
from asyncdemo.run.programs import program_of
from asyncdemo.run.script import Main, event_loops, main_restored

resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows has none
    resource = None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Measurement:
    """How long one run took.

    Attributes:
        wall_ns: nanoseconds of the clock from before the loop was made until after it was closed.
        cpu_ns: processor nanoseconds of this process, all threads, meanwhile, and of children that have ended.
        system_ns: how much of that was spent in the kernel; 0 where the system does not tell.
    """

    wall_ns: int
    cpu_ns: int
    system_ns: int = 0


def measure(
    module: str, params: Mapping[str, Any], *, clock: Clock | None = None, loop: str = "asyncio"
) -> Measurement:
    """Times one `await main(**params)` of `module` in a fresh loop.

    Args:
        module: the concept's module, such as `asyncdemo.concepts.sync.semaphore`.
        params: keyword arguments for its `main`.
        clock: what makes the loop and tells the time; real time by default.
        loop: `asyncio` or `uvloop`; a concept of trio has a loop of its own.

    Raises:
        AsyncdemoError: the loop is not available here or for the concept (exit code 3), or the clock refused what the
            concept does.
        BaseException: whatever the concept raised.
    """
    imported = importlib.import_module(module)
    clock = clock or RealClock()
    with _silence(), clock.installed():
        return _timed(lambda: program_of(imported, params, clock, loop).run(), clock)


def measure_script(script: Main, *, clock: Clock | None = None, loop: str | None = None) -> Measurement:
    """Times a script from its first line to its last: what it imports stays imported, so the first run takes longer.

    Args:
        script: what to run; it becomes `__main__` for as long.
        clock: tells the time; real time by default.
        loop: `asyncio` or `uvloop`, or None for the loops that the script makes by itself.

    Raises:
        AsyncdemoError: the script ended with an exit code other than 0, or the loop is not available here (exit code
            3), or the clock refused what it does.
    """
    clock = clock or RealClock()
    with _silence(), main_restored(), event_loops(loop, clock):
        return _timed(lambda: _execute(script), clock)


def _execute(script: Main) -> None:
    code, error = script.execute()
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    if code:
        last = (error or "").strip().rpartition("\n")[2]
        raise AsyncdemoError(f"{script.title} ended with exit code {code}.\n{last}".strip())


def _timed(run: Callable[[], object], clock: Clock) -> Measurement:
    kernel, children, cpu_ns, started_ns = *_kernel_and_children(), process_time_ns(), clock.now_ns()
    run()
    wall_ns, cpu_ns = clock.now_ns() - started_ns, process_time_ns() - cpu_ns
    kernel_after, children_after = _kernel_and_children()
    return Measurement(wall_ns, cpu_ns + round((children_after - children) * 1e9), round((kernel_after - kernel) * 1e9))


def peak_memory(run: Callable[[], object]) -> int:
    """By how many bytes what Python has allocated grows at most during `run`.

    Tracing every allocation takes its time, so this tells nothing of how long it takes.
    """
    import tracemalloc

    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        run()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def _kernel_and_children() -> tuple[float, float]:
    """Processor seconds in the kernel, of this process and its children, and all of the children's."""
    if resource is None:
        return 0.0, 0.0
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_stime + children.ru_stime, children.ru_utime + children.ru_stime


@cache
def _nowhere() -> TextIO:
    """Where output goes that nobody wants.

    It stays open to the end: a thread of a run that failed may still print to it, and Python crashes when a file goes
    meanwhile.
    """
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - closed when the interpreter ends
    atexit.register(nowhere.close)
    return nowhere


@contextmanager
def _silence() -> Iterator[None]:
    """Discards what this process and its children write to stdout."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with redirect_stdout(_nowhere()):
            os.dup2(_nowhere().fileno(), 1)
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
