"""Formats for machines."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import pytest

from asyncdemo import exporters
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.exporters import Format, Run
from asyncdemo.trace import Actor, Outcome, Trace, Wait
from tests.traces import TraceBuilder, ns, semaphore

RUN = Run("semaphore", {"limit": 3}, {"python": "3.13.0"}, ideal_ns=ns(200), warnings=("One.",), version="0.1.0")
ALL = pytest.mark.parametrize("each", exporters.formats().values(), ids=lambda each: each.name)


def exported(name: str, trace: Trace, run: Run = RUN) -> str:
    """The whole text of an export."""
    return "".join(exporters.find(name).export(trace, run))


def as_json(trace: Trace, run: Run = RUN) -> Any:
    """What a reader of the JSON export gets."""
    return json.loads(exported("json", trace, run))


@ALL
def test_a_format_is_found_by_name_and_by_ending(each: Format) -> None:
    """A module in the package is a format, with its name, its ending and a line of help."""
    assert exporters.find(each.name) is each
    assert exporters.for_file(f"out/trace.{each.extension.upper()}") is each
    assert each.help
    assert "\n" not in each.help


@ALL
def test_the_same_run_gives_the_same_text(each: Format) -> None:
    """Exports are deterministic, end with a newline, and are ASCII whatever was printed."""
    builder = TraceBuilder()
    builder.line(1, "Grüße \x1b[1m\ud800", builder.task("täsk", 0, 2))
    texts = ["".join(each.export(builder.build(), RUN)) for _ in range(2)]
    assert texts[0] == texts[1]
    assert texts[0].endswith("\n")
    assert texts[0].isascii()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("csv", "id,name,coro"),
        ("html", "</html>"),
        ("json", '"wall_ns": 0'),
        ("ndjson", '"wall_ns": 0'),
        ("perfetto", '"traceEvents"'),
        ("svg", "</svg>"),
    ],
)
def test_an_empty_trace_can_be_exported(name: str, said: str) -> None:
    """A run without a single task is a run."""
    assert said in exported(name, Trace())


@pytest.mark.parametrize("find", [exporters.find, exporters.for_file], ids=["by name", "by ending"])
def test_an_unknown_format_is_refused(find: Any) -> None:
    """The error names what there is."""
    with pytest.raises(AsyncdemoError, match=r"html, \.?json, \.?ndjson, \.?perfetto") as caught:
        find("xml")
    assert caught.value.exit_code == USAGE


def test_json_has_exactly_the_fields_of_its_schema() -> None:
    """Fields are only ever added: these are those of asyncdemo/1."""
    found = as_json(semaphore())
    assert list(found) == [
        *("schema", "version", "command", "params", "env", "observer", "left_out"),
        *("result", "lines", "resources", "tasks", "warnings"),
    ]
    assert found["schema"] == "asyncdemo/1"
    assert list(found["result"]) == [
        *("outcome", "wall_ns", "ideal_ns", "exit_code", "tasks", "peak_tasks", "steps", "loop_late_p99_ns"),
    ]
    assert list(found["tasks"][1]) == [
        *("id", "name", "coro", "parent", "created_ns", "started_ns", "finished_ns", "outcome", "error", "waits"),
        "cancels",
    ]


def test_json_tells_what_came_of_the_run() -> None:
    """The result of a semaphore's run: ten jobs, one of which failed."""
    result = as_json(semaphore())["result"]
    assert result == {
        "outcome": "ok",
        "wall_ns": ns(211),
        "ideal_ns": ns(200),
        "exit_code": 0,
        "tasks": {"ok": 9, "failed": 1, "cancelled": 0, "destroyed": 0, "pending": 0},
        "peak_tasks": 10,
        "steps": 29,
        "loop_late_p99_ns": 0,
    }


def test_json_tells_what_each_task_waited_for() -> None:
    """A task has its waits with their times, what they were for and the program's line."""
    job = as_json(semaphore())["tasks"][4]
    assert (job["name"], job["parent"], job["outcome"], job["finished_ns"]) == ("job-03", 0, "ok", ns(100))
    assert job["waits"] == [
        {"from_ns": 0, "to_ns": ns(42), "on": "Semaphore", "at": "semaphore.py:20"},
        {"from_ns": ns(42), "to_ns": ns(100), "on": "sleep", "at": "semaphore.py:21"},
    ]


