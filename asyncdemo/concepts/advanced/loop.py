"""Which event loop runs the tasks: asyncio's own, or another one.

The loop keeps what is ready and the timers of what is not; in each turn it runs everything that is ready, once. A
program does the same on any loop. They differ in speed, and in what nobody promised: timers with one deadline fire in
the order in which they were set on uvloop, and in that of a heap on asyncio's loop. In virtual time, too, they keep
their order. Which loop it is gets decided outside, by whoever makes it: see the end of this file, or `--loop uvloop`.

Watch: All timers end at one moment. The printed lines have their order: compare `--loop asyncio` and `--loop uvloop`.
Guide: 7.1 Custom Event Loop Policies
Also: uvloop, event-loop, event-loop-policy, set-event-loop-policy, policy, loop-factory, runner
Correction: The guide sets an event loop policy. Policies are deprecated from Python 3.14 on and gone in 3.16. Give the
    loop's maker instead: `asyncio.Runner(loop_factory=uvloop.new_event_loop)`, or call `uvloop.run(main())`.
Ideal: delay, and the time that the loop's turns take
Example: asyncdemo loop --delay 10ms
Example: asyncdemo loop --loop uvloop --timers 8 --turns 10k
"""

import asyncio
import time


async def timer(number: int, deadline: float) -> None:
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.call_at(deadline, over.set_result, None)  # `sleep` would count from now: no two deadlines would be equal
    await over
    print(f"Timer {number} fired")


async def main(
    timers: int = 5,  # how many timers have the same deadline, at least 1, at most 1M
    delay: float = 0.5,  # seconds until then, at least 0
    turns: int = 1000,  # how many turns of the loop are measured first, at least 0, at most 1M
) -> None:
    loop = asyncio.get_running_loop()
    print(f"Current event loop: {type(loop)}")

    start = time.perf_counter()
    for _ in range(turns):
        await asyncio.sleep(0)
    print(f"Turns of the loop: {turns}, time: {time.perf_counter() - start:.3f} seconds")

    deadline = loop.time() + delay
    async with asyncio.TaskGroup() as group:
        for number in range(1, timers + 1):
            group.create_task(timer(number, deadline), name=f"Timer {number}")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(main())
