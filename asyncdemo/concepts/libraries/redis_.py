"""Workers take jobs from a Redis list and publish what they did.

`BLPOP` waits at the server until the list has a job, so nobody polls. Each command needs a connection for as long as
its answer takes, and a worker that waits in `BLPOP` keeps one all the while, as the listener does. The pool makes those
wait for which no connection is left; redis-py's default pool raises an error instead. The guide only names the library.

Watch: Who waits for a job, who works, and, with `--connections 4`, main, which waits for a connection to push with.
Guide: 6.4 Other Common Asynchronous Libraries
Also: aioredis, blpop, pubsub, publish, valkey
Correction: The library aioredis is `redis.asyncio` now; its last release does not import on Python 3.11.
Server: redis
Extra: redis
Ideal: idle + ceil(jobs / workers) * work, and the round trips
Example: asyncdemo redis --workers 5 --jobs 10
Example: asyncdemo redis --connections 4
"""

import asyncio
import time
import uuid

from redis.asyncio import BlockingConnectionPool, Redis


async def worker(client: Redis, number: int, keys: tuple[str, str], work: float, block: float) -> None:
    jobs, done = keys
    while True:
        popped = await client.blpop([jobs], timeout=block)
        if popped and popped[1] == "stop":
            break
        await asyncio.sleep(work if popped else block / 10)  # without a job it leaves its connection to others
        if popped:
            await client.publish(done, f"Worker {number} did {popped[1]}")


async def listener(client: Redis, done: str, jobs: int, listening: asyncio.Event) -> None:
    async with client.pubsub(ignore_subscribe_messages=True) as subscription:
        await subscription.subscribe(done)
        listening.set()
        async for message in subscription.listen():
            print(message["data"])
            jobs -= 1
            if not jobs:
                break


async def main(
    url: str = "redis://127.0.0.1:6379",  # the server's address
    workers: int = 3,  # how many take jobs, at least 1, at most 1k
    jobs: int = 6,  # how many jobs there are, at least 1, at most 10k
    idle: float = 0.2,  # seconds until there are jobs, at least 0
    work: float = 0.3,  # seconds that each job takes, at least 0
    connections: int = 5,  # how many the pool has; fewer than workers + 2 make main wait, at least 2, at most 1k
    block: float = 1,  # seconds that BLPOP waits for a job before it gives up, at least 0.01, at most 3
) -> None:
    keys = (f"jobs:{uuid.uuid4()}", f"done:{uuid.uuid4()}")
    start, listening = time.perf_counter(), asyncio.Event()
    pool = BlockingConnectionPool.from_url(url, max_connections=connections, timeout=10, decode_responses=True)
    async with Redis.from_pool(pool) as client, asyncio.TaskGroup() as group:
        group.create_task(listener(client, keys[1], jobs, listening), name="Listener")
        await listening.wait()
        for number in range(1, workers + 1):
            group.create_task(worker(client, number, keys, work, block), name=f"Worker {number}")
        await asyncio.sleep(idle)
        await client.rpush(keys[0], *[f"job {number}" for number in range(1, jobs + 1)], *["stop"] * workers)
    print(f"All jobs done, total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
