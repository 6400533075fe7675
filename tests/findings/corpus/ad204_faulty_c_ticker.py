"""A ticker that nobody stops."""

import asyncio


class Service:
    def start(self):
        self.task = asyncio.create_task(self.tick())  # <- AD204

    async def tick(self):
        while True:
            await asyncio.sleep(0.01)


async def main():
    service = Service()
    service.start()
    await asyncio.sleep(0.1)


asyncio.run(main())
