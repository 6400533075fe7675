"""Tasks that were started before they are awaited."""

import asyncio


async def fetch(name):
    await asyncio.sleep(0.1)
    return name


async def main():
    tasks = [asyncio.create_task(fetch(name)) for name in "abc"]
    for task in tasks:
        print(await task)
    for done in asyncio.as_completed([fetch(name) for name in "abc"]):
        print(await done)


asyncio.run(main())