def test_json_lists_lines_and_resources() -> None:
    """What was printed carries its task's id, and a resource how many held it and waited for it at most."""
    found = as_json(semaphore())
    assert found["lines"][0] == {"t_ns": ns(42), "task": 2, "stream": "stdout", "text": "job-01 is done"}
    (resource,) = found["resources"]
    assert resource == {
        "id": 0,
        "kind": "Semaphore",
        "name": "Semaphore",
        "limit": 3,
        "peak_held": 3,
        "peak_waiting": 7,
        "peak_length": None,
    }


def test_json_has_the_greatest_length_of_a_queue() -> None:
    """A queue is not held: what counts is how long it was at most."""
    builder = TraceBuilder()
    queue = builder.resource("Queue", limit=10)
    for t, length in ((1, 1), (2, 4), (3, 0)):
        builder.level(queue, t, length)
    (told,) = as_json(builder.build(5))["resources"]
    assert (told["limit"], told["peak_length"], told["peak_held"]) == (10, 4, 0)


def test_json_has_each_request_to_cancel() -> None:
    """A task has the times at which it was asked to end, by whom and where, whether it did so or not."""
    builder = TraceBuilder()
    main, job = builder.task("main", 0, 9), builder.task("job", 0, 9)
    builder.cancel(5, job, main, "app.py:7")
    builder.cancel(6, job, Actor.TIMER)
    builder.cancel(7, job)
    told = as_json(builder.build())["tasks"]
    assert told[main]["cancels"] == []
    assert told[job]["cancels"] == [
        {"t_ns": ns(5), "by": "main", "at": "app.py:7"},
        {"t_ns": ns(6), "by": "timer", "at": None},
        {"t_ns": ns(7), "by": None, "at": None},
    ]


def test_json_of_a_task_that_never_ended_says_what_it_waits_for() -> None:
    """A pending task has no end, and a last wait that lasts as long as the recording."""
    builder = TraceBuilder()
    waiting = builder.wait(Wait.EVENT, "Event", site="app.py:7")
    task = builder.task("stuck", 0, waiting=waiting)
    builder.step(task, 0, 1)
    (stuck,) = as_json(builder.build(50))["tasks"]
    assert (stuck["outcome"], stuck["finished_ns"]) == ("pending", None)
    assert stuck["waits"] == [{"from_ns": ns(1), "to_ns": ns(50), "on": "Event", "at": "app.py:7"}]


def test_json_of_a_task_cancelled_before_its_first_step_has_no_start() -> None:
    """A task that never ran has no time at which it started."""
    builder = TraceBuilder()
    builder.task("never", 0, 1, outcome=Outcome.CANCELLED)
    (never,) = as_json(builder.build())["tasks"]
    assert (never["started_ns"], never["outcome"]) == (None, "cancelled")


@pytest.mark.parametrize(("tasks", "listed"), [(10_000, True), (10_001, False)], ids=["ten thousand", "one more"])
def test_json_lists_up_to_ten_thousand_tasks(tasks: int, *, listed: bool) -> None:
    """Beyond, the object has no `tasks` and is otherwise the same."""
    builder = TraceBuilder()
    for number in range(tasks):
        builder.task(f"job-{number}", 0, 1)
    found = as_json(builder.build())
    assert ("tasks" in found) is listed
    assert found["result"]["tasks"]["ok"] == tasks


@pytest.mark.parametrize(
    ("exit_code", "outcome"),
    [(0, "ok"), (1, "failed"), (7, "failed"), (124, "timeout"), (130, "interrupted"), (143, "interrupted")],
)
def test_the_outcome_follows_from_the_exit_code(exit_code: int, outcome: str) -> None:
    """A reader need not know exit codes."""
    assert as_json(semaphore(), replace(RUN, exit_code=exit_code))["result"]["outcome"] == outcome


