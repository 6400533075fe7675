"""The picture of a comparison: figures, sentences, and timelines on one axis."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from asyncdemo.compare import Cell, Comparison, Picture, Sample, compared
from asyncdemo.subjects import parse
from asyncdemo.trace import Trace, Wait
from asyncdemo.views.comparison import ComparisonView
from tests.traces import TraceBuilder, ns, semaphore


def drawn(comparison: Comparison, width: int = 80, height: int | None = None, *, ascii_only: bool = False) -> str:
    """The screen as text, without the blanks at the ends of its lines."""
    out = StringIO()
    console = Console(file=out, width=width, force_terminal=False, color_system=None)
    console.print(ComparisonView(comparison, height=height, ascii_only=ascii_only))
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())


def sample(subject: str, *milliseconds: float) -> Sample:
    """A sample of made-up runs."""
    walls = tuple(round(ms * 1_000_000) for ms in milliseconds)
    return Sample(Cell(parse(subject)), walls, (0,) * len(walls))


def in_turn(jobs: int = 4, each: float = 50) -> Trace:
    """One task that sleeps several times."""
    builder = TraceBuilder()
    main, sleep = builder.task("main", 0, jobs * each), builder.wait(Wait.SLEEP)
    builder.step(main, 0, 0)
    for number in range(1, jobs + 1):
        builder.step(main, number * each, number * each, wait=sleep)
    return builder.build()


def at_once(jobs: int = 4, each: float = 50) -> Trace:
    """Tasks that sleep at the same time."""
    builder = TraceBuilder()
    main, sleep = builder.task("main", 0, each), builder.wait(Wait.SLEEP)
    builder.step(main, 0, 0)
    for number in range(jobs):
        job = builder.task(f"job-{number}", 0, each, parent=main)
        builder.step(job, 0, 0)
        builder.step(job, each, each, wait=sleep)
    builder.step(main, each, each, wait=builder.wait(Wait.TASK))
    return builder.build()


def two() -> Comparison:
    """In turn against all at once, ten steady runs each."""
    samples = [
        sample("serial", *[200.0, 201.0, 202.0, 201.0, 200.0, 201.0, 202.0, 201.0, 200.0, 201.0]),
        sample("concurrent", *[50.0, 50.5, 51.0, 50.5, 50.0, 50.5, 51.0, 50.5, 50.0, 50.5]),
    ]
    return compared(samples, [Picture(in_turn(), ns(203)), Picture(at_once(), ns(51.005))])


# ruff: noqa: RUF001 - sigma is the letter for it
WIDE = """\
  variant         median ± σ  vs serial
  serial      201.0 ms ± 0.7      1.00x  ██████████████████████████████████████
  concurrent   50.5 ms ± 0.4      3.98x  ██████████
  concurrent is 3.98x faster than serial (3.97x to 4.00x with 98% confidence)
  10 interleaved runs each, nothing watching; the timelines are of one more
    run each under the recorder (serial +1%, concurrent +1%)

            0ms            50             100            150
serial  1 task · 200 ms                                                 took ms
✓ main      ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒   200
concurrent  4 tasks · 50 ms                                             took ms
✓ job-0     ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                                                 50
✓ job-1     ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                                                 50
✓ job-2     ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                                                 50
✓ job-3     ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                                                 50
            ┬──────────────┬──────────────┬──────────────┬──────────────┬
▒ sleeping  │ ran in between  ✓ ok
"""

NARROW = """\
  variant       median +- sd  vs serial
  serial     201.0 ms +- 0.7      1.00x
  concu~ent   50.5 ms +- 0.4      3.98x
  concurrent is 3.98x faster than
    serial (3.97x to 4.00x with 98%
    confidence)
  10 interleaved runs each, nothing
    watching; the timelines are of
    one more run each under the
    recorder (serial +1%, concurrent
    +1%)

         0ms        100
serial  1 task . 200 ms         took ms
+ main   =====|=====|=====|======   200
concurrent  4 tasks . 50 ms     took ms
+ job-0  ======                      50
+ job-1  ======                      50
+ job-2  ======                      50
+ job-3  ======                      50
         +----------+-----------+
