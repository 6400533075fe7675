"""The critical path in pictures: where it runs through the lanes, who decides when, and its lanes by themselves."""

from __future__ import annotations

import pytest

from asyncdemo.timeline import Picture, Window, critical_path
from asyncdemo.trace import NONE, Outcome, Trace, Wait
from asyncdemo.views.canvas import Line
from asyncdemo.views.choose import TimelineView
from asyncdemo.views.critical import ON_PATH, Path, staircase
from asyncdemo.views.glyphs import ASCII, UNICODE, Glyphs
from tests.traces import TraceBuilder, handed_on, ns
from tests.views.screens import texts

LABEL = 12


def drawn(
    trace: Trace,
    width: int = 80,
    height: int = 24,
    glyphs: Glyphs = UNICODE,
    view: str | None = None,
    *,
    path: bool = True,
) -> list[Line]:
    """The lines of the exact picture of a trace, with its critical path."""
    drawer = TimelineView("test", (), glyphs, view, path=critical_path(trace) if path else ())
    frame = drawer.frame(trace, width, height)
    return drawer.lines(frame, Picture.of(trace, frame.cells, drawer.rows(height)))


def row(lines: list[Line], name: str) -> Line:
    """The row that is called `name`."""
    return next(line for line, text in zip(lines, texts(lines), strict=True) if text[2:].startswith(f"{name} "))


def cells(lines: list[Line], name: str) -> str:
    """The text of its cells."""
    return texts([row(lines, name)])[0][LABEL : LABEL + 51].rstrip()


def marked(line: Line) -> list[int]:
    """The cells of a row that are in the path's own style."""
    found, column = list[int](), -LABEL
    for piece in line.segments:
        found += [column + offset for offset in range(piece.cell_length) if piece.style == ON_PATH]
        column += piece.cell_length
    return found


def test_each_lane_shows_where_it_decides() -> None:
    """The chain enters a lane with a mark, and the cells that it runs through are in a colour of their own."""
    lines = drawn(handed_on())
    assert cells(lines, "producer") == "◆" + "▒" * 30
    assert cells(lines, "consumer") == "░" * 31 + "◆" + "▒" * 19
    assert cells(lines, "beside") == "▒" * 41
    assert marked(row(lines, "producer")) == list(range(31))
    assert marked(row(lines, "consumer")) == list(range(31, 51))
    assert marked(row(lines, "beside")) == []


def test_a_row_says_who_decides() -> None:
    """Without any colour a row names who decides in each stretch, and the legend what the mark means."""
    lines = drawn(handed_on())
    assert cells(lines, "critical") == "producer" + "─" * 23 + "consumer" + "─" * 12
    assert any("◆ on the critical path: what decided how long it took" in text for text in texts(lines))


def test_ascii() -> None:
    """All of it has an ASCII form."""
    lines = drawn(handed_on(), glyphs=ASCII)
    assert cells(lines, "producer") == "*" + "=" * 30
    assert cells(lines, "critical") == "producer" + "-" * 23 + "consumer" + "-" * 12
    assert all(text.isascii() for text in texts(lines))


def test_narrow() -> None:
    """On a narrow screen a tag stands for a name that has no room, and nothing is wider than the screen."""
    lines = drawn(handed_on(), width=30)
    (line,) = [text for text in texts(lines) if text.startswith("  path")]
    assert line.split()[1] == "p" + "─" * 7 + "c" + "─" * 5
    assert max(map(len, texts(lines))) < 30


def test_how_a_task_ended_keeps_its_colour() -> None:
    """A lane on the path that was cancelled ends with the mark for that, in its own style."""
    lines = drawn(handed_on(Outcome.CANCELLED))
    assert cells(lines, "consumer").endswith("▒⊘")
    assert marked(row(lines, "consumer")) == list(range(31, 50))


def test_nothing_is_marked_unless_it_is_asked_for() -> None:
    """A picture without a path is as it always was."""
    lines = drawn(handed_on(), path=False)
    assert "◆" not in "".join(texts(lines))
    assert not any(marked(line) for line in lines)


