"""Who printed what.

The `write` of the program's own `sys.stdout` and `sys.stderr` is watched on those very objects: they stay what they
are. Where the program's output must not reach the terminal (under a live view, or where stdout is to be one JSON
object), it is held back; then what is written straight to the file descriptors, by child processes for example, is
caught as well.
"""

from __future__ import annotations

import io
import os
import select
import sys
from _thread import RLock, allocate_lock, start_new_thread
from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TextIO

from asyncdemo.recorder.tables import ALL, columns
from asyncdemo.trace import NONE, Lines

if TYPE_CHECKING:
    from asyncdemo.recorder.recorder import Recorder

LINE = "qibiii"
"""The type codes of the columns of `trace.Lines`."""
_STREAMS = {1: "stdout", 2: "stderr"}
_CHILD = "child process"
MOST_DESCRIPTORS = 1024
"""`select` knows the descriptors below this number."""


class OutputBook:
    """The lines that the program printed.

    Args:
        hold: whether they are kept from the terminal.
        watch: whether they are noted at all; held ones are.

    Attributes:
        screen: where a view can draw while output is held: the real standard output.
    """

    def __init__(self, recorder: Recorder, *, hold: bool, watch: bool = True) -> None:
        self._recorder = recorder
        self._watch_streams = watch or hold
        self._hold = hold
        self.rows: list[tuple[int, int, int, int | str, int, int]] = []
        self._unfinished: dict[int, str] = {}
        self._watched: list[Any] = []
        self._captures: list[_DescriptorCapture] = []
        self._pid = os.getpid()
        self.screen: TextIO | None = None

    def start(self) -> None:
        """Begins to watch."""
        if self._hold:
            self._hold_descriptors()
        for number, name in _STREAMS.items() if self._watch_streams else ():
            stream = getattr(sys, name)
            if isinstance(stream, io.TextIOBase):
                with suppress(AttributeError):
                    self._watch(stream, number)

    @property
    def is_watching(self) -> bool:
        """Whether lines are noted, or held."""
        return bool(self._watched or self._captures)

    def unwatch(self) -> None:
        """Gives the streams their own `write` back."""
        for stream in self._watched:
            with suppress(AttributeError):
                del stream.write
        self._watched.clear()

    def stop(self) -> None:
        """Watches no longer; what was printed without a newline at its end becomes a line."""
        self.unwatch()
        for capture in self._captures:
            with suppress(OSError, ValueError, AttributeError):
                getattr(sys, _STREAMS[capture.number]).flush()
            capture.close()
        self._captures.clear()
        for number, rest in sorted(self._unfinished.items()):
            if rest:
                self._add(number, rest, self._recorder.running_task(), NONE)
        self._unfinished.clear()

    def _hold_descriptors(self) -> None:
        for number, name in _STREAMS.items():
            stream = getattr(sys, name)
            with suppress(OSError, ValueError, AttributeError):
                if stream.fileno() == number:
                    stream.flush()
                    self._captures.append(_DescriptorCapture(number, self._from_descriptor))
        if self._captures and self.screen is None:
            self.screen = self._captures[0].original_stream()

    def _watch(self, stream: Any, number: int) -> None:
        write = stream.write

        def watched(text: str, /) -> int:
            if type(text) is not str or os.getpid() != self._pid:
                return write(text)  # type: ignore[no-any-return]
            self._printed(number, text)
            return len(text) if self._hold else write(text)

        stream.write = watched
        self._watched.append(stream)

    def _printed(self, number: int, text: str) -> None:
        try:
            *lines, rest = (self._unfinished.get(number, "") + text).split("\n")
            if lines:
                self._catch_up()
                task, origin = self._recorder.running_task(), self._recorder.thread_origin()
                for line in lines:
                    self._add(number, line, task, origin)
            self._unfinished[number] = rest
        except Exception as fault:
            self._recorder.fail(fault)

    def _catch_up(self) -> None:
        """Takes first what has reached the descriptors before."""
        for capture in self._captures:
            if capture.can_look:
                capture.take()

    def _from_descriptor(self, number: int, line: str) -> None:
        self._append(number, line, NONE, self._recorder.strings.intern(_CHILD), NONE)

    def _add(self, number: int, line: str, task: int, origin: int) -> None:
        loop = self._recorder.running()
        self._append(number, line, task, origin, NONE if loop is None else len(loop))

    def _append(self, number: int, line: str, task: int, origin: int, steps: int) -> None:
        # A text that may be forgotten is not among those that are kept before somebody reads it.
        text = line if self._recorder.scope.max_steps is not None else self._recorder.strings.add(line)
        self.rows.append((self._recorder.now(), task, number, text, origin, steps))

    def table(self, origin_ns: int, rows: slice = ALL, intern: Callable[[str], int] | None = None) -> Lines:
        """The lines so far, or these of them, with times from `origin_ns`.

        `intern` gives the strings of the texts that have none yet, in place of the recorder's own.
        """
        string = intern or self._recorder.strings.intern
        found = [
            (t_ns - origin_ns, task, stream, text if isinstance(text, int) else string(text), origin, steps)
            for t_ns, task, stream, text, origin, steps in self.rows[rows]
        ]
        return Lines(*columns(LINE, found))

    def forget(self, before_ns: int) -> None:
        """Lets go of the lines that were printed before this time."""
        del self.rows[: bisect_left(self.rows, before_ns, key=itemgetter(0))]


