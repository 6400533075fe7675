"""The library concepts: what their options show, and the same on real servers where there are any."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from asyncdemo import catalog, servers
from asyncdemo.cli import concept_options, main
from asyncdemo.errors import AsyncdemoError
from asyncdemo.servers.base.asking import ping
from tests.concepts.conftest import comparable, expected, importable, runnable

Printed = Callable[..., list[str]]

REAL = {
    "kafka": "kafka://127.0.0.1:9092",
    "mongo": "mongodb://127.0.0.1:27017/test",
    "mysql": "mysql://root@127.0.0.1:3306",
    "postgres": "postgres://postgres@127.0.0.1:5432/postgres",
    "rabbitmq": "amqp://127.0.0.1:5672",
    "redis": "redis://127.0.0.1:6379",
}
"""Real servers at their usual places, by concept."""
REQUIRED = os.environ.get("ASYNCDEMO_REQUIRE_SERVERS", "").split(",")
"""Servers whose absence is a failure."""


@pytest.fixture(params=["asyncio", "uvloop"])
def printed(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Printed:
    """`printed("redis", "--jobs=3")`: the lines that a concept prints, on both loops in turn."""
    if request.param == "uvloop":
        pytest.importorskip("uvloop")

    def run(*arguments: str) -> list[str]:
        assert main.run([*arguments, "-q", f"--loop={request.param}"]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out.splitlines()

    return run


def address(name: str) -> str:
    """Where the real server for a concept answers; where none does, the test is skipped, unless one is required."""
    server, url = servers.find(catalog.find(name).server or ""), REAL[name]
    try:
        ping(server, url)
    except AsyncdemoError as refusal:
        if name in REQUIRED:
            raise
        pytest.skip(f"no real {server.title}: {refusal.message.partition(chr(10))[0]}")
    return url


@pytest.fixture(params=[importable(each) for each in catalog.concepts() if each.name in REAL])
def real(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A concept, and the address of a real server for it, where nothing stays of what it does."""
    name: str = request.param
    url = address(name)
    if name == "mysql":
        with database() as found:
            yield name, f"{url}/{found}"
    else:
        yield name, url


class database:  # noqa: N801 - used like a function
    """A database of its own on the real MySQL, which goes afterwards."""

    def __enter__(self) -> str:
        """Its name."""
        self._name = f"asyncdemo_{uuid.uuid4().hex}"
        self._do(f"CREATE DATABASE {self._name}")
        return self._name

    def __exit__(self, *_: object) -> None:
        self._do(f"DROP DATABASE {self._name}")

    def _do(self, statement: str) -> None:
        import pymysql

        connection = pymysql.connect(host="127.0.0.1", port=3306, user="root")
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_real_server_answers_as_the_embedded_one_does(real: tuple[str, str], printed: Printed) -> None:
    """On the real thing the default run prints the same lines."""
    name, url = real
    assert comparable(printed(name, f"--url={url}")) == comparable(expected(name))


def test_nothing_stays_on_a_real_server(printed: Printed) -> None:
    """A run leaves no key behind in Redis."""
    redis = pytest.importorskip("redis")
    try:
        with redis.Redis.from_url(REAL["redis"]) as client:
            before = set(client.keys())
            printed("redis", f"--url={REAL['redis']}", "--scale=0.1")
            assert not {key for key in set(client.keys()) - before if key.startswith((b"jobs:", b"done:"))}
    except redis.ConnectionError:
        pytest.skip("no real Redis at its usual place")


@pytest.mark.parametrize("name", ["mongo", "mysql", "postgres", "rabbitmq", "redis", "smtp", "websockets"])
def test_how_long_a_server_may_take_is_not_scaled(name: str) -> None:
    """It is as busy as before when the concept's own durations are a hundredth: all of those are, and that is not."""
    concept = catalog.find(name)
    durations = {each.name: float(str(each.default)) for each in concept.options if each.unit == "seconds"}
    scaled = concept_options.at_scale(concept, 0.01)
    assert {name: scaled[name] for name in durations} == {
        name: value if name == "patience" else pytest.approx(value / 100) for name, value in durations.items()
    }


@pytest.mark.parametrize("arguments", [[], ["--no-check"]], ids=["checked", "as the guide counts"])
def test_http_counts_what_it_has(arguments: list[str], printed: Printed) -> None:
    """A page that answers 500 is not fetched, nor is one that never answers; the guide counts the former."""
    lines = printed("http", "--pages=6", "--broken=2", "--delay=10ms", "--patience=500ms", *arguments)
    assert lines[-2] == f"Fetched {5 if arguments else 3} of 6 pages"
    assert "Page 1: no answer in time" in lines
    assert ("Page 2: 500 Internal Server Error" in lines) == (not arguments)


