"""Producers and consumers with a bounded queue between them.

`put` waits while the queue is full, `get` while it is empty. `join()` waits until `task_done()` was called for each
item; after that nobody needs the consumers. The guide's durations are random: `--spread 0.4` adds the same chance.

Watch: Consumers wait for items at first, then items for them; with `--size 1` the producers wait for room.
Guide: 3.5 Asynchronous Queue
Also: producers, consumers, backpressure, task-done, queue-join, sentinel
Correction: The guide's listing never ends (`--guide`): no `task_done()` follows a `None`, so `join()` waits for ever.
    One producer's `None` ends all consumers, and items are lost: try `--guide --spread 0.4 --seed 9`. Right is
    `join()` without any `None`, then `cancel()`; or one `None` for each consumer, with `task_done()`.
Correction: The guide calls the queue thread-safe. It is not: `asyncdemo thread-safety` shows it.
Example: asyncdemo queue --clock virtual --size 1 --consumers 2
Example: asyncdemo queue --clock virtual --guide
Ideal: patience if guide else max(items * produce, (items - 1) * produce + ceil(producers / consumers) * consume,
    ceil(producers * items / consumers) * consume), and the time that consumers wait for items
"""

import asyncio
import random

Queue = asyncio.Queue[str | None]


async def producer(queue: Queue, number: int, items: int, produce: float, spread: float, guide: bool) -> None:
    for item in range(items):
        await queue.put(f"P{number}-Item{item}")
        print(f"Producer {number} produced: P{number}-Item{item}")
        await asyncio.sleep(random.uniform(produce, produce + spread))
    if guide:
        await queue.put(None)


async def consumer(queue: Queue, number: int, consume: float, spread: float) -> None:
    while item := await queue.get():
        print(f"Consumer {number} consumed: {item}")
        await asyncio.sleep(random.uniform(consume, consume + spread))
        queue.task_done()
    await queue.put(None)


async def main(
    items: int = 5,  # how many items each producer makes, at least 1, at most 1M
    producers: int = 2,  # how many tasks produce, at least 1, at most 10k
    consumers: int = 3,  # how many tasks consume, at least 1, at most 10k
    size: int = 10,  # how many items fit into the queue, 0 for any number, at least 0
    produce: float = 0.1,  # seconds that a producer needs for an item, at least 0
    consume: float = 0.2,  # seconds that a consumer needs for one, at least 0
    spread: float = 0,  # seconds that chance adds to each of them at most, at least 0
    guide: bool = False,  # end as the guide's listing does, that is, never
    patience: float = 3,  # seconds after which --guide is stopped, at least 0
) -> None:
    queue = Queue(size)
    takers = [asyncio.create_task(consumer(queue, n, consume, spread), name=f"Consumer {n}") for n in range(consumers)]
    try:
        async with asyncio.timeout(patience if guide else None):
            async with asyncio.TaskGroup() as makers:
                for n in range(producers):
                    makers.create_task(producer(queue, n, items, produce, spread, guide), name=f"Producer {n}")
            await queue.join()
    except TimeoutError:
        left = [queue.get_nowait() for _ in range(queue.qsize())]
        print(f"Stopped after {patience:g} seconds: join() hangs, for the queue still holds {left}")
    for taker in takers:
        taker.cancel()


if __name__ == "__main__":
    asyncio.run(main())
