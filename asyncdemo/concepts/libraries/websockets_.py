"""Messages broadcast to clients that come and go.

The server sends a message to all who are connected at that moment: who comes later has missed it. A connection buffers
what its client has not received yet, so that one who is slow (`--slow`) holds up nobody else. Main sends, and receives
its own message as well: then it has been sent to all others. A server of your own has to pass on each message to
everyone who is connected at the same path.

Watch: Each message wakes all who are there, at once. A client comes before each of the first messages and goes after
    `stay` of them, so the lanes make a staircase.
Guide: 6.4 Other Common Asynchronous Libraries
Also: websocket, broadcast, chat
Server: websockets
Extra: websockets
Ideal: max((clients + stay - 1) * every, stay * every + slow, every + stay * slow), and the connections
Example: asyncdemo websockets --clients 8 --stay 2
Example: asyncdemo websockets --slow 500ms
"""

import asyncio
import time
import uuid
from functools import partial
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect


async def receive(websocket: ClientConnection, patience: float) -> str:
    async with asyncio.timeout(patience):
        return await websocket.recv(decode=True)


async def client(coming: connect, number: int, stay: int, slow: float, patience: float, here: asyncio.Event) -> None:
    heard = []
    async with coming as websocket:
        print(f"Client {number} comes")
        here.set()
        for _ in range(stay):
            heard.append(await receive(websocket, patience))
            await asyncio.sleep(slow)
    print(f"Client {number} goes, it has heard {', '.join(heard)}")


async def main(
    url: str = "ws://127.0.0.1:8765",  # the server's address
    clients: int = 4,  # how many come, one before each message, at least 1, at most 1k
    stay: int = 3,  # how many messages each waits for before it goes, at least 1, at most 100
    every: float = 0.2,  # seconds between two messages, at least 0
    slow: float = 0,  # seconds that client 1 needs for each message, at least 0
    patience: float = 5,  # seconds, at any scale, after which a server that does not answer is given up, at least 0.1
) -> None:
    start, at = time.perf_counter(), urlsplit(url)
    room = at._replace(path=f"{at.path.rstrip('/')}/{uuid.uuid4()}").geturl()
    # No pings: whoever receives nothing gives up anyway.
    new = partial(connect, room, proxy=None, ping_interval=None, open_timeout=patience, close_timeout=patience)
    async with new() as speaker, asyncio.TaskGroup() as group:
        for number in range(1, clients + stay):
            if number <= clients:
                here, needs = asyncio.Event(), slow if number == 1 else 0
                each = client(new(), number, stay, needs, every + 2 * patience, here)
                group.create_task(each, name=f"Client {number}")
                await here.wait()
            await asyncio.sleep(every)
            await speaker.send(str(number))
            print(f"Message {await receive(speaker, patience)} is sent")
    print(f"Total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
