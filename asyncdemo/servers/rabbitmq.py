"""RabbitMQ. None can be started here: it needs Erlang, and no package brings it."""

from __future__ import annotations

from typing import Any

from asyncdemo.servers.base.server import Server


class RabbitMQ(Server):
    """RabbitMQ, or what speaks AMQP 0-9-1 as it does."""

    title = "RabbitMQ"
    library = "aio_pika"
    extra = "rabbitmq"
    embedded = None
    loggers = ("aio_pika", "aiormq")
    advice = "To start one: docker run --rm -p 127.0.0.1:5672:5672 rabbitmq, then --url amqp://127.0.0.1"

    async def ping(self, url: str) -> str:
        """The name and the version with which the server presents itself."""
        import aio_pika

        async with await aio_pika.connect(url) as connection:
            transport: Any = connection.transport
            about = transport.connection.server_properties
            return f"{about.get('product', 'a broker')} {about.get('version', '')}".rstrip()

    def errors(self) -> tuple[type[Exception], ...]:
        """What the server answers with, and what the library raises without a server."""
        from aio_pika import exceptions

        return OSError, exceptions.AMQPError, exceptions.ChannelInvalidStateError

    def reason(self, error: BaseException) -> str | None:
        """What tells a wrong password, a missing virtual host and a lost connection from other answers."""
        from aio_pika import exceptions

        if isinstance(error, exceptions.AuthenticationError | exceptions.ProbableAuthenticationError):
            return "refuses the user or the password"
        if isinstance(error, exceptions.ChannelInvalidStateError):
            return "closes the connection"
        if "Connection.OpenOk" in str(error):
            return "has no virtual host of that name, or not for this user"
        return None
