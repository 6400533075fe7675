"""Mails over one SMTP connection, and over several at once.

SMTP takes one mail after the other on a connection. So a client of aiosmtplib has a lock, and tasks that share the
client wait for it: only more connections send more at once. They are closed in `finally`, for `async with client` would
wait for the answer to a mail when it is left in the middle. The mails ask the embedded server to take its time; one of
your own takes what it needs, and gets mails to reader@example.com. The guide only names the library.

Watch: First all mails wait for the lock of one client, then there is a lock for each of several.
Guide: 6.4 Other Common Asynchronous Libraries
Also: aiosmtplib, smtplib, email, mail, send-message
Server: smtp
Extra: smtp
Ideal: (0 if way == "several" else mails * hold) + (0 if way == "one" else ceil(mails / connections) * hold),
    and the connections
Example: asyncdemo smtp --mails 10 --connections 5
Example: asyncdemo smtp --way several --connections 6
"""

import asyncio
import time
from email.message import EmailMessage
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib


async def send(client: aiosmtplib.SMTP, number: int, hold: float) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "writer@example.com", "reader@example.com", f"Mail {number}"
    mail["X-Delay"] = f"{hold:f}"  # which only the embedded server knows
    await client.send_message(mail)
    print(f"Mail {number} sent")


async def send_all(mails: int, connections: int, hold: float, patience: float, where: dict[str, Any]) -> None:
    start, clients = time.perf_counter(), [aiosmtplib.SMTP(**where) for _ in range(connections)]
    try:
        async with asyncio.timeout(mails * hold + patience):
            for client in clients:
                await client.connect()
            async with asyncio.TaskGroup() as group:
                for number in range(1, mails + 1):
                    client = clients[number % connections]
                    group.create_task(send(client, number, hold), name=f"Mail {number} of {connections}")
            for client in clients:
                await client.quit()
    finally:
        for client in clients:
            client.close()
    print(f"Connections: {connections}, mails: {mails}, time: {time.perf_counter() - start:.2f} seconds")


async def main(
    url: str = "smtp://127.0.0.1:1025",  # the server's address
    mails: int = 4,  # how many mails there are, at least 1, at most 1k
    connections: int = 2,  # how many connections are several, at least 1, at most 100
    hold: float = 0.25,  # seconds that the server takes for a mail, at least 0
    way: Literal["both", "one", "several"] = "both",  # over how many connections they are sent
    patience: float = 30,  # seconds, at any scale, that the mails may take beyond their own, at least 0.1
) -> None:
    at = urlsplit(url)
    user = {"username": unquote(at.username), "password": unquote(at.password or "")} if at.username else {}
    where = {"hostname": at.hostname, "port": at.port, "use_tls": at.scheme == "smtps", "timeout": None, **user}
    for number in {"both": [1, connections], "one": [1], "several": [connections]}[way]:
        await send_all(mails, number, hold, patience, {**where, "local_hostname": "localhost"})


if __name__ == "__main__":
    asyncio.run(main())
