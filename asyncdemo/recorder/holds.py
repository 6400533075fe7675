"""The table of holds as it grows."""

from __future__ import annotations

from _thread import RLock
from array import array
from collections.abc import Sequence
from dataclasses import replace

from asyncdemo.recorder.tables import ALL, view
from asyncdemo.trace import NONE, Holds


class HoldRows:
    """Who held what, in order of acquisition; times count from the origin."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.resource, self.task, self.site = array("i"), array("i"), array("i")
        self.asked_ns, self.from_ns, self.to_ns = array("q"), array("q"), array("q")

    def add(self, resource: int, task: int, asked_ns: int, from_ns: int, site: int) -> int:
        """Appends a hold that has begun and returns its row."""
        self.resource.append(resource)
        self.task.append(task)
        self.asked_ns.append(asked_ns)
        self.from_ns.append(from_ns)
        self.to_ns.append(NONE)
        self.site.append(site)
        return len(self.site) - 1

    def keep(self, rows: Sequence[int]) -> None:
        """Lets go of all rows but these."""
        for name in ("resource", "task", "site", "asked_ns", "from_ns", "to_ns"):
            column = getattr(self, name)
            setattr(self, name, array(column.typecode, [column[row] for row in rows]))

    def table(self, still_held: Sequence[int], end_ns: int) -> Holds:
        """The holds so far; those `still_held` end at `end_ns`."""
        found = self.part(ALL)
        to_ns = self.to_ns[: len(found)]
        for row in still_held:
            to_ns[row] = end_ns
        return replace(found, to_ns=view(to_ns))

    def part(self, rows: slice) -> Holds:
        """These of the holds so far; the end of one that goes on is `NONE`."""
        there = range(len(self.site))[rows]
        place = slice(there.start, there.stop)
        return Holds(
            resource=view(self.resource[place]),
            task=view(self.task[place]),
            asked_ns=view(self.asked_ns[place]),
            from_ns=view(self.from_ns[place]),
            to_ns=view(self.to_ns[place]),
            site=view(self.site[place]),
        )
