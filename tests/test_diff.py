"""Diff: what changed between two recordings, what did not, and what cannot be compared."""

from __future__ import annotations

import io
import json
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdemo import __version__, tracefile
from asyncdemo.diff import Change, Diff, compared, decided
from asyncdemo.trace import NONE, Actor, Outcome, Trace, Wait
from asyncdemo.views.console import build_console
from asyncdemo.views.diff import LEAST_NAME, DiffView
from tests.commands import Asyncdemo
from tests.traces import TraceBuilder, ns, semaphore

NAMES = ("a.trace", "b.trace")


def fetching(
    sleep: float = 100,
    *,
    late: float = 0,
    tasks: int = 3,
    error: str = "",
    stall: float = 0,
    commands: str = "crawl.py",
    **meta: Any,
) -> Trace:
    """Tasks that wait for a socket side by side, each `late` when it runs again; a main task that waits for them."""
    builder = TraceBuilder(command=commands, **meta)
    socket = builder.wait(Wait.NETWORK, site="crawl.py:3")
    gathered = builder.wait(Wait.TASK, "tasks", site="crawl.py:9")
    main = builder.task("main", coro="main")
    builder.step(main, 0, 1)
    end = 1 + sleep + late
    for number in range(tasks):
        ended = end + number + 1
        outcome = Outcome.RAISED if error else Outcome.RETURNED
        task = builder.task(f"fetch {number}", 1, ended, parent=main, coro="fetch", outcome=outcome, error=error)
        builder.step(task, 1, 1)
        builder.step(task, ended - 1, ended, ready=1 + sleep, wait=socket, waker=Actor.NETWORK)
    over = end + tasks
    builder.step(main, over, over + 1, wait=gathered, waker=tasks)
    builder.rows["tasks"][main].update(outcome=Outcome.RETURNED, ended_ns=ns(over + 1))
    if stall:
        builder.stall(1, 1 + stall, main, "crawl.py:5")
    return builder.build(over + 1)


def named(changes: tuple[Change, ...]) -> dict[str, Change]:
    """The changes by what they are of."""
    return {change.what: change for change in changes}


def of_coroutine(diff: Diff, coro: str) -> dict[str, Change]:
    """A coroutine's changes by what they are of."""
    return named(next(each.changes for each in diff.coroutines if each.coro == coro))


def notable(diff: Diff) -> set[str]:
    """What has changed notably."""
    rows = [*diff.whole, *diff.decided, *(row for each in diff.coroutines for row in each.changes)]
    return {row.what for row in rows if row.notable}


def drawn(diff: Diff, width: int = 80, **options: Any) -> list[str]:
    """The view as text."""
    stream = io.StringIO()
    build_console(stream, coloured=False, width=width).print(DiffView(diff, NAMES, **options), end="")
    return [line.rstrip() for line in stream.getvalue().splitlines()]


# What decided the total


def test_what_decided_the_total_leads_back_along_who_woke_whom() -> None:
    """The main task's wait is the time of the task that woke it, and of whatever that one waited for."""
    shares = {f"{cause.coro}: {cause.what}": spent / 1e6 for cause, spent in decided(fetching(late=20)).items()}
    assert shares == {"fetch: socket": 100, "fetch: ready, not run": 22, "main: ran": 2, "fetch: ran": 1}


def test_main_tasks_that_follow_each_other_have_a_stretch_each() -> None:
    """As those of two `asyncio.run` have; what lies between them is outside."""
    builder = TraceBuilder()
    sleep = builder.wait(Wait.SLEEP)
    for begin in (0, 50):
        task = builder.task("main", begin, begin + 30, coro="main")
        builder.step(task, begin, begin + 1)
        builder.step(task, begin + 29, begin + 30, wait=sleep, waker=Actor.TIMER)
    shares = {(cause.coro, cause.what): spent / 1e6 for cause, spent in decided(builder.build(85)).items()}
    assert shares == {("main", "sleep"): 56, ("main", "ran"): 4, ("", "outside the main task"): 25}


