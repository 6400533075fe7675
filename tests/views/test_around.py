"""What stands around the rows of tasks: verdict, printed lines, stalls, lengths of queues, failed jobs, peaks."""

from __future__ import annotations

from typing import Any

import pytest

from asyncdemo.timeline import Picture
from asyncdemo.timeline.picture import WHOLE
from asyncdemo.trace import Outcome, Trace, Wait
from asyncdemo.views.canvas import folded
from asyncdemo.views.frame import Frame
from asyncdemo.views.glyphs import UNICODE
from asyncdemo.views.printed import printed
from asyncdemo.views.rows import curve_rows, length_rows, slot_rows
from asyncdemo.views.stalls import stall_lines
from tests.traces import TraceBuilder, ns, semaphore
from tests.views.screens import Ran, screen, texts


def working(duration: float = 2_500) -> TraceBuilder:
    """A task that sleeps all the time."""
    builder = TraceBuilder()
    task = builder.task("main", 0, duration)
    builder.step(task, 0, 0)
    builder.step(task, duration, duration, wait=builder.wait(Wait.SLEEP))
    return builder


@pytest.mark.parametrize(
    ("width", "said"),
    [
        pytest.param(80, ["1 ok │ wall 2.50 s · ideal 2.00 s, and the time that the sums take"], id="on one line"),
        pytest.param(
            40, ["1 ok", "wall 2.50 s · ideal 2.00 s, and the", "  time that the sums take"], id="wrapped at words"
        ),
    ],
)
def test_ideal_with_words(width: int, said: list[str]) -> None:
    """What no formula knows is said behind the ideal time, whole."""
    lines = screen(working().build(), width, Ran(ideal_ns=ns(2_000), ideal_more="the time that the sums take"))
    first = lines.index(said[0])
    assert lines[first : first + len(said)] == said


def test_long_lines_are_wrapped() -> None:
    """A printed line that is longer than the screen goes on below, indented; nothing of it is lost."""
    builder = working()
    builder.line(1, "Results: alpha beta gamma delta epsilon zeta eta theta", 0)
    builder.line(2, "  " + "x" * 30, 0)
    assert screen(builder.build(), 40, lines=True)[-5:] == [
        "  main   │ Results: alpha beta gamma",
        "         │   delta epsilon zeta eta",
        "         │   theta",
        "  main   │   xxxxxxxxxxxxxxxxxxxxxxxxxx",
        "         │     xxxx",
    ]


def test_a_thread_that_python_named_goes_by_its_number() -> None:
    """The function in such a name would leave no room for the number."""
    builder = working()
    builder.line(1, "hello", origin="thread Thread-12 (fetch_a_page)")
    assert screen(builder.build(), 80, lines=True)[-1] == "  Thread-12 │ hello"


def test_long_lines_are_cut_while_it_runs() -> None:
    """The live view gives each printed line a line of the screen, and shows where it cut."""
    builder = working()
    builder.line(1, "Results: alpha beta gamma delta epsilon", 0)
    builder.line(2, "short", 0)
    trace = builder.build()
    frame = Frame.of(40, 20, UNICODE, ["main"])
    assert texts(printed(frame, trace, 5)) == ["  main   │ Results: alpha beta gamma d…", "  main   │ short"]
    assert texts(printed(frame, trace, 1)) == ["  main   │ short"]
    assert printed(frame, trace, 0) == []


@pytest.mark.parametrize(
    ("text", "width", "pieces"),
    [
        pytest.param("", 5, [""], id="nothing"),
        pytest.param("alpha beta", 10, ["alpha beta"], id="just fits"),
        pytest.param("alpha beta", 9, ["alpha", "  beta"], id="at a blank"),
        pytest.param("abcdefgh", 4, ["abcd", "  ef", "  gh"], id="within a word"),
        pytest.param("漢字漢字", 5, ["漢字", "  漢", "  字"], id="wide characters"),
        pytest.param("漢字", 1, ["漢", "字"], id="no room at all"),
    ],
)
def test_folded(text: str, width: int, pieces: list[str]) -> None:
    """Text is broken between words where it can be, and always comes to an end."""
    assert list(folded(text, width, 2)) == pieces


