"""Seating: which slot of a resource each holder has, so that a picture can give each slot a row."""

from __future__ import annotations

from asyncdemo.timeline.cells import Labels
from asyncdemo.trace import Trace


class Seating:
    """The slots of one resource: each hold sits on the lowest slot that is free, as long as it lasts.

    A hold that ends with the snapshot may still go on, so it only makes room when all of the `most` slots are taken.
    """

    def __init__(self, columns: int, cell_ns: int, most: int) -> None:
        self._most = most
        self.labels = Labels(columns, cell_ns)
        self._holds: list[int] = []
        self._painted: list[int] = []

    @property
    def count(self) -> int:
        """Most slots that were taken at once."""
        return len(self._holds)

    def make_room(self, most: int) -> None:
        """Have at least `most` slots."""
        self._most = max(self._most, most)

    def sit(self, trace: Trace, row: int) -> None:
        """Give a new hold its slot; holds come in the order in which they began."""
        holds = trace.holds
        ended = min(holds.from_ns[row], trace.duration_ns - 1)
        seat = next((seat for seat, held in enumerate(self._holds) if holds.to_ns[held] <= ended), len(self._holds))
        if seat == self._most:
            seat = min(range(seat), key=lambda taken: self._span(trace, taken))
        elif seat == len(self._holds):
            self._holds.append(row)
            self._painted.append(0)
        self._holds[seat] = row
        self._painted[seat] = holds.from_ns[row]
        self._paint(trace, seat)

    def _span(self, trace: Trace, seat: int) -> tuple[int, int]:
        """Until when and since when the hold that sits there lasts."""
        row = self._holds[seat]
        return trace.holds.to_ns[row], trace.holds.from_ns[row]

    def go_on(self, trace: Trace) -> None:
        """Draw the holds that sit there up to their end, or to the end of `trace`."""
        for seat in range(len(self._holds)):
            self._paint(trace, seat)

    def _paint(self, trace: Trace, seat: int) -> None:
        row = self._holds[seat]
        end = trace.holds.to_ns[row]
        self.labels.add(seat, trace.holds.task[row], self._painted[seat], end)
        self._painted[seat] = max(self._painted[seat], end)