def test_a_main_task_that_still_waits() -> None:
    """What it waits for as the recording ends is what the time since its last step goes to."""
    builder = TraceBuilder()
    event = builder.wait(Wait.EVENT, "Event")
    task = builder.task("main", 0, coro="main", waiting=event)
    builder.step(task, 0, 1)
    shares = {cause.what: spent / 1e6 for cause, spent in decided(builder.build(40)).items()}
    assert shares == {"Event": 39, "ran": 1}


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(-3, 3)),
        max_size=40,
    )
)
def test_the_shares_of_any_trace_add_up_to_its_duration(steps: list[tuple[int, ...]]) -> None:
    """Whoever woke whom, in whatever order and at one instant: it ends, and no time is told twice."""
    builder = TraceBuilder()
    wait = builder.wait(Wait.FUTURE)
    for number in range(4):
        builder.task(f"task {number}", 0, 300, parent=number - 1 if number else NONE)
    now, ends = 0, [0, 0, 0, 0]
    for task, pause, late, ran, waker in steps:
        start = max(now, ends[task]) + pause + late
        ready = max(ends[task], start - late)
        first = not builder.rows["tasks"][task]["steps"]
        builder.step(task, start, start + ran, ready=ready, wait=NONE if first else wait, waker=waker)
        now = ends[task] = start + ran
    trace = builder.build(max(300, now))
    shares = decided(trace)
    assert sum(shares.values()) == trace.duration_ns
    assert all(share > 0 for share in shares.values())


def test_no_tasks_at_all() -> None:
    """An empty recording can be compared with itself: nothing has changed."""
    diff = compared(Trace(duration_ns=ns(5)), Trace(duration_ns=ns(5)))
    assert not diff.notable
    assert [change.what for change in diff.decided] == ["outside the main task"]


# What is notable


def test_a_recording_and_itself() -> None:
    """Nothing has changed, in real and in virtual time."""
    for clock in ("real", "virtual"):
        diff = compared(fetching(clock=clock), fetching(clock=clock))
        assert notable(diff) == set()
        assert not diff.notable
        assert diff.notes == ()


@pytest.mark.parametrize(
    ("after", "found"),
    [
        pytest.param(fetching(105), set(), id="five per cent of waits are noise"),
        pytest.param(fetching(late=8), set(), id="8 ms of lateness are noise"),
        pytest.param(fetching(100.9), set(), id="less than a millisecond is noise"),
        pytest.param(
            fetching(150),
            {"wall", "fetch: socket", "waited for socket", "waited for tasks"},
            id="half as long a wait",
        ),
        pytest.param(
            fetching(late=40),
            {"wall", "loop late p99", "fetch: ready, not run", "ready, not run", "waited for tasks"},
            id="40 ms of lateness",
        ),
        pytest.param(fetching(error="OSError: gone"), {"failed", "OSError"}, id="failures"),
        pytest.param(fetching(tasks=4), {"tasks", "waited for socket"}, id="one task more"),
        pytest.param(fetching(stall=60), {"stalls", "blocked", "longest stall"}, id="a stall"),
    ],
)
def test_what_two_runs_may_differ_by(after: Trace, found: set[str]) -> None:
    """Only what noise does not do is notable."""
    assert notable(compared(fetching(), after)) == found


def test_in_virtual_time_every_difference_is_one() -> None:
    """There is no noise in it."""
    before, after = fetching(clock="virtual"), fetching(100.001, clock="virtual")
    assert not notable(compared(fetching(), fetching(100.001)))
    assert notable(compared(before, after)) >= {"wall", "waited for socket", "fetch: socket"}


def test_figures_of_a_coroutine() -> None:
    """Tasks, outcomes by kind and by exception, steps, time that they ran, were late and waited, by what for."""
    diff = compared(fetching(late=20), fetching(150, error="OSError: gone"))
    figures = {what: (change.before, change.after) for what, change in of_coroutine(diff, "fetch").items()}
    assert figures == {
        "tasks": (3, 3),
        "failed": (0, 3),
        "OSError": (0, 3),
        "steps": (6, 6),
        "ran": (ns(3), ns(3)),
        "ready, not run": (ns(63), ns(3)),
        "waited for socket": (ns(300), ns(450)),
    }


def test_coroutines_that_only_one_has() -> None:
    """They are there, with no tasks in the other recording, before those that have not changed."""
    other = semaphore()
    diff = compared(fetching(), replace(other, meta=fetching().meta))
    assert {each.coro: (each.before, each.after) for each in diff.coroutines} == {
        "job": (0, 10),
        "fetch": (3, 0),
        "main": (1, 1),
    }


def test_waits_go_by_the_name_of_the_resource() -> None:
    """And how many waited for it at once is a figure of the whole."""
    diff = compared(semaphore(), semaphore(limit=1))
    waits = of_coroutine(diff, "job")["waited for Semaphore"]
    assert waits.notable
    assert waits.after > 3 * waits.before > 0
    peak = named(diff.whole)["most waiting for Semaphore"]
    assert (peak.before, peak.after) == (7, 9)


# What cannot be compared


