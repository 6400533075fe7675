"""Recorder: the waits of well-known libraries have names that say something to whoever uses them.

In the programs below the comment at the end of a line says what a wait there is called, and behind bars what else may
have to be waited for there, where the machine or the loop is slow enough.
"""

# ruff: noqa: D103 - the names of the programs say what they do

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from email.message import EmailMessage
from functools import cache, partial
from pathlib import Path
from types import CodeType
from typing import Any
from urllib.parse import urlsplit

import pytest

import asyncdemo
from asyncdemo import servers
from asyncdemo.recorder.library_waits import NAMES
from asyncdemo.servers.base.keeping import embedded
from asyncdemo.trace import Wait
from tests.recorder.recordings import REAL_LOOPS, TICK, Recording, Waited, record

Program = Callable[[str, float], Coroutine[Any, Any, None]]

NOTED = re.compile(r"#: (.+)")
RABBITMQ = "amqp://guest:guest@127.0.0.1:5672/"
PATIENCE = 60
"""Seconds that nothing here takes, however slow the machine."""
PAUSES = [TICK * 4**attempt for attempt in range(5)]
"""Seconds that others take to answer: more where the machine is so slow that the answer comes before anybody waits."""


async def together(*coroutines: Any) -> None:
    """Tasks, one for each."""
    await asyncio.wait_for(asyncio.gather(*coroutines), PATIENCE)


async def postgres(url: str, pause: float) -> None:
    import asyncpg

    async def query(pool: Any) -> None:
        async with pool.acquire() as connection:  #: pool connection
            await connection.execute("SELECT pg_sleep($1)", pause)  #: PostgreSQL reply
            await connection.execute(f"SELECT pg_sleep({pause})")  #: PostgreSQL reply
            await connection.fetch(f"SELECT pg_sleep({pause})")  #: PostgreSQL reply
            await connection.executemany("SELECT pg_sleep($1)", [(pause,)])  #: PostgreSQL reply
            statement = await connection.prepare(f"SELECT pg_sleep({pause})")
            await statement.fetch()  #: PostgreSQL reply
            transaction = connection.transaction()
            await transaction.start()
            async for _ in connection.cursor(f"SELECT pg_sleep({pause})"):  #: PostgreSQL reply
                pass
            await transaction.rollback()
            await pool.release(connection)

    async with asyncpg.create_pool(url, min_size=1, max_size=1, command_timeout=PATIENCE) as pool:
        await together(query(pool), query(pool))


async def mysql(url: str, pause: float) -> None:
    import aiomysql

    async def query(pool: Any) -> None:
        async with pool.acquire() as connection, connection.cursor() as cursor:  #: pool connection | task
            await cursor.execute("SELECT SLEEP(%s)", (pause,))  #: MySQL reply

    at = urlsplit(url)
    where = {"host": at.hostname, "port": at.port, "user": "root", "db": at.path.strip("/"), "autocommit": True}
    async with aiomysql.create_pool(**where, minsize=1, maxsize=1) as pool:
        await together(query(pool), query(pool))


async def redis(url: str, pause: float) -> None:
    from redis.asyncio import BlockingConnectionPool, Redis

    async def pop(client: Any) -> None:
        await client.blpop([f"no jobs {id(client)}"], timeout=pause)  #: Redis reply | connecting | socket | task

    async def hear(client: Any, subscribed: asyncio.Event) -> None:
        async with client.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe("news")
            await subscription.get_message(timeout=1)
            subscribed.set()
            async for message in subscription.listen():  #: Redis message
                assert message["data"] == b"good"
                return

    async def wait_for_a_turn(client: Any) -> None:
        await client.ping()  #: pool connection | Redis reply | socket | task

    async def tell(client: Any) -> None:
        subscribed = asyncio.Event()
        hearing = asyncio.create_task(hear(client, subscribed))
        await subscribed.wait()
        await asyncio.sleep(pause)
        await client.publish("news", "good")
        await hearing

    async with Redis.from_url(url) as client:
        await together(pop(client), tell(client))
    pool = BlockingConnectionPool.from_url(url, max_connections=1, timeout=PATIENCE)
    async with Redis.from_pool(pool) as client:
        await client.ping()
        popping = asyncio.create_task(pop(client))
        await asyncio.sleep(0)
        await together(wait_for_a_turn(client))
        await popping


