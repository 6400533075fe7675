"""The monitor concept."""

from __future__ import annotations

import re
from collections.abc import Callable

Run = Callable[..., tuple[list[str], int]]


def reports(lines: list[str]) -> list[list[str]]:
    """The names of the tasks in each report, in order."""
    found: list[list[str]] = []
    for line in lines:
        if line.startswith("Current task count: "):
            found.append([])
        elif match := re.match(r"  Incomplete task: (.+), known", line):
            found[-1].append(match[1])
    return found


def test_each_report_is_sorted_and_holds_no_finished_task(run: Run) -> None:
    """One job ends between any two reports, and is in none from then on; the others stand in order, each once."""
    lines, _ = run("monitor", jobs=4, interval=1, length=4)
    jobs = ["job 0", "job 1", "job 2", "job 3"]
    assert reports(lines) == [[*jobs[done:], "main", "monitor"] for done in range(4)]
    counts = [int(line.removeprefix("Current task count: ")) for line in lines if line.startswith("Current")]
    assert counts == [6, 5, 4, 3]


def test_it_says_how_long_it_has_known_a_task(run: Run) -> None:
    """Ages grow from report to report."""
    lines, _ = run("monitor")
    known = [line for line in lines if line.startswith("  Incomplete task: main,")]
    assert known == [f"  Incomplete task: main, known for this time: {age:.2f} seconds" for age in (0, 5, 10, 15)]


def test_a_blocked_loop_makes_it_late(run: Run) -> None:
    """A job that blocks the loop for 7 s holds up the report that is due after 5, and no other."""
    lines, _ = run("monitor", block=7)
    late = [line for line in lines if line.startswith("  Late")]
    assert late == [f"  Late by this time: {late_s:.2f} seconds" for late_s in (0, 2, 0, 0)]