def stalled(*lengths: float) -> Trace:
    """A task blocks the loop again and again."""
    builder = working(1_000)
    for number, length in enumerate(lengths):
        builder.stall(100 * number, 100 * number + length, 0, f"app.py:{number}")
    return builder.build()


def test_stalls_are_listed_in_their_order() -> None:
    """The first one first, whichever was the longest."""
    lines = stall_lines(Frame.of(80, 20, UNICODE), stalled(60, 80, 70), ns(20))
    assert texts(lines)[1:] == [
        "  blocked 60 ms by main at app.py:0",
        "  blocked 80 ms by main at app.py:1",
        "  blocked 70 ms by main at app.py:2",
    ]


@pytest.mark.parametrize(
    ("lengths", "kept", "rest"),
    [
        pytest.param((60, 80, 70, 90), (1, 2, 3), "  and once more, 60 ms in all", id="one is left"),
        pytest.param((90, 60, 80, 55, 70), (0, 2, 4), "  and 2 times more, 115 ms in all", id="two are left"),
    ],
)
def test_of_many_stalls_the_longest_are_listed(lengths: tuple[int, ...], kept: tuple[int, ...], rest: str) -> None:
    """Still in their order, and what is left out is said."""
    lines = texts(stall_lines(Frame.of(80, 20, UNICODE), stalled(*lengths), ns(20)))
    assert lines[1:] == [*(f"  blocked {lengths[row]} ms by main at app.py:{row}" for row in kept), rest]


def test_a_stall_names_its_task_as_its_lane_does() -> None:
    """Tasks of one coroutine that asyncio only numbered keep their numbers."""
    builder = TraceBuilder()
    for _ in range(2):
        builder.task("", 0, 100, coro="compute")
    builder.stall(10, 80, 1)
    assert texts(stall_lines(Frame.of(80, 20, UNICODE), builder.build(), ns(2)))[1] == "  blocked 70 ms by compute-2"


def blocking(start: float, *, ended: bool = False) -> Trace:
    """After a stall of 80 ms at 100, a snapshot at 1000 ms of a task that has not given up control since `start`."""
    builder = TraceBuilder()
    task = builder.task("main", 0)
    builder.stall(100, 180, task, "app.py:1")
    builder.running(task, start)
    if ended:
        builder.stall(start, 1_000, task, "app.py:2")
    return builder.build(1_000)


def test_a_stall_that_goes_on_is_drawn_up_to_now() -> None:
    """It is in the lane, and told with how long it has lasted, though where is not known before it ends."""
    lines = texts(stall_lines(Frame.of(80, 20, UNICODE), blocking(600), ns(20)))
    assert lines == [
        f"! blocked   {' ' * 5}!!!!{' ' * 21}{'!' * 20}",
        "  blocked 80 ms by main at app.py:1",
        "  blocked 400 ms so far by main",
    ]


def test_a_stall_that_goes_on_is_told_before_longer_ones() -> None:
    """Where one alone is told it is the one that goes on, and the other is not said to be shorter."""
    lines = texts(stall_lines(Frame.of(80, 20, UNICODE), blocking(895), ns(20), 1))
    assert lines[1:] == ["  blocked 105 ms so far by main", "  and once more, 80 ms in all"]


