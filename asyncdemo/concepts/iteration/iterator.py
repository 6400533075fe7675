"""Values that have to be awaited, one after the other.

`async for` asks the object for an iterator (`__aiter__`) and awaits its `__anext__` for each value, until it raises
`StopAsyncIteration`. Only the task that iterates waits: with `--readers 3` three of them wait side by side.

Watch: A reader sleeps once for each value; the loop is free meanwhile, so more readers take no more time.
Guide: 4.1 Asynchronous Iterators
Also: async-for, async-iterator, async-range, aiter, anext
Correction: The guide's `AsyncRange` can be iterated once only, for it is its own iterator: a second loop gets no value.
    Here `__aiter__` makes a new iterator for each loop. `--again` loops twice over each kind.
Example: asyncdemo iterator --clock virtual --readers 3
Example: asyncdemo iterator --clock virtual --again
Ideal: (4 if again else 1) * values * delay
"""

import asyncio
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Self


@dataclass
class AsyncRangeIterator:
    current: int
    end: int
    delay: float

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> int:
        if self.current >= self.end:
            raise StopAsyncIteration
        await asyncio.sleep(self.delay)
        self.current += 1
        return self.current - 1


@dataclass
class AsyncRange:
    start: int
    end: int
    delay: float

    def __aiter__(self) -> AsyncRangeIterator:
        return AsyncRangeIterator(self.start, self.end, self.delay)


async def read(values: AsyncIterable[int]) -> None:
    async for value in values:
        print(f"Value: {value}")


async def main(
    values: int = 5,  # how many values there are, at least 0, at most 1M
    delay: float = 0.1,  # seconds that each value takes, at least 0
    readers: int = 1,  # how many tasks read a range of their own, at least 1, at most 10k
    again: bool = False,  # then loop twice over one object, of the guide's kind and of ours
) -> None:
    tasks = [asyncio.create_task(read(AsyncRange(0, values, delay)), name=f"reader {n}") for n in range(readers)]
    await asyncio.gather(*tasks)
    if again:
        for numbers in (AsyncRangeIterator(0, values, delay), AsyncRange(0, values, delay)):
            for turn in ("First", "Second"):
                print(f"{turn} loop over the {type(numbers).__name__}")
                await read(numbers)


if __name__ == "__main__":
    asyncio.run(main())