class _DescriptorCapture:
    """Reads what is written to a file descriptor, line by line, in place of where it went.

    A thread reads as soon as there is something; where that can be told without waiting, whoever wants to know what has
    been written so far does too.

    Attributes:
        number: the descriptor.
        can_look: whether what there is can be taken without waiting for more.
    """

    def __init__(self, number: int, found: Callable[[int, str], None]) -> None:
        self.number = number
        self._found = found
        self._original = os.dup(number)
        self._reader = _redirect(number, terminal=os.isatty(number))
        self.can_look = sys.platform != "win32" and self._reader < MOST_DESCRIPTORS
        if self.can_look:
            os.set_blocking(self._reader, False)
        self._rest = b""
        self._turn = RLock()
        self._taking = False
        self._ended = allocate_lock()
        self._ended.acquire()
        start_new_thread(self._read, ())

    def original_stream(self) -> TextIO:
        """A text stream to where the descriptor led before."""
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        return open(os.dup(self._original), "w", encoding=encoding, errors="replace", buffering=1)

    def close(self) -> None:
        """Gives the descriptor back."""
        os.dup2(self._original, self.number)
        os.close(self._original)
        self._ended.acquire(timeout=1)

    def take(self) -> bool:
        """Takes the lines that are there, and says whether more may come."""
        with self._turn:
            if self._taking:  # a finalizer prints in this very moment
                return True
            self._taking = True
            try:
                return self._take()
            finally:
                self._taking = False

    def _take(self) -> bool:
        try:
            while data := os.read(self._reader, 65536):
                *lines, self._rest = (self._rest + data).split(b"\n")
                for line in lines:
                    self._found(self.number, line.decode("utf-8", "replace").rstrip("\r"))
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _read(self) -> None:
        while not self.can_look or select.select([self._reader], [], []):
            if not self.take():
                break
        if self._rest:
            self._found(self.number, self._rest.decode("utf-8", "replace"))
        with self._turn:
            os.close(self._reader)
            self._reader = -1
        self._ended.release()


def _redirect(number: int, *, terminal: bool) -> int:
    """Lets the descriptor lead into a pipe, or a terminal where it was one; returns the end to read."""
    if terminal:
        import pty
        import termios

        reader, writer = pty.openpty()
        attributes = termios.tcgetattr(writer)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(writer, termios.TCSANOW, attributes)
        with suppress(OSError):
            termios.tcsetwinsize(writer, termios.tcgetwinsize(number))
    else:
        reader, writer = os.pipe()
    os.dup2(writer, number)
    os.close(writer)
    return reader