@pytest.mark.parametrize(
    ("trace", "told"),
    [
        pytest.param(blocking(900), ["  blocked 80 ms by main at app.py:1"], id="no longer than what counts as one"),
        pytest.param(
            blocking(600, ended=True),
            ["  blocked 80 ms by main at app.py:1", "  blocked 400 ms by main at app.py:2"],
            id="over since the snapshot began",
        ),
    ],
)
def test_a_running_step_that_is_no_other_stall(trace: Trace, told: list[str]) -> None:
    """A step that runs is a stall once it has lasted as long as one, and none beside the one that it has become."""
    assert texts(stall_lines(Frame.of(80, 20, UNICODE), trace, ns(20)))[1:] == told


@pytest.mark.parametrize(
    ("width", "title", "said"),
    [
        pytest.param(
            100,
            "blocked",
            "blocked 60 ms by fetch-page at a_module.py:12, 30 ms of it the garbage collector",
            id="all",
        ),
        pytest.param(80, "blocked", "blocked 60 ms by fetch-page at a_module.py:12", id="who and where"),
        pytest.param(40, "stall", "60 ms fetch-page a_module.py:12", id="hardly any room"),
    ],
)
def test_a_stall_is_told_in_the_words_that_there_is_room_for(width: int, title: str, said: str) -> None:
    """A narrow screen keeps who and where, and drops what the lane says anyway."""
    builder = TraceBuilder()
    builder.stall(0, 60, builder.task("fetch-page", 0, 100), "a_module.py:12", gc=30)
    lane, note = texts(stall_lines(Frame.of(width, 20, UNICODE), builder.build(), ns(20)))
    assert lane.split() == ["!", title, "!!!"]
    assert note.strip() == said


def queued(kind: str = "Queue", limit: int = 4) -> Trace:
    """A queue that is 1, 4, 2 and 0 long, and in between 3 for a moment."""
    builder = working(80)
    queue = builder.resource(kind, limit=limit)
    for t, length in ((0, 1), (20, 4), (40, 2), (45, 3), (45, 2), (60, 0)):
        builder.level(queue, t, length)
    return builder.build()


@pytest.mark.parametrize(
    ("trace", "row"),
    [
        pytest.param(queued(), "  Queue     ▂▂██▆▄        peak 4/4", id="with a limit"),
        pytest.param(queued(limit=-1), "  Queue     ▂▂██▆▄          peak 4", id="without one"),
        pytest.param(queued("PriorityQueue", 8), "  queue     ▁▁▄▄▃▂        peak 4/8", id="too long a name"),
    ],
)
def test_length_of_a_queue(trace: Trace, row: str) -> None:
    """Each cell shows how long the queue was at most, against its limit."""
    frame = Frame.of(80, 20, UNICODE)
    (line,) = length_rows(frame, Picture.of(trace, 8, 5))
    drawn = texts([line])[0]
    assert (drawn[:20], drawn.split()[-2:]) == (row[:20], row.split()[-2:])


def test_few_queues_have_a_row() -> None:
    """Of many queues the first three are shown."""
    builder = working(80)
    for number in range(5):
        builder.level(builder.resource("Queue", f"Queue {number + 1}"), 10, 1)
    rows = length_rows(Frame.of(80, 20, UNICODE), Picture.of(builder.build(), 8, 5))
    assert [text.split()[:2] for text in texts(rows)] == [["Queue", "1"], ["Queue", "2"], ["Queue", "3"]]


def test_queues_with_long_names_are_told_apart() -> None:
    """Where there is no room for both names whole, a number is not all that is left of one."""
    builder = working(80)
    for name in ("PriorityQueue", "PriorityQueue 2"):
        builder.level(builder.resource("PriorityQueue", name), 10, 1)
    rows = length_rows(Frame.of(80, 20, UNICODE), Picture.of(builder.build(), 8, 5))
    assert [text[:12].strip() for text in texts(rows)] == ["Prior…eue", "Prior…e 2"]


