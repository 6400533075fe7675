"""Publish and subscribe, with an end that is told."""

import asyncio


class Broker:
    def __init__(self):
        self.queues = []

    async def subscribe(self):
        queue = asyncio.Queue(10)
        self.queues.append(queue)
        found = []
        while (message := await queue.get()) is not None:
            found.append(message)
        return found

    async def publish(self, message):
        for queue in self.queues:
            await queue.put(message)


async def main():
    broker = Broker()
    subscribers = [asyncio.create_task(broker.subscribe()) for _ in range(3)]
    for number in range(10):
        await asyncio.sleep(0.01)
        await broker.publish(number)
    await broker.publish(None)
    await asyncio.gather(*subscribers)


asyncio.run(main())
