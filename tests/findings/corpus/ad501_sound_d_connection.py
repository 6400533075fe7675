"""A connection that serves one request at a time."""

import asyncio


class Connection:
    async def request(self, text):
        await asyncio.sleep(0.02)
        return text


class Client:
    def __init__(self):
        self.connection = Connection()
        self.lock = asyncio.Lock()

    async def ask(self, text):
        async with self.lock:
            return await self.connection.request(text)


async def main():
    client = Client()
    await asyncio.gather(*(client.ask(str(number)) for number in range(5)))


asyncio.run(main())