@pytest.mark.parametrize(
    ("width", "said", "figure"),
    [
        pytest.param(80, "peak 1,000/1,000", "1,000/1,000", id="all of it but the word"),
        pytest.param(80, "peak 100/100", "peak 100/100", id="all of it"),
        pytest.param(40, "peak 100/100", "100", id="the first figure"),
        pytest.param(40, "peak 9/9", "9/9", id="two figures"),
        pytest.param(40, "peak 9,999", "9,999", id="one figure"),
        pytest.param(40, "peak 100,000", "100k", id="its thousands"),
        pytest.param(40, "6,226/s", "6,226", id="without its unit"),
    ],
)
def test_a_figure_beside_a_curve_is_whole(width: int, said: str, figure: str) -> None:
    """What there is no room for is left out; half a number would be another one."""
    frame = Frame.of(width, 20, UNICODE)
    (text,) = texts([frame.curve("in flight", [1.0] * frame.cells, said)])
    assert text.rpartition("█")[2].strip() == figure


def test_slots_write_names_in_one_way() -> None:
    """A slot whose holders all have names of one letter is written as that of the eleventh task is."""
    lines = screen(semaphore((20,) * 11, limit=2), 80)
    slots = [line for line in lines if "slot" in line]
    assert ["0───" in slots[0], "1───" in slots[1], "10──" in slots[0]] == [True] * 3
    assert [slot[12:].count("00") + slot[12:].count("11") for slot in slots] == [0, 0]


def test_a_live_picture_of_a_queue_looks_at_some_changes() -> None:
    """However many changes there are, a frame looks at a bounded number; the last length stays."""
    builder = working(1_000)
    queue = builder.resource("Queue")
    for t in range(10_000):
        builder.level(queue, t / 10, t % 3)
    live = Picture(8, 5, cell_ns=ns(125), budget=100)
    live.update(builder.build())
    (line,) = length_rows(Frame.of(80, 20, UNICODE), live)
    assert "████████" in texts([line])[0]


def test_a_failed_job_is_marked() -> None:
    """A job on a thread ends with the mark of how it went wrong, which the legend explains."""
    builder = working(40)
    thread = builder.worker("pool_0")
    builder.job("fetch", thread, 0, 0, 20, outcome=Outcome.RAISED)
    builder.job("fetch", thread, 20, 20, 30, outcome=Outcome.CANCELLED)
    builder.job("fetch", thread, 30, 30, 40)
    lines = screen(builder.build(), 60)
    row = next(line for line in lines if line.startswith("  thread 1"))
    assert (row.count("✗"), row.count("⊘"), row.index("✗") < row.index("⊘")) == (1, 1, True)
    assert any("✗ failed" in line for line in lines)


def test_more_holders_than_the_limit() -> None:
    """A semaphore that was released once too often is held by more than its limit, and the peak says so."""
    trace = semaphore((30, 30, 30, 30), limit=4)
    limited = type(trace.resources)(
        kind=trace.resources.kind, name=trace.resources.name, limit=[3], site=trace.resources.site
    )
    lines = screen(Trace(**{**_fields(trace), "resources": limited}), 80)
    assert next(line for line in lines if "in flight" in line).endswith("peak 4/3")
    assert [line.split()[:2] for line in lines if "slot" in line] == [["slot", str(slot)] for slot in (1, 2, 3, 4)]


@pytest.mark.parametrize("limit", [pytest.param(4, id="as many as fit"), pytest.param(3, id="one more than fits")])
def test_slots_while_it_runs(limit: int) -> None:
    """A live picture shows everyone who holds a slot, however often the semaphore was released."""
    builder = TraceBuilder()
    shared = builder.resource("Semaphore", limit=limit)
    for number in range(5):
        start = number // 4 * 40
        task = builder.task(f"job-{number}", 0)
        builder.step(task, start, start)
        builder.hold(shared, task, 0, start, 40 if start == 0 else 60)
    live = Picture(8, 20, cell_ns=ns(10), budget=100)
    live.update(builder.build(60))
    frame = Frame.of(80, 20, UNICODE)
    assert [line.split() for line in texts(slot_rows(frame, live, range(5)))] == [
        ["slot", "1", "000044"],
        ["slot", "2", "1111"],
        ["slot", "3", "2222"],
        ["slot", "4", "3333"],
    ]
    assert texts(curve_rows(frame, live, frozenset()))[0].endswith(f"peak 4/{limit}")


