"""Workers take jobs from a Redis list and publish what they did.

`BLPOP` waits at the server until the list has a job, so nobody polls, and keeps a connection all the while, as the
listener does. The pool makes those wait for which none is left; redis-py's default pool raises an error instead.

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


async def worker(client: Redis, number: int, run: str, work: float, block: float) -> None:
    while True:
        popped = await client.blpop([f"jobs:{run}"], timeout=block)
        if popped and popped[1] == "stop":
            break
        await asyncio.sleep(work if popped else block / 10)  # without a job it leaves its connection to others
        if popped:
            await client.publish(f"done:{run}", f"Worker {number} did {popped[1]}")


async def listener(client: Redis, run: str, jobs: int, patience: float, listening: asyncio.Event) -> None:
    async with asyncio.timeout(patience), client.pubsub(ignore_subscribe_messages=True) as subscription:
        await subscription.subscribe(f"done:{run}")
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
    patience: float = 10,  # seconds, at any scale, that all may take beyond its own, at least 0.1
) -> None:
    start, listening, run = time.perf_counter(), asyncio.Event(), str(uuid.uuid4())
    # No time-out for each command: cancelled meanwhile, `asyncio.wait_for` may go on as if nothing was, before 3.12.
    options = {"timeout": patience, "socket_timeout": None, "decode_responses": True}
    pool = BlockingConnectionPool.from_url(url, max_connections=connections, **options)
    async with Redis.from_pool(pool) as client, asyncio.TaskGroup() as group:
        group.create_task(listener(client, run, jobs, idle + jobs * work + patience, listening), name="Listener")
        await listening.wait()
        for number in range(1, workers + 1):
            group.create_task(worker(client, number, run, work, block), name=f"Worker {number}")
        await asyncio.sleep(idle)
        await client.rpush(f"jobs:{run}", *[f"job {number}" for number in range(1, jobs + 1)], *["stop"] * workers)
    print(f"All jobs done, total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
