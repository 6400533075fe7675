"""A future that nobody completes."""

import asyncio


async def main():
    await asyncio.sleep(0.01)
    await asyncio.get_running_loop().create_future()  # <- AD303


asyncio.run(main())
