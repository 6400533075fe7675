"""Where things are in source code: interned strings and places, and the walk from a frame to the program's own line."""

from __future__ import annotations

import asyncio
import os
import sys
import sysconfig
from _thread import RLock
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from asyncdemo.compiled import hot, numbers, objects
from asyncdemo.recorder.stacks import CONCEPTS, PACKAGE, is_ours
from asyncdemo.recorder.tables import ALL, appended, columns
from asyncdemo.trace import NONE, Sites

_LOOP = asyncio.BaseEventLoop
_ENTRIES = (asyncio.run, asyncio.Runner.run, _LOOP.run_until_complete, _LOOP.run_forever)
_COMMAND = PACKAGE + "__main__.py"
_LIBRARY = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), str(Path(os.__file__).parent)})
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")

LONGEST_NUMBER = 9
"""Digits of a default name's number that a column has room for."""


def is_foreign(file: str) -> bool:
    """Whether a source file belongs to Python itself or to asyncdemo, and so holds no line of the program's own."""
    if file.startswith(PACKAGE):
        return is_ours(file)
    return file.startswith("<frozen") or (file.startswith(_LIBRARY) and not is_installed(file))


def is_installed(file: str) -> bool:
    """Whether a source file belongs to an installed package; a concept never does, wherever asyncdemo is."""
    return any(part in file for part in _INSTALLED) and not file.startswith(CONCEPTS)


class Strings:
    """Interned texts: equal texts share one index.

    Args:
        mask: hides in a text what must not be kept, or None.
    """

    def __init__(self, mask: Callable[[str], str] | None = None) -> None:
        self._mask = mask
        self.texts: list[str] = []
        self.index: dict[str, int] = {}
        self._lock = RLock()

    def intern(self, text: str) -> int:
        """The index of `text`."""
        index = self.index.get(text)
        if index is None:
            with self._lock:
                index = self.index.get(text)
                if index is None:
                    index = self.index[text] = appended(self.texts, self._mask(text) if self._mask else text)
        return index

    def add(self, text: str) -> int:
        """The index of a text that is not worth interning, such as a printed line."""
        with self._lock:
            return appended(self.texts, self._mask(text) if self._mask else text)


def name_code(name: str, intern: Callable[[str], int]) -> int:
    """How the table of tasks writes a task's name: by its number if it is asyncio's own, else as a string."""
    if name.startswith("Task-"):
        number = name[5:]
        if number.isdecimal() and number.isascii() and number[0] != "0" and len(number) <= LONGEST_NUMBER:
            return NONE - int(number)
    return intern(name)


