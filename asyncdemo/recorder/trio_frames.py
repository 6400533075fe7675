"""Frames of programs that run on trio: what a suspended task waits for, and which line of the program calls trio.

trio gives the frames in which a task is suspended. The innermost of trio's own that stands in a table below names the
wait, the innermost of the program's the line.
"""

from __future__ import annotations

import os
from types import CodeType, FrameType, ModuleType
from typing import Any

from asyncdemo.recorder.awaits import WaitBook
from asyncdemo.recorder.sites import SiteBook, is_installed
from asyncdemo.trace import NONE, Wait

_WAITS = {
    "sleep_forever": (Wait.SLEEP, "sleep"),
    "Nursery._nested_child_finished": (Wait.TASK, "tasks"),
    "_LockImpl.acquire": (Wait.LOCK, "Lock"),
    "Semaphore.acquire": (Wait.SEMAPHORE, "Semaphore"),
    "CapacityLimiter.acquire_on_behalf_of": (Wait.SEMAPHORE, "CapacityLimiter"),
    "Condition.wait": (Wait.CONDITION, "Condition"),
    "Event.wait": (Wait.EVENT, "Event"),
    "MemorySendChannel.send": (Wait.QUEUE_PUT, "channel.send"),
    "MemoryReceiveChannel.receive": (Wait.QUEUE_GET, "channel.receive"),
    "to_thread_run_sync": (Wait.THREAD, "thread"),
    "Process.wait": (Wait.SUBPROCESS, "process exit"),
    "FdStream.send_all": (Wait.NETWORK, "pipe"),
    "FdStream.receive_some": (Wait.NETWORK, "pipe"),
}
"""What trio's coroutines, by their qualified names, wait for."""
_UNDERNEATH = {
    "wait_readable": (Wait.NETWORK, "socket"),
    "wait_writable": (Wait.NETWORK, "socket"),
    "wait_overlapped": (Wait.NETWORK, "socket"),
    "ParkingLot.park": (Wait.FUTURE, "parking lot"),
}
"""What others of trio's wait in, when none of the former is there."""
_ELSE = (Wait.FUTURE, "wake-up")
_SLEEP = "sleep_until"


class TrioFrames:
    """Reads frames of programs that run on trio.

    Args:
        trio: the package.
        sites: places in source code.
        waits: reasons to wait.
    """

    def __init__(self, trio: ModuleType, sites: SiteBook, waits: WaitBook) -> None:
        self._folder = os.path.dirname(str(trio.__file__)) + os.sep
        self._sites = sites
        self._waits = waits

    def wait(self, task: Any) -> int:
        """The row of what a suspended task waits for."""
        frames = [frame for frame, _ in task.iter_await_frames()]
        own = [depth for depth, frame in enumerate(frames) if self._is_own(frame.f_code)]
        told = next(
            (depth for depth in reversed(own) if not is_installed(_file(frames[depth]))), own[-1] if own else None
        )
        names = [frame.f_code.co_qualname for frame in reversed(frames[own[-1] + 1 if own else 0 :])]
        kind, on = next((table[name] for table in (_WAITS, _UNDERNEATH) for name in names if name in table), _ELSE)
        return self._waits.row(kind, on, site=NONE if told is None else self._sites.of_frame(frames[told]))

    def sleeps(self, task: Any) -> bool:
        """Whether a suspended task sleeps until some time."""
        return any(self.trios_name(frame.f_code) == _SLEEP for frame, _ in task.iter_await_frames())

    def calling(self, frame: FrameType | None, *, outside: bool = False) -> int:
        """The site of the program's innermost line that has called what runs in `frame`, or `NONE`.

        It is one of a running task's; with `outside` it may also be the one that runs trio.
        """
        while frame is not None and (outside or id(frame.f_code) not in self._sites.entries):
            if self._is_own(frame.f_code):
                return self._sites.of_frame(frame)
            frame = frame.f_back
        return NONE

    def called(self, code: CodeType, frame: FrameType | None) -> bool:
        """Whether the function of this code has called, within the run, what runs in `frame`."""
        while frame is not None and id(frame.f_code) not in self._sites.entries:
            if frame.f_code is code:
                return True
            frame = frame.f_back
        return False

    def trios_name(self, code: CodeType | None) -> str:
        """The qualified name of trio's function that has this code; "" when it is none of trio's."""
        return code.co_qualname if code is not None and code.co_filename.startswith(self._folder) else ""

    def _is_own(self, code: CodeType) -> bool:
        return not self._sites.is_foreign(code) and not self.trios_name(code)


def _file(frame: FrameType) -> str:
    return frame.f_code.co_filename