@pytest.mark.parametrize(
    ("after", "said"),
    [
        pytest.param(
            fetching(commands="other.py"), "not the same program: crawl.py, then other.py", id="another program"
        ),
        pytest.param(
            replace(semaphore(), meta={**fetching().meta, "params": None}),
            "",
            id="the same name and a coroutine in common",
        ),
        pytest.param(
            fetching(clock="virtual"),
            "real time, then virtual time: their durations are not of one kind",
            id="another clock",
        ),
        pytest.param(fetching(python="3.13.0"), "Python 3.11.7, then 3.13.0", id="another Python"),
        pytest.param(fetching(observer="live"), "observer none, then live", id="another observer"),
        pytest.param(fetching(params={"limit": 5}), "limit 3, then 5", id="other options"),
        pytest.param(
            replace(fetching(), lost={"steps": 12000}), "the second one has not kept 12,000 steps", id="lost steps"
        ),
    ],
)
def test_notes(after: Trace, said: str) -> None:
    """What makes two recordings hard to compare is said, and nothing else is."""
    settled = {"python": "3.11.7", "params": {"limit": 3}}
    before, later = (replace(each, meta={**settled, **each.meta}) for each in (fetching(), after))
    if "params" in after.meta and after.meta["params"] is None:
        later = replace(later, meta={**later.meta, "params": {"limit": 3}})
    assert list(compared(before, later).notes) == ([said] if said else [])


def test_programs_with_no_coroutine_in_common() -> None:
    """The same name is not enough to be the same program."""
    builder = TraceBuilder(command="crawl.py")
    builder.task("serve", 0, 5, coro="serve")
    assert compared(fetching(), builder.build()).notes == ("not the same program: they have no coroutine in common",)


def test_different_loops() -> None:
    """Are named."""
    builder = TraceBuilder(command="crawl.py")
    builder.rows["loops"][0]["kind"] = builder.text("uvloop.Loop")
    builder.task("main", 0, 5, coro="main")
    said = "on different loops: asyncio.unix_events._UnixSelectorEventLoop, then uvloop.Loop"
    assert said in compared(fetching(), builder.build()).notes


# The view


def test_the_screen() -> None:
    """What changed of the whole, what decided the total, then the coroutines, those that changed most first."""
    shown = drawn(compared(fetching(), fetching(250, error="OSError: gone")), 70)
    assert shown == [
        "a.trace │ b.trace",
        "                         first     second     change",
        "  wall                  105 ms     255 ms       2.4x",
        "  tasks                      4          4",
        "  failed                     0          3        new",
        "  loop late p99         2.0 ms     2.0 ms",
        "",
        "what decided the total  computed, along who woke whom",
        "  fetch: socket         100 ms     250 ms       2.5x",
        "",
        "fetch  3 tasks",
        "  failed                     0          3        new",
        "  OSError                    0          3        new",
        "  waited for socket     300 ms     750 ms       2.5x",
        "",
        "main  1 task",
        "  waited for tasks      103 ms     253 ms       2.5x",
        "nothing else has changed, as far as single runs can tell; --all",
        "shows every figure",
    ]


def test_the_screen_of_no_change() -> None:
    """A few figures, and that nothing has changed."""
    shown = drawn(compared(fetching(), fetching(104)))
    assert shown[-1] == "nothing has changed, as far as single runs can tell; --all shows every figure"
    assert not any("%" in line for line in shown)


def test_everything_on_the_screen() -> None:
    """Every figure, also those without a change."""
    diff = compared(fetching(), fetching())
    shown = drawn(diff, everything=True)
    rows = [*diff.whole, *diff.decided, *(row for each in diff.coroutines for row in each.changes)]
    assert sum(line.startswith("  ") for line in shown) == len(rows) + 1


def rows_of(lines: list[str]) -> list[str]:
    """The rows with figures."""
    first = next(number for number, line in enumerate(lines) if line.startswith("  wall"))
    return [line for line in lines[first:] if line.startswith("  ")]


@pytest.mark.parametrize("width", range(20, 80))
def test_a_figure_is_whole_or_marked(width: int) -> None:
    """Where there is no room for a figure it shows that it is cut, and is never another one."""
    diff = compared(fetching(), semaphore())
    wide, narrow = (rows_of(drawn(diff, each)) for each in (120, width))
    for told, row in zip(wide, narrow, strict=True):
        figures = " ".join(re.split(r"\s{2,}", told.strip())[1:])
        is_whole = " ".join(row.split()).endswith(figures)
        assert is_whole or (width < 36 and "…" in row[2 + LEAST_NAME :])


