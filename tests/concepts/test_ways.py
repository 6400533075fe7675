"""The ways of doing jobs, and the works that the jobs of every way can do."""

from __future__ import annotations

import asyncio
import json
import pickle
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from asyncdemo import catalog, trace
from asyncdemo.catalog.works import works
from asyncdemo.cli import concept_options, main, serving
from asyncdemo.cli.concept import recorded
from asyncdemo.errors import UNAVAILABLE
from asyncdemo.recorder import RealClock
from tests.commands import Asyncdemo, Outcome

WAYS = [each.name for each in catalog.ways()]
WORKS = ["sleep", *(each.name for each in works())]
LIMITED = ["throttled", "batched", "queue-workers", "threads"]
IN_TASKS = [name for name in WAYS if not catalog.find(name).real_only]
JOBS = 2


@pytest.fixture
def asyncdemo(capfd: pytest.CaptureFixture[str]) -> Asyncdemo:
    """Runs a command line in this process: exit code, stdout with that of processes, stderr."""

    def run(*arguments: str) -> Outcome:
        capfd.readouterr()
        code = main.run(arguments)
        return Outcome(code, *capfd.readouterr())

    return run


class Server(ThreadingTCPServer):
    """An HTTP server that gives every request the same answer and counts connections."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        self.answers = [b"HTTP/1.0 200 OK\r\n\r\nready\n"]
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://user:secret@127.0.0.1:{self.server_address[1]}"


class Answer(StreamRequestHandler):
    """The next answer of the server; its last one is that of all others."""

    def handle(self) -> None:
        """Read the request's head, and answer."""
        line = self.rfile.readline().decode()
        while self.rfile.readline().strip():
            pass
        server = self.server
        assert isinstance(server, Server)
        server.asked.append(line.split(" ")[1])
        self.wfile.write(server.answers.pop(0) if len(server.answers) > 1 else server.answers[0])


@pytest.fixture
def server() -> Iterator[Server]:
    """A server at work."""
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def finished(lines: str) -> list[str]:
    """Which jobs are done according to what a way prints, in order of their numbers."""
    done = re.findall(r"^Data (\d+) fetch complete|^Task (\d+) complete", lines, re.MULTILINE)
    return sorted((one or other for one, other in done), key=int)


def test_there_are_ways_and_works() -> None:
    """All that are there, by name."""
    assert set(WAYS) == {
        *("serial", "concurrent", "taskgroup", "throttled", "batched", "queue-workers", "as-completed"),
        *("threads", "processes"),
    }
    assert WORKS == ["sleep", "cpu", "file", "http", "mixed"]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("way", WAYS)
def test_every_way_does_every_work(way: str, work: str, loop: str, asyncdemo: Asyncdemo) -> None:
    """Each job is done once, on both loops, with the work that was chosen."""
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    delay = [] if work in {"cpu", "file"} else ["--delay=1ms"]
    code, out, err = asyncdemo(way, f"--jobs={JOBS}", f"--work={work}", *delay, f"--loop={loop}", "-q")
    assert (code, err) == (0, "")
    assert finished(out) == [str(number) for number in range(1, JOBS + 1)]


@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("way", WAYS)
def test_a_run_of_each_is_drawn(way: str, work: str) -> None:
    """Under the recorder every task ends well, and the work is what was asked for."""
    concept = catalog.find(way)
    params = concept_options.settled(concept, concept_options.read(concept, {"option_work": work, "option_jobs": "2"}))
    params |= {"delay": 0.001} if "delay" in params else {}
    result, fault = recorded(concept, params, RealClock(), "asyncio", seed=1, title=way)
    assert (result.exit_code, result.error, fault) == (0, None, None)
    assert set(result.trace.tasks.outcome) == {trace.Outcome.RETURNED}
    code = {result.trace.text(file) for file in result.trace.sites.file}
    on_the_loop = work in {"http", "file", "mixed"} and not concept.real_only
    assert not on_the_loop or any(each.endswith(f"works/{work.replace('http', 'http_')}.py") for each in code)


