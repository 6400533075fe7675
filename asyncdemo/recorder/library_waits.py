"""What well-known libraries wait for, by their own coroutines: a reply, a message, a connection of the pool.

A library's replies come through futures, events and queues of its own, which say nothing to whoever uses it. Its
functions in the chain of awaits do: of those that the program's innermost line has led to, the innermost one that is
in this table names the wait, whatever it awaits below and whoever wakes it. So a request that has to connect first is
"connecting", and one whose time-out runs out was waiting for its reply.

A connection is waited for in turn, like a slot of a semaphore; all else is under way on the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asyncdemo.recorder.chains import code_of, frame_of
from asyncdemo.recorder.sites import is_foreign, is_installed
from asyncdemo.trace import Wait

CONNECTING, TURN, SMTP_TURN = "connecting", "pool connection", "SMTP connection"
_TURNS = {TURN, SMTP_TURN}

NAMES: dict[str, dict[str, str]] = {
    "aio_pika.connection": {"Connection.connect": CONNECTING},
    "aio_pika.queue": {"QueueIterator.__anext__": "RabbitMQ message"},
    "aio_pika.robust_connection": {"RobustConnection.connect": CONNECTING},
    "aiohttp.client_reqrep": {"ClientResponse.start": "HTTP reply"},
    "aiohttp.client_ws": {"ClientWebSocketResponse.receive": "WebSocket message"},
    "aiohttp.connector": {
        "BaseConnector._wait_for_available_connection": TURN,
        "TCPConnector._create_connection": CONNECTING,
        "TCPConnector._resolve_host": "DNS answer",
        "UnixConnector._create_connection": CONNECTING,
    },
    "aiohttp.streams": {"StreamReader._wait": "HTTP body"},
    "aiohttp.web_protocol": {"RequestHandler.start": "HTTP request"},
    "aiohttp.web_ws": {"WebSocketResponse.receive": "WebSocket message"},
    "aiokafka.client": {
        "AIOKafkaClient._wait_on_metadata": "Kafka metadata",
        "AIOKafkaClient.bootstrap": CONNECTING,
        "AIOKafkaClient.send": "Kafka reply",
    },
    "aiokafka.conn": {"AIOKafkaConnection.connect": CONNECTING},
    "aiokafka.consumer.fetcher": {
        "Fetcher.fetched_records": "Kafka records",
        "Fetcher.next_record": "Kafka records",
    },
    "aiokafka.producer.producer": {"AIOKafkaProducer.send_and_wait": "Kafka ack"},
    "aiomysql.connection": {
        "Connection._connect": CONNECTING,
        "Connection._read_bytes": "MySQL reply",
        "_open_connection": CONNECTING,
    },
    "aiomysql.pool": {"Pool._acquire": TURN},
    "aiormq.channel": {
        "Channel.__send_and_drain": "socket",
        "Channel.basic_publish": "RabbitMQ confirm",
        "Channel.rpc": "RabbitMQ reply",
        "task.<locals>.wrap": "RabbitMQ reply",
    },
    "aiormq.connection": {"Connection.connect": CONNECTING},
    "aiosmtplib.protocol": {"SMTPProtocol.read_response": "SMTP reply"},
    "aiosmtplib.smtp": {
        "SMTP._create_connection": CONNECTING,
        "SMTP.send_message": SMTP_TURN,
        "SMTP.sendmail": SMTP_TURN,
    },
    "anyio._core._sockets": {"connect_tcp": CONNECTING},
    "asyncpg.connect_utils": {"_connect": CONNECTING},
    "asyncpg.connection": {
        "Connection._copy_in": "PostgreSQL reply",
        "Connection._copy_out": "PostgreSQL reply",
        "Connection._do_execute": "PostgreSQL reply",
        "Connection._get_statement": "PostgreSQL reply",
        "Connection.execute": "PostgreSQL reply",
    },
    "asyncpg.cursor": {
        "BaseCursor._bind": "PostgreSQL reply",
        "BaseCursor._bind_exec": "PostgreSQL reply",
        "BaseCursor._close_portal": "PostgreSQL reply",
        "BaseCursor._exec": "PostgreSQL reply",
    },
    "asyncpg.pool": {
        "Pool._acquire": TURN,
        "Pool._acquire.<locals>._acquire_impl": TURN,
        "Pool.release": "PostgreSQL reply",  # to what resets the connection
    },
    "asyncpg.prepared_stmt": {"PreparedStatement.__do_execute": "PostgreSQL reply"},
    "httpcore._async.connection": {"AsyncHTTPConnection._connect": CONNECTING},
    "httpcore._async.connection_pool": {"AsyncPoolRequest.wait_for_connection": TURN},
    "httpcore._async.http11": {
        "AsyncHTTP11Connection._receive_response_body": "HTTP body",
        "AsyncHTTP11Connection._receive_response_headers": "HTTP reply",
    },
    "pymongo.asynchronous.pool": {
        "AsyncConnection.receive_message": "MongoDB reply",
        "Pool._get_conn": TURN,
        "Pool.connect": CONNECTING,
    },
    "pymongo.asynchronous.topology": {"Topology._select_servers_loop": "server selection"},
    "pymongo.network_layer": {"PyMongoProtocol.read": "MongoDB reply"},
    "redis.asyncio.client": {
        "Pipeline._execute_pipeline": "socket",
        "Pipeline._execute_transaction": "socket",
        "PubSub.execute_command": "socket",
        "PubSub.parse_response": "Redis message",
        "Redis._send_command_parse_response": "socket",
        "Redis.parse_response": "Redis reply",
    },
    "redis.asyncio.cluster": {"ClusterNode.parse_response": "Redis reply"},
    "redis.asyncio.connection": {
        "AbstractConnection.connect": CONNECTING,
        "BlockingConnectionPool.get_connection": TURN,
    },
    "websockets.asyncio.client": {"connect.connect": CONNECTING},
    "websockets.asyncio.connection": {
        "Connection.recv": "WebSocket message",
        "Connection.recv_streaming": "WebSocket message",
    },
}
"""By a function's module and qualified name."""


def library_wait(links: Sequence[Any]) -> tuple[Wait, str] | None:
    """What a library waits for that the program's innermost line has called: the kind of wait and its name, or None.

    Args:
        links: a chain of awaits, outermost first.
    """
    for link in reversed(links):
        code, frame = code_of(link), frame_of(link)
        if not is_installed(code.co_filename):
            if is_foreign(code.co_filename):
                continue
            return None
        name = NAMES.get(frame.f_globals["__name__"], {}).get(code.co_qualname) if frame is not None else None
        if name is not None:
            return (Wait.SEMAPHORE if name in _TURNS else Wait.NETWORK), name
    return None