@pytest.mark.parametrize("width", [20, 40, 60, 120])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_any_width(width: int, ascii_only: bool) -> None:
    """Nothing is drawn in the last column, and ASCII is ASCII."""
    shown = drawn(compared(fetching(), semaphore()), width, ascii_only=ascii_only)
    assert max(map(len, shown)) < width
    assert not ascii_only or "".join(shown).isascii()


# The command


@pytest.fixture
def saved(tmp_path: Path) -> tuple[str, str]:
    """Two recordings of a program."""
    paths = tmp_path / "a.trace", tmp_path / "b.trace"
    for path, trace in zip(paths, (fetching(), fetching(250)), strict=True):
        tracefile.save(trace, path)
    return str(paths[0]), str(paths[1])


def test_the_command(saved: tuple[str, str], asyncdemo: Asyncdemo) -> None:
    """Prints the screen and exits with 0, whatever has changed."""
    code, out, err = asyncdemo("diff", *saved, "--width", "200")
    assert (code, err) == (0, "")
    assert out.startswith(" │ ".join(saved))
    assert "  fetch: socket" in out


def test_json(saved: tuple[str, str], asyncdemo: Asyncdemo) -> None:
    """One object with every figure; times are nanoseconds."""
    code, out, err = asyncdemo("diff", *saved, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert (told["schema"], told["command"], told["version"]) == ("asyncdemo/1", "diff", __version__)
    assert (told["files"], told["exact"], told["notable"], told["notes"]) == (list(saved), False, True, [])
    wall = {"what": "wall", "unit": "ns", "before": ns(105), "after": ns(255), "notable": True}
    assert told["whole"][0] == wall
    assert told["decided"][0]["what"] == "fetch: socket"
    assert [(each["coro"], each["tasks"]) for each in told["coroutines"]] == [("fetch", [3, 3]), ("main", [1, 1])]


def test_a_file_for_the_result(saved: tuple[str, str], tmp_path: Path, asyncdemo: Asyncdemo) -> None:
    """`-o` writes it, and does not overwrite without `--force`."""
    path = str(tmp_path / "diff.txt")
    assert asyncdemo("diff", *saved, "-o", path) == (0, "", "")
    assert "waited for socket" in Path(path).read_text(encoding="utf-8")
    asyncdemo("diff", *saved, "-o", path).check_refusal("it exists already")
    assert asyncdemo("diff", *saved, "-o", path, "--force", "--json").code == 0
    assert json.loads(Path(path).read_text(encoding="utf-8"))["command"] == "diff"


def flipped(data: bytes) -> bytes:
    """A trace with one bit that is not as it was saved."""
    whole = bytearray(data)
    whole[len(whole) // 2] ^= 1
    return bytes(whole)


def from_the_future(data: bytes) -> bytes:
    """A trace of a format that does not exist yet."""
    start = len(tracefile.MAGIC)
    return data[:start] + struct.pack("<I", 99) + data[start + 4 :]


@pytest.mark.parametrize("place", [0, 1], ids=["first", "second"])
@pytest.mark.parametrize(
    ("spoilt", "said", "exit_code"),
    [
        pytest.param(None, "cannot be read: No such file", 2, id="missing"),
        pytest.param(lambda _: b"", "is cut short", 1, id="empty"),
        pytest.param(flipped, "is damaged", 1, id="a flipped bit"),
        pytest.param(lambda _: b"#!/bin/sh\n", "is no asyncdemo trace", 1, id="something else"),
        pytest.param(from_the_future, "was saved by a newer asyncdemo, in format 99", 1, id="from the future"),
    ],
)
def test_what_is_no_recording_is_refused(
    place: int,
    spoilt: Callable[[bytes], bytes] | None,
    said: str,
    exit_code: int,
    saved: tuple[str, str],
    asyncdemo: Asyncdemo,
) -> None:
    """One error that says which file is what, whichever of the two it is."""
    path = Path(saved[place])
    if spoilt is None:
        path.unlink()
    else:
        path.write_bytes(spoilt(path.read_bytes()))
    outcome = asyncdemo("diff", *saved)
    outcome.check_refusal(said, exit_code)
    assert str(path) in outcome.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["diff"], "BEFORE", id="nothing"),
        pytest.param(["diff", "a.trace"], "AFTER", id="one"),
        pytest.param(["diff", "a", "b", "c"], "(c)", id="three"),
        pytest.param(["diff", "a", "b", "--scale", "2"], "There is no option --scale", id="an option of runs"),
    ],
)
def test_bad_command_lines(arguments: list[str], said: str, asyncdemo: Asyncdemo) -> None:
    """Are refused in words."""
    asyncdemo(*arguments).check_refusal(said)
