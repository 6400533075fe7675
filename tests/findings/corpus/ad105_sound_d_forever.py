"""Two services of a loop that runs until it is stopped: one ends early, and the other is no slow shutdown.  real"""

import asyncio


async def warm_up():
    await asyncio.sleep(0.05)


async def serve(loop):
    await asyncio.sleep(0.7)
    loop.stop()


loop = asyncio.new_event_loop()
tasks = [loop.create_task(serve(loop)), loop.create_task(warm_up())]
loop.run_forever()
loop.close()
