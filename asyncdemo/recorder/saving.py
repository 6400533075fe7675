"""Saving a recording while it goes on: however the program ends, what was saved until then can be loaded.

A hidden thread appends what is new to a file, about once a second, and rests again and again while it does, so that it
holds the program up for no more than moments. The file is open for these moments alone: a program may close whatever
descriptors it finds. Of a recording that lets go of what is old everything is written anew.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from time import thread_time
from typing import TYPE_CHECKING

from asyncdemo import journal
from asyncdemo.files import BUFFER, reason, write_whole
from asyncdemo.journal import Bytes
from asyncdemo.recorder.forgetting import ForgetfulRows
from asyncdemo.recorder.news import News
from asyncdemo.ticker import Ticker

if TYPE_CHECKING:
    from asyncdemo.recorder.reader import Reader
    from asyncdemo.recorder.recorder import Recorder

FIRST_S = 0.2
INTERVAL_S = 1.0
SHARE = 50
"""Saving takes at most one part in this many of the time."""
SLICE_S = 0.002
"""After so long it lets the program have its way for a moment."""
REST_S = 0.001
PARTIAL = ".partial"


class Saver:
    """Saves what a recorder writes down.

    Args:
        recorder: not yet started.
        reader: its reader.
        target: the file that the whole recording is to be saved to, or None for nothing to be saved. What is saved
            before that goes there as well, or while another file is there still to one whose name ends in `.partial`.

    Attributes:
        path: the file that holds what was saved, or None when nothing was.
        fault: a sentence when nothing more could be saved, or None.
    """

    def __init__(self, recorder: Recorder, reader: Reader, target: str | os.PathLike[str] | None) -> None:
        self.path: str | None = None
        self.fault: str | None = None
        self._recorder = recorder
        self._target = None if target is None else os.path.realpath(target)
        self._reader = reader
        self._news = News(recorder, reader)
        self._forgets = isinstance(recorder.tasks, ForgetfulRows)
        self._size, self._pid = 0, os.getpid()
        self._ticker = Ticker(INTERVAL_S, self._tick, FIRST_S)

    def start(self) -> None:
        """Begins to save."""
        if self._target is not None:
            self._ticker.start()

    def stop(self) -> None:
        """Saves for the last time, unless the program was over so soon that nothing has been saved."""
        self._ticker.stop()
        if os.getpid() != self._pid:
            self.path = None  # it is that of the process from which this one was forked
        if self.path is not None:
            self.save(over=True)

    def _tick(self) -> None:
        if self._recorder.tasks.first_created is not None:
            self._ticker.interval_s = max(INTERVAL_S, SHARE * self.save())

    def save(self, *, over: bool = False) -> float:
        """Saves what is new and returns the CPU time that it took, in seconds. What goes wrong is tried again."""
        turns = _Turns(None if over else self._ticker)
        try:
            if self.path is None or self._forgets:
                self._write_anew(turns, over=over)
            else:
                self._append(turns, over=over)
            self._news.kept()
            self.fault = None
        except _AskedToEnd:
            self._news.take_back()
        except Exception as error:
            self._news.take_back()
            said = reason(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
            self.fault = f"the recording could not be saved while the program ran: {said}."
        return turns.took_s

    def _write_anew(self, turns: _Turns, *, over: bool) -> None:
        target = self._target or ""
        path = self.path or (target + PARTIAL if os.path.lexists(target) else target)
        self._news, self._size = News(self._recorder, self._reader), 0
        gone = self._gone()

        def parts() -> Iterator[Bytes]:
            yield journal.MAGIC
            yield from self._counted(journal.written({"version": journal.VERSION, "byteorder": sys.byteorder}))
            yield from self._pieces(turns, over=over)
            # What is known of the tasks of old steps lasts as long as their chunks twice over.
            if self._gone() - gone >= max(1, self._recorder.budget.chunks - 1):
                raise _AskedToEnd

        write_whole(path, parts())
        self.path, self._size = path, self._size + len(journal.MAGIC)

    def _gone(self) -> int:
        return sum(loop.gone for loop in list(self._recorder.loops))

    def _append(self, turns: _Turns, *, over: bool) -> None:
        descriptor = os.open(self.path or "", os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        try:
            if os.fstat(descriptor).st_size != self._size:
                raise OSError("the file was changed by somebody else")
            self._append_to(descriptor, turns, over=over)
        finally:
            os.close(descriptor)

    def _append_to(self, descriptor: int, turns: _Turns, *, over: bool) -> None:
        """Appends all that is new, or nothing."""
        before = self._size
        try:
            with open(descriptor, "ab", BUFFER, closefd=False) as file:
                file.writelines(self._pieces(turns, over=over))
        except BaseException:
            self._size = before
            with suppress(OSError):
                os.ftruncate(descriptor, before)
            raise

    def _pieces(self, turns: _Turns, *, over: bool) -> Iterator[Bytes]:
        for piece in self._news.pieces(over=over):
            yield from self._counted(journal.written(*piece))
            turns.give_way()

    def _counted(self, parts: tuple[bytes, Bytes]) -> tuple[bytes, Bytes]:
        self._size += sum(map(len, parts))
        return parts


class _AskedToEnd(Exception):  # noqa: N818 - nothing is wrong
    """Saving is to end, or to pause, in the middle."""


class _Turns:
    """Shares the interpreter with the program.

    Args:
        ticker: whose thread this is; None to go on without rests.

    Attributes:
        took_s: CPU time, in seconds, until the last rest.
    """

    def __init__(self, ticker: Ticker | None) -> None:
        self._ticker = ticker
        self._since = thread_time()
        self.took_s = 0.0

    def give_way(self) -> None:
        """Rests for a moment if it is time to.

        Raises:
            _AskedToEnd: the ticker is to end or to pause.
        """
        took_s = thread_time() - self._since
        if self._ticker is None or took_s < SLICE_S:
            return
        self.took_s += took_s
        if self._ticker.rest(REST_S):
            raise _AskedToEnd
        self._since = thread_time()
