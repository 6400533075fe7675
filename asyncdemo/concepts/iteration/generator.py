"""An asynchronous iterator, written as a function with `yield`.

Each time that `async for` asks for an item, the body runs on to its next `yield`, and it may await on the way. When the
loop is left early, the generator stays suspended at its `yield`; its `finally` runs when somebody closes it.

Watch: The reader sleeps inside the generator; no lane is the generator's own, since it runs in the task that iterates.
Guide: 4.2 Asynchronous Generators
Also: async-generator, yield, aclose, aclosing, async-yield
Correction: The guide does not say who cleans up after `break`. With `--stop 2` the generator is closed after everything
    else, when `asyncio.run` ends; with `--stop 2 --aclose`, `contextlib.aclosing` closes it on leaving the loop.
Example: asyncdemo generator --clock virtual --stop 2
Example: asyncdemo generator --clock virtual --stop 2 --aclose
Ideal: min(stop, items) * delay + delay if stop else items * delay
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing


async def async_generator(count: int, delay: float) -> AsyncGenerator[str, None]:
    try:
        for number in range(count):
            await asyncio.sleep(delay)
            yield f"item_{number}"
    finally:
        print("Generator closed")


async def read(generator: AsyncGenerator[str, None], stop: int) -> None:
    async for item in generator:
        print(f"Received: {item}")
        stop -= 1
        if stop == 0:
            break


async def main(
    items: int = 5,  # how many items there are, at least 1, at most 1M
    delay: float = 0.5,  # seconds that each item takes, at least 0
    stop: int = 0,  # after how many items to leave the loop, 0 for never, at least 0
    aclose: bool = False,  # close the generator on leaving the loop
) -> None:
    generator = async_generator(items, delay)
    if aclose:
        async with aclosing(generator):
            await read(generator, stop)
    else:
        await read(generator, stop)
    if stop:
        print("Doing something else")
        await asyncio.sleep(delay)
        print("Done")


if __name__ == "__main__":
    asyncio.run(main())
