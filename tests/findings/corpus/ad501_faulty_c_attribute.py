"""A lock of an object, around two slow calls."""

import asyncio


async def render(name):
    await asyncio.sleep(0.1)
    return name


class Pages:
    def __init__(self):
        self.lock = asyncio.Lock()
        self.done = []

    async def build(self, name):
        async with self.lock:  # <- AD501
            page = await render(name)
            self.done.append(page)


async def main():
    pages = Pages()
    await asyncio.gather(*(pages.build(name) for name in "abc"))


asyncio.run(main())
