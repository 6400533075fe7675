"""`bench --cluster`: cells measured on the workers of a real cluster, also when workers die, and what is refused."""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from asyncdemo import compare
from asyncdemo.cli.measuring import cell
from asyncdemo.errors import UNAVAILABLE, AsyncdemoError
from tests.commands import Asyncdemo

pytest.importorskip("distributed")

PROJECT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROJECT), "DASK_DISTRIBUTED__DASHBOARD__ENABLED": "false"}
SWEEP = ("bench", "semaphore", "-P", "limit=1,2,5", "--tasks", "10", "--no-instrumented")


def started(*arguments: str) -> subprocess.Popen[str]:
    """A Python module in a process of its own."""
    command = [sys.executable, "-m", *arguments]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command line of asyncdemo's, run to its end."""
    command = [sys.executable, "-m", "asyncdemo", *arguments]
    return subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT, text=True, timeout=120)


def wait_for(what: Callable[[], Any]) -> Any:
    """What it returns, as soon as that is something."""
    deadline = time.monotonic() + 120
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def measuring(worker: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes in which a worker, or those that a process started, measure."""
    found = []
    for each in psutil.Process(worker.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found += [each] * ("asyncdemo.cli.measuring.cell" in each.cmdline())
    return found


def start(*arguments: str, temporary: Path) -> subprocess.Popen[str]:
    """A command line of asyncdemo's with a folder for temporary files."""
    command = [sys.executable, "-m", "asyncdemo", *arguments]
    env = {**ENVIRONMENT, "TMPDIR": str(temporary)}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Cluster:
    """A scheduler, and workers that can be killed."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.workers: list[subprocess.Popen[str]] = []
        self._scheduler = started("distributed.cli.dask_scheduler", "--host", self.address, "--no-dashboard")

    def add(self, threads: int = 1) -> subprocess.Popen[str]:
        """Start a worker, with so many threads, that nobody restarts."""
        more = ("--no-nanny", "--nthreads", str(threads), "--no-dashboard")
        self.workers.append(started("distributed.cli.dask_worker", self.address, *more))
        return self.workers[-1]

    def wait(self) -> None:
        """Wait until all workers have come to the scheduler."""
        asked = "import sys, distributed; distributed.Client(sys.argv[1]).wait_for_workers(int(sys.argv[2]), 120)"
        subprocess.run([sys.executable, "-c", asked, self.address, str(len(self.workers))], check=True)

    def end(self) -> None:
        """Kill them all."""
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.communicate()


@contextmanager
def clustered() -> Iterator[Cluster]:
    """A cluster without workers, which is gone afterwards."""
    made = Cluster()
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster with two workers, one of which would do three things at once."""
    with clustered() as made:
        made.add(3)
        made.add()
        made.wait()
        yield made


def test_each_row_is_measured_on_some_worker(cluster: Cluster, tmp_path: Path) -> None:
    """All rows are there in their order, with their machine and without any host's name; what is kept goes on.

    A worker measures one row at a time, also one that has three threads for its work.
    """
    path = tmp_path / "a.runs"
    asked = (*SWEEP, "--hold", "20ms", "-r", "3", "--cluster", cluster.address, "--resume", str(path), "--json")
    bench = started("asyncdemo", *asked)
    most = 0
    while bench.poll() is None:
        most = max(most, *(len(measuring(worker)) for worker in cluster.workers))
        time.sleep(0.05)
    out, errors = bench.communicate()
    assert (bench.returncode, errors, most) == (0, "", 1)
    found = json.loads(out)
    assert [each["subject"] for each in found["subjects"]] == [f"semaphore:limit={each}" for each in (1, 2, 5)]
    assert [len(each["runs"]) for each in found["subjects"]] == [3] * 3
    assert all(each["machine"]["cpus"] == os.cpu_count() for each in found["subjects"])
    assert found["env"]["cluster"] == {"workers": 2, "machines": 1}
    assert found["warnings"][0].startswith("2 workers shared 1 machine")
    assert platform.node().lower() not in (out + path.read_text()).lower().replace('"', " ").split()
    assert cluster.address.rpartition(":")[2] not in out
    again = json.loads(finished(*asked).stdout)
    assert [each["runs"] for each in again["subjects"]] == [each["runs"] for each in found["subjects"]]


def test_the_rows_of_a_worker_that_dies_are_measured_again() -> None:
    """The worker is killed in the middle of a row; its process ends as well, and the next worker measures that row."""
    with clustered() as cluster:
        victim = cluster.add()
        bench = started("asyncdemo", *SWEEP, "--hold", "20ms", "-r", "3", "--cluster", cluster.address, "--json")
        (child,) = wait_for(lambda: measuring(victim))
        victim.kill()
        cluster.add()
        out, errors = bench.communicate(timeout=120)
        assert (bench.returncode, errors) == (0, "")
        assert [len(each["runs"]) for each in json.loads(out)["subjects"]] == [3] * 3
        wait_for(lambda: not child.is_running())


def test_rows_are_kept_as_they_are_done(cluster: Cluster, tmp_path: Path) -> None:
    """Killed with SIGKILL once a row is there, the file has whole rows, workers stop, and only the rest is measured."""
    path = tmp_path / "a.runs"
    asked = ("--hold", "20ms", "-r", "3", "--cluster", cluster.address, "--resume", str(path))
    bench = started("asyncdemo", *SWEEP, *asked)
    wait_for(lambda: path.exists() and path.read_bytes().count(b"\n") > 1)
    bench.kill()
    bench.communicate()
    head, *before = map(json.loads, path.read_text().splitlines())
    assert (head["elsewhere"], 0 < len(before) < 4) == (True, True)
    done = finished(*SWEEP, *asked, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    _, *after = map(json.loads, path.read_text().splitlines())
    assert after[: len(before)] == before
    assert sorted(each["cell"] for each in after) == [0, 1, 2]


def test_an_interrupt_ends_it_everywhere(cluster: Cluster, tmp_path: Path) -> None:
    """Ctrl+C ends with exit code 130 and nothing said, and no worker goes on with what nobody wants any more."""
    path = tmp_path / "a.runs"
    asked = ("--hold", "20s", "-r", "3", "--cluster", cluster.address, "--resume", str(path))
    bench = started("asyncdemo", *SWEEP, *asked)
    wait_for(lambda: any(map(measuring, cluster.workers)))
    bench.send_signal(signal.SIGINT)
    out, errors = bench.communicate(timeout=60)
    assert (bench.returncode, out, errors) == (130, "", "")
    wait_for(lambda: not any(map(measuring, cluster.workers)))


def test_what_fails_on_a_worker_is_told_here(cluster: Cluster) -> None:
    """An address that the worker cannot reach is an error of one sentence, with the exit code that it has here."""
    url = "http://127.0.0.1:9"
    done = finished("bench", "http", "--url", url, "-r", "1", "--cluster", cluster.address)
    assert (done.returncode, done.stdout) == (UNAVAILABLE, "")
    assert f"{url} refuses the connection" in done.stderr
    assert len(done.stderr.splitlines()) <= 4


def test_a_local_cluster_starts_for_it_and_is_gone(tmp_path: Path) -> None:
    """Two workers start here, and leave no file behind."""
    bench = start(*SWEEP, "--hold", "1ms", "-r", "1", "--cluster", "local:2", "--json", temporary=tmp_path)
    out, errors = bench.communicate(timeout=120)
    assert (bench.returncode, errors) == (0, "")
    found = json.loads(out)
    assert (len(found["subjects"]), found["env"]["cluster"]["workers"]) == (3, 2)
    assert list(tmp_path.iterdir()) == []


def test_a_local_cluster_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """SIGTERM ends the workers and what they measure as well, with nothing said and no file left."""
    bench = start(*SWEEP, "--hold", "20s", "-r", "1", "--cluster", "local:1", temporary=tmp_path)
    (child,) = wait_for(lambda: measuring(bench))
    started_here = psutil.Process(bench.pid).children(recursive=True)
    bench.terminate()
    out, errors = bench.communicate(timeout=120)
    assert (bench.returncode, out, errors) == (143, "", "")
    assert child in started_here
    wait_for(lambda: not any(each.is_running() for each in started_here))
    assert list(tmp_path.iterdir()) == []


IMPATIENT = """
import sys
from asyncdemo.cli.main import run
from asyncdemo.cli.measuring import spreading

spreading.PATIENCE_S = 5
sys.exit(run(sys.argv[1:]))
"""


def test_a_scheduler_without_workers_is_told() -> None:
    """Exit code 3 after a while, and how to start one."""
    with clustered() as cluster:
        wait_for(lambda: reachable(cluster.address))
        command = [sys.executable, "-c", IMPATIENT, "bench", "semaphore", "--cluster", cluster.address]
        done = subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (UNAVAILABLE, "")
    assert "the scheduler has no workers.\nStart one there: dask worker" in done.stderr


def reachable(address: str) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("says", [b"", b"HTTP/1.0 400 Bad Request\r\n\r\n"], ids=["nothing", "something else"])
def test_who_is_no_scheduler_is_told_from_one(
    says: bytes, asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that keeps silent, or answers in another protocol, is no cluster: exit code 3 after a while."""
    monkeypatch.setattr("asyncdemo.cli.measuring.spreading.PATIENCE_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as server, open_connections(server, says):
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        outcome = asyncdemo("bench", "semaphore", "--cluster", address)
    outcome.check_refusal("no scheduler there: it does not answer in time", UNAVAILABLE)


@contextmanager
def open_connections(server: socket.socket, says: bytes) -> Iterator[None]:
    """Greets whoever connects to `server`, in a process's backlog or as soon as it comes, and says no more."""
    from threading import Thread

    taken: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            taken.append(connection)
            try:
                connection.sendall(says)
            except OSError:
                continue

    thread = Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for each in taken:
            each.close()


def test_nobody_there_is_told_at_once(asyncdemo: Asyncdemo) -> None:
    """A refused connection is not tried again."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    asyncdemo("bench", "semaphore", "--cluster", address).check_refusal("connection refused", UNAVAILABLE)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        pytest.param("scheduler", "neither an address such as tcp://scheduler:8786 nor local", id="no scheme"),
        pytest.param("http://scheduler:8786", "neither an address", id="another scheme"),
        pytest.param("tcp://", "neither an address", id="no host"),
        pytest.param("tcp://a:b", "neither an address", id="no port"),
        pytest.param("tcp://a:8786/path", "neither an address", id="a path"),
        pytest.param("local:0", "a local cluster has 1 to 61 workers", id="no workers"),
        pytest.param("local:99", "a local cluster has 1 to 61 workers", id="too many workers"),
        pytest.param("local:two", "neither an address", id="a word for a number"),
    ],
)
def test_a_bad_address_is_refused(address: str, said: str, asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """Exit code 2 before anything runs, and no file is left behind."""
    asyncdemo("bench", "semaphore", "--cluster", address, "--resume", str(tmp_path / "a")).check_refusal(said)
    assert list(tmp_path.iterdir()) == []


def test_without_dask_it_says_what_brings_it(
    asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exit code 3 and the extra to install, before a file is made."""
    monkeypatch.setattr("asyncdemo.cluster.scheduler.util.find_spec", lambda _: None)
    outcome = asyncdemo("bench", "semaphore", "--cluster", "local", "--resume", str(tmp_path / "a"))
    outcome.check_refusal("pip install 'asyncdemo[cluster]'", UNAVAILABLE)
    assert list(tmp_path.iterdir()) == []


def test_a_script_stays_here(asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """The file is on this machine alone."""
    script = tmp_path / "app.py"
    script.write_text("")
    asyncdemo("bench", str(script), "--cluster", "local").check_refusal("is on this machine alone")


def test_a_journal_of_a_cluster_is_for_a_cluster(asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """Runs that were made here in turns are not mixed with rows that were measured one by one."""
    path = str(tmp_path / "a.runs")
    assert asyncdemo("bench", "semaphore", "--clock", "virtual", "--resume", path)[0] == 0
    asked = ("bench", "semaphore", "--clock", "virtual", "--resume", path, "--cluster", "local")
    asyncdemo(*asked).check_refusal("on a cluster here and on this machine there")


def test_a_cell_is_measured_as_it_is_described() -> None:
    """What a worker's process does: the runs that the plan says, the extra runs when they are wanted, or the error."""
    plan = {"runs": 4, "least": 4, "budget_s": 1.0, "warmups": 0, "seed": 1, "precision": None}
    job = {
        "subject": ["semaphore", {"limit": "2"}, None],
        "params": {"tasks": 4, "limit": 2, "hold": 1.0, "stray_release": False},
        "loop": "asyncio",
        "plan": plan,
        "clock": "virtual",
        "seed": 1,
        "watched": True,
    }
    report = cell.measured(job)
    assert list(report.series.wall_ns) == [2_000_000_000] * 4
    assert report.watched
    assert (report.watched.peak_tasks, report.machine["cpus"]) == (4, os.cpu_count())
    assert compare.Report.read(json.loads(json.dumps(report.described()))).described() == report.described()
    failing = {**job, "params": {**job["params"], "hold": "x"}}  # type: ignore[dict-item]
    with pytest.raises(AsyncdemoError, match="semaphore:limit=2 failed: TypeError"):
        cell.measured(failing)