= sleeping  | ran in between  + ok
"""


def test_two_ways_at_80_columns() -> None:
    """Figures with bars, what they mean, and both timelines on one axis."""
    assert drawn(two()) == WIDE


def test_two_ways_at_40_columns_in_ascii() -> None:
    """The same without bars, in little room and without a single special character."""
    assert drawn(two(), 40, ascii_only=True) == NARROW


@pytest.mark.parametrize("width", [80, 40], ids="{} columns".format)
@pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])
def test_nothing_is_ever_wider_than_the_screen(width: int, *, ascii_only: bool) -> None:
    """No line reaches the last column, and in ASCII there is nothing else."""
    samples = [sample("semaphore:limit=3,hold=50ms@uvloop", 90, 91, 90), sample("concurrent", 50, 50, 51)]
    screen = drawn(compared(samples, [Picture(semaphore(), 1), Picture(at_once(9), 1)]), width, ascii_only=ascii_only)
    assert max(map(cell_len, screen.splitlines())) < width
    assert screen.isascii() is ascii_only


def test_three_ways_of_which_two_are_alike() -> None:
    """Each is measured against the first; those that cannot be told apart are said to be."""
    runs = (100.0, 101.0, 99.0, 100.0)
    three = compared([sample("serial", 400, 401, 399, 400), sample("gather", *runs), sample("taskgroup", *runs)])
    screen = drawn(three)
    assert "gather is 4.00x faster than serial" in screen
    assert "gather vs taskgroup: no measurable difference (4 interleaved runs each)" in screen


def test_many_that_are_alike_are_told_at_once() -> None:
    """Of four, three that cannot be told apart make one sentence; who is like one of them alone has another."""
    wide, near, far = (100.0, 140.0, 60.0, 100.0), (130.0, 131.0, 129.0, 130.0), (70.0, 71.0, 69.0, 70.0)
    four = [sample("a", *wide), sample("b", *near), sample("c", *near), sample("d", *far)]
    screen = " ".join(drawn(compared(four)).split())
    assert "a, b and c: no measurable difference (4 interleaved runs each) a vs d: no measurable" in screen
    assert screen.count("no measurable difference") == 2


def test_equals_in_virtual_time_are_told_at_once() -> None:
    """There it is no matter of measuring."""
    screen = drawn(compared([sample(name, 100) for name in "abc"], exact=True))
    assert "b and c take exactly as long as a" in screen


def test_a_slower_way_is_said_to_be_slower() -> None:
    """A factor below one is never shown: it is so many times slower."""
    screen = drawn(compared([sample("gather", 100, 101, 99), sample("serial", 200, 202, 198)]))
    assert "2.00x slower" in screen.splitlines()[2]
    assert "serial is 2.00x slower than gather (1." in screen


def test_a_tiny_difference_is_a_percentage() -> None:
    """A measurable factor that would read 1.00x is said in per cent."""
    screen = drawn(compared([sample("a", *[1000.0] * 9, 1000.1), sample("b", *[999.0] * 9, 999.1)]))
    assert "b is 0.1% faster than a\n" in screen


def test_virtual_times_are_exact() -> None:
    """In virtual time there is no spread and no interval."""
    lines = drawn(compared([sample("serial", 1000), sample("concurrent", 200), sample("gather", 200)], exact=True))
    assert lines.splitlines()[0].split() == ["variant", "time", "vs", "serial"]
    assert "concurrent is 5.00x faster than serial\n" in lines
    assert "gather takes exactly as long as concurrent\n" in lines
    assert "virtual time: exact, one run each\n" in lines


def test_one_run_each_is_too_few_to_tell() -> None:
    """A single run in real time gives a ratio and a caution."""
    assert "one run each, nothing watching, too few to tell how sure that is" in drawn(
        compared([sample("a", 10), sample("b", 20)])
    )


def test_disturbed_runs_are_named() -> None:
    """A run that something else must have disturbed gets a warning."""
    screen = drawn(compared([sample("a", 10, 10, 10, 10, 90), sample("b", 20, 21, 20, 19, 20)]))
    assert "a: something disturbed 1 of the runs (90 ms)" in screen


def test_subjects_that_need_few_rows_leave_theirs_to_the_others() -> None:
    """One job beside five: at 24 lines each task has a lane of its own."""
    samples = [sample("a", 200, 201, 199), sample("b", 50, 51, 49)]
    lines = drawn(compared(samples, [Picture(in_turn(1), 1), Picture(at_once(5), 1)]), height=24).splitlines()
    assert sum(line.startswith("✓") for line in lines) == 6


@pytest.mark.parametrize("height", [24, 16], ids="{} lines".format)
def test_rows_give_way_to_the_height(height: int) -> None:
    """Timelines shrink to cohorts until everything fits the screen."""
    samples = [sample("a", 200, 201, 199), sample("b", 50, 51, 49)]
    pictures = [Picture(at_once(40), 1), Picture(at_once(5), 1)]
    assert len(drawn(compared(samples, pictures), height=height).splitlines()) <= height


def on_threads(threads: int) -> Trace:
    """A task that waits for a job on each of several threads."""
    builder = TraceBuilder()
    main = builder.task("main", 0, 40)
    builder.step(main, 0, 0)
    for number in range(1, threads + 1):
        worker = builder.worker(f"ThreadPoolExecutor-0_{number}")
        builder.job("fetch_data", worker, 0, 0, 40, task=main)
    builder.step(main, 40, 40, wait=builder.wait(Wait.THREAD))
    return builder.build()


@pytest.mark.parametrize(("threads", "rows"), [(3, 3), (4, 4), (5, 0)], ids="{} threads".format)
def test_threads_stand_below_their_task(threads: int, rows: int) -> None:
    """What ran on threads has rows of its own where these find room; half of them would say something else."""
    samples = [sample("serial", 200, 201, 199), sample("threads", 50, 51, 49)]
    lines = drawn(compared(samples, [Picture(in_turn(4, 10), 1), Picture(on_threads(threads), 1)])).splitlines()
    assert sum("fetch_data ▒" in line for line in lines) == rows
