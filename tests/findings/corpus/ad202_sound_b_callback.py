"""A done callback that asks."""

import asyncio


async def job():
    await asyncio.sleep(0.05)
    raise ValueError("logged")


async def main():
    errors = []
    task = asyncio.create_task(job())
    task.add_done_callback(lambda done: errors.append(done.exception()))
    await asyncio.sleep(0.1)


asyncio.run(main())
