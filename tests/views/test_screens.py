"""Screens: whole pictures of frozen traces at fixed widths, as text."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from asyncdemo.errors import AsyncdemoError
from asyncdemo.timeline import MOST_ROWS_OF_TASKS
from asyncdemo.trace import Outcome, Trace, Wait
from asyncdemo.views.console import build_console
from asyncdemo.views.final import final
from tests.traces import TraceBuilder, semaphore
from tests.views.screens import Ran, screen


def assert_screen(lines: list[str], picture: str) -> None:
    """Compare with a picture that is indented by four blanks."""
    expected = [line[4:].rstrip() for line in picture.strip("\n").splitlines()]
    assert "\n".join(lines) == "\n".join(expected).rstrip()


def test_semaphore_at_80_columns() -> None:
    """Lanes, slots with their holders, curves, legend and verdict."""
    run = Ran(about=("limit 3",), ideal_ns=200_000_000)
    assert_screen(
        screen(semaphore(), 80, run, next_concept="lock"),
        """
    semaphore  limit 3 · 10 tasks · asyncio                                 0.211 s
      task      0ms         50          100         150         200    wait hold ms
    ✓ job-00    ██████████████████████                                    ·      91
    ✓ job-01    ███████████                                               ·      42
    ✓ job-02    ██████████████                                            ·      54
    ✓ job-03    ░░░░░░░░░░███████████████                                42      58
    ✓ job-04    ░░░░░░░░░░░░░█████████████████                           54      68
    ✓ job-05    ░░░░░░░░░░░░░░░░░░░░░░███████████████                    91      60
    ✗ job-06    ░░░░░░░░░░░░░░░░░░░░░░░░████████████✗                   100      50
    ✓ job-07    ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░██████████████             122      55
    ✓ job-08    ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░███████████████     150      61
    ✓ job-09    ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░█████████████       151      50
                ┬───────────┬───────────┬───────────┬───────────┬──
      slot 1    0000000000000000000000555555555555559999999999999
      slot 2    111111111133333333333333666666666666888888888888888
      slot 3    2222222222222444444444444444477777777777777
      in flight ██████████████████████████████████████████▇▅▅▅▅▅▄▃▃        peak 3/3
      waiting   ██████████▇▇▇▆▆▆▆▆▆▆▆▆▅▅▄▃▃▃▃▃▂▂▂▂▂▂▁                        peak 7
    ░ waiting for Semaphore  █ holding Semaphore  ✓ ok  ✗ failed
    9 ok · 1 failed │ wall 211 ms · ideal 200 ms
    loop late p99 0 ms                                    next: asyncdemo show lock
    """,
    )


def test_semaphore_at_40_columns_in_ascii() -> None:
    """A narrow terminal gets six-character names, 24 cells and one figure."""
    assert_screen(
        screen(semaphore((30, 10, 20, 10), limit=2), 40, ascii_only=True),
        """
    semaphore  4 tasks . asyncio    0.040 s
      task   0ms        20               ms
    x job-00 #################x          30
    + job-01 ######                      10
    + job-02 ......############          20
    + job-03 ..................######    10
             +----------+-----------+
      slot 1 000000000000000000333333
      slot 2 111111222222222222
      flight ##################======   2/2
      waits  ######============           2
    . waiting for Semaphore
    # holding Semaphore  + ok  x failed
    3 ok . 1 failed | wall 40 ms
    loop late p99 0 ms
    """,
    )


def test_printed_lines() -> None:
    """What was printed stands under the verdict, in order, each with its task."""
    lines = screen(semaphore((30, 10, 20, 10)), 80, lines=True)
    assert lines[-4:] == [
        "  job-01    │ job-01 is done",
        "  job-02    │ job-02 is done",
        "  job-03    │ job-03 is done",
        "  job-00    │ job-00 is done",
    ]


def blocked() -> Trace:
    """A task blocks the loop while another one sleeps."""
    builder = TraceBuilder()
    sleep = builder.wait(Wait.SLEEP)
    main = builder.task("main", 0, 1_000)
    ticker, bad = builder.task("ticker", 0, 1_000, parent=main), builder.task("job-02", 0, 800, parent=main)
    builder.step(bad, 0, 0)
    builder.step(bad, 200, 800, wait=sleep)
    builder.step(ticker, 0, 0)
    builder.step(ticker, 800, 800, ready=500, wait=sleep)
    builder.step(ticker, 1_000, 1_000, wait=sleep)
    builder.step(main, 1_000, 1_000, wait=builder.wait(Wait.TASK))
    builder.stall(200, 800, bad, "blocking.py:14", gc=30)
    return builder.build()


def test_blocked_loop() -> None:
    """A stall has a lane of its own and says who, where and for how long; others stand ready meanwhile."""
    assert_screen(
        screen(blocked(), 80),
        """
    semaphore  2 tasks · asyncio                                            1.000 s
      task      0ms       200       400       600       800             run took ms
    ✓ ticker    ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒················▒▒▒▒▒▒▒▒▒▒       ·    1000
    ✓ job-02    ▒▒▒▒▒▒▒▒▒▒███████████████████████████████               600     800
                ┬─────────┬─────────┬─────────┬─────────┬─────────┬
      in flight ████████████████████████████████████████▇▄▄▄▄▄▄▄▄▄▄          peak 2
    ! blocked             !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!
      blocked 600 ms by job-02 at blocking.py:14, 30 ms of it the garbage collector
    ▒ sleeping  █ running  · ready, not yet running  ✓ ok
    2 ok │ wall 1.00 s │ one by one 1.50 s (1.5x, computed)
    loop late p99 300 ms
    """,
    )


def workers() -> Trace:
    """Two threads run three jobs, for a task that waits for them."""
    builder = TraceBuilder()
    main = builder.task("main", 0, 40)
    builder.step(main, 0, 0)
    builder.step(main, 40, 40, wait=builder.wait(Wait.THREAD, "thread"))
    first, second = builder.worker("ThreadPoolExecutor-0_0"), builder.worker("ThreadPoolExecutor-0_1")
    builder.job("app.fetch", first, 0, 0, 20, task=main)
    builder.job("app.fetch", second, 0, 0, 40, task=main)
    builder.job("app.parse", first, 0, 20, 40, task=main)
    return builder.build()


def test_workers() -> None:
    """Threads have rows with the functions that they ran."""
    assert_screen(
        screen(workers(), 60),
        """
    semaphore  1 task · asyncio                         0.040 s
      task      0ms            20                   run took ms
    ✓ main      ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒       ·      40
                ┬──────────────┬──────────────┬
      thread 1  fetch ▒▒▒▒▒▒▒▒▒parse ▒▒▒▒▒▒▒▒▒▒
      thread 2  fetch ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
    ▒ in a thread  ✓ ok
    1 ok │ wall 40 ms │ one by one 80 ms (2.0x, computed)
    loop late p99 0 ms
    """,
    )


def endings() -> Trace:
    """Each way to end, and one that never does."""
    builder = TraceBuilder()
    event = builder.wait(Wait.EVENT, "Event")
    for name, outcome, error in (
        ("returned", Outcome.RETURNED, ""),
        ("raised", Outcome.RAISED, "ValueError: no"),
        ("timed-out", Outcome.RAISED, "TimeoutError"),
        ("cancelled", Outcome.CANCELLED, ""),
    ):
        builder.step(builder.task(name, 0, 20, outcome=outcome, error=error), 0, 20)
    builder.step(builder.task("stuck", 0, waiting=event), 0, 0)
    return builder.build(40, steps=12_000)


def test_endings() -> None:
    """How each task ended is a glyph of its own; what was lost is said."""
    assert_screen(
        screen(endings(), 80),
        """
    semaphore  5 tasks · asyncio · dropped 12,000 steps, the oldest         0.040 s
      task      0ms         10           20           30               wait took ms
    ✓ returned  ██████████████████████████                                ·      20
    ✗ raised    █████████████████████████✗                                ·      20
    ◷ timed-out █████████████████████████◷                                ·      20
    ⊘ cancelled █████████████████████████⊘                                ·      20
    ◌ stuck     ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░      40      40
                ┬───────────┬────────────┬────────────┬───────────┬
      in flight █████████████████████████▅▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂          peak 5
      waiting   ███████████████████████████████████████████████████          peak 1
    ░ waiting for Event  █ running  ◌ never ended  ✓ ok  ✗ failed
    ⊘ cancelled by somebody not seen  ◷ timed out
    1 ok · 2 failed · 1 cancelled · 1 never ended │ wall 40 ms
    loop late p99 0 ms
    ! dropped 12,000 steps, the oldest
    """,
    )


def cohorts() -> Trace:
    """Four hundred sleepers, ten at a time."""
    builder = TraceBuilder()
    slots = builder.resource("Semaphore", limit=10)
    acquire, sleep = builder.wait(Wait.SEMAPHORE, resource=slots), builder.wait(Wait.SLEEP)
    for number in range(400):
        task, start = builder.task(f"job-{number}", 0, (number // 10 + 1) * 10), number // 10 * 10
        builder.step(task, 0, 0)
        builder.step(task, start, start, wait=acquire)
        builder.step(task, start + 10, start + 10, wait=sleep)
        builder.hold(slots, task, 0, start, start + 10)
    return builder.build()


def test_cohorts() -> None:
    """More tasks than lines become cohorts, whose shade is the share at work."""
    assert_screen(
        screen(cohorts(), 80),
        """
    semaphore  400 tasks · asyncio                                          0.400 s
      cohort    0ms         100          200          300           ok fail  p95 ms
      0-15      ▒▒░                                                 16    ·      20
      16-31     ·░▒▒░·                                              16    ·      40
      32-47     ···░▒▒░                                             16    ·      50
      48-63     ·····░▒▒░                                           16    ·      70
      64-79     ·······░▒▒░                                         16    ·      80
      80-95     ··········▒▒░                                       16    ·     100
      96-111    ···········░░▒░░                                    16    ·     120
      112-127   ··············▒▒░                                   16    ·     130
      128-143   ···············░░▒░·                                16    ·     150
      144-159   ·················░▒▒░                               16    ·     160
      160-175   ····················▒▒░                             16    ·     180
      176-191   ·····················░░▒░░                          16    ·     200
      192-207   ························▒▒▒                         16    ·     210
      208-223   ·························░░▒░░                      16    ·     230
      224-239   ····························░▒░                     16    ·     240
      240-255   ······························░▒▒░                  16    ·     260
      256-271   ·······························░░▒░░                16    ·     280
      272-287   ··································░▒▒               16    ·     290
      288-303   ···································░░▒░░            16    ·     310
      304-319   ······································░▒▒           16    ·     320
      320-335   ········································░▒▒░        16    ·     340
      336-351   ··········································░▒▒░      16    ·     360
      352-367   ············································░▒▒░    16    ·     370
      368-383   ··············································░▒▒░  16    ·     390
      384-399   ················································░▒▒ 16    ·     400
                ┬───────────┬────────────┬────────────┬───────────┬
      in flight ███████████████████████████████████████████████████      peak 10/10
      waiting   ████▇▇▇▇▇▇▆▆▆▆▆▆▅▅▅▅▅▅▅▄▄▄▄▄▃▃▃▃▃▃▃▂▂▂▂▂▂▁▁▁▁▁▁▁▁▁         peak 390
    · all waiting  ░▒▓█ share of the cohort at work
    400 ok │ wall 400 ms │ one by one 4.00 s (10.0x, computed)
    loop late p99 0 ms
    """,
    )


def test_a_cohort_does_not_show_who_only_awaits_the_others() -> None:
    """A main task that makes one task after the other and awaits it is no part of its cohort, though it runs at times.

    Here it is late as well: ready, but not yet running. The figures do not count it either.
    """
    builder = TraceBuilder()
    main, tasks = builder.task("main", 0, 400), builder.wait(Wait.TASK)
    builder.step(main, 0, 0)
    for number in range(100):
        start = number * 4
        builder.step(builder.task(f"job-{number}", start, start + 3, parent=main), start, start + 3)
        builder.step(main, start + 4, start + 4, ready=start + 3, wait=tasks)
    first, second = screen(builder.build(), 80)[2:4]
    assert [row[12:63].strip() for row in (first, second)] == ["░·", "·░·"]
    assert [row.split()[-3:] for row in (first, second)] == [["3", "·", "3"], ["4", "·", "3"]]


def test_packed_slots() -> None:
    """Tasks that follow one another share rows when there are too many for lanes."""
    assert_screen(
        screen(semaphore((50,) * 45), 80),
        """
    semaphore  45 tasks · asyncio                                           0.750 s
      tasks     0ms          200           400          600
      row 1     0──3───6──9───12─15─18──21─24──27─30─33──36─39──42─
      row 2     1──4───7──10──13─16─19──22─25──28─31─34──37─40──43─
      row 3     2──5───8──11──14─17─20──23─26──29─32─35──38─41──44─
                ┬────────────┬─────────────┬────────────┬──────────
      in flight ███████████████████████████████████████████████████        peak 3/3
      waiting   ████▇▇▇▇▇▇▆▆▆▆▆▆▆▅▅▅▅▅▅▄▄▄▄▄▃▃▃▃▃▃▂▂▂▂▂▂▂▁▁▁▁▁▁▁            peak 42
    12─ task 12 holds Semaphore
    44 ok · 1 failed │ wall 750 ms
    loop late p99 0 ms
    """,
    )


def test_aggregates() -> None:
    """Beyond the heat map there are curves and figures."""
    builder = TraceBuilder()
    for number in range(MOST_ROWS_OF_TASKS + 1_000):
        builder.task("", number / 10, number / 10 + 50, coro="fetch")
    assert_screen(
        screen(builder.build(), 80),
        """
    semaphore  6,000 tasks · asyncio                                        0.650 s
                0ms            200             400             600
      in flight ▁▃▅▇███████████████████████████████████████████▇▅▃▁        peak 500
      done/s       ▁███████████████████████████████████████████████         9,232/s
                ┬──────────────┬───────────────┬───────────────┬───
      tasks     6,000 ok
      task ms   p50 50  p90 50  p99 50  max 50
      slowest   fetch-2 50  fetch-3 50  fetch-4 50  fetch-5 50  fetch-6 50
    6,000 ok │ wall 650 ms
    loop late p99 0 ms
    """,
    )


@pytest.mark.parametrize("width", range(30, 90))
def test_a_figure_is_whole_or_not_there(width: int) -> None:
    """Where there is no room for all figures of the aggregates some are left out; none is cut into another one."""
    builder = TraceBuilder()
    ends = list(Outcome)
    for number in range(1_200):
        outcome = ends[number % len(ends)]
        ended = None if outcome == Outcome.PENDING else 12_000 + number
        builder.task("a-name-that-is-too-long", number / 1000, ended, outcome=outcome)
    rows = [row.strip() for row in screen(builder.build(), width, view="aggregates")]
    start, stop = (next(row for row, text in enumerate(rows) if text.startswith(word)) for word in ("tasks ", "slo"))
    figures = re.findall(r"(?<![\w,])\d[\d,]*", " ".join(rows[start : stop + 1]))
    counts, times = figures[: len(ends)], set(map(int, figures[len(ends) :]))

    assert counts == ["240"] * len(ends)
    assert times >= {13_198, 13_199}
    assert times <= set(range(12_000, 13_200))


@pytest.mark.parametrize("make", [semaphore, blocked, workers, endings, cohorts], ids=lambda make: make.__name__)
@pytest.mark.parametrize("width", [20, 40, 59, 60, 80, 119, 120, 200])
@pytest.mark.parametrize("view", [None, "lanes", "slots", "heat", "aggregates"])
def test_never_in_the_last_column(make: Any, width: int, view: str | None) -> None:
    """No line of any view reaches the last column, at any width."""
    lines = screen(make(), width, Ran("a-rather-long-name", ("limit 3",)), view=view, lines=True)
    assert lines
    assert max(map(len, lines)) < width


@pytest.mark.parametrize(
    ("height", "first"),
    [pytest.param(60, "semaphore", id="everything fits"), pytest.param(24, "  job-01    │", id="too much for it")],
)
def test_the_picture_stays_on_the_terminal(monkeypatch: pytest.MonkeyPatch, height: int, first: str) -> None:
    """Printed lines stand under the picture, or before it where they would push it off the screen."""
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    console = build_console(stream, coloured=False, width=80)
    console.height = height
    console.print(final(semaphore(), Ran()), end="")
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith(first)
    start = next(number for number, line in enumerate(lines) if line.startswith("semaphore"))
    assert len(lines) - start < height


def test_jobs_without_room_for_a_name_have_a_tag() -> None:
    """A short job shows its function's first letters, which the legend explains."""
    builder = TraceBuilder()
    builder.step(builder.task("main", 0, 1_000), 0, 1_000)
    worker = builder.worker("process 1", Wait.PROCESS)
    builder.job("short_one", worker, 0, 0, 100)
    builder.job("long_one", worker, 0, 100, 1_000)
    lines = screen(builder.build(), 80)
    row = next(line for line in lines if "process 1" in line)
    assert "s▒▒▒▒long_one ▒▒▒▒▒▒▒▒" in row
    assert any("s short_one" in line for line in lines)
    assert not any("l long_one" in line for line in lines)