@pytest.mark.parametrize("work", works(), ids=lambda each: each.name)
def test_a_work_is_written_for_tasks_and_for_threads(work: Any, server: Server) -> None:
    """Both forms can be called with a delay, and that for threads can be sent to a process."""
    module, more = import_module(work.module), {"url": server.url} if work.url else {}
    awaited: Callable[..., Awaitable[object]] = module.awaited

    async def call() -> None:
        await awaited(0, **more)

    asyncio.run(call())
    module.blocking(0, **more)
    assert pickle.dumps(module.blocking)
    assert server.asked == (["/delay/0"] * 2 if work.url else [])


def test_a_sleep_is_the_ways_own() -> None:
    """Without another work `main` is called as the file says, and sees no address."""
    concept = catalog.find("serial")
    params = concept_options.settled(concept, concept_options.read(concept, {}))
    assert serving.arguments(concept, params) == {"jobs": 5, "delay": 0.2}


@pytest.mark.parametrize("way", LIMITED)
def test_no_more_than_the_limit_work_at_once(way: str) -> None:
    """Of eight jobs with a limit of two never three are under way, and two are."""
    lock, under_way, peak = threading.Lock(), 0, 0

    def count(change: int) -> None:
        nonlocal under_way, peak
        with lock:
            under_way += change
            peak = max(peak, under_way)

    together = threading.Barrier(2)

    def blocking(_: float) -> None:
        count(1)
        if way == "threads":
            together.wait(60)
        count(-1)

    async def awaited(_: float) -> None:
        count(1)
        await asyncio.sleep(0)
        count(-1)

    module = import_module(catalog.find(way).module)
    asyncio.run(module.main(jobs=8, delay=0, work=blocking if way == "threads" else awaited, limit=2))
    assert peak == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["serial", "--work", "cpux"], "did you mean cpu?", id="a work that there is not"),
        pytest.param(["threads", "--limit", "0"], "--limit 0 is too small", id="no threads"),
        pytest.param(["processes", "--processes", "99"], "at most 61", id="too many processes"),
        pytest.param(["serial", "--work", "cpu", "--delay", "1"], "It is for --work sleep, http, mixed", id="delay"),
        pytest.param(["serial", "--url", "http://a:1"], "--work sleep has no use for it", id="an address for nobody"),
        pytest.param(["serial", "--work", "file", "--scale", "2"], "no durations to multiply", id="nothing to scale"),
        pytest.param(["concurrent", "--work", "http", "--clock", "virtual"], "takes real time", id="a virtual server"),
        pytest.param(["concurrent", "--work", "cpu", "--clock", "virtual"], "takes real time", id="virtual computing"),
        pytest.param(["threads", "--clock", "virtual"], "needs real threads", id="virtual threads"),
        pytest.param(["processes", "--clock", "virtual"], "needs real processes", id="virtual processes"),
        pytest.param(["compare", "serial", "fan-out", "--work", "cpu"], "fan-out has a work of its own", id="no way"),
        pytest.param(["compare", "serial", "fan-out", "--work", "cpu"], "are serial, concurrent", id="which can"),
        pytest.param(["bench", "fan-out:work=cpu"], "are serial, concurrent", id="a subject that is no way"),
        pytest.param(["bench", "fan-out", "-P", "work=cpu"], "are serial, concurrent", id="a sweep of no way"),
        pytest.param(["bench", "serial:work=cpu,delay=1"], "--delay: --work cpu has no use", id="a subject's delay"),
        pytest.param(["bench", "serial", "-P", "delay=0.2", "--work=cpu"], "--delay: --work cpu has no", id="a sweep"),
        pytest.param(["compare", "serial", "batching", "--work", "cpu"], "batching has a work of", id="another --work"),
        pytest.param(["bench", "serial:work=file", "threads:work=cpu", "--delay", "1"], "work file, cpu", id="all"),
    ],
)
def test_what_cannot_be_done_is_refused(arguments: list[str], said: str, asyncdemo: Asyncdemo) -> None:
    """Exit code 2, at most four lines, and what can be done instead."""
    asyncdemo(*arguments).check_refusal(said)


