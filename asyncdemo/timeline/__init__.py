"""Timeline: from a trace to what pictures, findings and comparisons need. Pure functions and small classes."""

from asyncdemo.selection import without, without_resources
from asyncdemo.timeline.cells import Cells, Labels, Mark
from asyncdemo.timeline.cohorts import Cohort
from asyncdemo.timeline.critical import Segment, by_cause, critical_path
from asyncdemo.timeline.curves import average, concurrency, finished
from asyncdemo.timeline.flight import Flight
from asyncdemo.timeline.left_out import cut_off, goes_on, left_out, not_kept
from asyncdemo.timeline.libraries import Apart, Folded, folded, libraries_resources, libraries_tasks
from asyncdemo.timeline.lives import Lives, Wake
from asyncdemo.timeline.occupancy import (
    Occupancy,
    Seats,
    Span,
    Worker,
    changes,
    levels,
    most_tasks,
    occupancy,
    peak,
    peak_lengths,
    resources_used,
    seated,
    waits_for,
    workers,
)
from asyncdemo.timeline.picture import LASTING, LIVE_BUDGET, MOST_ROWS_OF_TASKS, Picture
from asyncdemo.timeline.progress import Progress, how_many
from asyncdemo.timeline.quantiles import at_share, quantile
from asyncdemo.timeline.seating import Seating
from asyncdemo.timeline.states import (
    STATE_OF,
    Holding,
    Interval,
    Piece,
    State,
    ending,
    intervals,
    intervals_by_task,
    pieces,
    tile,
    wait_states,
)
from asyncdemo.timeline.stretch import MOMENTARY, SLIVER, Stretch, Window
from asyncdemo.timeline.summary import Summary, lateness, managers, one_by_one_ns, queued, shown, summary

__all__ = [
    "LASTING",
    "LIVE_BUDGET",
    "MOMENTARY",
    "MOST_ROWS_OF_TASKS",
    "SLIVER",
    "STATE_OF",
    "Apart",
    "Cells",
    "Cohort",
    "Flight",
    "Folded",
    "Holding",
    "Interval",
    "Labels",
    "Lives",
    "Mark",
    "Occupancy",
    "Picture",
    "Piece",
    "Progress",
    "Seating",
    "Seats",
    "Segment",
    "Span",
    "State",
    "Stretch",
    "Summary",
    "Wake",
    "Window",
    "Worker",
    "at_share",
    "average",
    "by_cause",
    "changes",
    "concurrency",
    "critical_path",
    "cut_off",
    "ending",
    "finished",
    "folded",
    "goes_on",
    "how_many",
    "intervals",
    "intervals_by_task",
    "lateness",
    "left_out",
    "levels",
    "libraries_resources",
    "libraries_tasks",
    "managers",
    "most_tasks",
    "not_kept",
    "occupancy",
    "one_by_one_ns",
    "peak",
    "peak_lengths",
    "pieces",
    "quantile",
    "queued",
    "resources_used",
    "seated",
    "shown",
    "summary",
    "tile",
    "wait_states",
    "waits_for",
    "without",
    "without_resources",
    "workers",
]
