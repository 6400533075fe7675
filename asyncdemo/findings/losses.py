"""What a program lost, grouped by the line that tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from asyncdemo.findings.facts import Facts
from asyncdemo.trace import Loss, Losses


class Group(NamedTuple):
    """Rows of `Trace.losses` of one line."""

    site: int
    rows: list[int]


def losses(facts: Facts, loss: Loss, site_of: Callable[[int, Losses], int]) -> Iterator[Group]:
    """The losses of one kind by line and by what was lost, in the order in which they were seen."""
    table, found = facts.trace.losses, dict[tuple[int, int], list[int]]()
    for row in range(len(table)):
        if table.loss[row] == loss:
            site = site_of(row, table)
            found.setdefault((site if site >= 0 else table.site[row], table.what[row]), []).append(row)
    yield from (Group(site, rows) for (site, _), rows in found.items())