def test_lanes_on_the_path_come_first_where_not_all_have_room() -> None:
    """Of more tasks than lanes those that decide are drawn."""
    builder = TraceBuilder()
    sleep = builder.wait(Wait.SLEEP)
    for number in range(40):
        last = 100 if number == 33 else 50
        task = builder.task(f"job-{number}", 0, last)
        builder.step(task, 0, 0)
        builder.step(task, last, last, wait=sleep)
    trace = builder.build()
    assert row(drawn(trace, view="lanes"), "job-33").width
    with pytest.raises(StopIteration):
        row(drawn(trace, view="lanes", path=False), "job-33")


@pytest.mark.parametrize("view", ["heat", "slots"])
def test_other_views_have_the_row(view: str) -> None:
    """Where tasks have no lane of their own the row is there all the same."""
    trace = handed_on()
    assert any("producer─" in text for text in texts(drawn(trace, view=view)))


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("tasks", range(14, 22))
def test_the_row_takes_room_of_its_own(tasks: int, width: int) -> None:
    """However many lanes there are, the row and what the mark means are on the screen, and that is no higher."""
    builder = TraceBuilder()
    sleep = builder.wait(Wait.SLEEP)
    for number in range(tasks):
        task = builder.task(f"job-{number}", 0, 50 + number)
        builder.step(task, 0, 0)
        builder.step(task, 50 + number, 50 + number, wait=sleep)
    lines = drawn(builder.build(), width=width)
    assert len(lines) <= 24
    assert any(text.startswith(("  critical", "  path")) for text in texts(lines))
    if any("◆" in text for text in texts(lines)):
        assert any("◆ on the critical path" in text for text in texts(lines))


def test_cells_belong_to_whom_the_path_does() -> None:
    """A path in cells has no holes, and cells of nobody's where no task decided."""
    trace = handed_on()
    path = Path(critical_path(trace), Window(0, ns(1), 50))
    assert path.cells == [0] * 30 + [1] * 20
    assert Path((), Window(0, ns(1), 50)).spans == {}
    assert Path(critical_path(trace), Window(ns(25), ns(1), 10)).spans == {0: [range(5)], 1: [range(5, 10)]}
    assert Path(critical_path(trace), Window(ns(45), ns(1), 10)).cells == [1] * 5 + [NONE] * 5


def test_the_path_by_itself() -> None:
    """A lane for each task on the path in the order of time, with nothing else in it, and how long it decided."""
    lines = texts(staircase(critical_path(handed_on()), handed_on(), UNICODE, 80))
    axis, producer, consumer, ticks, legend = lines[1:]
    assert producer[LABEL:].rstrip().split() == ["▒" * 37, "30"]
    assert consumer[LABEL:].rstrip().split() == ["▒" * 24, "20"]
    assert consumer.index("▒") - producer.index("▒") == 37
    assert axis.split()[0] == "task"
    assert ticks.strip().startswith("┬")
    assert legend == "▒ sleeping"


def test_a_path_that_says_nothing_is_not_drawn() -> None:
    """One task that slept all along needs no lane, and neither does a run without steps."""
    builder = TraceBuilder()
    task, sleep = builder.task("main", 0, 50), builder.wait(Wait.SLEEP)
    builder.step(task, 0, 0)
    builder.step(task, 50, 50, wait=sleep)
    for trace in (builder.build(), TraceBuilder().build(1)):
        assert staircase(critical_path(trace), trace, UNICODE, 80) == []


def test_many_tasks_on_the_path_are_told_in_a_line() -> None:
    """Of very many tasks some have a lane, and one line says how many more there are and how long they decided."""
    builder = TraceBuilder()
    sleep, get = builder.wait(Wait.SLEEP), builder.wait(Wait.QUEUE_GET)
    for number in range(30):
        task = builder.task(f"hop-{number}", 0, 10 * number + 10)
        builder.step(task, 0, 0)
        if number:
            builder.step(task, 10 * number, 10 * number, wait=get, waker=number - 1)
        builder.step(task, 10 * number + 10, 10 * number + 10, wait=sleep)
    trace = builder.build()
    lines = texts(staircase(critical_path(trace), trace, UNICODE, 80))
    assert lines[-3].split() == ["…", "18", "more", "tasks", "180"]
    assert [line.split()[0] for line in lines[2:14]] == [f"hop-{number}" for number in range(12)]
    lanes = [line[LABEL : LABEL + 61].ljust(61) for line in lines[2:14]]
    assert all(sum(cell != " " for cell in column) <= 1 for column in zip(*lanes, strict=True)), "one task at a time"
