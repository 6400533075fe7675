"""The program's child processes: each records itself, and leaves in a folder what it recorded, while it does.

A child of `multiprocessing`, however it is started, takes its orders along in the process object, which is what runs
in it first; a child of `os.fork` has them in memory. What a child leaves is joined to the recording of the program's
own process when that is over.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from glob import glob
from time import perf_counter, perf_counter_ns
from types import FrameType, TracebackType
from typing import Any, Self

from asyncdemo import tracefile
from asyncdemo.errors import AsyncdemoError
from asyncdemo.joining import Child, joined
from asyncdemo.recorder import Recorder
from asyncdemo.recorder.hooks import Hooks
from asyncdemo.recorder.reader import process_name
from asyncdemo.recorder.recorder import active
from asyncdemo.recorder.scope import Scope
from asyncdemo.run.interrupts import DEADLY, Interrupts
from asyncdemo.run.window import Window
from asyncdemo.trace import Trace

MISSING = "recordings of child processes"
"""What is not kept when a child was killed, or runs on when the program has ended, and has not saved anything yet."""
CUT_OFF = "ends of recordings of child processes"
"""What is not kept when it has."""
_SUBPROCESS = "_execute_child"
"""The function of `subprocess` that forks a child which will be another program in a moment."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a child process is told.

    Attributes:
        folder: where it leaves its recording.
        scope: what it records.
        since_s: when the program began, in the time of the machine.
        watch_output: whether that includes what it prints.
    """

    folder: str
    scope: Scope
    since_s: float
    watch_output: bool

    def rest(self) -> Scope | None:
        """What a process that begins now records; None when the time for that is over."""
        passed_s, scope = perf_counter() - self.since_s, self.scope
        if not scope.is_window:
            return scope
        since_s = max(0.0, scope.since_s - passed_s)
        end_s = None if scope.for_s is None else scope.since_s + scope.for_s - passed_s
        if end_s is not None and end_s <= 0:
            return None
        return replace(scope, since_s=since_s, for_s=None if end_s is None else end_s - since_s)


class Children:
    """Context manager that has the children of this process recorded, or at least not disturbed.

    Args:
        recorder: that of this process, at work.
        wanted: whether children are recorded.
        leaving: called when the program calls `os._exit` in this process, with the exit code.
    """

    def __init__(self, recorder: Recorder, *, wanted: bool, leaving: Callable[[int], object] | None = None) -> None:
        self._recorder = recorder
        self._wanted = wanted
        self._leaving = leaving
        self._orders: Orders | None = None
        self._hooks = Hooks()

    def __enter__(self) -> Self:
        if self._wanted:
            folder = tempfile.mkdtemp(prefix="asyncdemo-run-")
            self._orders = Orders(folder, self._recorder.scope, perf_counter(), not self._recorder.holds_output)
            self._recorder.apart = partial(_apart, folder)
        _here.orders, _here.pid, _here.leaving = self._orders, os.getpid(), self._leaving
        _watch(self._hooks)
        _watch_forks()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self._hooks.restore()
        _here.orders = _here.leaving = None

    def joined(self, trace: Trace) -> Trace:
        """The recording of this process with those that its children have left; the folder is gone afterwards."""
        orders, self._orders = self._orders, None
        if orders is None:
            return trace
        left = {path: _read(path) for path in sorted(glob(os.path.join(orders.folder, "*.trace")))}
        begun = {*map(_pid, left), *map(_pid, glob(os.path.join(orders.folder, "*.begun")))}
        shutil.rmtree(orders.folder, ignore_errors=True)
        there = {_pid(path): each for path, each in left.items() if each is not None}
        cut = sum("cut_off" in each.trace.meta for each in there.values())
        lost = {what: number for what, number in ((MISSING, len(begun) - len(there)), (CUT_OFF, cut)) if number}
        trace = replace(trace, lost={**trace.lost, **lost}) if lost else trace
        origin_ns = self._recorder.origin()
        found = [each._replace(at_ns=each.at_ns - origin_ns) for each in there.values()]
        return joined(trace, sorted(found, key=lambda each: each.at_ns)) if found else trace


def _apart(folder: str) -> dict[str, int]:
    """What would be missing of the children if this process was killed now."""
    number = len({_pid(name) for name in os.listdir(folder)})
    return {MISSING: number} if number else {}


def _pid(path: str) -> str:
    """Whose file in the folder it is."""
    return os.path.basename(path).replace(".", "-").partition("-")[0]


def _read(path: str) -> Child | None:
    """What a child has left, if only until it was killed; its origin in the time of the machine.

    None when it cannot be read.
    """
    try:
        trace = tracefile.load(path)
        about = trace.meta["child"]
        return Child(trace, about["origin_ns"], about["parent"])
    except (AsyncdemoError, KeyError):
        return None


class _Here:
    """What this process is to do about children, and as one.

    Attributes:
        orders: for its children, or None when they are not recorded.
        pid: the process in which these were set.
        leaving: called at `os._exit`.
        recorder: what records this child, or None in the program's own process.
        path: where its recording goes.
        window: when it does.
    """

    orders: Orders | None = None
    pid = 0
    leaving: Callable[[int], object] | None = None
    recorder: Recorder | None = None
    path = ""
    window: Window


_here = _Here()


def _watch(hooks: Hooks) -> None:
    """Hands their orders to processes that are started, and sees it when this one is left by `os._exit`."""
    hooks.when_imported("multiprocessing.process", lambda module: _watch_starts(hooks, module))
    leave = os._exit

    @functools.wraps(leave)
    def _exit(status: int) -> None:
        with suppress(Exception):
            if os.getpid() == _here.pid and _here.leaving is not None:
                _here.leaving(status)
        leave(status)

    hooks.replace(os, "_exit", _exit)


def _watch_starts(hooks: Hooks, module: Any) -> None:
    original = module.BaseProcess.start

    @functools.wraps(original)
    def start(self: Any) -> None:
        orders = _here.orders
        if orders is None or "_bootstrap" in vars(self):
            return original(self)  # type: ignore[no-any-return]
        self._bootstrap = Bootstrap(self, orders)
        try:
            return original(self)  # type: ignore[no-any-return]
        finally:
            vars(self).pop("_bootstrap", None)

    hooks.replace(module.BaseProcess, "start", start)


class Bootstrap:
    """Takes the place of the method of a process that runs it in the child, and goes with it to there.

    Args:
        process: the process to be started.
        orders: what it is told.
    """

    def __init__(self, process: Any, orders: Orders) -> None:
        self._process = process
        self._orders = orders
        self._parent = os.getpid()

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Records what the original does."""
        process = self._process
        vars(process).pop("_bootstrap", None)
        begin(self._orders, self._parent)
        try:
            return process._bootstrap(*args, **options)  # noqa: SLF001 - that is whose place this takes
        finally:
            finish()