@asynccontextmanager
async def slow_pages(pause: float) -> AsyncIterator[str]:
    """The address of a page whose second half comes later, which the server reads as slowly as it sends it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline() not in {b"\r\n", b""}:
            pass
        await asyncio.sleep(pause)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\na")
        await asyncio.sleep(pause)
        writer.write(b"b")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def aiohttp(url: str, pause: float) -> None:
    import aiohttp

    async def fetch(session: Any, address: str) -> None:
        async with session.get(address) as response:  #: HTTP reply | connecting
            await response.read()  #: HTTP body

    async def fetch_in_turn(session: Any) -> None:
        async with session.get(f"{url}/delay/{pause}"):  #: pool connection | connecting | HTTP reply
            pass

    async with aiohttp.ClientSession() as session, slow_pages(pause) as slow:
        await fetch(session, slow)
    limit = aiohttp.TCPConnector(limit=1, force_close=True)
    async with aiohttp.ClientSession(connector=limit) as session:
        await together(fetch_in_turn(session), fetch_in_turn(session))


async def httpx(url: str, pause: float) -> None:
    import httpx

    async def fetch(client: Any, address: str) -> None:
        async with client.stream("GET", address) as response:  #: HTTP reply | connecting
            await response.aread()  #: HTTP body

    async def fetch_in_turn(client: Any) -> None:
        await client.get(f"{url}/delay/{pause}")  #: pool connection | connecting | HTTP reply

    async with httpx.AsyncClient(trust_env=False) as client, slow_pages(pause) as slow:
        await fetch(client, slow)
    async with httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=1)) as client:
        await together(fetch_in_turn(client), fetch_in_turn(client))


async def websockets(_: str, pause: float) -> None:
    from websockets.asyncio.client import connect
    from websockets.asyncio.server import serve

    async def greet(connection: Any) -> None:
        for _ in range(2):
            await asyncio.sleep(pause)
            await connection.send("hello")

    async with serve(greet, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        connection = await connect(f"ws://{host}:{port}", proxy=None)
        assert await connection.recv() == "hello"  #: WebSocket message
        async for message in connection:  #: WebSocket message
            assert message == "hello"


async def smtp(url: str, pause: float) -> None:
    import aiosmtplib

    mail = EmailMessage()
    mail["From"], mail["To"], mail["X-Delay"] = "a@example.org", "b@example.org", str(pause)
    at = urlsplit(url)

    async def send(client: Any) -> None:
        await client.send_message(mail)  #: SMTP reply | SMTP connection

    async def send_in_turn(client: Any) -> None:
        await client.send_message(mail)  #: SMTP connection | SMTP reply

    async with aiosmtplib.SMTP(hostname=at.hostname, port=at.port, start_tls=False) as client:
        await together(send(client), send_in_turn(client))


class Unknown(asyncio.DatagramProtocol):
    """A name server that takes its time, `pause` seconds, and knows no name."""

    def __init__(self, pause: float) -> None:
        self._pause = pause

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: D102
        answer = data[:2] + b"\x81\x83" + data[4:]
        asyncio.get_running_loop().call_later(self._pause, self._transport.sendto, answer, addr)


async def dns(_: str, pause: float) -> None:
    import aiodns

    async def resolve(resolver: Any, name: str) -> None:
        with suppress(aiodns.error.DNSError):
            await resolver.query_dns(name, "A")  #: DNS answer

    transport, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Unknown(pause), local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    async with aiodns.DNSResolver(nameservers=[f"127.0.0.1:{port}"]) as resolver:
        await together(resolve(resolver, "a.example."), resolve(resolver, "b.example."))
    transport.close()


async def mongo(url: str, pause: float) -> None:
    from pymongo import AsyncMongoClient

    async def insert(client: Any) -> None:
        await client.waits.waits.insert_many(
            [{"number": number} for number in range(int(pause * 20_000))]
        )  #: MongoDB reply

    async def insert_in_turn(client: Any) -> None:
        await client.waits.waits.insert_one({"number": 1})  #: pool connection | MongoDB reply

    async with AsyncMongoClient[Any](url, maxPoolSize=1) as client:
        await client.admin.command("ping")
        await insert(client)
        await together(*(insert_in_turn(client) for _ in range(5)))
        await client.drop_database("waits")


async def kafka(url: str, pause: float) -> None:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

    where = urlsplit(url).netloc
    async with AIOKafkaProducer(bootstrap_servers=where, linger_ms=int(pause * 1000)) as producer:
        await producer.partitions_for("waits")
        await producer.send_and_wait("waits", b"first")  #: Kafka ack
        partitions = [TopicPartition("waits", number) for number in await producer.partitions_for("waits")]
        async with AIOKafkaConsumer(bootstrap_servers=where, auto_offset_reset="earliest") as consumer:
            consumer.assign(partitions)
            async for message in consumer:  #: Kafka records
                assert message.value == b"first"
                break


async def rabbitmq(url: str, pause: float) -> None:
    import aio_pika

    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        queue = await channel.declare_queue(exclusive=True)  #: RabbitMQ reply
        exchange = channel.default_exchange
        async with queue.iterator() as messages:
            asyncio.get_running_loop().call_later(pause, tell, exchange, queue.name)
            async for message in messages:  #: RabbitMQ message
                await message.ack()
                break
        await exchange.publish(aio_pika.Message(bytes(int(pause * 2e8))), queue.name)  #: RabbitMQ confirm


def tell(exchange: Any, queue: str) -> None:
    """Publishes a message to come."""
    import aio_pika

    telling.append(asyncio.ensure_future(exchange.publish(aio_pika.Message(b"hello"), queue)))


telling: list[asyncio.Future[Any]] = []

PROGRAMS: dict[str, tuple[Program, str]] = {
    "asyncpg": (postgres, "postgres"),
    "aiomysql": (mysql, "mysql"),
    "redis": (redis, "redis"),
    "aiohttp": (aiohttp, "http"),
    "httpx": (httpx, "http"),
    "websockets": (websockets, ""),
    "aiosmtplib": (smtp, "smtp"),
    "aiodns": (dns, ""),
    "pymongo": (mongo, "mongo"),
    "aiokafka": (kafka, "kafka"),
    "aio_pika": (rabbitmq, "rabbitmq"),
}
"""By library: a program, and the server that it talks to."""


@pytest.fixture(scope="module")
def at_work() -> Iterator[Callable[[str], str]]:
    """`at_work("redis")`: the address of an embedded server, started the first time that it is asked for."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(embedded(servers.find(name))))


