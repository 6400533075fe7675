"""Which tasks and resources are a library's own: its doing, which the program has not asked for and may not know of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

from asyncdemo.selection import only, without_resources
from asyncdemo.trace import NONE, Trace

_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]([^/\\]+?)(?:\.py)?(?:[/\\]|$)")
"""A file of an installed package, and the package's name."""
_STANDARD = re.compile(r"[/\\](?:lib(?:64)?[/\\]python3[^/\\]*|Lib)[/\\](?!(?:site|dist)-packages)|^<frozen ")
"""A file of the standard library."""


def is_installed(file: str) -> bool:
    """Whether a source file belongs to an installed package."""
    return bool(_INSTALLED.search(file))


def is_standard(file: str) -> bool:
    """Whether a source file is of Python itself."""
    return bool(_STANDARD.search(file))


def libraries_tasks(trace: Trace) -> dict[int, str]:
    """The tasks that are a library's own: the name of its package, by row of `trace.tasks`.

    Such a task was made by a line of an installed package, or by none when it runs such a package's code, of a
    coroutine that is not the program's, and nothing that is known of it was done by a line of the program's: no wait,
    hold, print, cancellation or task that it made. So a task in which a library calls the program back is the program's
    as soon as that shows. What the program's main task itself is of counts as the program, installed or not.
    """
    packages = _packages(trace)
    found = _alike(trace, packages, range(len(trace.tasks)))
    for task in _shown_at_work(trace, packages, 0, 0) & found.keys() if found else ():
        del found[task]
    return found


def _alike(trace: Trace, packages: Sequence[str], rows: range) -> dict[int, str]:
    """Those of some tasks that are a library's own unless it shows otherwise."""
    found: dict[int, str] = {}
    for task in rows if any(packages) else ():
        site, defined = trace.tasks.site[task], trace.tasks.defined[task]
        package = packages[site if site != NONE else defined]
        if package and (packages[defined] or _is_pythons(trace, defined)):
            found[task] = package
    return found


class Folded(NamedTuple):
    """What a package had of its own.

    Attributes:
        tasks: how many tasks.
        resources: how many locks, queues and so on that were held or filled.
    """

    tasks: int
    resources: int


def folded(trace: Trace) -> tuple[Trace, dict[str, Folded]]:
    """The recording without what is the libraries' own doing, and how much that is, by package.

    Their tasks are gone, and who held their locks and how full their queues were. What the program's tasks waited for
    stays, whosever it is.
    """
    return Apart().fold(trace)


class Apart:
    """Folds the snapshots of one recording, which go on: what was left of one is where it was in the next.

    A task that turns out to be the program's later on comes in then, behind the others, and only with what follows.
    """

    def __init__(self) -> None:
        self._any = False
        self._own: dict[int, str] = {}
        self._kept: list[int] = []
        self._holds: list[int] = []
        self._cancels: list[int] = []
        self._seen_tasks = self._seen_holds = self._seen_cancels = 0

    def fold(self, trace: Trace) -> tuple[Trace, dict[str, Folded]]:
        """See `folded`; of steps, a snapshot holds those since the one before."""
        packages = _packages(trace)
        self._take_tasks(trace, packages)
        resources = _resources_of(trace, packages)
        self._take_rows(trace, resources)
        used = set(resources).intersection(chain(trace.holds.resource, trace.levels.resource)) if resources else set()
        self._any = self._any or bool(self._own or used)
        if not self._any:
            return trace, {}
        left = only(trace, self._kept, holds=self._holds, cancels=self._cancels)
        of_tasks, of_resources = Counter(self._own.values()), Counter(map(resources.__getitem__, used))
        told = sorted(of_tasks.keys() | of_resources.keys())
        theirs = {package: Folded(of_tasks[package], of_resources[package]) for package in told}
        return without_resources(left, used), theirs

    def _take_tasks(self, trace: Trace, packages: Sequence[str]) -> None:
        new = range(self._seen_tasks, len(trace.tasks))
        self._own |= _alike(trace, packages, new)
        shown = _shown_at_work(trace, packages, new.start, self._seen_holds) & self._own.keys() if self._own else set()
        self._seen_tasks = new.stop
        for task in shown:
            del self._own[task]
        self._kept.extend(sorted(shown.union(new) - self._own.keys()))

    def _take_rows(self, trace: Trace, resources: Collection[int]) -> None:
        holds, cancels = trace.holds, trace.cancels
        for row in range(self._seen_holds, len(holds)):
            if holds.task[row] not in self._own and holds.resource[row] not in resources:
                self._holds.append(row)
        self._cancels += [row for row in range(self._seen_cancels, len(cancels)) if cancels.task[row] not in self._own]
        self._seen_holds, self._seen_cancels = len(holds), len(cancels)


def libraries_resources(trace: Trace) -> dict[int, str]:
    """The locks, queues and so on that lines of an installed package use: its name, by row of `trace.resources`."""
    return _resources_of(trace, _packages(trace))


def _resources_of(trace: Trace, packages: Sequence[str]) -> dict[int, str]:
    return {resource: packages[site] for resource, site in enumerate(trace.resources.site) if packages[site]}


def _packages(trace: Trace) -> list[str]:
    """For each site the library that it belongs to, or "" for the program and Python; the last stands for `NONE`."""
    of_files = {file: _package_of(trace.text(file)) for file in set(trace.sites.file)}
    found = [*(of_files[file] for file in trace.sites.file), ""]
    # A recording that began within a task saw it run the program, but not what the task itself is of.
    began = len(trace.tasks) and not trace.meta.get("adopted")
    program = found[trace.tasks.defined[0]] if began else ""
    return ["" if package == program else package for package in found]


@cache
def _package_of(file: str) -> str:
    """The installed package that a source file belongs to, or ""."""
    found = _INSTALLED.search(file)
    return found[1] if found else ""


def _is_pythons(trace: Trace, defined: int) -> bool:
    """Whether a coroutine that is defined at this site, or nowhere, is of Python itself."""
    return defined == NONE or bool(_STANDARD.search(trace.text(trace.sites.file[defined])))


def _shown_at_work(trace: Trace, packages: Sequence[str], first_task: int, first_hold: int) -> set[int]:
    """The tasks of which it shows that lines of the program ran in them.

    Who made the tasks before `first_task` and had the holds before `first_hold` has been looked at already.
    """
    tasks, steps, holds = trace.tasks, trace.steps, trace.holds

    def own(pairs: Iterable[tuple[int, int]]) -> set[int]:
        return {task for task, site in pairs if site != NONE and not packages[site]}

    waited = {wait for wait, site in enumerate(trace.waits.site) if site != NONE and not packages[site]}
    waits = chain(zip(steps.task, steps.wait, strict=True), enumerate(tasks.waiting))
    return set().union(
        trace.lines.task,
        (task for task, wait in waits if wait in waited),
        own(zip(tasks.parent[first_task:], tasks.site[first_task:], strict=True)),
        own(zip(holds.task[first_hold:], holds.site[first_hold:], strict=True)),
        own(zip(trace.stalls.task, trace.stalls.site, strict=True)),
        own(zip(trace.cancels.by, trace.cancels.site, strict=True)),
    )
