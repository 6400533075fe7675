"""Orders inserted into MongoDB, and seen at once in a change stream.

The server answers a change stream when something changes: the watcher hears of an order at once. With `--poll 500ms` it
looks again and again. Without `--url`, SQLite answers behind MongoDB's protocol; yours has to be a replica set.

Watch: The clerks insert their orders together, and the watcher wakes for them; with `--poll` it wakes when it looks.
Guide: 6.4 Other Common Asynchronous Libraries
Also: motor, pymongo, mongodb, change-stream, insert-one
Correction: The guide's motor is past its end of life, and had a thread for each call. pymongo waits with asyncio.
Server: mongo
Extra: mongo
Ideal: ceil(orders / clerks) * work, and the round trips
Example: asyncdemo mongo --orders 10 --clerks 5
Example: asyncdemo mongo --poll 500ms
"""

import asyncio
import time
import uuid

from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.command_cursor import AsyncCommandCursor


async def clerk(book: AsyncCollection, number: int, clerks: int, orders: int, work: float) -> None:
    for order in range(number, orders + 1, clerks):
        await asyncio.sleep(work)
        await book.insert_one({"order": order, "clerk": number, "at": time.perf_counter()})


async def watcher(book: AsyncCollection, changes: AsyncCommandCursor | None, orders: int, poll: float) -> None:
    seen: list[int] = []
    while len(seen) < orders:
        if changes is None:
            await asyncio.sleep(poll)
            found = await book.find({"order": {"$nin": seen}}).to_list()
        else:
            found = [(await changes.next())["fullDocument"]]
        for order in found:
            seen.append(order["order"])
            late = time.perf_counter() - order["at"]
            print(f"Order {order['order']} by clerk {order['clerk']}, seen after {late:.3f} seconds")


async def main(
    url: str = "mongodb://127.0.0.1:27017/test",  # the server's address
    clerks: int = 3,  # how many insert orders, at least 1, at most 100
    orders: int = 6,  # how many orders there are, at least 1, at most 10k
    work: float = 0.3,  # seconds that a clerk takes for an order, at least 0
    poll: float = 0,  # seconds between two looks in place of a change stream; 0 for a change stream, at least 0
    patience: float = 3,  # seconds, at any scale, after which an answer is given up (one may take 1), at least 1.5
) -> None:
    start, ms = time.perf_counter(), round(patience * 1000)
    async with AsyncMongoClient(url, timeoutMS=ms, connectTimeoutMS=ms, serverSelectionTimeoutMS=ms) as client:
        book = client.get_default_database("test")[f"orders_{uuid.uuid4().hex}"]
        try:
            changes = None if poll else await book.aggregate([{"$changeStream": {}}])  # watch() would reconnect
            async with asyncio.TaskGroup() as group:
                group.create_task(watcher(book, changes, orders, poll), name="Watcher")
                for number in range(1, clerks + 1):
                    group.create_task(clerk(book, number, clerks, orders, work), name=f"Clerk {number}")
        finally:
            if client.topology_description.has_writable_server():  # otherwise it would wait for one
                await book.drop()
    print(f"All orders seen, total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
