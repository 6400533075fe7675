"""Awaits of one task that stand in a row or in a loop and, as their source shows, do not depend on one another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.source import FUNCTIONS, awaited_call, called, comprehended, names_bound, names_read
from asyncdemo.trace import NONE, Wait

OVERLAPPING = frozenset({Wait.SLEEP, Wait.NETWORK, Wait.THREAD, Wait.PROCESS, Wait.SUBPROCESS, Wait.TASK})
"""Waits during which the work goes on elsewhere, or not at all."""
LEAST_NS = 1_000_000
PAUSES = frozenset({"sleep", "wait", "get", "put", "join", "acquire", "drain", "read", "readline", "recv", "receive"})
"""Methods whose order is their meaning: a pause, a turn, the next item."""
MOST_TASKS = 2_000


class _Awaited(NamedTuple):
    """One wait, and a line that led to it: the row of `Trace.frames`, begin and end."""

    frame: int
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Run:
    """Waits that could have overlapped.

    Attributes:
        task: whose.
        site: the first line, as a row of `Trace.sites`.
        file: its file.
        line: the first line of the statements.
        lines: the lines of the statements, in order.
        called: what they call, or "" when that differs.
        spans: when each began and ended.
        loop: whether it is one statement in a loop.
    """

    task: int
    site: int
    file: str
    line: int
    lines: tuple[int, ...]
    called: str
    spans: tuple[tuple[int, int], ...]
    loop: bool

    @property
    def saved_ns(self) -> int:
        """Computed: how much sooner they would have ended together."""
        lengths = [end - start for start, end in self.spans]
        return sum(lengths) - max(lengths)


def runs(facts: Facts) -> Iterator[Run]:
    """The runs of every task of the program's own, at every depth of calls."""
    if not len(facts.trace.frames):
        return
    for task in range(min(len(facts.trace.tasks), MOST_TASKS)):
        if task not in facts.libraries:
            yield from _runs_of(facts, task)


def _runs_of(facts: Facts, task: int) -> Iterator[Run]:
    frames, callers = facts.trace.waits.frame, facts.trace.frames.caller
    by_caller: dict[int, list[_Awaited]] = {}
    for start, end, wait, _ in facts.waits_of(task):
        frame = frames[wait]
        if end - start < LEAST_NS or facts.kind(wait) not in OVERLAPPING:
            continue
        while frame != NONE:
            by_caller.setdefault(callers[frame], []).append(_Awaited(frame, start, end))
            frame = callers[frame]
    for waits in by_caller.values():
        if len(waits) > 1:
            yield from _in_one_function(facts, task, waits)


def _in_one_function(facts: Facts, task: int, waits: list[_Awaited]) -> Iterator[Run]:
    """The runs among waits that one activation of a function led to."""
    sites = facts.trace.frames.site
    merged = [
        (frame, [(each.start_ns, each.end_ns) for each in same])
        for frame, same in groupby(waits, key=attrgetter("frame"))
    ]
    statements = [(sites[frame], spans, _statement(facts, sites[frame])) for frame, spans in merged]
    for is_one, group in groupby(statements, key=lambda each: id(each[2][-1]) if each[2] else 0):
        same = list(group)
        spans = [span for _, own, _ in same for span in own]
        path = same[0][2]
        if is_one and len(spans) > 1 and _independent_loop(path):
            yield _run(facts, task, same[0][0], [path[-1]], spans, loop=True)
    yield from _rows(facts, task, [each for each in statements if each[2]])


def _statement(facts: Facts, site: int) -> list[ast.AST]:
    """The nodes that lead to the statement at a site, when it does nothing but await a call; else nothing."""
    file, line = facts.place(site)
    path = facts.sources.path(file, line)
    call = _call(path[-1]) if path else None
    name = "" if call is None else called(call).rpartition(".")[2]
    one_pool = name == "run_in_executor" and call is not None and call.args and ast.unparse(call.args[0]) != "None"
    return [] if call is None or name in PAUSES or one_pool else path


def _call(statement: ast.AST) -> ast.Call | None:
    """The call that a statement awaits, once or for each item."""
    found = comprehended(statement)
    return found[0] if found else awaited_call(statement)


def _independent_loop(path: list[ast.AST]) -> bool:
    """Whether an await in a `for` loop or a comprehension needs nothing that an earlier turn has bound."""
    if found := comprehended(path[-1]):
        return bool(names_read(found[0]) & found[1])
    loop = next((node for node in reversed(path[:-1]) if isinstance(node, ast.For | ast.While | ast.AsyncFor)), None)
    if not isinstance(loop, ast.For) or any(isinstance(node, FUNCTIONS) for node in path[path.index(loop) :]):
        return False
    if any(isinstance(node, ast.Break | ast.Return | ast.Try | ast.AsyncWith) for node in ast.walk(loop)):
        return False
    targets = names_bound(loop.target)
    if not _stands_first(path[-1], loop.body):
        return False
    bound = {name for statement in loop.body for name in names_bound(statement)} - targets
    call = awaited_call(path[-1])
    argued = set() if call is None else {name for part in [*call.args, *call.keywords] for name in names_read(part)}
    return bool(argued & targets) and not argued & bound


def _stands_first(statement: ast.AST, body: list[ast.stmt]) -> bool:
    """Whether nothing but printing comes before a statement in a loop, which might have to."""
    before = body[: body.index(statement)] if statement in body else body
    return all(isinstance(each, ast.Expr) and not isinstance(each.value, ast.Await) for each in before)


def _rows(facts: Facts, task: int, statements: list[tuple[int, list[tuple[int, int]], list[ast.AST]]]) -> Iterator[Run]:
    """The runs of statements that follow one another in one block."""
    row: list[tuple[int, list[tuple[int, int]], list[ast.AST]]] = []
    for each in [*statements, None]:
        if each is not None and row and _goes_on([path[-1] for _, _, path in row], row[-1][2], each[2]):
            row.append(each)
            continue
        if len(row) > 1:
            spans = [(own[0][0], own[-1][1]) for _, own, _ in row]
            yield _run(facts, task, row[0][0], [path[-1] for _, _, path in row], spans, loop=False)
        row = [] if each is None else [each]


def _goes_on(row: list[ast.AST], last: list[ast.AST], path: list[ast.AST]) -> bool:
    """Whether a statement comes right after the last one of a row, is like it, and needs nothing of the row."""
    statement = path[-1]
    block = _block(last[-2]) if len(last) > 1 and len(path) > 1 and last[-2] is path[-2] else []
    adjacent = last[-1] in block and statement in block and block.index(statement) == block.index(last[-1]) + 1
    first, second = awaited_call(last[-1]), awaited_call(statement)
    if not adjacent or first is None or second is None:
        return False
    bound = {name for each in row for name in names_bound(each)}
    alike = called(first) == called(second) or (names_bound(last[-1]) and names_bound(statement))
    return bool(alike) and not names_read(statement) & bound


def _block(node: ast.AST) -> list[ast.AST]:
    """The statements of the first block of a node."""
    return list(getattr(node, "body", []))


def _run(facts: Facts, task: int, site: int, nodes: list[ast.AST], spans: list[tuple[int, int]], *, loop: bool) -> Run:
    file, _ = facts.place(site)
    lines = tuple(int(getattr(node, "lineno", 0)) for node in nodes)
    names = {called(call) for node in nodes if (call := _call(node)) is not None}
    return Run(task, site, file, lines[0], lines, names.pop() if len(names) == 1 else "", tuple(spans), loop)