@pytest.fixture
def url(library: str, at_work: Callable[[str], str]) -> str:
    """The address of the library's server; the test is skipped where there is none, or no such library."""
    pytest.importorskip(library)
    server = PROGRAMS[library][1]
    if server == "rabbitmq":
        return real_rabbitmq()
    if server and not (server in servers.names() and servers.find(server).can_embed):
        pytest.skip(f"no embedded server for {server}")
    return at_work(server) if server else ""


def real_rabbitmq() -> str:
    """The address of a real RabbitMQ at its usual place; there is no embedded one."""
    import aio_pika

    async def ask() -> None:
        async with await aio_pika.connect(RABBITMQ, timeout=5):
            pass

    try:
        asyncio.run(ask())
    except (OSError, aio_pika.exceptions.AMQPError):
        pytest.skip("no real RabbitMQ at its usual place")
    return RABBITMQ


def waits(recording: Recording) -> Iterator[Waited]:
    """What all tasks waited for that was not too brief to be looked at."""
    used = {wait for wait in recording.trace.steps.wait if wait >= 0}
    table = recording.trace.waits
    for wait in used:
        on, source = recording.trace.text(table.on[wait]), recording.source(table.site[wait])
        if table.kind[wait] != Wait.BRIEF:
            yield Waited(Wait(table.kind[wait]), on, source, "")


@pytest.mark.parametrize("loop", REAL_LOOPS)
@pytest.mark.parametrize("library", PROGRAMS)
def test_a_librarys_waits_have_names(library: str, loop: str, url: str) -> None:
    """The waits at a line with a note are called what it says; a turn is waited for like a slot of a semaphore."""
    program = PROGRAMS[library][0]
    wanted = {names.split(" | ")[0] for names in NOTED.findall(inspect.getsource(program))}
    kinds: dict[str, Wait] = {}
    for pause in PAUSES:
        kinds |= noted_waits(record(partial(program, url, pause), loop))
        if wanted <= kinds.keys():
            break
    assert wanted <= kinds.keys()
    assert {name: kinds[name] for name in wanted} == {
        name: Wait.SEMAPHORE if name in {"pool connection", "SMTP connection"} else Wait.NETWORK for name in wanted
    }


