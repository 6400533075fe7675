"""Consumers that compete for the jobs of a RabbitMQ queue.

The broker gives a job to one consumer and keeps it until that sends an ack; after a nack (`--fail 2`), or when a
consumer is gone, it gives the job out again. `prefetch_count=1` gives nobody a second job before the first is done.
`publish()` returns when the broker confirms; with `--no-confirms` at once, and nobody hears of a lost job.

Watch: The consumers wait for jobs and share them, one at a time.
Guide: 6.4 Other Common Asynchronous Libraries
Also: aio-pika, amqp, pika, publisher-confirms, ack, nack
Server: rabbitmq
Extra: rabbitmq
Ideal: None if fail else idle + ceil(jobs / consumers) * work, and the round trips
Example: asyncdemo rabbitmq --url amqp://127.0.0.1 --jobs 10 --consumers 5
Example: asyncdemo rabbitmq --url amqp://127.0.0.1 --fail 2
"""

import asyncio
import time

import aio_pika
from aio_pika.abc import AbstractQueue


async def consumer(queue: AbstractQueue, number: int, work: float, failing: str, done: asyncio.Queue[str]) -> None:
    async with queue.iterator() as messages:
        async for message in messages:
            job = message.body.decode()
            if job == "stop":
                return
            fails = job == failing and not message.redelivered
            await asyncio.sleep(work / 2 if fails else work)
            await (message.nack() if fails else message.ack())
            print(f"Consumer {number} {'gave back' if fails else 'did'} {job}")
            done.put_nowait(job)
    raise ConnectionError("the connection was closed")


async def main(
    url: str = "amqp://127.0.0.1:5672",  # the server's address
    consumers: int = 3,  # how many take jobs, at least 1, at most 100
    jobs: int = 6,  # how many jobs there are, at least 1, at most 500
    idle: float = 0.2,  # seconds until there are jobs, at least 0
    work: float = 0.3,  # seconds that each job takes, at least 0
    fail: int = 0,  # which job is given back at first, at least 0
    no_confirms: bool = False,  # publish without waiting until the broker has confirmed
    patience: float = 20,  # seconds, at any scale, that all may take beyond its own, at least 0.1
) -> None:
    start, done = time.perf_counter(), asyncio.Queue[str]()
    async with (
        asyncio.timeout(idle + jobs * work + patience),
        await aio_pika.connect(url, heartbeat=max(1, round(patience / 4))) as connection,
        connection.channel(publisher_confirms=not no_confirms) as channel,
        asyncio.TaskGroup() as group,
    ):
        await channel.set_qos(prefetch_count=1)
        queue = await channel.declare_queue(exclusive=True)
        for number in range(1, consumers + 1):
            group.create_task(consumer(queue, number, work, f"job {fail}", done), name=f"Consumer {number}")
        await asyncio.sleep(idle)
        for number in range(1, jobs + 1):
            await channel.default_exchange.publish(aio_pika.Message(b"job %d" % number), queue.name)
        for _ in range(jobs + (0 < fail <= jobs)):
            await done.get()
        for _ in range(consumers):
            await channel.default_exchange.publish(aio_pika.Message(b"stop"), queue.name)
    print(f"All jobs done, total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