def test_ways_are_given_the_same_jobs(asyncdemo: Asyncdemo) -> None:
    """What is not said is as in the first way, so that a group of three tasks of a second has five of 0.2 as well."""
    code, out, _ = asyncdemo("compare", "serial", "taskgroup", "taskgroup:jobs=2", "--clock", "virtual", "--json")
    found = [each["params"] for each in json.loads(out)["subjects"]]
    assert code == 0
    assert [(each["jobs"], each["delay"]) for each in found] == [(5, 0.2), (5, 0.2), (2, 0.2)]


def test_an_option_is_for_those_that_have_a_use_for_it(asyncdemo: Asyncdemo) -> None:
    """In a sweep over works the delay is that of those which wait."""
    arguments = ["-P", "work=sleep,cpu,mixed", "--delay", "1ms", "--jobs", "1", "-r", "1", "--no-instrumented"]
    code, out, err = asyncdemo("bench", "serial", *arguments, "--json")
    assert (code, err) == (0, "")
    assert [each["params"].get("delay") for each in json.loads(out)["subjects"]] == [0.001, None, 0.001]


def test_a_server_is_started_for_requests_alone(asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch) -> None:
    """No way starts one unless its jobs are requests, nor does one that is told of a server."""
    monkeypatch.setattr("asyncdemo.servers.base.keeping.embedded", lambda _: pytest.fail("a server was started"))
    for work in ("sleep", "cpu", "file", "mixed"):
        assert asyncdemo("concurrent", "--jobs=1", f"--work={work}", "-q")[0] == 0


def test_requests_go_where_they_are_told(asyncdemo: Asyncdemo, server: Server) -> None:
    """Each job of every way asks the server at `--url` once, beside whoever looks whether it answers."""
    for way in WAYS:
        server.asked.clear()
        code, _, err = asyncdemo(way, "--work=http", "--jobs=3", "--delay=1ms", f"--url={server.url}", "-q")
        assert (code, err) == (0, "")
        assert sorted(server.asked) == ["/", *["/delay/0.001"] * 3]


@pytest.mark.parametrize("way", ["serial", "queue-workers", "threads", "processes"])
@pytest.mark.parametrize("command", [[], ["bench", "-r1"]], ids=["run", "measured"])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(b"HTTP/1.0 404 Not Found\r\n\r\n", "HTTP/1.0 404 Not Found", id="another answer"),
        pytest.param(b"", "nothing", id="no answer"),
    ],
)
def test_a_server_that_fails_is_told_in_a_sentence(
    way: str, command: list[str], answer: bytes, said: str, asyncdemo: Asyncdemo, server: Server
) -> None:
    """One error without a traceback and without the password, whether the way is run or measured."""
    server.answers.append(answer)
    code, _, err = asyncdemo(*command, way, "--work=http", "--jobs=3", "--delay=1ms", f"--url={server.url}")
    assert code == 1
    assert said in err
    assert err.count("\n") <= 4
    assert "secret" not in err
    assert "Traceback" not in err


def test_a_server_that_is_not_there_is_found_before_anything_runs(asyncdemo: Asyncdemo, server: Server) -> None:
    """Exit code 3, and no job begins."""
    server.answers = [b""]
    asyncdemo("serial", "--work=http", f"--url={server.url}", "-q").check_refusal("***@", UNAVAILABLE)


def test_show_has_the_works(asyncdemo: Asyncdemo) -> None:
    """A way is shown with what each work is and its source; another concept without."""
    _, out, _ = asyncdemo("show", "serial")
    assert all(work.summary.split()[0] in out and f"Source of --work {work.name}" in out for work in works())
    assert "def blocking(_seconds: float) -> None:" in out
    assert "--work" not in asyncdemo("show", "semaphore")[1]
