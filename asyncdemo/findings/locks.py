"""Locks that were held across waits, and whether their source shows that they have to be."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.source import FUNCTIONS
from asyncdemo.trace import Wait

SLOW = frozenset({Wait.SLEEP, Wait.NETWORK, Wait.THREAD, Wait.PROCESS, Wait.SUBPROCESS})


class Held(NamedTuple):
    """A hold during which its task waited for something slow.

    Attributes:
        resource: row of `Trace.resources`.
        site: the line that acquired it.
        task: who held it.
        from_ns: when it was acquired.
        to_ns: when it was released.
        wait: the longest wait in it, as a row of `Trace.waits`.
        waited_ns: how long the slow waits in it took.
        others: how many tasks waited for the resource meanwhile.
        blocked_ns: how long they did so, while the holder waited, all together.
    """

    resource: int
    site: int
    task: int
    from_ns: int
    to_ns: int
    wait: int
    waited_ns: int
    others: int
    blocked_ns: int


def locks(facts: Facts) -> set[int]:
    """The rows of `Trace.resources` that one task at a time may hold."""
    kinds = facts.trace.resources.kind
    return {row for row, kind in enumerate(kinds) if facts.trace.text(kind) in {"Lock", "Condition"}}


def held(facts: Facts) -> list[Held]:
    """The holds of locks of the program's own that others waited for, and during which the holder waited."""
    if "held" not in facts.known:
        facts.known["held"] = list(_all_held(facts))
    found: list[Held] = facts.known["held"]
    return found


class _Queue:
    """The requests for one lock that had to wait; sums tell of many at once, for there may be very many."""

    def __init__(self, requests: list[tuple[int, int]]) -> None:
        self._asked = sorted(asked for asked, _ in requests)
        self._granted = sorted(granted for _, granted in requests)
        self._sums = [0, *accumulate(self._asked)]

    def waiting(self, t_ns: int) -> int:
        """How many had asked before a moment and were granted then or later."""
        return bisect_left(self._asked, t_ns) - bisect_left(self._granted, t_ns)

    def waited_ns(self, begin: int, end: int, granted: int) -> int:
        """How long all of these waited between two moments of a hold, before which `granted` had got the lock."""
        there, come = bisect_right(self._asked, begin), bisect_left(self._asked, end)
        since = (come - there) * end - (self._sums[come] - self._sums[there])
        return since + (there - granted) * (end - begin)

    def granted(self, t_ns: int) -> int:
        """How many had got it before a moment."""
        return bisect_left(self._granted, t_ns)


def _all_held(facts: Facts) -> Iterator[Held]:
    holds, known = facts.trace.holds, locks(facts)
    requests = defaultdict[int, list[tuple[int, int]]](list)
    for row, resource in enumerate(holds.resource):
        if resource in known and holds.from_ns[row] > holds.asked_ns[row]:
            requests[resource].append((holds.asked_ns[row], holds.from_ns[row]))
    queues = {resource: _Queue(own) for resource, own in requests.items()}
    for row, resource in enumerate(holds.resource):
        if resource in queues and facts.is_own(holds.site[row]):
            yield from _held(facts, row, queues[resource])


def _held(facts: Facts, row: int, queue: _Queue) -> Iterator[Held]:
    holds = facts.trace.holds
    start, end, task = holds.from_ns[row], holds.to_ns[row], holds.task[row]
    others, granted = queue.waiting(end), queue.granted(end)
    if not others:
        return
    waits = [
        (max(begun, start), min(over, end), wait)
        for begun, over, wait, _ in facts.waits_between(task, start, end)
        if facts.kind(wait) in SLOW
    ]
    waited = sum(over - begun for begun, over, _ in waits)
    blocked = sum(queue.waited_ns(begun, over, granted) for begun, over, _ in waits if over > begun)
    if blocked > 0:
        longest = max(waits, key=lambda each: each[1] - each[0])[2]
        yield Held(holds.resource[row], holds.site[row], task, start, end, longest, waited, others, blocked)


def needs_lock(facts: Facts, site: int) -> bool:
    """Whether the code in an `async with` at this line reads shared state before it waits and writes it afterwards.

    Where the source cannot be read, and where it calls the program's own methods or talks over one connection, in turn,
    it may: True.
    """
    file, line = facts.place(site)
    path = facts.sources.path(file, line)
    block = next((node for node in reversed(path) if isinstance(node, ast.AsyncWith)), None)
    if block is None:
        return True
    local = _local_names(path)
    before: set[str] = set()
    waited = False
    for statement in block.body:
        if waited and _written(statement, local) & before:
            return True
        before |= _read(statement, local)
        waited = waited or any(isinstance(node, ast.Await) for node in ast.walk(statement))
        if waited and _written(statement, local) & before and _tests_first(statement):
            return True
        if any(_is_method(node, local) for node in ast.walk(statement)):
            return True
    return False


def _local_names(path: list[ast.AST]) -> set[str]:
    """The names that the function around a statement binds itself, but for what it declares to be shared."""
    function = next((node for node in reversed(path) if isinstance(node, FUNCTIONS)), None)
    if function is None:
        return set()
    shared = {name for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    bound = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return bound - shared


def _read(statement: ast.AST, local: set[str]) -> set[str]:
    return {place for node in ast.walk(statement) if (place := _place(node, local, ast.Load))}


def _written(statement: ast.AST, local: set[str]) -> set[str]:
    return {place for node in ast.walk(statement) if (place := _place(node, local, ast.Store))}


def _place(node: ast.AST, local: set[str], context: type) -> str:
    """A shared variable, attribute or item that a node reads or writes, or ""."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, context) and node.id not in local:
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, context):
        return ast.unparse(node)
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, context):
        return ast.unparse(node.value)
    return ""


def _tests_first(statement: ast.AST) -> bool:
    """Whether a statement looks before it acts, such as `if key not in cache: cache[key] = await fetch(key)`."""
    return isinstance(statement, ast.If | ast.While | ast.AugAssign)


def _is_method(node: ast.AST, local: set[str]) -> bool:
    """Whether a node awaits a method of an object that tasks may share, but for modules such as `asyncio`."""
    call = node.value if isinstance(node, ast.Await) else None
    function = call.func if isinstance(call, ast.Call) else None
    if not isinstance(function, ast.Attribute):
        return False
    base = ast.unparse(function.value)
    return base not in {"asyncio", "loop"} and base not in local