def noted_waits(recording: Recording) -> dict[str, Wait]:
    """The waits at lines with a note, and their kinds; each is one that is noted."""
    assert recording.error is None
    noted = [(wait, found[1].split(" | ")) for wait in waits(recording) if (found := NOTED.search(wait.source))]
    assert [wait for wait, names in noted if wait.on not in names] == []
    return {wait.on: wait.kind for wait, _ in noted}


async def no_postgres(port: int) -> None:
    import asyncpg

    await asyncpg.connect(host="127.0.0.1", port=port, user="nobody")  #: connecting


async def no_mysql(port: int) -> None:
    import aiomysql

    await aiomysql.connect(host="127.0.0.1", port=port)  #: MySQL reply


async def no_redis(port: int) -> None:
    from redis.asyncio import Redis

    # Without a time-out for commands: before Python 3.12 one of them may swallow the cancellation (see the concept).
    async with Redis(host="127.0.0.1", port=port, socket_timeout=None) as client:
        await client.ping()  #: connecting


async def no_pages(port: int) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session:
        await session.get(f"http://127.0.0.1:{port}")  #: HTTP reply


async def no_websockets(port: int) -> None:
    from websockets.asyncio.client import connect

    await connect(f"ws://127.0.0.1:{port}", proxy=None)  #: connecting


async def no_rabbitmq(port: int) -> None:
    import aio_pika

    await aio_pika.connect(f"amqp://127.0.0.1:{port}")  #: connecting


@pytest.mark.parametrize("loop", REAL_LOOPS)
@pytest.mark.parametrize(
    ("library", "program"),
    [
        ("asyncpg", no_postgres),
        ("aiomysql", no_mysql),
        ("redis", no_redis),
        ("aiohttp", no_pages),
        ("websockets", no_websockets),
        ("aio_pika", no_rabbitmq),
    ],
)
def test_a_wait_that_a_timeout_ends_keeps_its_name(
    library: str, program: Callable[[int], Coroutine[Any, Any, None]], loop: str
) -> None:
    """A server that accepts and never answers: what was waited for is told, and not who ended it."""
    pytest.importorskip(library)

    async def main(pause: float) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as mute, suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await program(mute.getsockname()[1])

    name = NOTED.findall(inspect.getsource(program))[0]
    for pause in PAUSES:
        found = {wait.on for wait in waits(record(partial(main, pause), loop)) if NOTED.search(wait.source)}
        assert not found & {"future", "timer"}
        if name in found:
            return
    pytest.fail(f"{found} without {name}")


def qualified_names(code: CodeType) -> Iterator[str]:
    """The qualified names of all functions in compiled code."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner.co_qualname
            yield from qualified_names(inner)


@pytest.mark.parametrize("module", NAMES)
def test_the_functions_exist(module: str) -> None:
    """What the table names is still there in the installed versions of the libraries."""
    pytest.importorskip(module.partition(".")[0])
    spec = importlib.util.find_spec(module)
    origin = str(spec and spec.origin)
    code = compile(Path(origin).read_text(encoding="utf-8"), origin, "exec")
    assert NAMES[module].keys() <= set(qualified_names(code))


def test_a_concept_is_no_library(tmp_path: Path) -> None:
    """Its lines are the program's also where asyncdemo itself is installed among the packages."""
    package = Path(asyncdemo.__file__).parent
    packages = tmp_path / "site-packages"
    shutil.copytree(package, packages / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    asking = (
        "from asyncdemo.concepts.basics import gather; from asyncdemo.recorder import sites;"
        "print(sites.is_foreign(gather.__file__), sites.is_installed(gather.__file__), gather.__file__)"
    )
    surroundings = {**os.environ, "PYTHONPATH": str(packages)}
    command = [sys.executable, "-c", asking]
    asked = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path, env=surroundings)
    assert asked.stdout.startswith(f"False False {packages}")