@functools.cache
def _watch_forks() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forked)


def _forked() -> None:
    """A forked child lets go of what its parent records, and records itself."""
    with suppress(Exception):
        parents = active()
        if parents is None:
            return
        parents.abandon()
        _here.recorder = None
        forking = sys._getframe(1).f_code.co_name  # noqa: SLF001 - the hook is not told who forks
        if _here.orders is not None and forking != _SUBPROCESS:
            begin(_here.orders, os.getppid(), fork=True)


def begin(orders: Orders, parent: int, *, fork: bool = False) -> None:
    """Records this process, a child, from now on. Does nothing when that is under way already."""
    with suppress(Exception):
        scope = orders.rest()
        if _here.recorder is not None or scope is None:
            return
        path = os.path.join(orders.folder, f"{os.getpid()}-{perf_counter_ns()}.trace")
        recorder = Recorder(
            scope=scope, watch_output=orders.watch_output, meta={"child": {"parent": parent}}, saved_to=path
        )
        recorder.forked_from = process_name() if fork else None
        _here.path = path
        _here.recorder, _here.pid, _here.leaving = recorder, os.getpid(), lambda _: finish()
        if _here.orders is None:
            _here.orders = orders
            _watch(recorder.hooks)
        recorder.when_loop = lambda: _announce(orders)
        _here.window = Window(recorder)
        _here.window.__enter__()
        atexit.register(finish)


def finish() -> None:
    """Ends the recording of this child and leaves it in the folder, if any loop ran."""
    recorder, orders, _here.recorder, _here.leaving = _here.recorder, _here.orders, None, None
    if recorder is None or orders is None or os.getpid() != _here.pid:
        return
    with suppress(Exception):
        atexit.unregister(finish)
        recorder.meta["child"]["origin_ns"] = recorder.origin()
        _here.window.__exit__(None, None, None)
        trace = recorder.stop()
        if len(trace.loops):
            tracefile.save(trace, _here.path, partial=recorder.saver.path)
            os.unlink(_announcement(orders))


def _announcement(orders: Orders) -> str:
    return os.path.join(orders.folder, f"{os.getpid()}.begun")


def _announce(orders: Orders) -> None:
    """A loop runs in this child: the parent expects its recording, also when it is terminated."""
    with open(_announcement(orders), "w", encoding="ascii"):
        pass
    if threading.current_thread() is threading.main_thread():
        for each in (*DEADLY, signal.SIGINT):
            handler = signal.getsignal(each)
            # What a forked child has from the run of its parent lets it die as by default.
            if handler is signal.SIG_DFL or isinstance(getattr(handler, "__self__", None), Interrupts):
                signal.signal(each, _killed)


def _killed(number: int, _: FrameType | None) -> None:
    finish()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
