"""The parts that screens are made of: names, units, lines."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from asyncdemo.trace import Wait
from asyncdemo.views.canvas import Line, clean, fit, wrapped
from asyncdemo.views.glyphs import ASCII, UNICODE, curve, encodable
from asyncdemo.views.names import lane_names, origin_name, tags
from asyncdemo.views.units import Unit, ticks
from tests.traces import TraceBuilder, ns


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["job-00", "job-07", "job-10"], ["0", "7", "10"], id="numbers tell them apart"),
        pytest.param(["producer-0", "consumer-0", "consumer-1"], ["p0", "c0", "c1"], id="letters and numbers"),
        pytest.param(["ticker", "timer", "bad"], ["tic", "tim", "b"], id="the shortest beginning of each"),
        pytest.param(["alone"], ["alone"], id="one without a number"),
    ],
)
def test_tags(names: list[str], expected: list[str]) -> None:
    """A tag is the shortest text that tells a task from the others."""
    assert list(tags(dict(enumerate(names))).values()) == expected


def test_lane_names() -> None:
    """Tasks that asyncio only numbered are named after their coroutine, with the number when it has several tasks."""
    builder = TraceBuilder()
    tasks = [builder.task("", coro="main"), builder.task("", coro="app.fetch"), builder.task("", coro="app.fetch")]
    tasks.append(builder.task("mine", coro="app.fetch"))
    assert list(lane_names(builder.build(), tasks).values()) == ["main", "fetch-2", "fetch-3", "mine"]


@given(st.text(max_size=30), st.integers(4, 20))
def test_fit(text: str, width: int) -> None:
    """A fitted text takes exactly its width, whatever it is made of."""
    assert cell_len(fit(text, width, "~")) == width


def test_fit_keeps_the_end() -> None:
    """Of names that are too long the end stays, because names differ there."""
    assert fit("download-worker-17", 9, "~") == "downl~-17"


@given(st.text())
def test_clean(text: str) -> None:
    """Nothing that a terminal would obey is left."""
    assert all(ord(character) >= 32 and not 127 <= ord(character) < 160 for character in clean(text))


@pytest.mark.parametrize(
    ("cell_ns", "columns", "expected"),
    [
        pytest.param(5_000_000, 50, ["0ms", "50", "100", "150", "200"], id="a quarter of a second"),
        pytest.param(100_000_000, 60, ["0s", "1", "2", "3", "4", "5"], id="six seconds"),
        pytest.param(200, 30, ["0us", "2", "4"], id="microseconds"),
    ],
)
def test_ticks(cell_ns: int, columns: int, expected: list[str]) -> None:
    """Ticks are round numbers in a unit that the first one names."""
    assert [text for _, text in ticks(cell_ns, columns)] == expected


@given(st.integers(1, 10**10), st.integers(1, 300))
def test_ticks_fit(cell_ns: int, columns: int) -> None:
    """Ticks stand inside the row, in order and far enough apart for what they say."""
    found = [column for column, _ in ticks(cell_ns, columns)]
    assert found[0] == 0
    assert all(after - before >= 8 for before, after in pairwise(found))
    assert found[-1] < columns


@pytest.mark.parametrize(
    ("longest_ms", "shown"), [pytest.param(10, "1.5", id="short"), pytest.param(500, "2", id="usual")]
)
def test_unit(longest_ms: int, shown: str) -> None:
    """Figures of a short run have a decimal."""
    assert Unit.of(ns(longest_ms)).show(ns(1.5)) == shown


def test_wrapped() -> None:
    """What does not fit into a line goes into the next one."""
    lines = wrapped([Line("one"), Line("two"), Line("three")], 9)
    assert ["".join(segment.text for segment in line.segments) for line in lines] == ["one  two", "three"]


def test_curve() -> None:
    """A bar is as high as its share of the full value; a little is still seen, nothing is blank."""
    assert curve(UNICODE, [0, 0.01, 4, 8], 8) == " ▁▄█"


@pytest.mark.parametrize(("encoding", "possible"), [("utf-8", True), ("cp1252", False), ("ascii", False)])
def test_encodable(encoding: str, possible: bool) -> None:
    """The Unicode set needs an encoding that has it, the ASCII set never does."""
    assert encodable(UNICODE, encoding) == possible
    assert encodable(ASCII, encoding)


def test_origins() -> None:
    """What a worker printed stands under the short name that its row has."""
    builder = TraceBuilder()
    builder.worker("ThreadPoolExecutor-0_0")
    builder.worker("process 4711", Wait.PROCESS)
    trace = builder.build()
    origins = ["thread ThreadPoolExecutor-0_0", "process 4711", "child process", "thread other"]
    assert [origin_name(trace, origin) for origin in origins] == ["thread 1", "process 1", "process", "thread other"]