def locked(*holds: tuple[int, float, float]) -> Trace:
    """A condition that `make` and `take 1` to `take 3` hold, each (who, from, to), in 80 ms."""
    builder = TraceBuilder()
    condition = builder.resource("Condition", limit=1)
    for name in ("make", "take 1", "take 2", "take 3"):
        builder.step(builder.task(name, 0, 80), 0, 0)
    for task, start, end in holds:
        builder.hold(condition, task, start, start, end)
    return builder.build()


@pytest.mark.parametrize(
    ("holds", "row"),
    [
        pytest.param([(0, 0, 0), (1, 40, 40)], "m   t1", id="no time at all"),
        pytest.param([(0, 1, 2), (1, 3, 4), (0, 41, 42)], "mt1 m", id="one after the other in a cell"),
        pytest.param([(0, 1, 2), (0, 3, 4)], "m", id="one alone again and again"),
        pytest.param([(1, 1, 2), (2, 3, 4), (3, 25, 26)], "t…t3", id="no room for all"),
        pytest.param([(1, 1, 2), (0, 3, 5), (3, 15, 16)], "mt3", id="no room but for the one that held it longest"),
        pytest.param([(0, 0, 35), (1, 50, 51)], "mmmm t1", id="a name of one letter and a longer one"),
        pytest.param([(1, 0, 20), (0, 21, 22), (2, 35, 75)], "t1mt2───", id="moments between long ones"),
        pytest.param([(1, 0, 27), (0, 28, 29)], "t1─", id="a moment in the cell of a long one"),
        pytest.param([(0, 80, 80)], "       m", id="at the very end"),
    ],
)
@pytest.mark.parametrize("budget", [WHOLE, 100], ids=["final", "live"])
def test_who_holds_a_lock_for_moments_is_named_in_turn(
    holds: list[tuple[int, float, float]], row: str, budget: int
) -> None:
    """Also two within one cell, and those that held it for no time; where there is no room the row shows it."""
    picture = Picture(8, 20, cell_ns=ns(10), budget=budget)
    picture.update(locked(*holds))
    (line,) = texts(slot_rows(Frame.of(80, 20, UNICODE), picture, range(4)))
    assert line[12:] == row


def test_half_a_number_is_no_name() -> None:
    """A slot too narrow for the number of who held it does not show another number."""
    builder = TraceBuilder()
    shared = builder.resource("Semaphore", limit=2)
    for number in range(11):
        builder.step(builder.task(f"job-{number}", 0, 80), 0, 0)
    builder.hold(shared, 2, 0, 0, 10)
    builder.hold(shared, 10, 10, 10, 20)
    picture = Picture(8, 20, cell_ns=ns(10))
    picture.update(builder.build())
    (line,) = texts(slot_rows(Frame.of(80, 20, UNICODE), picture, range(11)))
    assert line.split() == ["slot", "1", "2…"]


def _fields(trace: Trace) -> dict[str, Any]:
    return {name: getattr(trace, name) for name in Trace.__dataclass_fields__}


def test_tasks_of_no_duration_have_a_peak() -> None:
    """Five tasks that take no time at all, made in one go, were five at once."""
    builder = TraceBuilder(clock="virtual")
    main = builder.task("main", 0, 0)
    builder.step(main, 0, 0)
    for number in range(5):
        builder.step(builder.task(f"job-{number}", 0, 0, parent=main), 0, 0)
    builder.step(main, 0, 0, wait=builder.wait(Wait.TASK))
    assert next(line for line in screen(builder.build(), 80) if "in flight" in line).endswith("peak 5")
