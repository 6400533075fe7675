"""A blocking helper, two calls below the coroutine."""

import asyncio
import time


class Client:
    def get(self, key):
        return self._wait(key)

    def _wait(self, key):
        time.sleep(0.15)  # <- AD101
        return key


async def ask(client, key):
    return client.get(key)


async def main():
    client = Client()
    async with asyncio.TaskGroup() as group:
        for key in range(3):
            group.create_task(ask(client, key))


asyncio.run(main())