def test_ndjson_is_a_header_events_in_time_order_and_a_summary() -> None:
    """Every line is an object; the first says what ran, the last what came of it."""
    rows = [json.loads(line) for line in exported("ndjson", semaphore()).splitlines()]
    assert rows[0] == {
        "event": "header",
        "schema": "asyncdemo/1",
        "version": "0.1.0",
        "command": "semaphore",
        "params": {"limit": 3},
        "env": {"python": "3.13.0"},
        "observer": "none",
        "left_out": [],
    }
    times = [row["t_ns"] for row in rows[1:-1]]
    assert times == sorted(times)
    assert rows[-1] == {"event": "summary", "result": as_json(semaphore())["result"], "warnings": ["One."]}


def test_ndjson_events_carry_their_task_and_what_there_is_to_say() -> None:
    """An event has its kind, its time, its task and the fields of its kind."""
    rows = [json.loads(line) for line in exported("ndjson", semaphore()).splitlines()]
    acquired = next(row for row in rows if row["event"] == "acquired" and row["name"] == "job-03")
    assert acquired == {
        "event": "acquired",
        "t_ns": ns(42),
        "task": 4,
        "name": "job-03",
        "on": "Semaphore",
        "waited_ns": ns(42),
        "at": "semaphore.py:20",
    }


def test_csv_has_a_row_for_each_task() -> None:
    """Where the time of a task went adds up to its life; what there is none of stays empty."""
    trace = semaphore()
    rows = list(csv.DictReader(StringIO(exported("csv", trace))))
    assert [row["name"] for row in rows] == [trace.task_name(task) for task in range(len(trace.tasks))]
    for row in rows:
        spent = sum(int(row[f"{what}_ns"]) for what in ("ran", "ready", "waited"))
        assert spent == int(row["ended_ns"]) - int(row["created_ns"])
    assert (rows[0]["parent"], rows[1]["parent"]) == ("", "0")
    assert [row["error"] for row in rows if row["outcome"] == "failed"] == ["ValueError: no luck"]
    assert {row["cancelled_by"] for row in rows} == {""}


def test_csv_of_an_unfinished_task_says_no_end() -> None:
    """Nobody knows when it would have ended; names are quoted as spreadsheets expect."""
    builder = TraceBuilder()
    builder.task('a "b", c', 0, 3, outcome=Outcome.PENDING)
    (row,) = csv.DictReader(StringIO(exported("csv", builder.build())))
    assert (row["name"], row["ended_ns"], row["outcome"], row["started_ns"]) == ('a "b", c', "", "pending", "")


def test_svg_is_the_final_view() -> None:
    """Well-formed, with the timeline's text, and nothing in it is fetched from anywhere."""
    drawn = exported("svg", semaphore(), replace(RUN, command="a<b>{c}.py"))
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    assert root.find("{http://www.w3.org/2000/svg}title").text == "a<b>{c}.py"  # type: ignore[union-attr]
    text = "".join(root.itertext()).replace("\u00a0", " ")
    assert "job-03" in text
    assert "1 failed" in text
    assert "url(http" not in drawn
    assert "href" not in drawn


def test_the_page_holds_everything_and_fetches_nothing() -> None:
    """Its data is whole, and what a program printed cannot end the script or become a tag."""
    builder = TraceBuilder()
    task = builder.task("</script><b>", 0, 2)
    builder.line(1, "</script><script>alert(1)</script>", task)
    page = exported("html", builder.build(), replace(RUN, command="<b>.py"))
    assert page.count("</script>") == 2
    assert "<title>&lt;b&gt;.py" in page
    assert "http" not in page.replace("http-equiv", "")
    data = json.loads(page.partition('type="application/json">')[2].partition("</script>")[0])
    assert data["tasks"]["name"] == ["</script><b>"]
    assert data["lines"] == [[ns(1), 0, "</script><script>alert(1)</script>"]]


def test_a_saved_trace_tells_of_its_run() -> None:
    """What a run is known by comes back from the trace; what makes no sense in it is passed over."""
    run = Run("a", {"n": 1}, exit_code=3, ideal_ns=5, ideal_more="more", warnings=("w",), version="1", about=("n 1",))
    trace = Trace(meta={"command": "a", "params": {"n": 1}, "run": run.kept()})
    assert replace(Run.of(trace), env={}) == run
    strange = Trace(meta={"command": 1, "params": [], "observer": None, "run": {"ideal_ns": "x", "about": [1, "b"]}})
    assert replace(Run.of(strange), env={}) == Run("recording", about=("b",))
    assert Run.of(Trace(meta={"run": 7})).exit_code == 0