def test_http_gives_up_those_that_wait_for_a_connection(printed: Printed) -> None:
    """The timeout runs while a request waits for a connection that a stuck page holds."""
    lines = printed("http", "--pages=3", "--limit=1", "--broken=0", "--delay=0", "--patience=300ms")
    assert sorted(lines)[:-1] == ["Fetched 0 of 3 pages", *(f"Page {n}: no answer in time" for n in (1, 2, 3))]


@pytest.mark.parametrize("name", [runnable(each) for each in catalog.concepts() if each.name == "httpx"])
class TestHttpx:
    """The limits and timeouts of httpx."""

    def test_an_answer_500_is_no_page(self, name: str, printed: Printed) -> None:
        """Neither it nor a page that never answers is fetched."""
        lines = printed(name, "--pages=6", "--broken=2", "--delay=10ms", "--patience=1s")
        assert lines[-2].startswith("Fetched 3 of 6 pages")
        assert {"Page 1: no answer in time", "Page 2: 500 Internal Server Error"} < set(lines)

    def test_the_wait_for_a_connection_is_no_part_of_that_for_an_answer(self, name: str, printed: Printed) -> None:
        """Pages that waited for a stuck one, as long as an answer may take, are fetched all the same."""
        lines = printed(name, "--pages=3", "--limit=1", "--broken=0", "--delay=0", "--patience=1s")
        assert lines[:-1] == [
            "Page 1: no answer in time",
            "Page 2: fetched",
            "Page 3: fetched",
            "Fetched 2 of 3 pages, connections used: 1",
        ]

    def test_the_wait_for_a_connection_has_a_timeout_of_its_own(self, name: str, printed: Printed) -> None:
        """Pages that find none free in time are given up before the stuck one, which has it, is."""
        lines = printed(name, "--pages=3", "--limit=1", "--broken=0", "--patience=3s", "--pool-patience=100ms")
        assert sorted(lines[:2]) == ["Page 2: no connection in time", "Page 3: no connection in time"]
        assert lines[2] == "Page 1: no answer in time"

    @pytest.mark.parametrize(("clients", "connections"), [(1, 2), (3, 6)])
    def test_connections_are_reused_by_their_client(
        self, name: str, clients: int, connections: int, printed: Printed
    ) -> None:
        """A client opens as many as its limit allows and takes them again; another client has its own."""
        lines = printed(name, "--pages=12", "--limit=2", "--stuck=0", "--broken=0", f"--clients={clients}")
        assert lines[-2] == f"Fetched 12 of 12 pages, connections used: {connections}"


@pytest.mark.parametrize("name", [runnable(each) for each in catalog.concepts() if each.name == "websockets"])
class TestWebSockets:
    """A broadcast to clients that come and go."""

    @pytest.mark.parametrize("every", ["0", "20ms"])
    def test_who_is_there_hears_it(self, name: str, every: str, printed: Printed) -> None:
        """A client hears the first message after it has come, and those that follow, until it goes."""
        lines = printed(name, "--clients=5", "--stay=2", f"--every={every}")
        heard = sorted(line for line in lines if "heard" in line)
        assert heard == [f"Client {n} goes, it has heard {n}, {n + 1}" for n in range(1, 6)]

    def test_a_slow_client_holds_up_nobody_else(self, name: str, printed: Printed) -> None:
        """It hears everything, later than the others."""
        lines = printed(name, "--clients=3", "--stay=2", "--every=10ms", "--slow=1s")
        assert lines[-2] == "Client 1 goes, it has heard 1, 2"


@pytest.mark.parametrize("name", [runnable(each) for each in catalog.concepts() if each.name == "smtp"])
def test_a_connection_takes_one_mail_at_a_time(name: str, printed: Printed) -> None:
    """Mails over one connection take the sum of their times, in order; those over several take less."""
    *mails, one = printed(name, "--mails=4", "--hold=500ms", "--way=one")
    assert mails == [f"Mail {number} sent" for number in (1, 2, 3, 4)]
    several = printed(name, "--mails=4", "--hold=500ms", "--connections=4", "--way=several")[-1]
    assert one.startswith("Connections: 1, mails: 4, time: ")
    assert several.startswith("Connections: 4, mails: 4, time: ")
    assert 0.5 <= seconds(several) < seconds(one)
    assert seconds(one) >= 2


