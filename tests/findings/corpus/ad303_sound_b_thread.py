"""A thread that completes one.  real"""

import asyncio
import threading
import time


def work(loop, future):
    time.sleep(0.6)
    loop.call_soon_threadsafe(future.set_result, 1)


async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    thread = threading.Thread(target=work, args=(loop, future))
    thread.start()
    await future
    thread.join()


asyncio.run(main())
