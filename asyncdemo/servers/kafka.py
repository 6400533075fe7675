"""Kafka. The embedded one is the mock cluster that librdkafka has for tests, of one broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from asyncdemo.servers.base.server import Server

_PATIENCE_S = 10


class Kafka(Server):
    """Kafka, or what speaks its protocol."""

    title = "Kafka"
    library = "aiokafka"
    extra = "kafka"
    embedded = "confluent_kafka"
    distribution = "confluent-kafka"
    loggers = ("aiokafka",)

    async def ping(self, url: str) -> str:
        """How many brokers there are, which is what one of them tells; they do not tell their version."""
        from aiokafka.conn import create_conn
        from aiokafka.protocol.metadata import MetadataRequest

        at = urlsplit(url)
        if at.username is not None:
            raise PermissionError
        connection = await create_conn(at.hostname, at.port or 9092)
        try:
            brokers = (await connection.send(MetadataRequest([]))).brokers
        finally:
            connection.close()
        return f"Kafka, {len(brokers)} broker{'s' * (len(brokers) > 1)}"

    @asynccontextmanager
    async def serve(self, folder: Path) -> AsyncIterator[str]:
        """A cluster that keeps its topics in memory, and ends with the client that owns it."""
        from confluent_kafka.admin import AdminClient

        owner = AdminClient({"bootstrap.servers": "", "test.mock.num.brokers": 1, "log_level": 0})
        [broker] = owner.list_topics(timeout=_PATIENCE_S).brokers.values()
        yield f"kafka://{broker.host}:{broker.port}"

    def errors(self) -> tuple[type[Exception], ...]:
        """All that the library raises."""
        from aiokafka.errors import KafkaError

        return OSError, KafkaError

    def reason(self, error: BaseException) -> str | None:
        """What tells a lost connection from other answers."""
        from aiokafka import errors

        if isinstance(error, PermissionError):
            return "is only asked without a user here"
        # With the last of these the producer gives up to ask for the partitions of a topic.
        late = errors.KafkaTimeoutError, errors.RequestTimedOutError, errors.UnknownTopicOrPartitionError
        if isinstance(error, late):
            return "does not answer in time"
        return "closes the connection" if isinstance(error, errors.KafkaConnectionError) else None