def test_unknown_view() -> None:
    """A view that does not exist is a usage error that names those that do."""
    with pytest.raises(AsyncdemoError, match="lanes, slots, heat, aggregates") as caught:
        final(semaphore(), Ran(), "pie")
    assert caught.value.exit_code == 2


def test_colour_is_only_a_second_way_to_tell() -> None:
    """With colours the same text is drawn, and every colour is one of the terminal's own."""
    stream = io.StringIO()
    console = build_console(stream, coloured=True, width=80)
    console.print(final(semaphore(), Ran(), lines=False), end="")
    coloured = stream.getvalue()
    codes = set(re.findall(r"\x1b\[([0-9;]*)m", coloured))
    assert codes <= {"0", "1", "2", "31", "32", "33", "34", "35"}
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines()[0].startswith("semaphore")
    plain = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines()]
    assert plain == screen(semaphore(), 80)


def test_names_cannot_draw() -> None:
    """Escape codes in a task's name or in what it printed never reach the terminal."""
    builder = TraceBuilder()
    task = builder.task("\x1b[31mred\x07", 0, 10)
    builder.line(5, "\x1b[2J\x1b]0;title\x07gone\ttab", task)
    text = "\n".join(screen(builder.build(), 80, lines=True))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "red" in text


def test_latin_stream_gets_ascii() -> None:
    """A stream that cannot encode the glyphs gets the ASCII ones."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", newline="\n")
    console = build_console(stream, coloured=False, width=80)
    console.print(final(semaphore(), Ran(), lines=False), end="")
    stream.flush()
    text = stream.buffer.getvalue()
    assert b"+ job-00    ####" in text
    assert text.isascii()
