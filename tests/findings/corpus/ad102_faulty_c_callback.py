"""A done callback that computes.  real"""

import asyncio


def done(_):
    sum(number * number for number in range(4_000_000))  # <- AD102


async def main():
    task = asyncio.create_task(asyncio.sleep(0.01))
    task.add_done_callback(done)
    await asyncio.sleep(0.1)


asyncio.run(main())