class SiteBook:
    """Interned places in source code.

    Code objects are told apart by their identity: hashing one hashes all of its constants. They are kept, so that an
    identity stands for the same code as long as the book lives.

    Attributes:
        index: site of each (identity of code, instruction).
        installed: the sites that are in an installed package.
        foreign: whether the code of this identity is Python's own or asyncdemo's.
        entries: identities of the codes through which a loop is run, or calls back: while it runs, what stands below
            them in the stack has asked for nothing of what happens.
    """

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self.index: dict[tuple[int, int], int] = {}
        self._rows: list[tuple[int, int, int]] = []
        self._lock = RLock()
        self.installed: set[int] = set()
        self.foreign: dict[int, bool] = {}
        self._codes: list[CodeType] = []
        self.entries: set[int] = set()
        self.add_entries(*_ENTRIES)

    def add_entries(self, *functions: Any) -> None:
        """Notes functions through which a loop is run, or calls back."""
        codes = [function.__code__ for function in functions]
        self._codes += codes
        self.entries.update(map(id, codes))

    def leave_out_launcher(self) -> None:
        """Where the `asyncdemo` command runs, takes whatever is under way now for asyncdemo's: the program is to come.

        The script that starts the command lies where the installer put it, under any name.
        """
        frame: FrameType | None = sys._getframe()
        codes = []
        while frame is not None:
            codes.append(frame.f_code)
            frame = frame.f_back
        if any(code.co_filename == _COMMAND for code in codes):
            self._codes += codes
            self.foreign.update(dict.fromkeys(map(id, codes), True))

    def _add(self, code: CodeType, instruction: int, line: int | None) -> int:
        text = self._strings.intern
        row = (text(code.co_filename), line or 0, text(code.co_qualname))
        with self._lock:
            self._codes.append(code)
            index = self.index[id(code), instruction] = appended(self._rows, row)
            if is_installed(code.co_filename):
                self.installed.add(index)
        return index

    def of_frame(self, frame: FrameType) -> int:
        """The site at which `frame` is."""
        code, instruction = frame.f_code, frame.f_lasti
        index = self.index.get((id(code), instruction))
        return index if index is not None else self._add(code, instruction, frame.f_lineno)

    def of_definition(self, code: CodeType) -> int:
        """The site at which a function is defined."""
        index = self.index.get((id(code), NONE))
        return index if index is not None else self._add(code, NONE, code.co_firstlineno)

    def at(self, file: str, line: int, function: str) -> int:
        """The site of a line that no code object is at hand for."""
        row = (self._strings.intern(file), line, self._strings.intern(function))
        with self._lock:
            if row in self._rows:
                return self._rows.index(row)
            return appended(self._rows, row)

    def place(self, site: int) -> tuple[str, int, str]:
        """File, line and function of a site."""
        file, line, function = self._rows[site]
        return self._strings.texts[file], line, self._strings.texts[function]

    def is_foreign(self, code: CodeType) -> bool:
        """Whether `code` is Python's own or asyncdemo's."""
        foreign = self.foreign.get(id(code))
        if foreign is None:
            self._codes.append(code)
            foreign = self.foreign[id(code)] = is_foreign(code.co_filename)
        return foreign

    def own_frame(self, frame: FrameType | None) -> FrameType | None:
        """The innermost frame, of a loop that runs, that is the program's own; or None."""
        while frame is not None and id(frame.f_code) not in self.entries:
            if not self.is_foreign(frame.f_code):
                return frame
            frame = frame.f_back
        return None

    def table(self, rows: slice = ALL) -> Sites:
        """The sites so far, or these of them, as a table of a trace."""
        return Sites(*columns("iii", self._rows[rows]))


class Callers(numbers(object, _depth=int, _instruction=int, _last_site=int)):  # type: ignore[misc]
    """Finds the program's own line from which the instrument was called.

    Making a frame object for a short-lived call is what costs here, so the depth at which the last walk found the
    program is tried first: only that frame and the one below it are looked at. A program often asks from one and the
    same line, again and again; then three comparisons tell. One object serves one kind of call.
    """

    __slots__ = objects("_callee", "_code", "_sites")
    _depth: int
    _instruction: int
    _last_site: int

    def __init__(self, sites: SiteBook) -> None:
        self._sites = sites
        self._depth = 2  # never so low that a frame of this method's own would be held by itself
        self._code: CodeType | None = None
        self._callee: CodeType | None = None
        self._instruction = self._last_site = NONE

    def site(self) -> int:
        """The site of the innermost frame that is the program's own, or `NONE`."""
        depth, get_frame = self._depth, sys._getframe
        try:
            frame, below = get_frame(depth), get_frame(depth - 1)
        except ValueError:
            return self._walk(get_frame(1))
        if frame.f_code is self._code and frame.f_lasti == self._instruction and below.f_code is self._callee:
            return self._last_site
        sites, entered = self._sites, id(below.f_code) in self._sites.entries
        if entered or sites.is_foreign(frame.f_code) or not sites.is_foreign(below.f_code):
            return self._walk(get_frame(1))
        self._code, self._instruction, self._callee = frame.f_code, frame.f_lasti, below.f_code
        self._last_site = self._sites.of_frame(frame)
        return self._last_site

    def _walk(self, start: FrameType) -> int:
        depth, frame = 1, start
        while self._sites.is_foreign(frame.f_code):
            if frame.f_back is None or (id(frame.f_code) in self._sites.entries and _in_loop()):
                return NONE
            depth, frame = depth + 1, frame.f_back
        self._depth = depth
        return self._sites.of_frame(frame)


if hot:
    hot.learn("callers", Callers)


def _in_loop() -> bool:
    return asyncio._get_running_loop() is not None
