"""A method whose result is used as if it were there."""

import asyncio


class Store:
    async def load(self):
        await asyncio.sleep(0.1)
        return {}

    async def refresh(self):
        await asyncio.sleep(0.01)
        if self.load():  # <- AD201
            return "loaded"
        return "empty"


async def main():
    await Store().refresh()


asyncio.run(main())
