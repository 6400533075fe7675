"""All connections of a library's pool were in use, and tasks waited for one to come free.

A client opens so many connections and no more (100 by default in aiohttp and httpx, 10 in asyncpg's and aiomysql's
pools); whoever comes then stands in line, and the call looks slow though the server is not. It is told where tasks
waited at least half as long for a connection as for everything else on the network. It is a note, for that may be just
what the limit is for. How many connections the pool has, the trace does not know.

Let the pool have as many as tasks want at once, if the server stands that; give connections back early (leave the
`async with`, read the reply to its end); or let fewer tasks work at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.timeline import peak
from asyncdemo.trace import NONE, Trace, Wait

ID = "AD506"
NAME = "connections exhausted"
SEVERITY = Severity.NOTE
CONCEPT = "http"

LEAST_NS = 50_000_000
"""The longest wait for a connection has to be that long ..."""
LEAST_SHARE = 0.5
""" ... and all such waits together such a part of the time that their tasks waited for the network."""
LEAST_WAITS = 3
CONNECTION = " connection"
"""How the recorder ends the name of such a wait."""


class _Stood(NamedTuple):
    """One wait for a connection: from when to when, and the step after it."""

    start_ns: int
    end_ns: int
    row: int


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each line whose tasks stood in line."""
    steps, waits = facts.trace.steps, facts.trace.waits
    turns = {wait for wait in range(len(waits)) if _is_turn(facts.trace, wait)}
    if not turns:
        return
    network = {wait for wait, kind in enumerate(waits.kind) if kind == Wait.NETWORK}
    stood, under_way = defaultdict[tuple[int, int], list[_Stood]](list), defaultdict[int, int](int)
    for row, (task, wait, ready) in enumerate(zip(steps.task, steps.wait, steps.ready_ns, strict=True)):
        if wait in turns:
            stood[waits.site[wait], waits.on[wait]].append(_Stood(facts.since_ns[row], ready, row))
        elif wait in network:
            under_way[task] += ready - facts.since_ns[row]
    for (site, on), own in stood.items():
        waited = sum(each.end_ns - each.start_ns for each in own)
        longest = max(own, key=lambda each: each.end_ns - each.start_ns)
        busy = sum(under_way[task] for task in {steps.task[each.row] for each in own})
        enough = len(own) >= LEAST_WAITS and longest.end_ns - longest.start_ns >= LEAST_NS
        if enough and waited >= LEAST_SHARE * busy:
            yield _finding(rule, facts, site, facts.trace.text(on), own, longest)


def _is_turn(trace: Trace, wait: int) -> bool:
    """Whether a wait is for one's turn in a library, and not for a semaphore of the program's own."""
    waits = trace.waits
    own = waits.kind[wait] != Wait.SEMAPHORE or waits.resource[wait] != NONE
    return not own and trace.text(waits.on[wait]).endswith(CONNECTION)


def _finding(rule: Rule, facts: Facts, site: int, on: str, own: list[_Stood], longest: _Stood) -> Finding:
    waited, most = sum(each.end_ns - each.start_ns for each in own), peak((each.start_ns, each.end_ns) for each in own)
    task, length = facts.trace.steps.task[longest.row], longest.end_ns - longest.start_ns
    message = f"tasks waited {len(own):,} times for a free {on}, up to {most:,} at once, {took(waited)} in all"
    message += f", the longest {took(length)}"
    text = f"{facts.task(task)} waited for a {on}"
    proof = facts.span(text, longest.start_ns, longest.end_ns, task, longest.row)
    return rule.finding(facts, site, message, proof, cost_ns=waited)
