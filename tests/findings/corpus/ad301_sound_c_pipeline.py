"""A pipeline of bounded queues, with sentinels."""

import asyncio


async def produce(out):
    for item in range(20):
        await out.put(item)
        await asyncio.sleep(0.001)
    await out.put(None)


async def transform(source, out):
    while (item := await source.get()) is not None:
        await asyncio.sleep(0.002)
        await out.put(item * 2)
    await out.put(None)


async def consume(source):
    found = []
    while (item := await source.get()) is not None:
        found.append(item)
    return found


async def main():
    first, second = asyncio.Queue(3), asyncio.Queue(3)
    async with asyncio.TaskGroup() as group:
        group.create_task(produce(first))
        group.create_task(transform(first, second))
        group.create_task(consume(second))


asyncio.run(main())