@pytest.mark.parametrize("name", [runnable(each) for each in catalog.concepts() if each.name == "dns"])
class TestDns:
    """Look-ups of names."""

    def test_look_ups_wait_together(self, name: str, printed: Printed) -> None:
        """Ten of them take less than one after the other, and all are answered."""
        options = ["--names=10", "--delay=200ms", "--stuck=0", "--patience=60s"]
        together, one_by_one = (answers(printed(name, *options, *more))[0] for more in ([], ["--one-by-one"]))
        assert together.startswith("Answers to 10 of 10 names")
        assert one_by_one.startswith("Answers to 10 of 10 names")
        assert 0.2 <= seconds(together) < seconds(one_by_one)
        assert seconds(one_by_one) >= 2

    def test_answers_are_kept(self, name: str, printed: Printed) -> None:
        """Whatever was answered, that there is no such name as well, is answered again without asking."""
        first, again = answers(printed(name, "--names=3", "--delay=2s", "--stuck=0", "--patience=60s"))
        assert again.startswith("Answers to 3 of 3 names")
        assert seconds(again) < seconds(first)
        assert seconds(first) >= 2

    def test_one_timeout_ends_those_without_an_answer(self, name: str, printed: Printed) -> None:
        """The others have theirs; only they are looked up again."""
        lines = printed(name, "--names=5", "--stuck=2", "--missing=1", "--delay=0", "--patience=2s")
        sums = [line.partition(",")[0] for line in answers(lines)]
        assert sums == ["Answers to 3 of 5 names", "Answers to 3 of 3 names"]
        assert lines.count("missing1.0ms.test: there is no such name") == 2
        assert not [line for line in lines if line.startswith("stuck")]

    def test_real_names(self, name: str, printed: Printed) -> None:
        """With `--real` the names are such as any server knows."""
        lines = printed(name, "--real", "--names=2", "--patience=60s")
        assert [line.partition(":")[0] for line in lines[:2]] == ["python.org", "docs.python.org"]


def answers(lines: list[str]) -> list[str]:
    """The sums of both rounds of look-ups."""
    return [line for line in lines if line.startswith("Answers")]


def seconds(line: str) -> float:
    """The time that a line ends with."""
    return float(line.split()[-2])


@pytest.mark.parametrize("name", [importable(each) for each in catalog.concepts() if each.name == "rabbitmq"])
class TestRabbitMQ:
    """Consumers of a queue, on a real broker."""

    @pytest.mark.parametrize("options", [[], ["--no-confirms"], ["--fail=2"]], ids=["confirmed", "not", "given back"])
    def test_all_jobs_are_done_once(self, name: str, options: list[str], printed: Printed) -> None:
        """Whoever takes a job, no other does, unless it was given back."""
        url = address(name)
        *lines, _ = printed(name, f"--url={url}", "--jobs=7", "--consumers=3", "--idle=0", "--work=10ms", *options)
        done = sorted(line.partition(" did ")[2] for line in lines if " did " in line)
        assert done == [f"job {number}" for number in range(1, 8)]
        given_back = [line.partition(" gave back ")[2] for line in lines if "gave back" in line]
        assert given_back == (["job 2"] if "--fail=2" in options else [])

    def test_no_queue_stays(self, name: str, printed: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
        """The queue of a run is gone with its connection."""
        import aio_pika

        url, made, declare = address(name), [], aio_pika.Channel.declare_queue

        async def noted(*arguments: Any, **options: Any) -> Any:
            made.append(await declare(*arguments, **options))
            return made[-1]

        async def is_there(queue: str) -> bool:
            async with await aio_pika.connect(url) as connection:
                try:
                    await (await connection.channel()).get_queue(queue)
                except aio_pika.exceptions.ChannelNotFoundEntity:
                    return False
                return True

        with monkeypatch.context() as patched:
            patched.setattr(aio_pika.Channel, "declare_queue", noted)
            printed(name, f"--url={url}", "--jobs=2", "--work=0", "--idle=0")
        assert [asyncio.run(is_there(queue.name)) for queue in made] == [False]


def test_files_are_read_as_they_were_written(tmp_path: object) -> None:
    """Each of the ways gives back what it has written."""
    import asyncio
    from pathlib import Path

    from asyncdemo.concepts.libraries import files

    for name, way in files.WAYS.items():
        path = Path(str(tmp_path), name)
        assert asyncio.run(way(path, "content\n")) == "content\n" == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [runnable(each) for each in catalog.concepts() if each.name == "postgres"])
