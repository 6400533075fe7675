"""A consumer sleeps until the producer says that there is work.

A condition is a lock with a waiting room. `wait()` gives the lock back and sleeps until `notify()`, then takes the lock
again; the `while` checks once more, since another task may have been quicker.

Watch: The consumer waits for its first notification; after that the producer is faster, and the queue grows.
Guide: 3.3 Asynchronous Condition Variable
Also: producer-consumer, notify, wait-notify
Correction: The output that the guide prints cannot happen. It produces item_1 twice and never consumes it, and it
    consumes item_2 before that is produced. Items leave the queue in the order in which they came, each one once.
Correction: The guide does not say that `notify()` wakes one waiting task, however many there are: try `--consumers 3`.
    When several may go on, use `notify_all()`.
Example: asyncdemo condition --clock virtual --consumers 3
Example: asyncdemo condition --clock virtual --produce 1 --consume 0.5
Ideal: items * produce + (items - 1) // consumers * max(0, consume - consumers * produce) + consume
"""

import asyncio
from collections.abc import Iterable


class AsyncQueue:
    def __init__(self) -> None:
        self.queue: list[str] = []
        self.condition = asyncio.Condition()

    async def produce(self, item: str) -> None:
        async with self.condition:
            self.queue.append(item)
            print(f"Produced: {item}, queue length: {len(self.queue)}")
            self.condition.notify()

    async def consume(self) -> None:
        async with self.condition:
            while not self.queue:
                print("Queue is empty, waiting...")
                await self.condition.wait()
            item = self.queue.pop(0)
            print(f"Consumed: {item}, queue length: {len(self.queue)}")


async def producer(queue: AsyncQueue, items: int, delay: float) -> None:
    for number in range(items):
        await asyncio.sleep(delay)
        await queue.produce(f"item_{number}")


async def consumer(queue: AsyncQueue, turns: Iterable[int], delay: float) -> None:
    for _ in turns:
        await queue.consume()
        await asyncio.sleep(delay)


async def main(
    items: int = 5,  # how many items are produced and consumed, at least 1, at most 1M
    produce: float = 0.5,  # seconds that it takes to produce an item, at least 0
    consume: float = 1,  # seconds that it takes to use one, at least 0
    consumers: int = 1,  # how many tasks consume, at least 1, at most 10k
) -> None:
    queue = AsyncQueue()
    turns = iter(range(items))  # one for each item; the consumers share them
    async with asyncio.TaskGroup() as group:
        group.create_task(producer(queue, items, produce), name="producer")
        for number in range(1, consumers + 1):
            group.create_task(consumer(queue, turns, consume), name=f"consumer {number}")


if __name__ == "__main__":
    asyncio.run(main())