class TestPostgres:
    """A transaction of PostgreSQL."""

    @pytest.mark.parametrize(
        ("options", "balances"),
        [
            pytest.param([], "A 100 B 0", id="rolled back"),
            pytest.param(["--no-transaction"], "A 100 B 150", id="stopped half-way"),
            pytest.param(["--amount=60"], "A 40 B 60", id="done"),
        ],
    )
    def test_a_transfer(self, name: str, options: list[str], balances: str, printed: Printed) -> None:
        """It is done as a whole or not at all; without a transaction half of it is."""
        assert printed(name, "--queries=1", "--hold=0", *options)[-2] == f"Balances: {balances}"


@pytest.mark.parametrize("name", [runnable(each) for each in catalog.concepts() if each.name == "mysql"])
def test_the_guides_connection_stays_open(name: str, printed: Printed) -> None:
    """A query that fails skips the `close()` behind it."""
    assert printed(name, "--queries=1", "--hold=0", "--leak")[-2] == "A query failed, connection closed: False"


@pytest.mark.parametrize("name", [runnable(each) for each in catalog.concepts() if each.name == "redis"])
def test_all_jobs_are_done_once(name: str, printed: Printed) -> None:
    """Whoever takes a job, no other does; with too few connections all are done as well."""
    for connections in (5, 4):
        options = ["--jobs=7", "--idle=20ms", "--work=10ms", "--block=200ms", f"--connections={connections}"]
        jobs = sorted(line.partition(" did ")[2] for line in printed(name, *options)[:-1])
        assert jobs == [f"job {number}" for number in range(1, 8)]


@pytest.mark.parametrize("name", [runnable(each) for each in catalog.concepts() if each.name == "mongo"])
@pytest.mark.parametrize("options", [[], ["--poll=20ms"]], ids=["a change stream", "looked for"])
def test_every_order_is_seen_once(name: str, options: list[str], printed: Printed) -> None:
    """Whichever way they are found, also when clerks do not pause, and none is seen before it was inserted."""
    lines = printed(name, "--orders=30", "--clerks=4", "--work=0", *options)[:-1]
    assert sorted(int(line.split()[1]) for line in lines) == list(range(1, 31))
    assert not [line for line in lines if "after -" in line]


@pytest.mark.parametrize("name", [runnable(each) for each in catalog.concepts() if each.name == "kafka"])
class TestKafka:
    """The partitions of a topic."""

    @pytest.mark.parametrize("readers", [1, 3, 4])
    def test_a_partition_keeps_its_order_and_has_one_reader(self, name: str, readers: int, printed: Printed) -> None:
        """Whoever reads it, its events come in the order in which they were sent."""
        lines = printed(name, f"--readers={readers}", "--rounds=5", "--interval=5ms", "--work=0")[:-1]
        for partition in range(4):
            reader = partition % readers + 1
            told = [line for line in lines if line.endswith(f"of partition {partition}")]
            assert told == [f"Reader {reader}: event {event} of partition {partition}" for event in range(1, 6)]

    @pytest.mark.parametrize("mistaken", [False, True], ids=["success", "a mistake"])
    def test_a_topic_that_was_made_is_deleted(
        self, name: str, mistaken: bool, servers_at_work: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """On a cluster with a controller a run makes a topic of four partitions, and takes it away whatever happens."""
        from aiokafka.admin import AIOKafkaAdminClient

        from asyncdemo.concepts.libraries import kafka

        done: list[tuple[str, int]] = []

        class Admin(AIOKafkaAdminClient):  # type: ignore[misc]
            async def describe_cluster(self) -> dict[str, object]:
                return {"controller_id": 1, "brokers": [{"node_id": 1}]}

            async def create_topics(self, new: list[Any]) -> None:
                done.extend((each.name, each.num_partitions) for each in new)

            async def delete_topics(self, names: list[str]) -> None:
                done.extend((each, 0) for each in names)

        monkeypatch.setattr(kafka, "AIOKafkaAdminClient", Admin)
        if mistaken:
            monkeypatch.setattr(kafka, "read", lambda *_: 1 / 0)
        with pytest.raises(ExceptionGroup) if mistaken else contextlib.nullcontext():
            asyncio.run(kafka.main(servers_at_work[name], rounds=1, interval=0, work=0))
        (made, partitions), (deleted, _) = done
        assert (made, partitions) == (deleted, 4)
